"""Check-ins: the buddy's visits, what each answer means for the next one, and what the coordinator must look at.

Entered by buddies from their phones, many times a day; `visit_due` always holds the present result of `rules.present`.
"""
