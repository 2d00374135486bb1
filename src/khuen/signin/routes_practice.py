"""A district's own door, and what is special at a practice one: a button for each role, and beginning again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from khuen import access, audit, clock, thai, web
from khuen.errors import NotFound
from khuen.signin import accounts, limits, restarts
from khuen.signin.door import Asked, page_of
from khuen.signin.entering import enter, limiter_of, text
from khuen.signin.role_names import ROLE_NAMES, ROLE_WORK
from khuen.signin.rows import reading, writing
from khuen.words import N_

PUBLIC = {"perm": access.PUBLIC}
BEGUN_AGAIN = N_("This practice area has begun again. Choose a role")
LOOK_AGAIN = "2"  #: seconds until the page of a restart looks again, without scripts


@dataclass(frozen=True, slots=True)
class Place:
    """A district whose door somebody stands at."""

    id: UUID
    slug: str
    name: str
    practice: bool


@get("/{tenant:str}/sign-in", opt=PUBLIC)
async def ask_at(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    place = await place_of(tenant)
    if place is None:
        raise NotFound
    return page_of(
        request,
        place=place,
        tenant=place if place.practice else None,
        roles=await _practice_roles(place) if place.practice else [],
        again=await restarts.door_of(place.id, clock.now()) if place.practice else None,
        to=f"/{place.slug}/",
    )


@post("/{tenant:str}/sign-in/practice", opt=PUBLIC, status_code=200)
async def as_role(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    """One button per role, in practice districts only: the district's own row decides, no switch of the environment."""
    now, form = clock.now(), await request.form()
    await limiter_of(request).take("practice", limits.address(request), limits.ASKING, now)
    place, role = await place_of(tenant), text(form, "role", 40)
    if place is None:
        raise NotFound
    account_id = await _practice_account(place, role) if place.practice else None
    account = await accounts.find(account_id) if account_id else None
    if account is None:
        async with writing() as connection:
            await audit.record_event(connection, now, "sign-in:refused", None, place.id, method="practice")
        raise NotFound
    return await enter(request, account, method="practice", now=now, practice=(place.id, role), to=f"/{place.slug}/")


@get("/{tenant:str}/sign-in/restart", opt=PUBLIC)
async def ask_to_begin_again(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    """What it would do; while it runs, how far it is; right after it, the practice page."""
    now, place = clock.now(), await place_of(tenant)
    door = await restarts.door_of(place.id, now) if place else None
    if place is None or door is None:
        raise NotFound
    if door.step is None and door.began_at is not None and now - door.began_at < restarts.JUST_NOW:
        return web.saved(request, f"/{place.slug}/sign-in", text=BEGUN_AGAIN)
    step = restarts.STEPS[door.step] if door.step else None
    response = web.page(request, "signin/restart.html", place=place, tenant=place, door=door, step=step)
    if step:
        response.headers["refresh"] = LOOK_AGAIN
    return response


@post("/{tenant:str}/sign-in/restart", opt=PUBLIC, status_code=200)
async def begin_again(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    """Only a practice district, by its own row; a real one is not found, and the try is written down."""
    now = clock.now()
    await limiter_of(request).take("restart", limits.address(request), limits.RESTART, now)
    place = await place_of(tenant)
    if place is None:
        raise NotFound
    await limiter_of(request).take("restart of", str(place.slug), limits.RESTART, now)
    if not await restarts.ask(place.id, now):
        raise NotFound
    return Redirect(f"/{place.slug}/sign-in/restart", status_code=303)


async def place_of(slug: str) -> Place | None:
    """The active district at this address."""
    if thai.refuse(slug):
        return None
    async with reading() as connection:
        row = await connection.fetchrow(
            "SELECT id, slug, name, practice FROM auth.tenant WHERE slug = $1 AND state = 'active'", slug
        )
    return Place(**dict(row)) if row else None


async def _practice_roles(place: Place) -> list[tuple[str, str, str, bool]]:
    """(role, its name, what it does, whether it has a page) of the practice accounts of a district."""
    async with reading() as connection:
        rows = await connection.fetch(f"SELECT DISTINCT r.role {_PRACTICE}", place.id)
    there = {row["role"] for row in rows}
    return [
        (role, name, ROLE_WORK[role], access.home_of(frozenset({role})) is not None)
        for role, name in ROLE_NAMES.items()
        if role in there
    ]


async def _practice_account(place: Place, role: str) -> UUID | None:
    if role not in ROLE_NAMES:
        return None
    async with reading() as connection:
        found: UUID | None = await connection.fetchval(
            f"SELECT a.id {_PRACTICE} AND r.role = $2 ORDER BY a.id LIMIT 1", place.id, role
        )
    return found


_PRACTICE = """
FROM auth.account a JOIN auth.membership m ON m.account_id = a.id AND m.ended_at IS NULL
JOIN auth.membership_role r ON r.account_id = m.account_id AND r.tenant_id = m.tenant_id AND r.ended_at IS NULL
WHERE a.practice_tenant_id = $1 AND m.tenant_id = $1 AND a.state = 'active'"""

ROUTES: list[Any] = [ask_at, as_role, ask_to_begin_again, begin_again]
