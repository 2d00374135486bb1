"""Only the tests that ask for no database, quick and the same each time: what `make cover` runs."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest

hypothesis.settings.register_profile("pure", max_examples=20, derandomize=True, database=None, deadline=None)


def pytest_configure() -> None:
    hypothesis.settings.load_profile("pure")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    pure = [item for item in items if not {"stage", "db"} & _asked(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in pure])
    items[:] = pure


def _asked(item: Any) -> set[str]:
    # a case of a table may be called as the fixture is
    return set(getattr(item, "fixturenames", ())) - set(getattr(getattr(item, "callspec", None), "params", ()))
