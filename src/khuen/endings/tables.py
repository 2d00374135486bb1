from __future__ import annotations

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Bytea, Date, Integer, Text, Timestamptz

from khuen.endings.rules import Answer, Cause, Ending, Reason, Slot, Told
from khuen.tenancy import TenantTable


class Slip(TenantTable, tablename="slip"):
    """Use that was told. `corrects_id` is the first entry of the same event, `result_id` the result of a follow-up
    round that told of it; `undone_at` took this entry back.
    """

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    on_date = Date(default=None)
    told_by = Text(choices=Told)
    note_sealed = Bytea(null=True, default=None)
    corrects_id = UUIDColumn(null=True, default=None)
    recorded_at = Timestamptz(default=None)
    by_id = UUIDColumn()
    withdrawn_why = Text(null=True, default=None)
    result_id = UUIDColumn(null=True, default=None)
    undone_at = Timestamptz(null=True, default=None)
    undone_by = UUIDColumn(null=True, default=None)


class DoctorSlot(TenantTable, tablename="doctor_slot"):
    """Time with the doctor that a slip asks for; its id is that of the slip's first entry."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    slip_id = UUIDColumn()
    state = Text(choices=Slot)
    on_date = Date(null=True, default=None)
    asked_at = Timestamptz(default=None)
    asked_by = UUIDColumn()
    changed_at = Timestamptz(default=None)
    changed_by = UUIDColumn()


class TreatmentEnd(TenantTable, tablename="treatment_end"):
    """Treatment was completed on a day, as whoever treats says."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    on_date = Date(default=None)
    at = Timestamptz(default=None)
    by_id = UUIDColumn()
    undone_at = Timestamptz(null=True, default=None)
    undone_by = UUIDColumn(null=True, default=None)


class DropOut(TenantTable, tablename="drop_out"):
    """One member proposes, another one decides."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    on_date = Date(default=None)
    reason = Text(choices=Reason)
    tried_sealed = Bytea()
    missed = Integer()
    expires_on = Date(default=None)
    proposed_at = Timestamptz(default=None)
    proposed_by = UUIDColumn()
    decision = Text(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)
    decided_by = UUIDColumn(null=True, default=None)
    answer_sealed = Bytea(null=True, default=None)


class CaseEnding(TenantTable, tablename="case_ending"):
    """How and when a file ended, what was closed with it (`held`, JSON), and that it was opened again."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    kind = Text(choices=Ending)
    exit_code = Text(null=True, default=None)
    on_date = Date(default=None)
    note_sealed = Bytea(null=True, default=None)
    held = Text()
    stage = Text()
    drop_out_id = UUIDColumn(null=True, default=None)
    at = Timestamptz(default=None)
    by_id = UUIDColumn()
    reopened_at = Timestamptz(null=True, default=None)
    reopened_by = UUIDColumn(null=True, default=None)
    reopening_sealed = Bytea(null=True, default=None)


class Referral(TenantTable, tablename="referral"):
    """Sent to a hospital while the case stays here; its answer comes back."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    place = Text()
    reason = Text(choices=Cause)
    on_date = Date(default=None)
    note_sealed = Bytea(null=True, default=None)
    at = Timestamptz(default=None)
    by_id = UUIDColumn()
    answer = Text(null=True, default=None, choices=Answer)
    answered_on = Date(null=True, default=None)
    answered_at = Timestamptz(null=True, default=None)
    answered_by = UUIDColumn(null=True, default=None)
    undone_at = Timestamptz(null=True, default=None)
    undone_by = UUIDColumn(null=True, default=None)


class GuestStay(TenantTable, tablename="guest_stay"):
    """A while elsewhere. `turn_id` is the turn of the visits that holds now; it goes on from `until_on`."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    place_sealed = Bytea()
    from_on = Date(default=None)
    until_on = Date(default=None)
    turn_id = UUIDColumn()
    at = Timestamptz(default=None)
    by_id = UUIDColumn()
    returned_on = Date(null=True, default=None)
    returned_by = UUIDColumn(null=True, default=None)
    undone_at = Timestamptz(null=True, default=None)
    undone_by = UUIDColumn(null=True, default=None)


class CaseTransfer(TenantTable, tablename="case_transfer"):
    """Offered to another project of the district; ownership moves when it is accepted."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    from_project_id = UUIDColumn()
    to_project_id = UUIDColumn()
    reason_sealed = Bytea()
    offered_at = Timestamptz(default=None)
    offered_by = UUIDColumn()
    decision = Text(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)
    decided_by = UUIDColumn(null=True, default=None)
