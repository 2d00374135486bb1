"""Taking people into a project: one person in five steps, or a whole spreadsheet.

Coordinators enter it. It owns what is not yet a case: drafts, uploaded files and their rows. Everything that comes out
of it is a person, a case, its consents, its first visit and perhaps a buddy, written through the rooms below.
"""
