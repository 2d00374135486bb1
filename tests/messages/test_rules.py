"""When a message may go, how often it is tried, when it has lost its sense."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khuen.clock import BANGKOK
from khuen.ids import uuid7
from khuen.messages import rules
from khuen.messages.rules import Kind, Tried

NIGHT = (time(20, 0), time(6, 30))


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BANGKOK)


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        (at(19, 59), None),
        (at(20), at(6, 30, 25)),
        (at(23, 59), at(6, 30, 25)),
        (at(0), at(6, 30)),
        (at(6, 29), at(6, 30)),
        (at(6, 30), None),
    ],
)
def test_quiet_hours_over_midnight(moment: datetime, until: datetime | None) -> None:
    assert rules.quiet_until(moment.astimezone(UTC), *NIGHT) == until


def test_quiet_hours_within_a_day() -> None:
    assert rules.quiet_until(at(12, 30), time(12), time(13)) == at(13)
    assert rules.quiet_until(at(13), time(12), time(13)) is None


def test_no_quiet_hours_when_both_ends_are_the_same() -> None:
    assert rules.quiet_until(at(3), time(0), time(0)) is None


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.times(), st.times())  # noqa: DTZ001
def test_the_end_of_quiet_hours_is_ahead_and_outside_them(moment: datetime, start: time, end: time) -> None:
    moment = moment.replace(tzinfo=UTC)
    until = rules.quiet_until(moment, start, end)
    if until is not None:
        assert moment < until <= moment + timedelta(days=1)
        assert rules.quiet_until(until, start, end) is None


def test_a_reminder_ends_with_its_day_in_bangkok() -> None:
    made = at(7, 30)
    assert rules.expires_at(date(2026, 11, 24), made, urgent=False) == at(0, 0, 25)
    assert rules.expires_at(date(2026, 11, 24), made, urgent=True) == made + timedelta(hours=48)


def test_waits_double_up_to_an_hour_and_are_spread() -> None:
    assert [rules.wait_before(n, 0.5).total_seconds() for n in (1, 2, 3)] == [30, 60, 120]
    assert rules.wait_before(99, 0.5) == timedelta(hours=1)
    assert rules.wait_before(1, 0.0) == timedelta(seconds=24)
    assert rules.wait_before(1, 0.999) < timedelta(seconds=36)


def _tried(channel: str, outcome: str | None) -> Tried:
    return Tried(uuid7(), channel, outcome)


@pytest.mark.parametrize(
    ("tried", "left"),
    [
        ([], ["line", "sms"]),
        ([_tried("line", "retry")], ["line", "sms"]),
        ([_tried("line", "refused")], ["sms"]),
        ([_tried("line", "unknown")], ["sms"]),
        ([_tried("line", "refused"), _tried("sms", "unknown")], []),
    ],
)
def test_a_channel_that_refused_or_is_in_doubt_is_left(tried: list[Tried], left: list[str]) -> None:
    assert rules.open_channels(Kind.NUDGE, ("line", "sms"), tried, urgent=False) == left


def test_an_alert_does_not_wait_for_one_channel() -> None:
    assert rules.open_channels(Kind.ALERT, ("line", "sms"), [_tried("line", "retry")], urgent=True) == ["sms", "line"]
    assert rules.open_channels(Kind.ALERT, ("line", "sms"), [_tried("line", None)], urgent=True) == ["sms", "line"]
    assert rules.open_channels(Kind.ALERT, ("line", "sms"), [_tried("line", "accepted")], urgent=True) == ["sms"]


def test_a_reminder_is_patient_and_stays_where_it_may_have_arrived() -> None:
    both = ("line", "sms")
    twice, thrice = [replace(_tried("line", "retry"), calls=n) for n in (2, 3)]
    assert rules.open_channels(Kind.NUDGE, both, [twice], urgent=False) == ["line", "sms"]
    assert rules.open_channels(Kind.NUDGE, both, [thrice], urgent=False) == ["sms", "line"]
    assert rules.open_channels(Kind.NUDGE, both, [replace(thrice, outcome=None)], urgent=False) == ["line"]
    assert rules.open_channels(Kind.NUDGE, ("sms",), [replace(thrice, outcome=None)], urgent=False) == []
    assert rules.open_channels(Kind.URGENT_CHECK_IN, both, [_tried("line", None)], urgent=True) == ["sms", "line"]


def test_a_try_goes_on_while_the_service_knows_its_key() -> None:
    now = at(12)
    young = replace(_tried("line", None), started_at=now - timedelta(hours=22))
    assert rules.same_try("line", [young, _tried("sms", None)], now) == young
    assert rules.same_try("line", [replace(young, started_at=now - timedelta(hours=23))], now) is None
    assert rules.same_try("line", [replace(young, outcome="refused")], now) is None
    assert rules.same_try("line", [], now) is None
    assert rules.same_try("line", [_tried("line", "retry")], now) is not None


@pytest.mark.parametrize(
    ("text", "code"),
    [("abcd-2345", "ABCD-2345"), (" ABCD 2345 ", "ABCD-2345"), ("ABCD-234", None), ("ABCD-2340", None), ("1", None)],
)
def test_a_code_is_read_as_it_was_shown(text: str, code: str | None) -> None:
    assert rules.code_in(text) == code


def test_a_week_begins_on_its_first_working_day() -> None:
    monday = date(2026, 11, 23)
    days = [monday + timedelta(days=n) for n in range(7)]
    assert [rules.begins_week(day, ()) for day in days] == [True] + [False] * 6
    assert [rules.begins_week(day, days[:2]) for day in days] == [False, False, True] + [False] * 4
    assert not any(rules.begins_week(day, days[:5]) for day in days)


def test_the_last_tenth_of_the_month_is_spared() -> None:
    assert [rules.spared(300, used) for used in (269, 270)] == [False, True]
    assert not rules.spared(None, 10_000) and rules.spared(0, 0)
    assert rules.end_without_channel([], spared=True) == ("given_up", "quota")


def test_what_becomes_of_a_message_without_a_channel() -> None:
    assert rules.end_without_channel([_tried("line", None)])[0] == "uncertain"
    spent = replace(_tried("line", "refused"), said="quota")
    assert rules.end_without_channel([spent]) == ("given_up", "quota")
    assert rules.end_without_channel([]) == ("given_up", "no_address")
    assert rules.end_without_channel([_tried("email", "accepted"), _tried("sms", "refused")]) == ("sent", None)
    assert rules.end_without_channel([_tried("email", "refused")]) == ("given_up", "refused")
    assert rules.end_without_channel([_tried("email", "refused"), _tried("sms", "unknown")])[0] == "uncertain"


@pytest.mark.parametrize(
    ("after", "until", "inside"),
    [
        (at(7, 25), at(7, 30), True),
        (at(7, 30), at(7, 35), False),
        (at(7, 20), at(7, 25), False),
        (at(7, 29), at(7, 34), True),
    ],
)
def test_a_time_of_day_falls_into_exactly_one_slot(after: datetime, until: datetime, inside: bool) -> None:
    assert rules.falls_between(time(7, 30), after, until) is inside


def test_a_slot_over_midnight() -> None:
    assert rules.falls_between(time(0, 0), at(23, 55), at(0, 0, 25))
    assert rules.falls_between(time(23, 58), at(23, 57), at(0, 2, 25))


@given(st.times())
def test_every_time_of_day_has_one_slot_of_288(moment: time) -> None:
    slots = [at(0) + timedelta(minutes=5 * n) for n in range(1, 289)]
    assert sum(rules.falls_between(moment, slot - timedelta(minutes=5), slot) for slot in slots) == 1


def test_only_what_ended_badly_and_still_makes_sense_may_be_tried_again() -> None:
    made, day = at(7, 30), date(2026, 11, 24)
    for state, now, may in [
        ("given_up", at(9), True),
        ("uncertain", at(9), True),
        ("given_up", at(9, 0, 25), False),
        ("sent", at(9), False),
        ("waiting", at(9), False),
        ("cancelled", at(9), False),
    ]:
        assert rules.may_retry(state, day, made, urgent=False, now=now) is may
    assert rules.may_retry("given_up", day, made, urgent=True, now=at(9, 0, 25))
