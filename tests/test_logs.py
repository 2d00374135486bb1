"""Nothing that tells who a person is gets into a log line, whoever writes it and however."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from khuen import logs
from khuen.settings import Settings

NAME, ID_CARD, PHONE = "สมมุติ ใจดี", "1101700230705", "081-234-5678"
CANARIES = (NAME, "สมมุติ", "ใจดี", ID_CARD, PHONE, "0812345678", "somchai", "Somchai")
TENANT = UUID("01a20c8a-9060-78de-8378-9bd6c3c2bfb9")


@pytest.fixture
def lines() -> Iterator[Any]:
    """Reads what was logged since it was last asked."""
    root, hook, thread_hook = logging.getLogger(), sys.excepthook, threading.excepthook
    before = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure(Settings("", {}, None, bytes(32)), stream=stream)

    def read() -> list[dict[str, Any]]:
        text = stream.getvalue()
        stream.truncate(0)
        stream.seek(0)
        assert not [canary for canary in CANARIES if canary in text], text
        return [json.loads(line) for line in text.splitlines()]

    yield read
    root.handlers[:], root.level = before
    sys.excepthook, threading.excepthook = hook, thread_hook
    structlog.reset_defaults()


class UniqueViolation(Exception):
    sqlstate = "23505"


def fail() -> None:
    raise UniqueViolation(f"Key (given_name)=(Somchai), ({NAME}), {ID_CARD}")


def test_a_line_says_what_happened_with_what_the_request_bound(lines: Any) -> None:
    with structlog.contextvars.bound_contextvars(support_code="7KQ4MN", tenant=TENANT):
        structlog.get_logger("khuen.web").info("refused", status=409, route="/{tenant}/cases/{code}")
    [line] = lines()
    assert datetime.fromisoformat(line.pop("timestamp")).tzinfo is not None
    assert line == {
        "event": "refused",
        "level": "info",
        "logger": "khuen.web",
        "support_code": "7KQ4MN",
        "tenant": str(TENANT),
        "status": 409,
        "route": "/{tenant}/cases/{code}",
    }


def test_threat_29_canaries_do_not_pass_by_any_key_or_text(lines: Any) -> None:
    log = structlog.get_logger("khuen.people")
    log.info("found", given_name="Somchai", national_id=ID_CARD, count=1)
    for canary in CANARIES[:6]:
        log.warning(f"looked for {canary}.", reason=canary, outcome=[canary, {"x": canary}], kind=("a", canary))
        logging.getLogger("some.library").warning("looked for %s in %r", canary, [canary])
        logging.getLogger("some.library").warning("looked for %(x)s", {"x": canary})
        logging.getLogger("some.library").error("extra", extra={"person": canary})
    log.info("number", count=int(ID_CARD), state=date(2026, 11, 24), reason=object())
    first, *_, last = lines()
    assert (first["dropped"], first["count"]) == (["given_name", "national_id"], 1)
    assert (last["count"], last["state"], last["reason"]) == ("[…]", "2026-11-24", "[object]")


def test_threat_29_an_error_tells_its_kind_and_place_never_its_text(lines: Any) -> None:
    log = structlog.get_logger("khuen.web")
    try:
        try:
            fail()
        except UniqueViolation as error:
            logging.getLogger("asyncpg").error("could not save: %s", error)
            logging.getLogger("asyncpg").error(error)
            raise KeyError("Somchai") from error
    except KeyError as error:
        log.exception("failed")
        log.error("failed", exc_info=error, reason=error)
        logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=error)
        logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <Task %r>", error)
    by_argument, by_message, *rest, task = lines()
    assert by_argument["event"].startswith("could not save: ")
    assert by_argument["event"].endswith("UniqueViolation")
    assert by_message["event"].endswith("UniqueViolation")
    assert task["event"] == "Task exception was never retrieved"
    for line in rest:
        assert line["error"].startswith("KeyError < ") and line["error"].endswith("UniqueViolation")
        assert any("test_logs.py" in place for place in line["where"])
    try:
        fail()
    except UniqueViolation:
        log.exception("failed")
    [line] = lines()
    assert line["sqlstate"] == "23505" and line["where"][-1].endswith(" fail")


def test_threat_29_uncaught_errors_go_the_same_way(lines: Any, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        fail()
    except UniqueViolation as error:
        sys.excepthook(type(error), error, error.__traceback__)
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert [line["event"] for line in lines()] == ["stopped by an error"] * 2
    assert "Somchai" not in "".join(capsys.readouterr())


def test_threat_29_no_line_per_address_and_no_call_to_a_provider(lines: Any) -> None:
    logging.getLogger("uvicorn.access").info('%s - "%s %s" %d', "10.0.0.1", "GET", "/ban/cases/BTY-0007", 200)
    logging.getLogger("httpx").info("HTTP Request: POST https://api.line.me/?token=x")
    assert lines() == []


DIGITS = st.text("0123456789๐๑๒๓๔๕๖๗๘๙", min_size=9, max_size=13)


@given(DIGITS, st.sampled_from(["", " ", "-", ".", " - "]), st.text("abc (=:'\"", max_size=4))
def test_threat_29_long_numbers_are_masked_however_they_are_written(digits: str, gap: str, around: str) -> None:
    masked = logs.mask(f"{around}{gap.join(digits)}{around}")
    assert sum(letter.isdigit() for letter in masked) == 0


@given(st.text(st.characters(min_codepoint=0x0E01, max_codepoint=0x0E3A), min_size=1), st.text("ab /=", max_size=5))
def test_threat_29_thai_text_is_masked_also_in_disguise(thai: str, around: str) -> None:
    for written in (thai, quote(thai), json.dumps(thai)[1:-1], repr(thai.encode())[2:-1], ascii(thai)[1:-1]):
        assert logs.mask(f"{around}{written}{around}") == f"{around}[…]{around}"


def test_what_an_operator_needs_stays() -> None:
    for text in (
        f"job {TENANT}",
        f"lock {TENANT.hex}",
        "12 rows in 345 ms",
        "2026-11-24T02:00:00",
        "CPM-0007",
        "127.0.0.1:8000",
    ):
        assert logs.mask(text) == text
