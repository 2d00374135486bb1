"""Invented districts: the same from the same seed, plainly made up, and true to the rooms' own rules."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from khuen import clock, district, places, thai
from khuen.cases.rules import Stage
from khuen.endings.rules import Answer as Answered
from khuen.endings.rules import Decision
from khuen.followups import rules
from khuen.followups.round_rules import tells_use
from khuen.followups.rules import Answer, How
from khuen.messages.rules import KINDS, REASONS
from khuen.paths import folder
from khuen.practice import plans
from khuen.practice.lives import Life
from khuen.practice.plans import Ending, Plan
from khuen.practice.world import World, invent, moments

TODAY, AS_OF = date(2026, 11, 24), date(2024, 9, 30)


def world(slug: str, plan: Plan, *, seed: int = 1, today: date = TODAY) -> World:
    return invent(district.read(folder("tenants") / "demo" / f"{slug}.toml"), plan, seed=seed, today=today)


LIVING = world("bantuayang", plans.LIVING)
NEIGHBOUR = world("phon", plans.NEIGHBOUR)
MODEL = world("chatturat", plans.MODEL_COMMUNITY, today=AS_OF)
MANY = world("phon", plans.many(60, 20, 7))
WORLDS = pytest.mark.parametrize("made", [LIVING, NEIGHBOUR, MODEL, MANY], ids=["living", "neighbour", "model", "many"])


def present(made: World, life: Life) -> rules.Due:
    """What the rule says of a case at the end of its world."""
    answers = {v.id: Answer(v.id, v.how, v.planned_at, v.received_at) for v in life.visits}
    seen = [answers[one.check_in_id] for one in made.seen if one.case_id == life.id]
    return rules.present(life.steps[0].on, answers.values(), seen, life.pack.visits)


def test_a_seed_and_a_day_make_one_world_and_others_another() -> None:
    assert world("bantuayang", plans.LIVING).digest() == LIVING.digest()
    assert world("bantuayang", plans.LIVING, seed=2).digest() != LIVING.digest()
    assert world("bantuayang", plans.LIVING, today=TODAY - timedelta(days=1)).digest() != LIVING.digest()


def test_the_model_community_has_the_numbers_that_were_reported() -> None:
    """B09: 240 enrolled, 96 certified, 144 awaiting the doctor. B06 and B07: the dates of the two projects."""
    stages = Counter(life.steps[-1].stage for life in MODEL.lives)
    assert stages == {Stage.CERTIFIED: 96, Stage.AWAITING_DOCTOR: 144}
    opened = [(life.newcomer.case.project_id.int, life.steps[0].on) for life in MODEL.lives]
    assert min(on for project, on in opened if project == 0) == date(2023, 12, 18)
    assert all(date(2024, 6, 10) <= on <= date(2024, 9, 10) for project, on in opened if project == 1)
    homes = {
        (life.newcomer.person.subdistrict_code, life.newcomer.person.moo)
        for life in MODEL.lives
        if life.newcomer.case.project_id.int == 1
    }
    assert homes == {("360605", "3")}


def test_the_living_district_has_something_of_everything() -> None:
    open_ = [life for life in LIVING.lives if life.closed_on is None]
    assert len(open_) == 60
    assert {life.steps[-1].stage for life in LIVING.lives} == set(Stage)
    late = sorted(
        rules.overdue_days(present(LIVING, life).window.closes_on, TODAY)
        for life in open_
        if life.ending is Ending.OVERDUE
    )
    assert late == [1, 2, 3, 4, 5, 7, 9, 12]
    ranks = Counter(present(LIVING, life).attention_rank for life in open_)
    assert ranks[2] == 2 and ranks[1] == 4
    assert sum(life.newcomer.buddy is None for life in open_) == 5
    assert sum(present(LIVING, life).window.due_on == TODAY for life in open_ if life.ending is Ending.DUE) == 6
    decisions = {(c.kind, c.decision) for life in LIVING.lives for c in life.newcomer.case.consents}
    assert {("sharing", "refused"), ("contact", "refused"), ("treatment", "given")} <= decisions
    visits = [visit for life in LIVING.lives for visit in life.visits]
    assert {visit.how for visit in visits} == set(How)
    assert any(visit.received_at - visit.happened_at > timedelta(days=1) for visit in visits), "late ones"
    assert any(rules.skewed(visit.happened_at, visit.received_at) for visit in visits), "clocks that run ahead"
    assert any(life.handover for life in LIVING.lives)
    assert len(LIVING.begun) == 3 and LIVING.notes and LIVING.slips
    assert {told.reason for told in LIVING.told} - {None} <= set(REASONS)
    assert {told.kind for told in LIVING.told} == set(KINDS) - {
        "nudge",
        "alert",
        "return_due",
        "task_due_digest",
        "week_digest",
        "test",
    }


def test_the_practice_buddy_visits_one_person_who_is_due_today() -> None:
    for made in (LIVING, NEIGHBOUR, MODEL):
        day = clock.day(made.until) + timedelta(days=1)
        own = [
            life
            for life in made.lives
            if life.newcomer.buddy and life.buddy_at(made.until) == made.roles["buddy"] and not life.closed_on
        ]
        assert [present(made, life).window.due_on for life in own] == [day]


@WORLDS
def test_one_buddy_visits_one_person_at_a_time_unless_a_reason_says_otherwise(made: World) -> None:
    held: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    closed = {moment.closing[0]: moment.at for moment in moments(made) if moment.closing}
    begun = {newcomer.case.id: moment.at for moment in moments(made) for newcomer in moment.intake}
    for life in made.lives:
        buddy = life.newcomer.buddy
        if buddy is None or buddy.extra_reason:
            continue
        end = closed.get(life.id, datetime.max.replace(tzinfo=UTC))
        changed = life.handover[0] if life.handover else end
        held[buddy.member_id].append((begun[life.id], changed))
        if life.handover:
            held[life.handover[1].member_id].append((changed, end))
    for spans in held.values():
        spans.sort()
        assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))
    further = [life.newcomer.buddy for life in made.lives if life.newcomer.buddy and life.newcomer.buddy.extra_reason]
    assert len(further) == (3 if made is LIVING else 0), "one buddy of the living district has four people"
    assert len({buddy.member_id for buddy in further}) <= 1


@WORLDS
def test_everybody_is_plainly_made_up(made: World) -> None:
    said = re.compile("ทดลอง|สมมุติ|ตัวอย่าง|จำลอง|สาธิต|ทดสอบ|ฝึกหัด|เสมือน")
    people = list({life.newcomer.person.id: life.newcomer.person for life in made.lives}.values())
    assert all(said.match(who.given_name) for who in people)
    assert all(said.match(member.called_name) for member in made.members)
    assert len({(who.given_name, who.family_name) for who in people}) == len(people), "told apart by name"
    numbers = [who.national_id for who in people if who.national_id]
    assert len(set(numbers)) == len(numbers)
    assert all(thai.national_id(number).digits == number and number.startswith("00000") for number in numbers)
    phones = [*(who.phone for who in people), *(member.phone for member in made.members)]
    assert all(number is None or number.startswith("+662000") for number in phones)


@WORLDS
def test_people_live_in_real_tambons_of_the_district_and_their_buddies_nearby(made: World) -> None:
    home = {member.id: (member.subdistrict_code, member.moo) for member in made.members}
    for life in made.lives:
        who = life.newcomer.person
        assert who.subdistrict_code and places.place(who.subdistrict_code)
        if life.newcomer.buddy and not life.handover:
            assert home[life.newcomer.buddy.member_id] == (who.subdistrict_code, who.moo)


@WORLDS
def test_nothing_happens_before_the_beginning_or_on_the_day_itself(made: World) -> None:
    times = [visit.received_at for life in made.lives for visit in life.visits]
    times += [one.at for one in (*made.seen, *made.notes, *made.slips, *made.acts, *made.begun)]
    times += [moment.at for moment in moments(made)]
    assert made.begins_at < min(times)
    # the last rows are written seconds after the last visit
    assert max(times) <= made.until + timedelta(minutes=1)
    assert all(visit.planned_at <= visit.received_at for life in made.lives for visit in life.visits)
    for life in made.lives:
        assert [step.on for step in life.steps] == sorted(step.on for step in life.steps)
        assert not life.visits or clock.day(life.visits[0].planned_at) >= life.steps[0].on
        assert not (life.closed_on and life.visits) or clock.day(life.visits[-1].received_at) <= life.closed_on


@WORLDS
def test_acts_are_told_in_order_of_time(made: World) -> None:
    assert [act.at for act in made.acts] == sorted(act.at for act in made.acts)


def test_many_districts_have_about_as_many_visits_as_asked() -> None:
    assert MANY.check_ins == pytest.approx(60 * 20, rel=0.2)


def test_somebody_comes_back_as_a_new_episode_of_the_same_person() -> None:
    (again,) = [life for life in LIVING.lives if life.newcomer.again]
    (former,) = [life for life in LIVING.lives if life.newcomer.person == again.newcomer.person and life is not again]
    assert former.closed_on and former.steps[-1].recorded_at < clock_at(again.steps[0].on)
    assert again.steps[-1].stage is Stage.IN_TREATMENT and again.visits
    assert not any(life.newcomer.again for life in (*NEIGHBOUR.lives, *MODEL.lives, *MANY.lives))


def clock_at(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=UTC)


def test_the_living_district_plays_who_was_elsewhere() -> None:
    it = LIVING.elsewhere
    assert {one.returned_on is None for one in it.stays} == {True, False}
    assert {one.answer for one in it.sent} == {Answered.CAME_BACK, Answered.NOT_SEEN, None}
    assert [one.decision for one in it.offered] == [Decision.ACCEPTED, Decision.REJECTED, Decision.REVOKED, None]
    visited = {life.id: [clock.day(visit.planned_at) for visit in life.visits] for life in LIVING.lives}
    for stay in it.stays:
        assert not any(stay.from_on <= on <= stay.until_on for on in visited[stay.case_id]), "visits rest"
    assert MODEL.elsewhere.stays and MODEL.elsewhere.sent and MODEL.elsewhere.offered == (), "its projects have ended"
    gone = [one.case_id for one in (*it.stays, *it.sent, *it.offered)]
    assert len(set(gone)) == len(gone)


def test_songkran_and_new_year_have_no_session_and_hardly_a_visit() -> None:
    assert MODEL.course
    visits = Counter(clock.day(visit.planned_at) for life in MODEL.lives for visit in life.visits)
    for first, last in ((date(2023, 12, 30), date(2024, 1, 2)), (date(2024, 4, 12), date(2024, 4, 16))):
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        assert sum(visits[on] for on in days) * 3 < sum(visits[on - timedelta(days=7)] for on in days)
    holidays = {(1, 1), (4, 13), (4, 14), (4, 15), (12, 31)}
    held = [one for one in MODEL.course.held if (one.on.month, one.on.day) in holidays]
    assert all(one.state == "cancelled" for one in held)


def test_what_is_told_or_written_down_late_keeps_both_days() -> None:
    assert LIVING.course
    assert any(clock.day(test.at) > test.on for test in LIVING.course.tests if test.confirms_id is None)
    assert any((clock.day(use.at) - use.on).days > 3 for use in MODEL.after.uses)
    closed = [life.steps[-1] for life in LIVING.lives if life.closed_on]
    assert any(clock.day(step.recorded_at) > step.on for step in closed)
    assert {one.kind for one in LIVING.meetings} == {"weekly", "province"}


def test_a_round_that_tells_of_use_is_an_event_that_somebody_visited_after() -> None:
    made = {one.id: one for one in MODEL.after.made}
    told = [use for use in MODEL.after.uses if use.result_id]
    assert {use.result_id for use in told} == {one.id for one in made.values() if tells_use(one.result)} != set()
    visits = {life.id: life.visits for life in MODEL.lives}
    assert all(any(use.at < visit.planned_at for visit in visits[use.case_id]) for use in told)
