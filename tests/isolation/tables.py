"""A table of the tests' own over `person`, so that these tests stand without any room."""

from piccolo.columns import UUID, Text, Timestamptz

from khuen.tenancy import TenantTable


class AnyPerson(TenantTable, tablename="person"):
    id = UUID(primary_key=True, default=None)
    given_name = Text()
    family_name = Text()
    called_name = Text()
    sort_key = Text()
    search_name = Text()
    search_family = Text()
    created_at = Timestamptz(default=None)
