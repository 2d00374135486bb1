"""Names of rows, mishaps and cases."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from khuen import ids


@given(st.datetimes(datetime(1970, 1, 1), datetime(2500, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_uuid7_is_what_rfc_9562_says(moment: datetime) -> None:
    made = ids.uuid7(moment)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    told = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=made.int >> 80)
    assert timedelta() <= moment - told < timedelta(milliseconds=1)


def test_uuid7_do_not_repeat_and_later_ones_sort_later() -> None:
    moment = datetime(2026, 11, 12, tzinfo=UTC)
    assert len({ids.uuid7(moment) for _ in range(10_000)}) == 10_000
    assert ids.uuid7(moment) < ids.uuid7(moment.replace(microsecond=1000))
    assert ids.uuid7().version == 7


def test_support_codes_can_be_read_aloud() -> None:
    codes = {ids.support_code() for _ in range(1000)}
    assert len(codes) > 990
    assert all(len(code) == 6 and not set(code) & set("0O1IL2Z5S8BUV") for code in codes)


def test_case_codes() -> None:
    assert ids.case_code("CPM", 7) == "CPM-0007"
    assert ids.case_code("CPM", 12345) == "CPM-12345"
