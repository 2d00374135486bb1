from __future__ import annotations

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Boolean, Date, Integer, Text, Time, Timestamptz

from khuen.meetings.rules import Kind, Section, State, Task
from khuen.tenancy import TenantTable


class Meeting(TenantTable, tablename="meeting"):
    """One meeting. `state` is the newest of its steps, `item_id` the matter that the secretary shows."""

    id = UUIDColumn(primary_key=True, default=None)
    kind = Text(choices=Kind)
    on_date = Date(default=None)
    starts_at = Time(default=None)
    place = Text()
    fiscal_year = Integer()
    number = Integer()
    chair = Text()  #: the post that chairs
    state = Text(choices=State)
    planned_at = Timestamptz(default=None)
    by_id = UUIDColumn()
    item_id = UUIDColumn(null=True, default=None)
    opened_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    recorder = Text()
    reviewer = Text()
    adopted = Text()  #: what was said to the minutes of the meeting before


class MeetingStep(TenantTable, tablename="meeting_step"):
    id = UUIDColumn(primary_key=True, default=None)
    meeting_id = UUIDColumn()
    state = Text(choices=State)
    at = Timestamptz(default=None)
    by_id = UUIDColumn()
    reason = Text()


class MeetingChair(TenantTable, tablename="meeting_chair"):
    """Who took the chair: the post itself, or a substitute with the reason. The newest row stands."""

    id = UUIDColumn(primary_key=True, default=None)
    meeting_id = UUIDColumn()
    by_chief = Boolean()
    name = Text()
    reason = Text()
    at = Timestamptz(default=None)
    by_id = UUIDColumn()


class MeetingAttendance(TenantTable, tablename="meeting_attendance"):
    """Who came, by agency, as JSON {agency: {"came": true, "who": "…"}}. The newest row stands."""

    id = UUIDColumn(primary_key=True, default=None)
    meeting_id = UUIDColumn()
    content = Text()
    at = Timestamptz(default=None)
    by_id = UUIDColumn()


class AgendaItem(TenantTable, tablename="agenda_item"):
    """One matter as it was when the meeting saw it. `facts` is a `rules.Matter` as JSON; `title` what was typed."""

    id = UUIDColumn(primary_key=True, default=None)
    meeting_id = UUIDColumn()
    section = Text(choices=Section)
    place = Integer()
    case_id = UUIDColumn(null=True, default=None)
    title = Text()
    facts = Text()
    made_at = Timestamptz(default=None)
    by_id = UUIDColumn()
    skipped_at = Timestamptz(null=True, default=None)


class Decided(TenantTable, tablename="decision"):
    """What the meeting decided, and who does it until when. `state` is the newest of its steps."""

    id = UUIDColumn(primary_key=True, default=None)
    meeting_id = UUIDColumn()
    item_id = UUIDColumn()
    case_id = UUIDColumn(null=True, default=None)
    kind = Text()
    text = Text()
    owner_id = UUIDColumn()
    due_on = Date(default=None)
    at = Timestamptz(default=None)
    by_id = UUIDColumn()
    state = Text(choices=Task)


class TaskStep(TenantTable, tablename="task_step"):
    id = UUIDColumn(primary_key=True, default=None)
    decision_id = UUIDColumn()
    state = Text(choices=Task)
    reason = Text()
    at = Timestamptz(default=None)
    by_id = UUIDColumn()
