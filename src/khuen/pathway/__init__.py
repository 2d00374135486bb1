"""The way of a case, computed from evidence: what is done, what is missing, what comes next.

Rooms above tell what they know (`service.heard`); this room keeps it in one row per case and works the stage out.
Nobody types a stage. Coordinators, clinic and doctors enter; why: docs/decisions/0012-pathway.md.
"""
