"""The page of the doctor's queue, with the card for signing; also what is shown again when something was wrong."""

from __future__ import annotations

from uuid import UUID

from litestar import Response

from khuen import packs, web
from khuen.certificates import asking, service
from khuen.certificates.asking import Asked
from khuen.certificates.rules import Kind
from khuen.ids import uuid7
from khuen.pathway.rules import CONDITIONS, STATES
from khuen.tenancy import within
from khuen.treatment.rules import RESULTS
from khuen.words import N_

PLACES = {
    "ready": N_("Everything is there"),
    "reviewed": N_("Certified, not signed"),
    "missing": N_("Something is missing"),
    "asked": N_("Asked"),
    "declined": N_("Not certified yet"),
}
KINDS = {Kind.ASKED: N_("Question"), Kind.DECLINED: N_("Not certified yet"), Kind.ANSWERED: N_("Answer")}


async def page(
    request: Asked,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    batch_id: UUID | None = None,
) -> Response[str]:
    here = web.here(request)
    place = request.query_params.get("show", "ready")
    place = place if place in PLACES else "ready"
    number = request.query_params.get("page", "1")
    shown = int(number) if number.isascii() and number.isdigit() and 0 < int(number) < 10_000 else 1
    async with within(here):
        found = await service.queue(here, place, shown)
        mine = await service.certified(here)
        signer = await service.signer(here, here.member_id)
        settings = (await packs.settings_of(here)).certificates
    return web.page(
        request,
        "certificates/doctor.html",
        status=status,
        queue=found,
        place=place,
        places=PLACES,
        shown=shown,
        pages=max(1, -(-found.total // service.PAGE)),
        mine=mine,
        signer=signer,
        hospital=settings.hospital,
        code_allowed=settings.code_allowed,
        practises=asking.practises(request),
        conditions=CONDITIONS,
        states=STATES,
        results=RESULTS,
        kinds=KINDS,
        keys={line.evidence.code: (uuid7(), uuid7()) for line in found.lines},
        batch_id=batch_id or uuid7(),
        errors=errors or {},
        typed=typed or {},
    )
