"""`khuen demo`, `khuen simulate` and a restart: practice districts made, and filled when they are empty."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from uuid import UUID

from khuen import clock, district, packs, places, provision, vault
from khuen.database import connected
from khuen.district import CaseCode, Project, Tenant, TenantFile
from khuen.paths import folder
from khuen.practice import loading, plans
from khuen.practice.plans import Plan
from khuen.practice.world import World, invent
from khuen.registry import CLOCK
from khuen.settings import Settings, SettingsError
from khuen.signin import restarts
from khuen.signin.rows import reading
from khuen.tenancy import Here, within

#: text, done, total
Progress = Callable[[str, int, int], None]
#: hears the steps of one district: inventing, writing
Say = Callable[[str], Awaitable[None]]

SEED = 1
MOST_DISTRICTS, MOST_CHECK_INS = 900, 10_000_000
_CASES = 267  # 240,000 cases in 900 districts
_AT_ONCE = 2  # districts that are filled side by side: one is invented while the other is written
_PLANS = {"bantuayang": plans.LIVING, "phon": plans.NEIGHBOUR, "chatturat": plans.MODEL_COMMUNITY}


@dataclass(frozen=True)
class Filled:
    """One district; `digest` is None when it was filled before and stayed as it was."""

    slug: str
    cases: int
    check_ins: int
    digest: str | None


@dataclass(frozen=True)
class Report:
    districts: tuple[Filled, ...]

    @property
    def content_hash(self) -> str:
        """SHA-256 over the worlds that were put in; equal for equal seed, day and numbers."""
        new = sorted(f"{one.slug} {one.digest}" for one in self.districts if one.digest)
        return hashlib.sha256("\n".join(new).encode()).hexdigest()

    def __str__(self) -> str:
        new = [one for one in self.districts if one.digest]
        left = len(self.districts) - len(new)
        lines = [
            f"{len(new)} practice districts filled: {sum(one.cases for one in new):,} cases,"
            f" {sum(one.check_ins for one in new):,} check-ins"
        ]
        if left:
            lines.append(f"{left} had been filled before and stayed as they were")
        return "\n".join([*lines, *([f"content {self.content_hash}"] if new else [])])


async def prepare(settings: Settings, *, progress: Progress) -> None:
    """Make and fill the practice districts of the demo that are not there yet; a later start finds them filled."""
    vault.configure(settings.kek, settings.erasures_file)
    async with connected(settings, size=2):
        if not await _all_there():
            today = clock.day(clock.now())
            await _fill_all([demo(slug, today) for slug in _PLANS], SEED, progress, at_once=1)


async def simulate(
    settings: Settings,
    *,
    seed: int,
    today: date,
    districts: int = 0,
    check_ins: int = 0,
    progress: Progress | None = None,
) -> Report:
    """Fill the practice districts, and `districts` further ones with about `check_ins` check-ins between them.

    One transaction each: what an interruption left out is filled by the next call. Raises SettingsError.
    """
    if not 0 <= districts <= MOST_DISTRICTS or not 0 <= check_ins <= MOST_CHECK_INS:
        raise SettingsError(f"at most {MOST_DISTRICTS} districts and {MOST_CHECK_INS:,} check-ins")
    vault.configure(settings.kek, settings.erasures_file)
    wanted = [*(demo(slug, today) for slug in _PLANS), *_further(seed, today, districts, check_ins)]
    async with connected(settings, size=2 * _AT_ONCE):
        return Report(tuple(await _fill_all(wanted, seed, progress or _silent, at_once=_AT_ONCE)))


@dataclass(frozen=True)
class Wanted:
    """What a practice district is made of; `today` is the day on which it stands."""

    file: TenantFile
    plan: Plan
    today: date


def demo(slug: str, today: date) -> Wanted:
    """One district of the demo. Raises KeyError for an address that is not one of theirs."""
    plan = _PLANS[slug]
    file = district.read(folder("tenants") / "demo" / f"{slug}.toml")
    return Wanted(file, plan, file.tenant.as_of or today)


async def fill(wanted: Wanted, seed: int, *, beside: tuple[UUID, str] | None = None, say: Say | None = None) -> Filled:
    """Make one district and put its world into it; harmless twice, and what a crash left is finished.

    `beside`: under this id and address, suspended, while another district is in use under the file's own address.
    """
    file = wanted.file
    if beside is not None:
        file = replace(file, tenant=replace(file.tenant, slug=beside[1]))
    slug = file.tenant.slug
    tenant_id = beside[0] if beside else await provision.tenant_of(slug)
    if tenant_id and await _is_filled(tenant_id):
        await _remember(tenant_id, wanted, seed)
        return Filled(slug, 0, 0, None)
    await (say or _unsaid)("inventing")
    world = await asyncio.to_thread(invent, wanted.file, wanted.plan, seed=seed, today=wanted.today)
    await (say or _unsaid)("writing")
    await provision.add_tenant(file, world.begins_at, beside=beside[0] if beside else None)
    tenant_id = tenant_id or await provision.tenant_of(slug)
    assert tenant_id is not None
    await provision.practice_roles(tenant_id, _buttons(world), world.begins_at)
    here = Here(tenant_id, None, CLOCK, world.until)
    async with within(here) as transaction:
        # A district may take longer than a page is allowed to; nobody waits for its rows yet.
        await transaction.connection.execute("SET LOCAL transaction_timeout = 0")
        await loading.load(here, world, [project.name for project in file.projects])
    await _remember(tenant_id, wanted, seed)
    packs.forget(tenant_id)
    return Filled(slug, len(world.lives), world.check_ins, world.digest())


def _further(seed: int, today: date, districts: int, check_ins: int) -> Iterator[Wanted]:
    """p001 and so on, in real places; some have five times as many cases as others."""
    if not districts:
        return
    chance = Random(f"{seed} districts")
    base = district.read(folder("tenants") / "demo" / "phon.toml")
    homes = [home for home in places.districts() if len(places.tambons(home.code)) > 2]
    weights = [chance.lognormvariate(0, 0.5) for _ in range(districts)]
    usual = min(_CASES, max(20, check_ins // districts // 12))
    for number, weight in enumerate(weights, start=1):
        share = weight / sum(weights)
        cases = max(10, round(usual * districts * share))
        plan = plans.many(cases, check_ins * share / cases, base.packs[base.default_pack].visits.every_days)
        oldest = today - timedelta(days=max(kind.opened[1] for kind in plan.kinds))
        yield Wanted(_file(base, number, homes[(number * 7) % len(homes)], oldest), plan, today)


def _file(base: TenantFile, number: int, home: places.District, starts_on: date) -> TenantFile:
    letters = "".join(chr(ord("A") + number // 26**power % 26) for power in (1, 0))
    return replace(
        base,
        tenant=Tenant(
            slug=f"p{number:03d}",
            name=f"อำเภอ{home.name} (ฝึก {number})",
            short_name=home.name,
            province_code=home.code[:2],
            district_code=home.code,
            area_path=f"th/practice/{home.code[:2]}/{home.code}",
            practice=True,
        ),
        projects=(Project(name=f"โครงการฝึก อำเภอ{home.name}", level="district", starts_on=starts_on),),
        settings=replace(base.settings, case_code=CaseCode(prefix=f"P{letters}")),
    )


async def _all_there() -> bool:
    async with reading() as connection:
        rows = await connection.fetch("SELECT id, slug FROM auth.tenant WHERE slug = ANY ($1)", list(_PLANS))
    return len(rows) == len(_PLANS) and all([await _is_filled(row["id"]) for row in rows])


async def _is_filled(tenant_id: UUID) -> bool:
    here = Here(tenant_id, None, CLOCK, clock.now())
    async with within(here):
        return await loading.is_filled(here)


async def _fill_all(wanted: list[Wanted], seed: int, progress: Progress, *, at_once: int) -> list[Filled]:
    done: list[Filled] = []
    queue = iter(wanted)

    async def work() -> None:
        for one in queue:
            done.append(await fill(one, seed))
            progress("Practice districts", len(done), len(wanted))

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())
    return done


async def _remember(tenant_id: UUID, wanted: Wanted, seed: int) -> None:
    """The districts of the demo can begin again; the many that are made for measuring stay as they are."""
    if wanted.file.tenant.slug in _PLANS:
        await restarts.remember(tenant_id, seed, wanted.today, clock.now())


def _buttons(world: World) -> dict[str, tuple[UUID, str]]:
    called = {member.id: member.called_name for member in world.members}
    return {role: (member_id, called[member_id]) for role, member_id in world.roles.items()}


def _silent(text: str, done: int, total: int) -> None: ...


async def _unsaid(step: str) -> None: ...
