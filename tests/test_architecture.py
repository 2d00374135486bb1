"""The house stands as docs/architecture.md draws it. The walls between rooms are import-linter's (pyproject.toml)."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "khuen"
ROOMS = [p.parent.name for p in sorted(SOURCE.glob("*/service.py"))]
LONGEST = 480
PYTHON = [*sorted(SOURCE.rglob("*.py")), *sorted((ROOT / "workers").rglob("*.py"))]


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of every call in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of every string that is no docstring."""
    tree = ast.parse(path.read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_every_room_says_what_it_is_for() -> None:
    assert len(ROOMS) >= 6
    for room in ROOMS:
        told = ast.get_docstring(ast.parse((SOURCE / room / "__init__.py").read_text()))
        assert told and len(told) > 40, room


def test_only_the_edge_opens_a_transaction() -> None:
    """Everything else works inside the `within` of a handler, a job or a command."""
    commands = {"provision.py", "filling.py", "audit_proof.py"}
    opening = [path for path in SOURCE.rglob("*.py") if any(name == "within" for _, name in calls(path))]
    assert len(opening) > 10
    for path in opening:
        handles = "from litestar import" in path.read_text()
        assert handles or path.name in commands, path


def test_rules_take_dates_as_arguments() -> None:
    clocks = re.compile(r"(\bnow|\btoday|utcnow|time\.time|monotonic|random\.\w+|uuid\d?|uuid7|urandom)$")
    for path in SOURCE.rglob("rules.py"):
        assert not [(line, name) for line, name in calls(path) if clocks.search(name)], path


def test_only_the_clock_reads_the_clock() -> None:
    for path in PYTHON:
        if path.name == "clock.py":
            continue
        found = [(line, name) for line, name in calls(path) if re.search(r"date(time)?\.(now|today|utcnow)$", name)]
        assert not found, (path, found)


def test_no_session_state_reaches_the_database() -> None:
    """The pool hands connections on without a reset query, so nothing but SET LOCAL may be said on them."""
    wrong = re.compile(
        r"\bSET\s+(?!LOCAL\b|CONSTRAINTS\b|ROLE\b)[a-z_.]+\s*(=|TO)|set_config\s*\(|\bLISTEN\s+\w|pg_(try_)?advisory_lock\b"
    )
    allowed = {"schema.py", "bootstrap.py", "embedded.py", "processes.py"}  # outside the pools of the site and workers
    for path in PYTHON:
        if path.name in allowed:
            continue
        found = [(line, text[:80]) for line, text in strings(path) if wrong.search(text) and "UPDATE" not in text]
        assert not found, (path, found)


def test_the_day_is_bangkoks_not_the_servers() -> None:
    for path in [*PYTHON, *sorted((ROOT / "migrations").glob("*.py"))]:
        found = [text[:60] for _, text in strings(path) if re.search(r"\bnow\(\)|current_date|CURRENT_TIMESTAMP", text)]
        assert not found, (path, found)


def _statements() -> Iterator[tuple[str, str]]:
    for path in sorted(SOURCE.rglob("*queries.py")):
        module: Any = importlib.import_module(".".join(path.relative_to(SOURCE.parent).with_suffix("").parts))
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, str) and re.search(r"\b(SELECT|INSERT|UPDATE|DELETE)\b", value):
                yield f"{path.parent.name}.{name}", value


def _tenant_tables() -> set[str]:
    text = "".join(path.read_text() for path in sorted((ROOT / "migrations").glob("khuen_*.py")))
    return set(re.findall(r'tenant_table\(\s*"([a-z_.]+)"', text))


def test_every_hot_statement_names_the_tenant_for_each_table() -> None:
    tables = _tenant_tables()
    assert len(tables) > 25
    seen = 0
    for name, sql in _statements():
        plain = re.sub(r"\s+", " ", sql)
        for table, alias in re.findall(r"\b(?:FROM|JOIN|UPDATE|USING) ([a-z_.]+)(?: AS)?(?: ([a-z]\w*))?", plain):
            if table not in tables:
                continue
            called = alias if alias and alias not in {"set", "on", "where", "order"} else table.split(".")[-1]
            named = re.search(rf"\b{called}\.tenant_id = \$1\b", plain) or re.search(
                r"(?<![.\w])tenant_id = \$1\b", plain
            )
            assert named, f"{name}: {table} {alias} without tenant_id = $1"
            seen += 1
        for table in re.findall(r"INSERT INTO ([a-z_.]+)", plain):
            if table in tables:
                assert re.search(rf"INSERT INTO {table} \(tenant_id,", plain), f"{name}: {table}"
                seen += 1
    assert seen > 20


def test_templates_are_text_only() -> None:
    """Threat 21 and the content policy: no way round escaping, nothing inline, no script address of another host."""
    wrong = {
        "a way round escaping": r"\|\s*safe\b|Markup\(|autoescape\s+false",
        "an inline script": r"<script(?![^>]*\bsrc=)",
        "an inline style": r"\sstyle\s*=|<style",
        "an inline handler": r"\son[a-z]+\s*=|hx-on",
        "another host": r"(?:src|href)=[\"']https?://",
    }
    for path in sorted((ROOT / "templates").rglob("*.html")):
        if path.is_relative_to(ROOT / "templates" / "messages") and path.name == "body.html":
            continue  # an e-mail
        text = path.read_text()
        html = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", text, flags=re.DOTALL)
        kept = path.name == "checker.html"  # a file that people keep, sent to be saved and never shown by the site
        for what, pattern in wrong.items():
            if kept and what in ("an inline script", "an inline style"):
                continue
            assert not re.search(pattern, text if "escaping" in what else html), f"{path.relative_to(ROOT)}: {what}"


def test_threat_37_every_package_is_pinned_and_hashed() -> None:
    for name in ("lock.txt", "lock-dev.txt"):
        text = (ROOT / "requirements" / name).read_text()
        assert "://" not in text and not re.search(r"(?<!\S)-{1,2}(?!-*hash=)[a-z]", text), "an address or an option"
        entries = re.split(r"\n(?=\S)", text.replace(" \\\n    ", " "))
        for entry in filter(str.strip, entries):
            assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==[^ ]+", entry) and "--hash=sha256:" in entry, entry[:80]


def test_files_stay_small() -> None:
    """A longer file wants a second room; one that may be longer is named here with its reason."""
    allowed: dict[str, str] = {}
    long = {str(p.relative_to(ROOT)): n for p in PYTHON if (n := len(p.read_text().splitlines())) > LONGEST}
    assert long.keys() <= allowed.keys(), long
