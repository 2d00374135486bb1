"""Another buddy for several people at once: first who would suit each of them, then one press."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath
from msgspec import Meta

from khuen import places, undo, web
from khuen.board import acting
from khuen.board.acting import Turn
from khuen.board.routes_chosen import known_codes
from khuen.buddies.rules import REASONS
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.thai import initial
from khuen.words import N_

REASSIGNED = N_("New buddies: %(num)s")
UNCHANGED = N_("Left as it was")
CHOOSE_SOMEBODY = N_("Choose a new buddy for at least one person")


class TurnForm(msgspec.Struct):
    key: UUID
    reason: Annotated[str, Meta(min_length=3, extra={"error": N_("Say in a few words why the buddy changes")})]


@post("/{tenant:str}/board/reassignments", opt={"perm": "buddies.assign"}, status_code=200)
async def reassignments(request: Request[Any, Any, Any], tenant: FromPath[str]) -> Response[Any]:
    """With only codes the page that asks; with a reason and somebody chosen it is done."""
    raw = await request.form()
    codes = known_codes([text for text in raw.getall("code", []) if isinstance(text, str)])
    if "reason" not in raw:
        return await _ask(request, codes, {}, raw)
    form, errors = web.read(TurnForm, raw)
    chosen = _chosen(raw, codes)
    if not chosen:
        errors = {**errors, f"to-{codes[0]}": CHOOSE_SOMEBODY}
    if form is None or errors:
        return await _ask(request, codes, errors, raw)
    here = web.here(request)
    async with within(here):
        await acting.reassign(here, chosen, form.reason, form.key)
        token = await undo.offer(here, "matching", form.key)
    return web.saved(
        request,
        f"/{tenant}/board",
        text=REASSIGNED,
        undo=token,
        each={acting.MATCHED: list(chosen), UNCHANGED: [code for code in codes if code not in chosen]},
        num=len(chosen),
    )


ROUTES = [reassignments]


async def _ask(request: Request[Any, Any, Any], codes: list[str], errors: dict[str, str], raw: Any) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        found = await acting.turns(here, codes)
    typed = web.typed(raw)
    return web.page(
        request,
        "board/reassignment.html",
        status=422 if errors else 200,
        turns=[(turn, f"{turn.called_name} {initial(turn.family_name)}", _options(turn)) for turn in found],
        errors=errors,
        typed=typed,
        key=typed.get("key") or uuid7(),
        reasons=REASONS,
    )


def _chosen(raw: FormMultiDict, codes: list[str]) -> dict[str, UUID]:
    found = {}
    for code in codes:
        try:
            found[code] = UUID(str(raw.get(f"to-{code}", "")))
        except ValueError:
            continue
    return found


def _options(turn: Turn) -> list[tuple[str, str, str, int, tuple[str, ...]]]:
    """(member id, name, tambon, people visited now, reasons) of who would suit, best first."""
    found = []
    for one in turn.suggestions:
        found.append(
            (
                str(one.member_id),
                one.called_name,
                places.tambon_of(one.subdistrict_code) or "",
                one.current_cases,
                tuple(REASONS[reason] for reason in one.reasons),
            )
        )
    return found
