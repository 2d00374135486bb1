"""Any sequence of registering, opening cases, merging and undoing leaves every case with a living person.

At its end the merges are undone, the last first, and each person and case is what it was when it came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from hypothesis import HealthCheck
from hypothesis import settings as budget
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from khuen import database
from khuen.board import reading as board
from khuen.errors import Conflict, NotFound
from khuen.people.rules import Field
from khuen.settings import Settings
from khuen.tenancy import hot, within
from tests import databases
from tests.care import District, stand
from tests.conftest import Stage
from tests.people.records import NOTE, merge, open_case, register, undo

LIVING = """
SELECT c.code, c.person_id, p.merged_into, p.given_name FROM case_file c JOIN person p ON p.tenant_id = $1
    AND p.id = c.person_id WHERE c.tenant_id = $1
"""


class Records(RuleBasedStateMachine):
    loop: asyncio.AbstractEventLoop
    settings: Settings
    people = Bundle("people")

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        self.made: District = self.do(stand(self.settings, nok="coordinator"))
        self.named: dict[UUID, str] = {}
        self.owner: dict[str, UUID] = {}  #: code -> for whom the case was opened, or who they had become by then
        self.merges: list[UUID] = []

    @rule(target=people, name=st.sampled_from(["ทดลอง", "ทดรอง", "สมมุติ"]), phone=st.booleans())
    def add(self, name: str, phone: bool) -> UUID:
        person: UUID = self.do(register(self.made, given_name=name, phone="+66812340000" if phone else None))
        self.named[person] = name
        return person

    @rule(person=people)
    def open(self, person: UUID) -> None:
        code = self.do(open_case(self.made, person, closed=True))
        self.owner[code] = next(row["person_id"] for row in self.do(self._living()) if row["code"] == code)

    @rule(kept=people, other=people, name=st.booleans())
    def merge(self, kept: UUID, other: UUID, name: bool) -> None:
        try:
            self.merges.append(self.do(merge(self.made, kept, other, {Field.NAME: other} if name else None)))
        except (Conflict, NotFound):
            assert kept == other or {kept, other} & self.gone()

    @rule(number=st.integers(0, 9))
    def undo(self, number: int) -> None:
        if self.merges:
            try:
                self.do(undo(self.made, self.merges[number % len(self.merges)]))
            except Conflict:
                assert number % len(self.merges) < len(self.merges) - 1  # the last one can always be undone
            else:
                self.merges.pop(number % len(self.merges))

    def gone(self) -> set[UUID]:
        rows = self.do(self._rows("SELECT id FROM person WHERE tenant_id = $1 AND merged_into IS NOT NULL"))
        return {row["id"] for row in rows}

    @invariant()
    def every_case_has_a_living_person_and_its_notes(self) -> None:
        rows = self.do(self._living()) if hasattr(self, "made") else []
        assert all(row["merged_into"] is None and row["given_name"] for row in rows)
        assert all(self.do(self._told(row["code"])) == [NOTE] for row in rows)

    def teardown(self) -> None:
        for merge_id in reversed(getattr(self, "merges", [])):
            self.do(undo(self.made, merge_id))
        if hasattr(self, "made"):
            rows = self.do(self._rows("SELECT id, given_name, merged_into FROM person WHERE tenant_id = $1"))
            assert {row["id"]: row["given_name"] for row in rows} == self.named
            assert not any(row["merged_into"] for row in rows)
            assert {row["code"]: row["person_id"] for row in self.do(self._living())}.keys() == self.owner.keys()

    async def _living(self) -> list[Any]:
        return await self._rows(LIVING)

    async def _rows(self, sql: str) -> list[Any]:
        async with within(self.made.here("nok")):
            return await hot(sql)

    async def _told(self, code: str) -> list[str | None]:
        here = self.made.here("nok")
        async with within(here):
            return [entry.more for entry in await board.visits(here, code)]


def test_no_sequence_of_merges_loses_a_case(stage: Stage) -> None:
    loop = asyncio.new_event_loop()
    name = loop.run_until_complete(databases.copy(stage.superuser, stage.superuser_of))
    own = replace(
        stage.settings, database_url=urlunsplit(urlsplit(stage.settings.database_url)._replace(path=f"/{name}"))
    )
    opened = database.connected(own, size=2)
    loop.run_until_complete(opened.__aenter__())
    Records.loop, Records.settings = loop, own
    try:
        checks = list(HealthCheck)
        wanted = budget(max_examples=12, stateful_step_count=14, deadline=None, suppress_health_check=checks)
        run_state_machine_as_test(Records, settings=wanted)
    finally:
        loop.run_until_complete(opened.__aexit__(None, None, None))
        loop.run_until_complete(databases.drop(stage.superuser, name))
        loop.close()
