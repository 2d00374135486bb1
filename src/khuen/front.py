"""The front door: where somebody lands with no address in mind."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.response import Redirect

from khuen import access, web
from khuen.database import Pools
from khuen.errors import NotFound
from khuen.signin.role_names import COMING, ROLE_NAMES, ROLE_WORK

_PRACTICE = """SELECT slug, name FROM auth.tenant WHERE practice AND state = 'active'
               ORDER BY as_of DESC NULLS FIRST, slug"""


@get("/", opt={"perm": access.PUBLIC})
async def front(request: Request[Any, Any, Any]) -> Response[Any]:
    session = request.scope["state"].get("session")
    if session is not None and len(session.memberships) == 1:
        return Redirect(f"/{session.memberships[0].slug}/")
    if session is not None:
        return Redirect("/tenants")
    if not request.app.state.settings.demo:
        return Redirect("/sign-in")
    rows = await Pools.sign_in().fetch(_PRACTICE)
    return web.page(request, "front.html", areas=[(row["slug"], row["name"]) for row in rows])


@get("/{tenant:str}/", opt={"perm": access.PUBLIC})
async def home(request: Request[Any, Any, Any], tenant: FromPath[str]) -> Response[Any]:
    here = request.scope["state"].get("here")
    if here is None:
        return Redirect(f"/{tenant}/sign-in")
    place = access.home_of(here.roles)
    if place is not None:
        return Redirect(f"/{tenant}/{place}")
    held = [role for role in ROLE_NAMES if role in here.roles]
    coming = [(ROLE_NAMES[role], COMING.get(role, (ROLE_WORK[role],))) for role in held]
    return web.page(request, "nothing_yet.html", coming=coming)


@get("/components", opt={"perm": access.PUBLIC})
async def components(request: Request[Any, Any, Any]) -> Response[Any]:
    """The living component page, in demo mode only."""
    if not request.app.state.settings.demo:
        raise NotFound
    return web.page(request, "components/page.html")


ROUTES = [front, home, components]
