"""TOML files written by hand, checked against frozen dataclasses; every mistake is named by file and line, all at once.

tomllib reads; it tells the line of a syntax error only. The line of a key is found by reading growing beginnings of the
file: a key stands on the first line after the longest beginning that does not have it yet. That is slow and exact, and
is done only when there is something to complain of.
"""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

import msgspec

Key: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    path: Path
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.key + ': ' if self.key else ''}{self.text}"


class BadToml(ValueError):
    """One or more mistakes in one or more files; the text has one line for each."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in mistakes))


@dataclass(frozen=True, slots=True)
class Source:
    """One TOML file as text and as a table."""

    path: Path
    text: str
    table: dict[str, Any]

    def has(self, key: Key) -> bool:
        found: Any = self.table
        for part in key:
            if not isinstance(found, dict) or part not in found:
                return False
            found = found[part]
        return True

    def mistake(self, key: Key, text: str) -> Mistake:
        """At the line of the key, or of the nearest table around it."""
        lines = _lines(self.text)
        around = next((key[:size] for size in range(len(key), 0, -1) if key[:size] in lines), ())
        return Mistake(self.path, lines.get(around, 1), _written(key), text)


def open_toml(path: Path) -> Source:
    """Raises BadToml for a file that is missing, is not UTF-8 or is not TOML."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")  # Windows editors begin a file with a mark
        return Source(path, text, tomllib.loads(text))
    except OSError as error:
        raise BadToml([Mistake(path, 0, "", f"cannot be read ({error.strerror})")]) from error
    except UnicodeDecodeError as error:
        raise BadToml([Mistake(path, raw[: error.start].count(b"\n") + 1, "", "is not UTF-8 text")]) from error
    except tomllib.TOMLDecodeError as error:
        raise BadToml([_syntax(path, text, str(error))]) from error


def check(source: Source, shape: type) -> list[Mistake]:
    """Unknown keys and wrong values of one file. A key that is absent is no mistake here: see `missing`."""
    return [source.mistake(key, text) for key, text in faults(source.table, shape)]


def faults(table: dict[str, Any], shape: Any, key: Key = ()) -> Iterator[tuple[Key, str]]:
    """Unknown keys and wrong values of a table, wherever it was written: the key and the words for it."""
    hints = get_type_hints(shape, include_extras=True)
    for name, value in table.items():
        if name in hints:
            yield from _value(value, hints[name], (*key, name))
        else:
            yield (*key, name), f"unknown key{suggestion(name, list(hints))}; known here: {', '.join(hints)}"


def missing(table: dict[str, Any], shape: type, key: Key = ()) -> Iterator[Key]:
    """Keys that the shape wants and the table lacks."""
    hints = get_type_hints(shape)
    for field in fields(shape):
        hint, here = hints[field.name], (*key, field.name)
        inner = next(iter(get_args(hint)), None)
        if field.name not in table:
            if field.default is MISSING and field.default_factory is MISSING:
                yield here
        elif isinstance(hint, type) and is_dataclass(hint):
            yield from missing(table[field.name], hint, here)
        elif isinstance(inner, type) and is_dataclass(inner):
            for place, item in enumerate(table[field.name]):
                yield from missing(item, inner, (*here, place))


def merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Tables key by key; anything else is replaced, lists as a whole."""
    merged = dict(below)
    for name, value in above.items():
        both = isinstance(value, dict) and isinstance(below.get(name), dict)
        merged[name] = merge(below[name], value) if both else value
    return merged


def suggestion(word: str, known: list[str]) -> str:
    """' (did you mean "x"?)', or nothing when no known word is near."""
    near = get_close_matches(word, known, 1, 0.6)
    return f' (did you mean "{near[0]}"?)' if near else ""


def _value(value: Any, hint: Any, key: Key) -> Iterator[tuple[Key, str]]:
    if is_dataclass(hint):
        if isinstance(value, dict):
            yield from faults(value, hint, key)
        else:
            yield key, f"{_shown(value)} is not allowed: write a table, [{_written(key)}]"
    elif get_origin(hint) is tuple and isinstance(value, list):
        for place, item in enumerate(value):
            yield from _value(item, get_args(hint)[0], (*key, place))
    elif get_origin(hint) is dict and isinstance(value, dict):
        for name, item in value.items():
            yield from _value(item, get_args(hint)[1], (*key, name))
    elif not _fits(value, hint):
        yield key, f"{_shown(value)} is not allowed: write {_allowed(hint)}"
    elif isinstance(value, date) and value.year >= 2400:
        yield key, f"{value} has a Buddhist year: write {value.year - 543}{value:-%m-%d}"


def _fits(value: Any, hint: Any) -> bool:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError:
        return False
    # msgspec reads dates and times out of text too; in a file they are written without quotes
    return not (isinstance(value, str) and {date, time} & {hint, *get_args(hint)})


def _allowed(hint: Any) -> str:
    for part in (hint, *get_args(hint)):
        for extra in getattr(part, "__metadata__", ()):
            if isinstance(extra, msgspec.Meta) and extra.description:
                return extra.description
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(f'"{word}"' for word in get_args(hint))
    if get_origin(hint) is tuple:
        return "a list of tables, [[…]]" if is_dataclass(get_args(hint)[0]) else "a list in [ ]"
    for kind, words in _WORDS.items():
        if kind in (hint, *get_args(hint)):
            return words
    return "a table of texts"


_WORDS = {
    bool: "true or false",
    date: "a date without quotes, such as 2026-11-24",
    time: "a time of day without quotes, such as 07:30:00",
}


def _shown(value: Any) -> str:
    written = json.dumps(value, ensure_ascii=False, default=str)
    return written if len(written) <= 60 else written[:57] + "…"


def _written(key: Key) -> str:
    """visits.every_days, project[2].level: lists are counted from 1."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in key).lstrip(".")


def _lines(text: str) -> dict[Key, int]:
    found: dict[Key, int] = {}
    lines = text.split("\n")  # as TOML counts; a comment may hold other separators
    start = 1
    for end in range(1, len(lines) + 1):
        table = _beginning("\n".join([*lines[:end], ""]))
        if table is not None:
            for key in _keys(table, ()):
                found.setdefault(key, start)
            start = end + 1
    return found


def _beginning(text: str) -> dict[str, Any] | None:
    # The second try closes a list that runs over several lines, so that its items get lines of their own.
    for closing in ("", "\n]"):
        try:
            return tomllib.loads(text + closing)
        except tomllib.TOMLDecodeError:
            continue
    return None


def _keys(value: Any, key: Key) -> Iterator[Key]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in parts:
        yield (*key, name)
        yield from _keys(inner, (*key, name))


def _syntax(path: Path, text: str, said: str) -> Mistake:
    words, _, place = said.rpartition(" (at ")
    line = text.count("\n") + 1 if "end of document" in place else int(place.split()[1].rstrip(","))
    return Mistake(path, line, "", f"is not TOML: {words}")
