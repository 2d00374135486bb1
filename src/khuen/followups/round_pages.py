"""The coordinator's list of follow-up rounds that can be made now. The page of one case: `endings/round_pages.py`."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from khuen import clock, web
from khuen.followups import rounds
from khuen.followups.round_rules import STATES, UNITS
from khuen.places import where
from khuen.tenancy import within


@get("/{tenant:str}/follow-ups", opt={"perm": "rounds.see"})
async def to_do(
    request: Request[Any, Any, Any], tenant: FromPath[str], show: FromQuery[str] = "all", page: FromQuery[int] = 1
) -> Response[str]:
    """Rounds that can be made now, the first to be lost first."""
    here, late = web.here(request), show == "late"
    page = min(max(page, 1), 10_000)
    async with within(here):
        found = await rounds.to_do(here, late=late, page=page)
    return web.page(
        request,
        "followups/to_do.html",
        lines=[(line, where(line.subdistrict_code, line.moo), clock.short(line.lost_on)) for line in found.lines],
        total=found.total,
        late=late,
        page=page,
        pages=max(1, -(-found.total // rounds.PAGE)),
        names=UNITS,
        states=STATES,
    )


ROUTES = [to_do]
