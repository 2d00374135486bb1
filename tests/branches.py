"""Whether the pure tests take every branch of every rules file: `make cover`, and a step of `make check`.

Each condition of a rules file (an `if`, a choice, a filter, what stands before `and` or `or`) has to come out true and
false; each function, loop and handler has to be entered. The rules are changed as they are imported to say so, which
costs next to nothing; nothing else is touched.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import pytest

SOURCES = Path(__file__).parents[1] / "src"
RULES = sorted((SOURCES / "khuen").glob("*/*rules.py"))


@dataclass
class Place:
    """One thing that has to happen, and whether it did."""

    path: Path
    line: int
    text: str
    outcomes: tuple[str, ...]
    seen: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        missing = " or ".join(one for one in self.outcomes if one not in self.seen)
        return f"{self.path.relative_to(SOURCES.parent)}:{self.line}: never {missing}: {self.text}"


PLACES: list[Place] = []


def entered(number: int) -> None:
    PLACES[number].seen.add("entered")


def tested(number: int, value: Any) -> Any:
    PLACES[number].seen.add("true" if value else "false")
    return value


class Told(ast.NodeTransformer):
    """Makes a rules file tell of its branches. What runs once on import has none."""

    def __init__(self, path: Path, source: str) -> None:
        self.path, self.source = path, source
        self.inside = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        head = node.body[: ast.get_docstring(node) is not None]
        if len(node.body) == len(head) or _is_dots(node.body[len(head)]):
            return node  # the shape of a Protocol
        self.inside += 1
        rest = [self.visit(one) for one in node.body[len(head) :]]
        self.inside -= 1
        node.body = [*head, ast.Expr(self._entered(node, f"def {node.name}")), *rest]
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self.generic_visit(node)
        node.body = ast.BoolOp(ast.Or(), [self._entered(node, "lambda"), node.body])
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        return self._tested(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        return self._tested(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        return self._tested(node)

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        node.body.insert(0, ast.Expr(self._entered(node, f"for {ast.unparse(node.target)}")))
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        self.generic_visit(node)
        node.body.insert(0, ast.Expr(self._entered(node, "except")))
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.ifs = [self._wrapped(one) for one in node.ifs]
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        node.values = [*(self._wrapped(one) for one in node.values[:-1]), node.values[-1]]
        return node

    def _tested(self, node: Any) -> ast.AST:
        self.generic_visit(node)
        node.test = self._wrapped(node.test)
        return node

    def _wrapped(self, node: ast.expr) -> ast.expr:
        if not self.inside:
            return node
        text = ast.get_source_segment(self.source, node) or ""
        return self._call("__tested__", node, " ".join(text.split()), ("true", "false"), node)

    def _entered(self, node: Any, text: str) -> ast.expr:
        return self._call("__entered__", node, text, ("entered",))

    def _call(self, name: str, node: Any, text: str, outcomes: tuple[str, ...], *values: ast.expr) -> ast.expr:
        PLACES.append(Place(self.path, node.lineno, text, outcomes))
        arguments: list[ast.expr] = [ast.Constant(len(PLACES) - 1), *values]
        return ast.Call(ast.Name(name, ast.Load()), arguments, [])


def _is_dots(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...


class Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname: str) -> Any:
        source = Path(self.path).read_text("utf-8")
        tree = Told(Path(self.path), source).visit(ast.parse(source))
        return compile(ast.fix_missing_locations(tree), self.path, "exec")

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__.update(__tested__=tested, __entered__=entered)
        super().exec_module(module)


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        if not (fullname.startswith("khuen.") and fullname.endswith("rules")):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec and spec.origin and Path(spec.origin) in RULES:
            spec.loader = Loader(fullname, spec.origin)
        return spec


sys.meta_path.insert(0, Finder())
hypothesis.settings.register_profile("branches", max_examples=20, derandomize=True, database=None, deadline=None)


def pytest_configure() -> None:
    hypothesis.settings.load_profile("branches")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A pure test asks for no database (a case of a table may be called as the fixture is)."""
    pure = [item for item in items if not {"stage", "db"} & _asked(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in pure])
    items[:] = pure


def _asked(item: Any) -> set[str]:
    return set(getattr(item, "fixturenames", ())) - set(getattr(getattr(item, "callspec", None), "params", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.exitstatus == pytest.ExitCode.OK and missing():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    found = missing()
    for line in found:
        terminalreporter.write_line(line)
    terminalreporter.write_line(f"{len(PLACES)} branches of {len(RULES)} rules files, {len(found)} not taken")


def missing() -> list[str]:
    unread = [path for path in RULES if path not in {place.path for place in PLACES}]
    return [
        *(f"{path.relative_to(SOURCES.parent)}: no pure test reads it" for path in unread),
        *(str(place) for place in PLACES if set(place.outcomes) - place.seen),
    ]
