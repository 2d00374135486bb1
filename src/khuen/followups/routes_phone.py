"""What makes a buddy's pages work without a signal: the worker, the shell, the snapshot, a token for each sending.

The shell holds no person in care and no token; whoever the people are is in the snapshot alone, which the phone seals
(docs/decisions/0016-the-phone.md).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from khuen import access, assets, clock, thai, web
from khuen.errors import Invalid
from khuen.followups import lines, mine, phones
from khuen.followups.rules import HOWS, Group
from khuen.places import where
from khuen.signin import sessions
from khuen.signin.door import cookie_name
from khuen.tenancy import within
from khuen.words import N_

Asked: TypeAlias = Request[Any, Any, Any]

TODAY = {"perm": "followups.today"}
SIZES = dict(
    zip(("ordinary", *web.SIZES), (N_("Ordinary letters"), N_("Larger letters"), N_("Largest letters")), strict=True)
)
SIZE_LASTS = 31_536_000
PRACTICE = 3


@get("/{tenant:str}/b/sw.js", opt={"perm": access.PUBLIC})
async def worker(tenant: FromPath[str]) -> Response[bytes]:
    """Two lines that change whenever the script does; the address gives the worker the buddy's pages and no other."""
    body = f'importScripts("{assets.url("phone.js")}");\n'.encode()
    return Response(body, media_type="text/javascript", headers={"cache-control": "no-cache"})


@get("/{tenant:str}/b/app.webmanifest", opt=TODAY)
async def manifest(request: Asked, tenant: FromPath[str]) -> Response[dict[str, Any]]:
    """What a home screen shows: the work's name and the area's, and nothing of what the work is about."""
    place = request.scope["state"]["tenant"]
    sizes = {"192x192": "icon-192.png", "512x512": "icon-512.png"}
    icons = [{"src": assets.url(file), "sizes": size, "type": "image/png"} for size, file in sizes.items()]
    return Response(
        {
            "id": f"/{tenant}/b/",
            "name": f"คืนสู่ชุมชน · {place.short_name}",
            "short_name": "คืนสู่ชุมชน",
            "lang": "th",
            "start_url": f"/{tenant}/b/",
            "scope": f"/{tenant}/b/",
            "display": "standalone",
            "background_color": "#f4f6f5",
            "theme_color": "#17457a",
            "icons": [{**icon, "purpose": purpose} for icon in icons for purpose in ("any", "maskable")],
        },
        media_type="application/manifest+json",
    )


@get("/{tenant:str}/b/token", opt={"perm": access.PUBLIC})
async def token(request: Asked, tenant: FromPath[str]) -> Response[dict[str, str]]:
    """A token for one sending, or why there is none. "sign": sign in first. "gone": this phone may keep nothing more,
    because its session was ended, the phone was taken away, or whoever holds it is no buddy here any more."""
    state = request.scope["state"]
    if state["session"] is None:
        cookie = request.cookies.get(cookie_name(request.app.state.settings))
        return Response({"why": "gone" if cookie and await sessions.was_ended(cookie) else "sign"})
    here = state["here"]
    if here is None or not access.may(here.roles, "followups.log"):
        return Response({"why": "gone"})
    async with within(here):
        await phones.seen(here, _clock(request))
    return Response({"token": state["session"].csrf})


@get("/{tenant:str}/b/snapshot", opt=TODAY)
async def snapshot(request: Asked, tenant: FromPath[str]) -> Response[str]:
    """The buddy's own people for today and the three days that follow: called name and initial, place, window, safety
    note, own last visits. No telephone number, house or anything of health."""
    here = web.here(request)
    async with within(here):
        found = await mine.people(here)
    people = [lines.ahead(here, person) for person in found]
    return web.piece(request, "followups/_snapshot.html", people=people, hows=HOWS, groups=Group)


@get("/{tenant:str}/b/outbox", opt=TODAY)
async def outbox(request: Asked, tenant: FromPath[str]) -> Response[str]:
    """What waits in this phone; the same page is the shell of every other one. Never with a message of the act before,
    whose button would carry a token."""
    here = web.here(request)
    async with within(here):
        calls = await phones.calls(here)
    return web.piece(request, "followups/outbox.html", calls=calls, who=None, hows=HOWS)


@post("/{tenant:str}/b/text-size", opt=TODAY)
async def text_size(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    size = (await request.form()).get("size")
    if size not in SIZES:
        raise Invalid({"size": web.CHOOSE})
    response: Response[Any] = Redirect(f"/{tenant}/b/me", status_code=303)
    response.set_cookie(web.SIZE_COOKIE, str(size), max_age=SIZE_LASTS, path="/", samesite="lax")
    return response


@get("/{tenant:str}/b/practice", opt=TODAY)
async def practice(
    request: Asked, tenant: FromPath[str], n: FromQuery[int] = 1, how: FromQuery[str | None] = None
) -> Response[str]:
    """Three invented people to try the answers on. Nothing is written down; `how` is the answer just tapped."""
    tapped = HOWS.get(how or "")
    return web.page(
        request, "followups/practice.html", n=max(1, min(n, PRACTICE + 1)), of=PRACTICE, how=tapped, hows=HOWS
    )


@get("/{tenant:str}/phones", opt={"perm": "phones.see"})
async def quiet(request: Asked, tenant: FromPath[str]) -> Response[str]:
    """Buddies to call: silent for three days, or with a wrong clock."""
    here = web.here(request)
    async with within(here):
        found = await phones.quiet(here)
    people = [
        (
            one,
            where(one.subdistrict_code, one.moo),
            clock.in_words(one.seen_at, here.now),
            thai.phone(one.phone).shown if one.phone else None,
        )
        for one in found
    ]
    return web.page(request, "followups/phones.html", people=people)


ROUTES: list[Any] = [worker, manifest, token, snapshot, outbox, text_size, practice, quiet]


def _clock(request: Asked) -> datetime | None:
    try:
        said = datetime.fromisoformat(request.headers.get("x-clock", ""))
    except ValueError:
        return None
    return said if said.tzinfo else None
