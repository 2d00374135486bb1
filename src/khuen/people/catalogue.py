"""Which tables speak of a person, read from the database's own catalogue at each merge: no list can be forgotten.

It is not remembered between merges: while a site is upgraded, a process that started before a migration must still see
the table that the migration made. It costs two statements, a few milliseconds, a few times a day.
"""

from __future__ import annotations

from dataclasses import dataclass

from khuen.tenancy import hot

#: tables of the merges themselves: they speak of two records as they were, and resolve them when read
STAY = frozenset({"duplicate_pair", "pair_decision", "person_merge"})
#: columns that name a person without a foreign key, and why a merge leaves them: each record keeps its own key until
#: it is erased, and the list of erasures says what happened
WITHOUT_KEY = frozenset({"vault.person_key.person_id", "erasure.person_id"})

# $1 only because every statement is given the district; the catalogue has none.
_LINKS = """
SELECT k.conrelid::regclass::text AS child, quote_ident(c.attname) AS name, k.confrelid::regclass::text AS parent
FROM pg_constraint k
JOIN pg_class t ON t.oid = k.conrelid AND t.relkind IN ('r', 'p')
JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname IN ('public', 'vault')
CROSS JOIN LATERAL unnest(k.conkey, k.confkey) u (child_at, parent_at)
JOIN pg_attribute p ON p.attrelid = k.confrelid AND p.attnum = u.parent_at AND p.attname = 'id'
JOIN pg_attribute c ON c.attrelid = k.conrelid AND c.attnum = u.child_at
WHERE k.contype = 'f' AND k.conparentid = 0 AND $1::uuid IS NOT NULL
ORDER BY 1, 2
"""
_SEALED = """
SELECT t.oid::regclass::text AS name, array_agg(quote_ident(c.attname) ORDER BY c.attname) AS columns
FROM pg_class t
JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname IN ('public', 'vault')
JOIN pg_attribute c ON c.attrelid = t.oid AND c.attname LIKE '%\\_sealed' AND c.atttypid = 'bytea'::regtype
    AND NOT c.attisdropped
WHERE t.relkind IN ('r', 'p') AND $1::uuid IS NOT NULL GROUP BY t.oid
"""


@dataclass(frozen=True, slots=True)
class Link:
    """`column` of `table` names a row of another one. Both are quoted as SQL wants them."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    to_person: tuple[Link, ...]
    children: dict[str, tuple[Link, ...]]  #: of a table, those whose rows belong to its rows
    sealed: dict[str, tuple[str, ...]]  #: the sealed columns of a table

    def leading(self, table: str) -> tuple[Link, ...]:
        """The children of a table that are sealed, or that lead to something sealed."""
        return tuple(link for link in self.children.get(table, ()) if self._leads(link.table, frozenset({table})))

    def _leads(self, table: str, passed: frozenset[str]) -> bool:
        if table in self.sealed:
            return True
        further = (link.table for link in self.children.get(table, ()) if link.table not in passed)
        return any(self._leads(one, passed | {table}) for one in further)


async def read() -> Catalogue:
    """The catalogue as it is now."""
    links = await hot(_LINKS)
    children: dict[str, tuple[Link, ...]] = {}
    for row in links:
        if row["child"] not in STAY:
            children[row["parent"]] = (*children.get(row["parent"], ()), Link(row["child"], row["name"]))
    sealed = {row["name"]: tuple(row["columns"]) for row in await hot(_SEALED)}
    return Catalogue(children.pop("person", ()), children, sealed)
