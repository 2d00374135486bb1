"""A case of chatturat and what the tests of slips and endings send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from khuen import clock
from khuen.followups import service as followups
from khuen.ids import uuid7
from khuen.pathway import service as pathway
from khuen.tenancy import Here, within
from tests.care import Site, site

__all__ = ["site"]


def days(name: str, on: date) -> dict[str, str]:
    """A day in the three fields of a form, in the Buddhist era."""
    return {f"{name}_day": str(on.day), f"{name}_month": str(on.month), f"{name}_year": str(clock.buddhist(on))}


@dataclass
class Desk:
    """One case with a buddy, seen by whoever acts on it."""

    site: Site
    code: str
    root: Any

    @property
    def case_id(self) -> Any:
        return self.site.chatturat.cases[self.code]

    def here(self, name: str = "nok") -> Here:
        return self.site.chatturat.here(name, clock.now())

    @property
    def today(self) -> date:
        return self.here().today

    async def send(self, path: str, name: str = "nok", **form: Any) -> httpx.Response:
        return await self.site.clients[name].post(f"/chatturat/cases/{self.code}/{path}", data=form)

    async def page(self, path: str = "", name: str = "nok") -> httpx.Response:
        return await self.site.clients[name].get(f"/chatturat/cases/{self.code}/{path}".rstrip("/"))

    async def slip(self, name: str = "nok", **form: Any) -> httpx.Response:
        return await self.send(
            "slips", name, **{"key": str(uuid7()), **days("on", self.today), "told_by": "family", **form}
        )

    async def close(self, name: str = "nok", **form: Any) -> httpx.Response:
        return await self.send(
            "closure", name, **{"key": str(uuid7()), **days("on", self.today), "kind": "moved_away", **form}
        )

    async def tell(self, **facts: Any) -> None:
        here = self.here()
        async with within(here):
            await pathway.heard(here, {self.case_id: facts})

    async def age(self, days: int) -> None:
        """The case was opened so many days earlier."""
        await self.root.execute("UPDATE case_file SET opened_on = opened_on - $1::integer", days)
        here = self.here()
        async with within(here):
            await followups.recompute(here, [self.case_id])

    async def one(self, sql: str) -> Any:
        return await self.root.fetchval(sql)

    async def undo(self, kind: str, name: str = "nok") -> httpx.Response:
        """The newest offer that was made to this member."""
        token = await self.root.fetchval(
            "SELECT id FROM undo WHERE kind = $1 AND member_id = $2 ORDER BY made_at DESC, id DESC LIMIT 1",
            kind,
            self.site.chatturat.people[name][0],
        )
        return await self.site.clients[name].post(f"/chatturat/undo/{token}")


@pytest.fixture
async def desk(site: Site, root: Any) -> Desk:
    made = Desk(site, await site.case(), root)
    await made.age(100)
    return made


def ago(desk: Desk, count: int) -> date:
    return desk.today - timedelta(days=count)
