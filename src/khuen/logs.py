"""One line of JSON per event on standard output, with nothing in it that tells who a person is.

Only the keys of KEYS keep their value; what looks like an identity number, a telephone number or Thai text is masked in
every value; of an error only its kind and its place are told, because its text may hold a row. What a request is about
is bound once with `structlog.contextvars.bound_contextvars(support_code=…, tenant=…)` and then in each of its lines.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import MutableMapping
from copy import copy
from datetime import date
from typing import Any, TextIO
from uuid import UUID

import structlog
from structlog.stdlib import ProcessorFormatter

from khuen.settings import Settings

Line = MutableMapping[str, Any]

#: keys whose value is written; what else is given is only named, under "dropped", so that somebody notices
KEYS = frozenset(
    {"event", "level", "logger", "timestamp", "error", "cause", "where", "sqlstate"}
    | {"support_code", "tenant", "member_id", "route", "method", "status", "ms", "flights", "bytes", "permission"}
    | {"job", "worker", "kind", "channel", "tag", "state", "reason", "outcome", "tries", "attempt", "lag_seconds"}
    | {"count", "done", "failed", "seconds", "version", "port"}
)
FRAMES = 5

_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_PERSONAL = re.compile(
    r"(?P<uuid>\b[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\b)"
    # Thai text, as it is or in one of the disguises of URLs, JSON and Python
    r"|[\u0e00-\u0e7f](?:[\u0e00-\u0e7f\s.,/-]*[\u0e00-\u0e7f])?"
    r"|(?:%[0-9a-fA-F]{2}){2,}|(?:\\u0e[0-9a-fA-F]{2})+|(?:\\x[0-9a-fA-F]{2}){2,}"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    # nine digits and more, however grouped: telephone, identity card, passport, address of a device
    r"|(?<!\d)(?:\+?\d[ .\-–/()]{0,3}){8,}\d"
)


def configure(settings: Settings, *, quiet: bool = False, stream: TextIO | None = None) -> None:
    """Send structlog, the standard library's loggers and uncaught errors to standard output; `quiet`: warnings only."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _kind_and_place,
        redact,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if settings.log_format == "plain":
        last = structlog.dev.ConsoleRenderer(colors=False)
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        _Formatter(processors=[ProcessorFormatter.remove_processors_meta, last], foreign_pre_chain=shared)
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING if quiet else logging.INFO, force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncpg", "arq", "arq.worker", "litestar"):
        other = logging.getLogger(name)
        other.handlers, other.propagate = [], True
    for name in ("uvicorn.access", "httpx", "httpcore"):
        # A line per address would say which case somebody looked at, and show a provider's token.
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def redact(_: object, __: str, line: Line) -> Line:
    """Keep the values of KEYS, masked; only name what was left out."""
    kept: Line = {key: value if key[0] == "_" else _safe(value) for key, value in line.items() if _may_stay(key)}
    dropped = sorted(key for key in line if not _may_stay(key))
    return {**kept, "dropped": dropped} if dropped else kept


def mask(text: str) -> str:
    """The text without Thai words, mail addresses and numbers of nine digits and more; UUIDs stay."""
    return _PERSONAL.sub(lambda found: found[0] if found["uuid"] else "[…]", text.translate(_THAI_DIGITS))


class _Formatter(ProcessorFormatter):
    """For lines of other libraries: an error given as an argument is named by its kind, later lines are cut off."""

    def format(self, record: logging.LogRecord) -> str:
        if not isinstance(record.msg, dict):
            record = copy(record)
            record.msg, record.args = self._first_line(record), ()
        return super().format(record)

    def _first_line(self, record: logging.LogRecord) -> str:
        plain = copy(record)
        plain.msg = _by_kind(record.msg)
        if isinstance(record.args, tuple):
            plain.args = tuple(_by_kind(value) for value in record.args)
        elif record.args:
            plain.args = {key: _by_kind(value) for key, value in record.args.items()}
        return plain.getMessage().strip().partition("\n")[0]


def _kind_and_place(_: object, __: str, line: Line) -> Line:
    given = line.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given is True else given
    line.pop("stack_info", None)
    if isinstance(error, BaseException):
        line["error"] = " < ".join(_kinds(error))
        frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
        line["where"] = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames[-FRAMES:]]
        if state := getattr(error, "sqlstate", None):
            line["sqlstate"] = state
    return line


def _kinds(error: BaseException) -> list[str]:
    """The error's kind and those of what it came from."""
    kinds: list[str] = []
    step: BaseException | None = error
    while step is not None and len(kinds) < FRAMES:
        kinds.append(f"{type(step).__module__}.{type(step).__qualname__}".removeprefix("builtins."))
        step = step.__cause__ or (None if step.__suppress_context__ else step.__context__)
    return kinds


def _short(file: str) -> str:
    return re.sub(r".*/(?:site-packages|src|lib/python[0-9.]+)/", "", file)


def _by_kind(value: object) -> object:
    return "".join(_kinds(value)[:1]) if isinstance(value, BaseException) else value


def _may_stay(key: str) -> bool:
    return key in KEYS or key.startswith("_")


def _safe(value: object) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 100_000_000 else "[…]"
    if isinstance(value, str | UUID):
        return mask(str(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe(part) for part in value]
    return "".join(_kinds(value)[:1]) if isinstance(value, BaseException) else f"[{type(value).__name__}]"


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: Any) -> None:
    if error is not None and not issubclass(kind, Exception):
        sys.__excepthook__(kind, error, trace)  # Ctrl-C and the like: no data in it
    else:
        logging.getLogger("khuen").critical("stopped by an error", exc_info=error)
