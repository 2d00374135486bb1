"""What interrupts the way of a case and what ends it: slips, time elsewhere, the end of treatment and of the file.

Entered by coordinator, clinic and doctor from the case; nothing here lowers a stage, and a wrong entry can be taken
back (docs/endings.md).
"""
