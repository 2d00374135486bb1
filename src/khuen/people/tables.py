from __future__ import annotations

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Bytea, Date, Integer, Text, Timestamptz

from khuen.people.rules import Apart, Field, Reason, SameBy
from khuen.tenancy import TenantTable


class Person(TenantTable, tablename="person"):
    """One person in care. Sealed columns open with the person's own key only."""

    id = UUIDColumn(primary_key=True, default=None)
    prefix = Text()
    given_name = Text()
    family_name = Text()
    called_name = Text()
    sort_key = Text()
    search_name = Text()
    search_family = Text()
    search_called = Text()
    sound_name = Text()
    sound_family = Text()
    sound_version = Integer()
    sex = Text(null=True, default=None)
    born_on = Date(null=True, default=None)
    born_year = Integer(null=True, default=None)
    national_id_sealed = Bytea(null=True, default=None)
    national_id_index = Bytea(null=True, default=None)
    national_id_last4_index = Bytea(null=True, default=None)
    phone_sealed = Bytea(null=True, default=None)
    phone_index = Bytea(null=True, default=None)
    house_sealed = Bytea(null=True, default=None)
    subdistrict_code = Text(null=True, default=None)
    moo = Text(null=True, default=None)
    created_at = Timestamptz(default=None)
    created_by = UUIDColumn(null=True, default=None)
    erased_at = Timestamptz(null=True, default=None)
    merged_into = UUIDColumn(null=True, default=None)


class PersonName(TenantTable, tablename="person_name"):
    """A name that a person had before, with who changed it and until when it stood."""

    id = UUIDColumn(primary_key=True, default=None)
    person_id = UUIDColumn()
    prefix = Text()
    given_name = Text()
    family_name = Text()
    search_name = Text()
    search_family = Text()
    sound_name = Text()
    sound_version = Integer()
    until_at = Timestamptz(default=None)
    changed_by = UUIDColumn(null=True, default=None)


class PersonCorrection(TenantTable, tablename="person_correction"):
    """One field as it was and as it became, under the person's key; taking back is a row that names the first."""

    id = UUIDColumn(primary_key=True, default=None)
    person_id = UUIDColumn()
    field = Text(choices=Field)
    before_sealed = Bytea(default=None)
    after_sealed = Bytea(default=None)
    note_sealed = Bytea(null=True, default=None)
    reason = Text(choices=Reason)
    at = Timestamptz(default=None)
    by_id = UUIDColumn(null=True, default=None)
    reverts_id = UUIDColumn(null=True, default=None)


class DuplicatePair(TenantTable, tablename="duplicate_pair"):
    """Two records that may be of one person, the smaller id first; kept whatever is decided about it."""

    id = UUIDColumn(primary_key=True, default=None)
    first_id = UUIDColumn()
    second_id = UUIDColumn()
    reason = Text(choices=SameBy)
    strength = Integer()
    found_at = Timestamptz(default=None)


class PairDecision(TenantTable, tablename="pair_decision"):
    """Somebody decided about a pair: two people (apart), or not today (later)."""

    id = UUIDColumn(primary_key=True, default=None)
    pair_id = UUIDColumn()
    kind = Text()
    reason = Text(null=True, default=None, choices=Apart)
    note = Text()
    until_on = Date(null=True, default=None)
    at = Timestamptz(default=None)
    by_id = UUIDColumn()
    undone_at = Timestamptz(null=True, default=None)
    undone_by = UUIDColumn(null=True, default=None)


class PersonMerge(TenantTable, tablename="person_merge"):
    """Two records became one. `before_sealed` is all that was changed, under both people's keys."""

    id = UUIDColumn(primary_key=True, default=None)
    kept_id = UUIDColumn()
    merged_id = UUIDColumn()
    before_sealed = Bytea(null=True, default=None)
    at = Timestamptz(default=None)
    by_id = UUIDColumn()
    undone_at = Timestamptz(null=True, default=None)
    undone_by = UUIDColumn(null=True, default=None)
