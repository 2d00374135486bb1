from __future__ import annotations

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Bytea, Date, Integer, Text, Timestamptz

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


class PersonName(TenantTable, tablename="person_name"):
    """A name that a person had before, with who changed it and until when it stood."""

    id = UUIDColumn(primary_key=True, default=None)
    person_id = UUIDColumn()
    prefix = Text()
    given_name = Text()
    family_name = Text()
    until_at = Timestamptz(default=None)
    changed_by = UUIDColumn(null=True, default=None)
