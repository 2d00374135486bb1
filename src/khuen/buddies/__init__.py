"""One buddy for one person: who visits whom, since when and why it changed. Entered by coordinators.

The database refuses a second current buddy of a case, and a second current case of a buddy without a reason.
"""
