"""Opening cases, their steps and their consents."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from khuen.cases import service as cases
from khuen.cases.rules import ConsentKind, Decision, Stage, Step, is_code, stage_of, standing, too_late
from khuen.cases.service import Consent, NewCase
from khuen.errors import Conflict, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.people import service as people
from khuen.settings import Settings
from khuen.tenancy import within
from tests.care import NOW, District, person, stand

TODAY = date(2026, 11, 24)


async def new_cases(made: District, n: int = 1, **values: Any) -> list[NewCase]:
    who = [person() for _ in range(n)]
    async with within(made.here("nok")):
        await people.register(made.here("nok"), who)
    return [NewCase(uuid7(), one.id, made.project_id, "s114", "family", TODAY, **values) for one in who]


async def opened(made: District, new: list[NewCase]) -> list[str]:
    async with within(made.here("nok")):
        codes = await cases.open_cases(made.here("nok"), new)
    return [codes[case.id] for case in new]


async def test_codes_run_on_without_a_gap(pools: Settings) -> None:
    made, other = await stand(pools, nok="coordinator"), await stand(pools, nok="coordinator")
    assert await opened(made, await new_cases(made, 3)) == ["CTR-0001", "CTR-0002", "CTR-0003"]
    assert await opened(made, await new_cases(made)) == ["CTR-0004"]
    assert await opened(other, await new_cases(other)) == ["CTR-0001"]


async def test_the_same_form_again_answers_the_same_code(pools: Settings, root: Any) -> None:
    made = await stand(pools, nok="coordinator")
    new = await new_cases(made, consents=(Consent(ConsentKind.TREATMENT, Decision.GIVEN, "1", TODAY),))
    answers = await asyncio.gather(*(opened(made, new) for _ in range(4)))
    assert answers == [["CTR-0001"]] * 4
    for table in ("case_file", "case_step", "consent"):
        assert await root.fetchval(f"SELECT count(*) FROM {table}") == 1
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'case:opened'") == 1


async def test_what_cannot_be_opened(pools: Settings) -> None:
    made = await stand(pools, nok="coordinator")
    case, stranger = (await new_cases(made))[0], (await new_cases(made))[0]
    await opened(made, [case])
    second = NewCase(uuid7(), case.person_id, made.project_id, "s113", "self", TODAY)
    with pytest.raises(Conflict):
        await opened(made, [second])
    with pytest.raises(KeyReused):
        await opened(made, [NewCase(case.id, stranger.person_id, made.project_id, "s113", "self", TODAY)])
    with pytest.raises(NotFound):
        await opened(made, [NewCase(uuid7(), stranger.person_id, uuid7(), "s113", "self", TODAY)])


async def test_a_closed_case_lets_another_one_open(pools: Settings) -> None:
    made = await stand(pools, nok="coordinator")
    case, nok = (await new_cases(made))[0], made.here("nok")
    await opened(made, [case])
    async with within(nok):
        await cases.record_step(nok, case.id, Stage.CLOSED, TODAY, "จบการดูแล")
    again = NewCase(uuid7(), case.person_id, made.project_id, "s113", "self", TODAY)
    assert await opened(made, [again]) == ["CTR-0002"]


async def test_a_step_of_the_past_does_not_turn_a_case_back(pools: Settings, root: Any) -> None:
    made = await stand(pools, nok="coordinator")
    case, nok, key = (await new_cases(made, opened_on=TODAY - timedelta(days=30)))[0], made.here("nok"), uuid7()
    await opened(made, [case])
    for _ in range(2):
        async with within(nok):
            await cases.record_step(nok, case.id, Stage.AWAITING_DOCTOR, TODAY, key=key)
    async with within(nok):
        await cases.record_step(nok, case.id, Stage.IN_TREATMENT, TODAY - timedelta(days=20))
        assert [step.stage for step in await cases.steps(nok, case.id)] == [
            Stage.ENROLLED,
            Stage.IN_TREATMENT,
            Stage.AWAITING_DOCTOR,
        ]
    assert await root.fetchval("SELECT stage FROM case_file") == "awaiting_doctor"
    with pytest.raises(NotFound):
        async with within(nok):
            await cases.record_step(nok, uuid7(), Stage.CLOSED, TODAY)


def test_the_latest_step_by_date_decides_then_the_one_recorded_last() -> None:
    first = Step(Stage.ENROLLED, TODAY, NOW)
    same_day = Step(Stage.IN_TREATMENT, TODAY, NOW + timedelta(hours=1))
    earlier = Step(Stage.AWAITING_DOCTOR, TODAY - timedelta(days=1), NOW + timedelta(hours=2))
    assert stage_of([earlier, same_day, first]) is Stage.IN_TREATMENT


@pytest.mark.parametrize(("text", "code"), [("CTR-0001", True), ("CTR-1", False), ("ctr-0001", False), ("", False)])
def test_only_what_looks_like_a_code_is_asked_for(text: str, code: bool) -> None:
    assert is_code(text) is code


def test_a_closing_of_an_earlier_day_closes_and_another_stage_after_it_takes_it_back() -> None:
    reached = Step(Stage.IN_TREATMENT, TODAY, NOW)
    closed = Step(Stage.CLOSED, TODAY - timedelta(days=9), NOW + timedelta(hours=2))
    again = Step(Stage.IN_TREATMENT, TODAY, NOW + timedelta(hours=3))
    assert stage_of([reached, closed]) is Stage.CLOSED
    assert stage_of([reached, closed, again]) is Stage.IN_TREATMENT
    assert standing([reached, closed, again]) == [reached, again]
    assert stage_of([reached, closed, again, Step(Stage.CLOSED, TODAY, again.recorded_at)]) is Stage.CLOSED


async def test_the_latest_decision_of_each_consent_stands(pools: Settings, root: Any) -> None:
    made = await stand(pools, nok="coordinator")
    given = Consent(ConsentKind.TREATMENT, Decision.GIVEN, "1", TODAY, guardian="ผู้ปกครอง ทดลอง")
    refused = Consent(ConsentKind.SHARING, Decision.REFUSED, "1", TODAY)
    case, nok, key = (await new_cases(made, consents=(given, refused)))[0], made.here("nok"), uuid7()
    await opened(made, [case])
    later = made.here("nok", NOW + timedelta(days=1))
    for _ in range(2):
        async with within(later):
            withdrawn = Consent(ConsentKind.TREATMENT, Decision.WITHDRAWN, "1", later.today)
            await cases.record_consent(later, case.id, withdrawn, key=key)
    for other in (replace(withdrawn, kind=ConsentKind.SHARING), replace(withdrawn, decision=Decision.GIVEN)):
        with pytest.raises(KeyReused):
            async with within(later):
                await cases.record_consent(later, case.id, other, key=key)
    async with within(nok):
        standing = await cases.latest_consents(nok, case.id)
    assert {kind: one.decision for kind, one in standing.items()} == {
        ConsentKind.TREATMENT: Decision.WITHDRAWN,
        ConsentKind.SHARING: Decision.REFUSED,
    }
    assert await root.fetchval("SELECT count(*) FROM consent") == 3
    sealed = await root.fetchval("SELECT guardian_sealed FROM consent WHERE guardian_sealed IS NOT NULL")
    assert "ผู้ปกครอง".encode() not in sealed


async def test_a_guardian_is_read_back(pools: Settings) -> None:
    made = await stand(pools, nok="coordinator")
    given = Consent(ConsentKind.TREATMENT, Decision.GIVEN, "1", TODAY, guardian="ผู้ปกครอง ทดลอง")
    case = (await new_cases(made, consents=(given,)))[0]
    await opened(made, [case])
    async with within(made.here("nok")):
        assert (await cases.latest_consents(made.here("nok"), case.id))[ConsentKind.TREATMENT] == given
        assert await cases.latest_consents(made.here("nok"), uuid7()) == {}


@pytest.mark.parametrize(("stopped_on", "refused"), [(None, False), (1, False), (0, True), (-1, True)])
def test_only_what_was_done_with_consent_is_written_down(stopped_on: int | None, refused: bool) -> None:
    day = None if stopped_on is None else TODAY + timedelta(days=stopped_on)
    assert too_late(day, TODAY) is refused
