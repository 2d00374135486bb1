from __future__ import annotations

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Bytea, Date, Text, Timestamptz

from khuen.screening.rules import Colour, Tool
from khuen.tenancy import TenantTable


class Screening(TenantTable, tablename="screening"):
    """One filled form, never edited: a correction is a row that replaces it. Answers, scores and note are sealed."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    instrument = Text(choices=Tool)
    version = Text()
    taken_on = Date(default=None)  #: the day on which the person was asked
    replaces_id = UUIDColumn(null=True, default=None)
    content_sealed = Bytea()
    recorded_at = Timestamptz(default=None)
    by_id = UUIDColumn(null=True, default=None)


class ScreeningWithdrawal(TenantTable, tablename="screening_withdrawal"):
    """A form that should not have been: of somebody else, or filled in by mistake."""

    id = UUIDColumn(primary_key=True, default=None)
    screening_id = UUIDColumn()
    reason_sealed = Bytea()
    at = Timestamptz(default=None)
    by_id = UUIDColumn(null=True, default=None)


class ColourDecision(TenantTable, tablename="colour_decision"):
    """A clinician decided a colour; the newest stands. What was suggested, and why they differ, is sealed."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    colour = Text(choices=Colour)
    content_sealed = Bytea()
    decided_at = Timestamptz(default=None)
    by_id = UUIDColumn(null=True, default=None)
