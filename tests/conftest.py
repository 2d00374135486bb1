"""A real PostgreSQL and Redis for every test, and the fixed cast: two districts, one of which must see nothing."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import pytest
import pytest_asyncio

from khuen import bootstrap, database, embedded, schema, settings
from tests import databases
from tests.province import browser, chromium, filled, page, province, running

__all__ = ["browser", "chromium", "filled", "page", "province", "running"]

hypothesis.settings.register_profile("any machine", deadline=None)  # times are not tests
hypothesis.settings.load_profile("any machine")

KEK = base64.b64encode(bytes(range(32))).decode()


@dataclass(frozen=True)
class Stage:
    """The engines of this test run and the migrated database that every test copies."""

    engines: embedded.Engines
    settings: settings.Settings
    superuser: str
    spare: list[databases.Reused] = field(default_factory=list)  #: what earlier tests left as they found it

    def superuser_of(self, name: str) -> str:
        return urlunsplit(urlsplit(self.superuser)._replace(path=f"/{name}"))


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """The browser lives in the event loop of the session, so the tests that use it run there; all others have their own."""
    for item in items:
        if {"browser", "province"} & set(item.fixturenames):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    memory = Path("/dev/shm")  # copies of a database are many small files
    folder = Path(tempfile.mkdtemp(prefix="khuen-tests-", dir=memory if os.access(memory, os.W_OK) else None))
    engines = embedded.start(folder / "engines", durable=False)
    try:
        env = embedded.environment(engines) | {
            "KHUEN_KEK": KEK,
            "KHUEN_DEMO": "True",
            "KHUEN_ORIGIN": "http://testserver",
        }
        loaded = replace(settings.load(env), seals_dir=folder / "seals", erasures_file=folder / "erased")
        made = Stage(engines, loaded, engines.superuser_url)
        asyncio.run(bootstrap.prepare(made.superuser_of("khuen"), engines.passwords))
        asyncio.run(schema.migrate(loaded.dsn("owner")))
        yield made
    finally:
        engines.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(loop_scope="session")
async def db(stage: Stage) -> AsyncIterator[settings.Settings]:
    """Settings of a migrated, empty database that is this test's alone."""
    own = stage.spare.pop() if stage.spare else await databases.Reused.made(stage.superuser, stage.superuser_of)
    address = urlunsplit(urlsplit(stage.settings.database_url)._replace(path=f"/{own.name}"))
    yield replace(stage.settings, database_url=address)
    if await own.emptied():
        stage.spare.append(own)
    else:
        await databases.drop(stage.superuser, own.name)


@pytest.fixture
async def pools(db: settings.Settings) -> AsyncIterator[settings.Settings]:
    """The same, with this process's pools open in the test's own event loop."""
    async with database.connected(db, size=4):
        yield db


@pytest.fixture
async def root(stage: Stage, db: settings.Settings) -> AsyncIterator[Any]:
    """A superuser's connection to the test's database: to look behind the walls, never to act for the product."""
    connection = await database.connect(stage.superuser_of(urlsplit(db.database_url).path.lstrip("/")))
    try:
        yield connection
    finally:
        await connection.close()


os.environ.setdefault("KHUEN_LOG_FORMAT", "plain")
