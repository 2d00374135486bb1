"""The rules of sessions, rosters, tests and their count: tables of dates, and what hypothesis finds."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khuen import clock
from khuen.cases.rules import Stage, Step, standing
from khuen.treatment import calendar_rules, draw_rules, rules
from khuen.treatment.calendar_rules import Weekly
from khuen.treatment.draw_rules import Window
from khuen.treatment.rules import Attended, Break, Mark, Reading, Reason, Result, Said, Sample

NINE = time(9, 0)
DAYS = st.dates(date(2023, 1, 1), date(2031, 12, 31))
SEEDS = st.binary(min_size=16, max_size=32)


# --- the calendar --------------------------------------------------------------------------------------------------


@given(
    DAYS, st.integers(0, calendar_rules.LONGEST_SERIES_DAYS), st.integers(0, 6), st.times(), st.sets(DAYS, max_size=30)
)
def test_a_series_has_every_such_weekday_once_and_names_the_holidays(
    from_on: date, days: int, weekday: int, at: time, holidays: set[date]
) -> None:
    at = at.replace(tzinfo=None)
    weekly = Weekly(weekday, at, from_on, from_on + timedelta(days))
    slots = calendar_rules.expand(weekly, holidays)
    wanted = [from_on + timedelta(n) for n in range(days + 1) if (from_on + timedelta(n)).weekday() == weekday]
    assert [slot.on for slot in slots] == wanted
    assert [slot.holiday for slot in slots] == [on in holidays for on in wanted]
    assert all(clock.day(slot.starts_at) == slot.on for slot in slots)
    assert (calendar_rules.wrong(weekly) is None) == bool(wanted)


@pytest.mark.parametrize(
    ("from_on", "until_on", "weekday", "days"),
    [
        pytest.param(date(2026, 1, 31), date(2026, 2, 28), 5, ["31/1", "7/2", "14/2", "21/2", "28/2"], id="31 January"),
        pytest.param(date(2028, 2, 22), date(2028, 3, 7), 1, ["22/2", "29/2", "7/3"], id="29 February"),
        pytest.param(date(2026, 9, 23), date(2026, 10, 7), 2, ["23/9", "30/9", "7/10"], id="end of the fiscal year"),
        pytest.param(date(2026, 12, 30), date(2027, 1, 6), 2, ["30/12", "6/1"], id="end of the year"),
    ],
)
def test_a_series_over_the_ends_of_months_and_years(
    from_on: date, until_on: date, weekday: int, days: list[str]
) -> None:
    slots = calendar_rules.expand(Weekly(weekday, NINE, from_on, until_on), ())
    assert [f"{slot.on.day}/{slot.on.month}" for slot in slots] == days
    assert clock.fiscal_year(date(2026, 9, 30)) + 1 == clock.fiscal_year(date(2026, 10, 1))


def test_a_series_that_cannot_be_is_named() -> None:
    on = date(2026, 11, 24)
    assert calendar_rules.wrong(Weekly(1, NINE, on, on - timedelta(1))) == calendar_rules.UNTIL_BEFORE
    assert calendar_rules.wrong(Weekly(1, NINE, on, on + timedelta(367))) == calendar_rules.TOO_LONG
    assert calendar_rules.wrong(Weekly(2, NINE, on, on)) == calendar_rules.NO_DAY
    assert calendar_rules.wrong(Weekly(1, NINE, on, on)) is None


def test_clocks_an_hour_off_move_no_session_to_another_day() -> None:
    """A session at half past midnight belongs to its Bangkok day, though in UTC it is the day before."""
    starts_at = calendar_rules.moment(date(2026, 11, 24), time(0, 30))
    assert starts_at == datetime(2026, 11, 23, 17, 30, tzinfo=UTC) and clock.day(starts_at) == date(2026, 11, 24)
    on = date(2026, 11, 24)
    for minute in (-60, 0, 60):  # the server's clock an hour off, around the hour of a session at nine
        now = calendar_rules.moment(on, NINE) + timedelta(minutes=minute)
        assert rules.may_mark(on, clock.day(now))
    assert not rules.may_mark(on, on - timedelta(1))
    assert rules.backdated(on, on + timedelta(1)) and not rules.backdated(on, on)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("13:30", time(13, 30)), ("9.00", NINE), ("๑๓.๓๐ น.", time(13, 30)), ("24:00", None), ("9:60", None), ("x", None)],
)
def test_a_time_as_somebody_types_it(text: str, expected: time | None) -> None:
    assert calendar_rules.read_time(text) == expected


@given(DAYS)
def test_monday_is_the_monday_before(on: date) -> None:
    assert calendar_rules.monday(on).weekday() == 0 and 0 <= (on - calendar_rules.monday(on)).days < 7


# --- who is on the roster ------------------------------------------------------------------------------------------


def steps(*stages: tuple[Stage, date]) -> list[Step]:
    return [Step(stage, on, datetime.combine(on, NINE, UTC)) for stage, on in stages]


def test_attendance_for_somebody_not_yet_enrolled_is_refused_and_they_join_later_rosters() -> None:
    own = steps((Stage.ENROLLED, date(2026, 3, 10)), (Stage.IN_TREATMENT, date(2026, 3, 20)))
    before, on, after = (rules.stage_as_of(own, date(2026, 3, day)) for day in (9, 10, 25))
    assert before is None and rules.refusal(before) == rules.NOT_YET_ENROLLED and not rules.on_roster(before)
    assert on is Stage.ENROLLED and rules.on_roster(on) and rules.refusal(on) is None
    assert after is Stage.IN_TREATMENT and rules.on_roster(after)


def test_whoever_is_through_or_has_left_is_expected_no_longer() -> None:
    assert not rules.on_roster(Stage.AWAITING_DOCTOR) and rules.refusal(Stage.AWAITING_DOCTOR) is None
    assert not rules.on_roster(Stage.CLOSED) and rules.refusal(Stage.CLOSED) == rules.NOT_IN_CARE


@given(st.lists(st.tuples(st.sampled_from(list(Stage)), DAYS), max_size=6), DAYS, DAYS)
def test_what_happens_later_changes_no_earlier_roster(
    drawn: list[tuple[Stage, date]], on: date, later_on: date
) -> None:
    own = steps(*drawn)
    stage = rules.stage_as_of(own, on)
    if later_on > on:
        assert rules.stage_as_of([*own, *steps((Stage.CLOSED, later_on))], on) == stage
    assert (stage is None) == all(step.on > on for step in standing(own))


def test_a_back_dated_closing_ends_the_rosters_from_its_day_on_and_opening_again_brings_them_back() -> None:
    own = steps((Stage.ENROLLED, date(2026, 3, 1)), (Stage.IN_TREATMENT, date(2026, 3, 20)))
    closed = Step(Stage.CLOSED, date(2026, 3, 10), datetime(2026, 3, 25, tzinfo=UTC))
    days = [date(2026, 3, day) for day in (9, 10, 20, 30)]
    found = [rules.stage_as_of([*own, closed], on) for on in days]
    assert found == [Stage.ENROLLED, *[Stage.CLOSED] * 3]
    again = Step(Stage.IN_TREATMENT, date(2026, 3, 26), closed.recorded_at + timedelta(hours=20))
    found = [rules.stage_as_of([*own, closed, again], on) for on in days]
    assert found == [Stage.ENROLLED, Stage.ENROLLED, Stage.IN_TREATMENT, Stage.IN_TREATMENT]


# --- marks ---------------------------------------------------------------------------------------------------------

EVERY_SAID = [Said(Mark.PRESENT), Said(Mark.EXCUSED), *(Said(Mark.ABSENT, reason) for reason in Reason)]


def test_a_row_says_what_was_ticked_or_chosen() -> None:
    assert rules.said(True, "work", None) == Said(Mark.PRESENT)
    assert rules.said(False, "", None) is None
    assert rules.said(False, "", Said(Mark.PRESENT)) == Said(Mark.ABSENT, Reason.UNKNOWN)
    assert rules.said(False, "excused", None) == Said(Mark.EXCUSED)
    assert rules.said(False, "ill", Said(Mark.PRESENT)) == Said(Mark.ABSENT, Reason.ILL)
    with pytest.raises(ValueError):
        rules.said(False, "nonsense", None)


@pytest.mark.parametrize("said", EVERY_SAID)
def test_what_stands_is_read_back_and_is_no_change(said: Said) -> None:
    assert rules.from_code(said.code) == said
    why = "" if said.mark is Mark.PRESENT else said.code
    assert rules.said(said.mark is Mark.PRESENT, why, said) == said
    assert rules.wants_contact(said.mark) == (said.reason is not None)


def test_nothing_stands_for_nothing() -> None:
    assert rules.from_code("") is None and not rules.wants_contact(None)


def test_who_is_asked_after_by_when() -> None:
    assert rules.contact_due(date(2026, 1, 30), date(2026, 1, 30), 3) == date(2026, 2, 2)
    assert rules.contact_due(date(2026, 1, 30), date(2026, 3, 1), 3) == date(2026, 3, 4), "a back-dated session"


# --- the count -----------------------------------------------------------------------------------------------------

OPENED = date(2026, 1, 5)


def attended(*marks: str, cbtx: bool = True) -> list[Attended]:
    """One session a week; + came, - absent, o excused."""
    kinds = {"+": Mark.PRESENT, "-": Mark.ABSENT, "o": Mark.EXCUSED}
    return [
        Attended(calendar_rules.moment(on, NINE), on, cbtx, kinds[mark])
        for on, mark in ((OPENED + timedelta(7 * n), mark) for n, mark in enumerate("".join(marks)))
    ]


def readings(*results: str, sample: Sample = Sample.STRIP, first: int = 1) -> list[Reading]:
    """One test every two weeks; n negative, p positive, r refused, x not made."""
    kinds = {"n": Result.NEGATIVE, "p": Result.POSITIVE, "r": Result.REFUSED, "x": Result.NOT_DONE}
    return [
        Reading(UUID(int=first + n), on, calendar_rules.moment(on, NINE), sample, kinds[result])
        for n, result in enumerate("".join(results))
        for on in [OPENED + timedelta(14 * (n + 1))]
    ]


@pytest.mark.parametrize(
    ("marks", "with_doctor", "missed"),
    [("", 0, 0), ("+++", 3, 0), ("+--", 1, 2), ("--+", 1, 0), ("-o-", 0, 2), ("+o", 1, 0), ("---", 0, 3)],
)
def test_sessions_are_counted(marks: str, with_doctor: int, missed: int) -> None:
    made = rules.tally(OPENED, attended(marks), (), 14)
    assert (made.held, made.with_doctor, made.missed) == (len(marks), with_doctor, missed)
    assert made.started_on == (OPENED + timedelta(7 * marks.index("+")) if "+" in marks else None)
    came = marks.rfind("+")
    assert made.last_attended_on == (OPENED + timedelta(7 * came) if came >= 0 else None)


def test_a_session_with_no_doctor_is_no_cbtx_session_but_being_there_counts() -> None:
    made = rules.tally(OPENED, attended("+++", cbtx=False), (), 14)
    assert (made.held, made.with_doctor, made.missed) == (0, 0, 0) and made.last_attended_on


@pytest.mark.parametrize(("missed", "hint"), [(0, False), (2, False), (3, True), (9, True)])
def test_dropping_out_is_a_hint_at_the_packs_number(missed: int, hint: bool) -> None:
    assert rules.drops_out(missed, 3) is hint


@pytest.mark.parametrize(
    ("results", "done", "negatives", "best"),
    [
        *(("", 0, 0, 0), ("nnn", 3, 3, 3), ("nnp", 3, 0, 2), ("pnn", 3, 2, 2), ("nrn", 2, 1, 1)),
        *(("nxn", 2, 2, 2), ("nnr", 2, 0, 2), ("x", 0, 0, 0), ("nnpn", 4, 1, 2)),
    ],
)
def test_tests_are_counted_and_a_slip_takes_the_longest_row_not_away(
    results: str, done: int, negatives: int, best: int
) -> None:
    made = rules.tally(OPENED, (), readings(results), 14)
    assert (made.tests, made.negatives, made.best_negatives) == (done, negatives, best)


#: tests every 14 days and written down on their day; a slip so many days after OPENED, told so many days after it
@pytest.mark.parametrize(
    ("results", "slips", "negatives", "best", "broken"),
    [
        ("nnn", [(30, 30)], 1, 2, True),  # told before the third test: that one begins a new row
        ("nnn", [(50, 50)], 0, 3, True),  # after the newest test: nothing is lost of what was reached
        ("nnn", [(30, 60)], 1, 3, True),  # told late, of a day in the middle: the row of three had been reached
        ("nnn", [(42, 42)], 0, 2, True),  # a test of the day itself says nothing of the time after
        ("nnn", [(5, 5)], 3, 3, False),  # before the row began: nothing to explain
        ("npn", [(20, 20)], 1, 1, False),  # the positive one had ended the row already
        ("nnnn", [(15, 15), (43, 43)], 1, 2, True),
        ("pr", [(20, 20)], 0, 0, False),
    ],
)
def test_a_slip_ends_the_row_and_takes_nothing_away_that_was_reached(
    results: str, slips: list[tuple[int, int]], negatives: int, best: int, broken: bool
) -> None:
    breaks = [
        Break(OPENED + timedelta(on), calendar_rules.moment(OPENED + timedelta(told), time(8, 0))) for on, told in slips
    ]
    made = rules.tally(OPENED, (), readings(results), 14, breaks)
    assert (made.negatives, made.best_negatives, made.tests) == (negatives, best, len(results.replace("r", "")))
    assert made.broken_on == (max(one.on for one in breaks) if broken else None)


@given(st.text("nprx", max_size=8), st.lists(st.tuples(st.integers(0, 130), st.integers(0, 130)), max_size=4))
def test_telling_of_one_more_slip_never_shortens_the_longest_row(results: str, slips: list[tuple[int, int]]) -> None:
    made = readings(results)
    now = calendar_rules.moment(
        OPENED + timedelta(200), NINE
    )  # whatever is told, is told after all that was written down
    breaks = [
        Break(OPENED + timedelta(on), calendar_rules.moment(OPENED + timedelta(told), NINE)) for on, told in slips
    ]
    before = rules.tally(OPENED, (), made, 14, breaks)
    after = rules.tally(OPENED, (), made, 14, [*breaks, Break(OPENED + timedelta(60), now)])
    assert after.best_negatives == before.best_negatives >= before.negatives >= after.negatives
    assert (after.tests, after.last_test_on) == (before.tests, before.last_test_on)


@pytest.mark.parametrize(("confirmed", "negatives"), [(Result.NEGATIVE, 2), (Result.POSITIVE, 1)])
def test_a_confirmation_speaks_for_its_strip(confirmed: Result, negatives: int) -> None:
    strips = readings("pn")
    on = OPENED + timedelta(40)
    lab = Reading(UUID(int=9), on, calendar_rules.moment(on, NINE), Sample.LAB, confirmed, strips[0].id)
    made = rules.tally(OPENED, (), [*strips, lab], 14)
    assert (made.tests, made.negatives, made.last_test_on) == (2, negatives, strips[1].on)


@given(st.text("+-o", max_size=12), st.text("nprx", max_size=8), st.randoms(use_true_random=False))
def test_the_count_does_not_depend_on_the_order_in_which_rows_come(marks: str, results: str, chance: object) -> None:
    rows, made = attended(marks), readings(results)
    straight = rules.tally(OPENED, rows, made, 14)
    chance.shuffle(rows)  # type: ignore[attr-defined]
    chance.shuffle(made)  # type: ignore[attr-defined]
    assert rules.tally(OPENED, rows, made, 14) == straight
    assert 0 <= straight.with_doctor <= straight.held and straight.missed + straight.with_doctor <= len(marks)
    assert 0 <= straight.negatives <= straight.best_negatives <= straight.tests


def test_a_strip_that_is_positive_has_to_be_confirmed() -> None:
    strip, lab = readings("p")[0], readings("p", sample=Sample.LAB)[0]
    assert rules.must_confirm(strip) and not rules.must_confirm(lab) and not rules.must_confirm(readings("n")[0])
    assert [rules.was_done(result) for result in Result] == [True, True, False, False]


@pytest.mark.parametrize(("asked", "meant"), [("สมมุติ", True), ("๐๐๐๗", True), ("ctr-0007", True), ("ทดลอง", False)])
def test_somebody_on_a_roster_is_found_by_a_part_of_name_or_code(asked: str, meant: bool) -> None:
    assert rules.is_meant(asked, "คุณสมมุติ ท.", "CTR-0007") is meant
    assert rules.is_meant("", "คุณสมมุติ ท.", "CTR-0007")


# --- when the next test is due -------------------------------------------------------------------------------------


@given(DAYS, st.integers(1, 365), SEEDS)
def test_the_next_test_lies_ahead_on_a_day_of_its_window_that_never_changes(
    last_on: date, every_days: int, seed: bytes
) -> None:
    window = draw_rules.next_test(last_on, every_days)
    assert last_on < window.opens_on <= window.closes_on
    middle = last_on + timedelta(every_days)
    assert window.closes_on - middle == middle - window.opens_on
    assert window.opens_on <= draw_rules.test_day(seed, window) <= window.closes_on
    assert draw_rules.test_day(seed, window) == draw_rules.test_day(seed, window)


def test_the_next_test_over_the_end_of_february() -> None:
    assert draw_rules.next_test(date(2028, 2, 15), 14) == Window(date(2028, 2, 26), date(2028, 3, 3))
    assert draw_rules.next_test(date(2026, 1, 31), 28) == Window(date(2026, 2, 21), date(2026, 3, 7))


def test_nobody_can_guess_the_day_from_another_case() -> None:
    window = draw_rules.next_test(date(2026, 1, 1), 14)
    days = {draw_rules.test_day(bytes([n]) * 16, window) for n in range(100)}
    assert len(days) == 7, "each day of the window is somebody's"


@given(DAYS, SEEDS, st.integers(0, 100))
def test_a_further_test_falls_on_a_working_day_of_its_week(on: date, seed: bytes, percent: int) -> None:
    found = draw_rules.extra_day(seed, on, percent)
    assert found is None or (calendar_rules.monday(found) == calendar_rules.monday(on) and found.weekday() < 5)
    assert draw_rules.extra_day(seed, calendar_rules.monday(on), percent) == found
    assert (draw_rules.extra_day(seed, on, 0), draw_rules.extra_day(seed, on, 100) is None) == (None, False)


@given(DAYS, SEEDS, st.integers(0, 100), st.none() | st.integers(0, 60), st.integers(0, 60))
def test_the_lane_asks_on_the_drawn_day_or_on_a_further_day_of_this_week_before_it(
    today: date, seed: bytes, percent: int, tested_days_ago: int | None, opened_days_ago: int
) -> None:
    opened = today - timedelta(opened_days_ago)
    last = None if tested_days_ago is None else max(opened, today - timedelta(tested_days_ago))
    window, since = draw_rules.next_test(last or opened, 14), last or opened - timedelta(1)
    found, drawn = draw_rules.due_day(seed, window, since, today, percent), draw_rules.test_day(seed, window)
    if found != drawn:
        assert found == draw_rules.extra_day(seed, today, percent) and since < found < drawn
    assert draw_rules.due_day(seed, window, since, today, 0) == drawn


def test_about_so_many_weeks_bring_a_further_test() -> None:
    weeks = [date(2020, 1, 6) + timedelta(7 * n) for n in range(500)]
    assert 30 <= sum(draw_rules.extra_day(b"seed" * 4, week, 10) is not None for week in weeks) <= 70
