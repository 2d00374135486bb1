"""The board reads facts that are kept beside their rows: they follow every act, and the lanes are what the rules say."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

from khuen import clock, erasure, vault
from khuen.board import service
from khuen.board.rules import BITS, MARKED, MASKS, ORDER, Lane, Sort, first_lane
from khuen.board.service import Asked
from khuen.buddies import service as buddies
from khuen.buddies.service import NewAssignment
from khuen.cases import service as cases
from khuen.cases.rules import ConsentKind, Decision, Stage
from khuen.enrolment.opening import close_all
from khuen.errors import Conflict
from khuen.ids import uuid7
from khuen.tenancy import within
from tests.board.test_board import answer_of, due, shown
from tests.care import Site
from tests.kept import differences

#: the lanes of one case from its own rows, as docs/GLOSSARY.md defines them
_FACTS = """
SELECT c.code, coalesce(v.attention_rank, 0) > 0 AS urgent, v.closes_on < $1 AS overdue, NOT EXISTS (
        SELECT FROM assignment a WHERE a.tenant_id = c.tenant_id AND a.case_id = c.id AND a.ended_at IS NULL) AS no_buddy,
    (c.stage IN ('enrolled', 'in_treatment') AND c.test_on <= $1) OR (c.stage = 'enrolled' AND c.colour IS NULL) AS tests,
    c.stage = 'awaiting_doctor' AND c.ready AS ready, coalesce((SELECT o.decision <> 'given' FROM consent o
        WHERE o.tenant_id = c.tenant_id AND o.case_id = c.id AND o.kind = 'treatment'
        ORDER BY o.recorded_at DESC, o.id DESC LIMIT 1), false) AS stopped, v.due_on <= $1 AND v.closes_on >= $1 AS today, true AS all
FROM case_file c JOIN auth.tenant t ON t.id = c.tenant_id AND t.slug = 'chatturat'
LEFT JOIN visit_due v ON v.tenant_id = c.tenant_id AND v.case_id = c.id
WHERE c.stage <> 'closed'
"""


async def lanes(root: Any) -> dict[Lane, set[str]]:
    found: dict[Lane, set[str]] = {lane: set() for lane in Lane}
    for row in await root.fetch(_FACTS, clock.day(clock.now())):
        bits = sum(BITS[lane] for lane in ORDER if row[lane] and (lane is Lane.URGENT or not row["stopped"]))
        bits = bits & MARKED or bits
        for lane in Lane:
            if bits & MASKS[lane] and not (lane is Lane.TODAY and first_lane(bits) is not lane):
                found[lane].add(row["code"])
    return found


async def agrees(site: Site, root: Any) -> None:
    """The board's lists and counts, narrowed or not, are those of the rows."""
    here = site.chatturat.here("nok", clock.now())
    for lane, codes in (await lanes(root)).items():
        for asked in (Asked(lane), Asked(lane, sort=Sort.NAME), Asked(lane, project_id=site.chatturat.project_id)):
            async with within(here):
                board = await service.board(here, asked, whole=False)
            assert {row["code"] for row in board.rows} == codes, asked
            assert len(board.rows) == board.counts[lane] == len(codes), asked


async def test_the_board_says_what_the_rows_say_after_any_acts(site: Site, root: Any) -> None:
    chance, today = random.Random(7), clock.day(clock.now())
    mali, somchai = (site.chatturat.people[name][0] for name in ("mali", "somchai"))
    for _ in range(12):
        code = await site.case(None)
        await due(root, site, code, today + timedelta(days=chance.choice([-9, -3, -2, 0, 0, 1, 6])))
    codes = list(site.chatturat.cases)
    made: list[Any] = []
    for step in range(60):
        here = site.chatturat.here("nok", clock.now())
        case_id = site.chatturat.cases[chance.choice(codes)]
        async with within(here):
            match chance.randrange(8):
                case 0 | 1:
                    new = NewAssignment(uuid7(), case_id, chance.choice([mali, somchai]), "อยู่หมู่เดียวกัน", uuid7())
                    await buddies.replace(here, new, "ย้ายบ้าน")
                    made.append(new)
                case 2:
                    await buddies.end(here, case_id, "ย้ายบ้าน")
                case 3 if made:
                    await buddies.undo_assignment(here, made[-1].id)
                case 4 if made:
                    await buddies.undo_matching(here, made[-1].batch_id)
                case 5:
                    said = chance.choice([Decision.WITHDRAWN, Decision.GIVEN])
                    consent = cases.Consent(ConsentKind.TREATMENT, said, "1", today)
                    await cases.record_consent(here, case_id, consent, key=uuid7())
                case 6:
                    await cases.record_test_days([(case_id, today + timedelta(days=chance.choice([-3, 0, 1])))])
                    await cases.record_ready([(case_id, chance.random() < 0.7)])
                case _:
                    stage = chance.choice([Stage.IN_TREATMENT, Stage.AWAITING_DOCTOR])
                    await cases.record_step(here, case_id, stage, here.today)
        if step % 10 == 9:
            assert await differences(root) == []
            await agrees(site, root)


async def test_an_urgent_answer_and_a_late_case_agree_too(site: Site, root: Any) -> None:
    urgent, late = await site.case("somchai"), await site.case("mali")
    await answer_of(site, urgent, "urgent")
    await due(root, site, late, clock.day(clock.now()) - timedelta(days=3))
    await agrees(site, root)


async def test_closing_and_erasing_take_a_case_off_every_list(site: Site, root: Any, tmp_path: Any) -> None:
    vault.configure(site.app.state.settings.kek, tmp_path / "erasures" / "list")
    closed, erased, stays = [await site.case(None) for _ in range(3)]
    here = site.chatturat.here("nok", clock.now())
    async with within(here):
        await buddies.assign(
            here, [NewAssignment(uuid7(), site.chatturat.cases[erased], site.chatturat.people["mali"][0])]
        )
        await close_all(here, [site.chatturat.cases[closed]], "ย้ายออก")
        person = await root.fetchval("SELECT person_id FROM case_file WHERE code = $1", erased)
        await erasure.erase_person(here, person)
    assert await differences(root) == []
    assert await shown(site, "?lane=all") == [stays]
    assert (await site.clients["mali"].get("/chatturat/b/people")).text.count(erased) == 0
    await agrees(site, root)


async def test_two_who_change_the_same_buddies_at_once_leave_one_truth(site: Site, root: Any) -> None:
    codes = [await site.case(None) for _ in range(4)]
    mali, somchai = (site.chatturat.people[name][0] for name in ("mali", "somchai"))

    async def change(to: Any) -> None:
        for code in codes:
            here = site.chatturat.here("nok", clock.now())
            try:
                async with within(here):
                    new = NewAssignment(uuid7(), site.chatturat.cases[code], to, "อยู่หมู่เดียวกัน")
                    await buddies.replace(here, new, "ย้ายบ้าน")
            except Conflict:
                continue

    await asyncio.gather(*(change(to) for to in (mali, somchai, mali, somchai)))
    assert await differences(root) == []
    assert await root.fetchval("SELECT count(*) FROM assignment WHERE ended_at IS NULL") == len(codes)
