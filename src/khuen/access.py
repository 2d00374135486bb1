"""Who may: one table role -> permission, and the guard that reads it. Deny by default.

The permissions of a member are the union of their roles in one tenant. Which rows somebody sees is the service's
query, loaded through the person; this table says only which acts and areas a role has (docs/domain.md, role table).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from khuen.errors import NotAllowed, NotFound, NotSignedIn

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.handlers.base import BaseRouteHandler

#: the route needs no session
PUBLIC = "public"
#: any signed-in account, whatever its roles
SIGNED_IN = "signed-in"
#: permissions of an account outside any tenant
OUTSIDE = frozenset({PUBLIC, SIGNED_IN})

#: slips, rounds and endings of a case
_ENDINGS = {"endings.see", "endings.record", "endings.close", "rounds.see", "rounds.record"}

_DAILY_WORK = {
    "endings.transfer",
    "certificates.see",
    "certificates.answer",
    "board.see",
    "board.export",
    "cases.see",
    "cases.acknowledge",
    "cases.correct",
    "cases.hand_over",
    "lists.see",
    "cases.consent",
    "cases.skip",
    "packs.draft",
    "packs.see",
    "pages.find",
    "phones.see",
    "people.search",
    "people.duplicates",
    "people.merge",
    "people.correct",
    "buddies.assign",
    "enrolment.enrol",
    "enrolment.import",
    "messages.see",
    "messages.own",
    "messages.nudge",
    "treatment.see",
    "treatment.schedule",
    "treatment.attend",
    "screening.see_done",
    "meetings.see",
    "meetings.run",
    "tasks.see",
    "training.see",
    "training.record",
    "undo",
} | _ENDINGS

_CARE = frozenset(
    {
        "board.see",
        "board.export",
        "cases.see",
        "lists.see",
        "people.search",
        "cases.legal_basis",
        "certificates.see",
        "cases.clinical",
        "cases.skip",
        "packs.see",
        "pages.find",
        "messages.own",
        "endings.complete",
        "endings.confirm",
        "meetings.see",
        "tasks.see",
        "undo",
        "training.see",
        "treatment.see",
        "treatment.attend",
        "treatment.test",
        "treatment.results",
        "screening.see_done",
        "screening.see",
        "screening.record",
        "screening.decide",
    }
    | _ENDINGS
)

PERMISSIONS: dict[str, frozenset[str]] = {
    "coordinator": frozenset(_DAILY_WORK | {"cases.legal_basis"}),
    "buddy": frozenset({"messages.own", "followups.today", "followups.log", "buddies.decline", "undo"}),
    "clinic": _CARE | {"treatment.schedule"},
    "doctor": _CARE | {"certificates.decide"},
    "chair": frozenset(
        {
            "lists.see",
            "messages.own",
            "meetings.see",
            "meetings.chair",
            "meetings.name",
            "pages.find",
            "tasks.see",
            "undo",
        }
    ),
    "hospital_director": frozenset(),
    "tenant_admin": frozenset(
        {"admin.members", "admin.invite", "admin.settings", "admin.audit", "messages.own", "packs.see", "pages.find"}
    ),
    "registrar": frozenset(),
    "station_officer": frozenset(),
    "lead": frozenset(),
    "inspector": frozenset(),
    "operator": frozenset(),
    "clock": frozenset(),
}
ROLES = frozenset(PERMISSIONS) - {"clock"}
#: the first of these that a member may enter is their home
HOMES = (
    ("board.see", "board"),
    ("followups.today", "b/"),
    ("meetings.chair", "chair"),
    ("admin.members", "admin"),
)


def may(roles: frozenset[str], permission: str) -> bool:
    """Whether any of these roles has this permission; an unknown role has none."""
    return any(permission in PERMISSIONS.get(role, ()) for role in roles)


def home_of(roles: frozenset[str]) -> str | None:
    """Where somebody with these roles begins in a district; None while no page is made for them."""
    return next((place for permission, place in HOMES if may(roles, permission)), None)


def all_permissions() -> frozenset[str]:
    return frozenset().union(*PERMISSIONS.values()) | OUTSIDE


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Stands before every route. A route that names no permission is closed to everybody.

    Raises NotSignedIn (401), NotFound (404: a stranger to this tenant learns nothing) or NotAllowed (403: a member
    whose roles lack the act).
    """
    permission = handler.opt.get("perm")
    if permission == PUBLIC:
        return
    session = connection.scope.get("state", {}).get("session")
    if session is None:
        raise NotSignedIn
    if permission == SIGNED_IN:
        return
    here = connection.scope["state"].get("here")
    if here is None:
        raise NotFound
    if permission is None or not may(here.roles, permission):
        raise NotAllowed
