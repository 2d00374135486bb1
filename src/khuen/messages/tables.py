"""Messages and the tries to send them. Keys and constraints: migrations/khuen_0002_house.py."""

from __future__ import annotations

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Boolean, Date, Integer, Text, Timestamptz

from khuen.messages.rules import Kind, State
from khuen.tenancy import TenantTable


class Message(TenantTable, tablename="message"):
    """One fact to one recipient. Unique (tenant, kind, subject, recipient, day)."""

    id = UUIDColumn(primary_key=True, default=None)
    kind = Text(choices=Kind)
    subject_id = UUIDColumn(default=None)  #: the fact: a check-in, a visit due, a case, the recipient of a digest
    recipient_id = UUIDColumn(default=None)
    day = Date(default=None)  #: in Bangkok
    urgent = Boolean(default=False)
    how_many = Integer(default=1, db_column_name="count")
    state = Text(choices=State, default=State.WAITING)
    due_at = Timestamptz(default=None)
    leased_until = Timestamptz(default=None, null=True)
    leased_by = UUIDColumn(default=None, null=True)
    tries = Integer(default=0)
    channel = Text(default=None, null=True)
    reason = Text(default=None, null=True)
    made_at = Timestamptz(default=None)
    settled_at = Timestamptz(default=None, null=True)
    retried_at = Timestamptz(default=None, null=True)  #: somebody asked for another try: earlier ones count no more


class MessageAttempt(TenantTable, tablename="message_attempt"):
    """One try on one channel; its id is the provider's retry key."""

    id = UUIDColumn(primary_key=True, default=None)
    message_id = UUIDColumn(default=None)
    channel = Text()
    started_at = Timestamptz(default=None)
    ended_at = Timestamptz(default=None, null=True)
    outcome = Text(default=None, null=True)
    calls = Integer(default=1)  #: under one key, where the service takes a key once
    reason = Text(default=None, null=True)
