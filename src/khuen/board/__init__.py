"""The coordinator's board and the case page: reads and calls across the rooms below, owning no facts of its own.

Entered all day by coordinators, clinics and doctors. Each page is read in one transaction by one or two statements.
"""
