"""A person's way through the programme: one open case at a time, its consents, the steps it has taken.

Opened by enrolment and import, read by the board. A case keeps the rule pack it started under.
"""
