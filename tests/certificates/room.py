"""People for whom everything is there, and doctors who look at them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from khuen import clock
from khuen.certificates import batches, service, signing
from khuen.certificates.batches import Proof
from khuen.certificates.rules import Kind, Method
from khuen.certificates.service import NewDecision, Signer
from khuen.ids import uuid7
from khuen.pathway import service as pathway
from khuen.tenancy import Here, within
from tests.care import Site
from workers import certificates as workers

WIPA = Signer("แพทย์หญิงทดลอง ตัวอย่าง", "ว.00000")
PRACTISED = Proof(Method.PRACTICE)


def here(site: Site, name: str = "wipa") -> Here:
    return site.chatturat.here(name, clock.now())


async def ready(site: Site, **values: Any) -> str:
    """Somebody for whom every condition is met."""
    values.setdefault("phone", None)
    values.setdefault("opened_on", here(site).today - timedelta(weeks=20))
    code = await site.case(values.pop("buddy", None), **values)
    at = here(site, "nok")
    began = at.today - timedelta(weeks=17)
    told = {"started_on": began, "screened_on": began, "sessions": 16, "negatives": 4, "best_negatives": 4}
    async with within(at):
        await pathway.heard(at, {site.chatturat.cases[code]: told | {"tests": 6, "visits": 12, "courses": 1}})
    return code


async def certify(site: Site, code: str, who: str = "wipa", **more: Any) -> UUID:
    """The doctor looked at the evidence and decided."""
    at = here(site, who)
    async with within(at):
        seen = (await service.one(at, code)).evidence
        return await service.decide(at, code, NewDecision(uuid7(), Kind.CERTIFIED, seen.hash, **more))


async def begin(site: Site, who: str = "wipa", key: UUID | None = None) -> UUID:
    at, key = here(site, who), key or uuid7()
    async with within(at):
        await service.sign_as(at, WIPA)
        await batches.begin(at, key)
    return key


async def sign(site: Site, key: UUID, who: str = "wipa") -> int:
    at = here(site, who)
    async with within(at):
        return await batches.sign(at, key, PRACTISED)


async def numbers(root: Any) -> list[tuple[int, str]]:
    return [tuple(row) for row in await root.fetch("SELECT running, state FROM certificate ORDER BY running")]


def hospital_key(folder: Path, slug: str = "chatturat", days: int = 365) -> Path:
    """A key as an operator puts it there, valid from yesterday for so many days from a year ago when negative."""
    folder.mkdir(exist_ok=True)
    at = clock.now() - timedelta(days=400 if days < 0 else 0)
    content = signing.self_signed(("Test Hospital", "โรงพยาบาลทดลอง"), at, b"secret", abs(days))
    (folder / f"{slug}.p12").write_bytes(content)
    (folder / f"{slug}.password").write_text("secret")
    return folder


async def issue(site: Site, keys: Path) -> int:
    return await workers.issue(replace(site.app.state.settings, signing_keys_dir=keys))


async def paper(site: Site, keys: Path) -> str:
    """Somebody with a published certificate."""
    code = await ready(site)
    await certify(site, code)
    await sign(site, await begin(site))
    assert await issue(site, keys) == 0
    return code
