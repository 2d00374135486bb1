"""Looking after what is recorded about people: pairs that may be one person, merging them, correcting a field.

Entered by coordinators. The facts lie in `people/`; here they stand beside the cases, by whose codes people are found.
"""
