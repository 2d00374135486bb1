"""Papers that have a number are made, sealed with the hospital's key and published; the register hears of every end.

Whoever signs asks for a run at once; every five minutes there is one anyway. Each step may die and is taken up again.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from khuen import clock, papers, registry
from khuen.certificates import issuing, paper, signing
from khuen.certificates.issuing import Draft
from khuen.registry import District
from khuen.settings import Settings
from khuen.tenancy import within

log = logging.getLogger("khuen.workers.certificates")


async def issue(settings: Settings) -> int:
    """Everything that waits, in every district. Returns how many districts failed."""
    failed = 0
    for district in await registry.active():
        try:
            while await make_one(settings, district):
                pass
            await publish(district)
        except Exception:
            failed += 1
            log.exception("certificates of %s wait", district.slug)
    return failed


async def make_one(settings: Settings, district: District) -> bool:
    """Make the file of one paper and publish it; False when none waits. What cannot be made says why and waits."""
    here = district.here()
    async with within(here):
        draft = await issuing.claim(here, clock.now())
    if draft is None:
        return False
    try:
        key = await asyncio.to_thread(
            signing.load, settings.signing_keys_dir, district.slug, practice=district.practice, now=clock.now()
        )
        pdf, token = await asyncio.to_thread(_made, settings, district, draft, key)
    except Exception as error:
        why = {signing.KeyMissing: "no_key", signing.KeyExpired: "key_expired"}.get(type(error), "not_made")
        log.exception("a certificate of %s was not made: %s", district.slug, why)
        async with within(here):
            await issuing.fail(draft.id, why, clock.now())
        return True
    await papers.remember_key(
        district.id, papers.Key(key.id, key.public_jwk, draft.hospital, district.practice), clock.now()
    )
    async with within(here):
        await issuing.keep(here, draft.id, pdf, signing.digest(pdf), token)
    await publish(district)
    return True


async def publish(district: District) -> None:
    """The register first, then the district's row: a code that is known answers only what its row says."""
    here = district.here()
    async with within(here):
        ready = await issuing.to_publish(here)
        untold = await issuing.untold(here)
    for one in ready:
        await papers.tell(district, papers.Entry(one.code, one.token_id, "valid"), clock.now())
        async with within(here):
            await issuing.publish(here, one.id)
    if ready:
        async with within(here):
            untold = await issuing.untold(here)
    for paper_id, code, token_id, state in untold:
        await papers.tell(district, papers.Entry(code, token_id, state), clock.now())
        async with within(here):
            await issuing.told(paper_id, state)


def _made(settings: Settings, district: District, draft: Draft, key: signing.HospitalKey) -> tuple[bytes, str]:
    """(signed file, token). Blocking: a tenth of a second."""
    claims = draft.paper.claims
    said = paper.credential(str(draft.token_id), settings.origin, claims, draft.paper.code, draft.initials)
    token = key.token(said)
    link = f"{settings.origin}/v/{draft.paper.code}"
    whole = replace(draft.paper, link=link, token=token, practice=district.practice)
    return key.seal(paper.render(whole), claims["number"], claims["hospital"]), token
