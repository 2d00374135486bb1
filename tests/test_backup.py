"""A backup comes back whole, without those who were erased since, and gives nothing to who lacks the keys."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import pytest

from khuen import backup, bootstrap, clock, database, erasure, schema, vault
from khuen.audit_proof import PLATFORM, seal_heads, verify_all
from khuen.ids import uuid7
from khuen.programs import find_client
from khuen.settings import Settings
from khuen.tenancy import hot, within
from tests.conftest import Stage
from tests.somebody import ID_CARD, NOW, PHONE, Somebody, enrol

BAN, NEIGHBOUR = UUID(int=0xB0), UUID(int=0xC0)


@pytest.fixture
def before(db: Settings, tmp_path: Path) -> Settings:
    own = replace(db, seals_dir=tmp_path / "seals", erasures_file=tmp_path / "erasures")
    vault.configure(own.kek, own.erasures_file)
    return own


@pytest.fixture
async def empty(stage: Stage) -> AsyncIterator[str]:
    """A superuser's address of a second database, as `khuen bootstrap` leaves it."""
    name = f"r_{uuid7().hex}"
    address = stage.superuser_of(name)
    await bootstrap.prepare(address, stage.engines.passwords)
    yield address
    root = await asyncpg.connect(stage.superuser)
    await root.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await root.close()


def moved(settings: Settings, address: str) -> Settings:
    place = urlsplit(settings.database_url)._replace(path=urlsplit(address).path)
    return replace(settings, database_url=urlunsplit(place))


async def fill(settings: Settings) -> list[Somebody]:
    """Three people in two districts, seals included."""
    async with database.connected(settings, size=2):
        people = [await enrol(BAN, "สมมุติ"), await enrol(BAN, "ทดลอง"), await enrol(NEIGHBOUR, "เพื่อนบ้าน")]
        root = await asyncpg.connect(settings.dsn("auth"))
        for tenant in (BAN, NEIGHBOUR):
            await root.execute(
                "INSERT INTO auth.tenant (id, slug, name, short_name, area_path, practice, created_at)"
                " VALUES ($1, $2, 'x', 'x', 'x', true, $3)",
                tenant,
                f"t-{tenant.int}",
                NOW,
            )
        await root.close()
        await seal_heads(settings)
    return people


def as_sql(dump: Path) -> bytes:
    return subprocess.run([find_client("pg_restore"), "--file=-", dump], check=True, capture_output=True).stdout


async def phone_of(who: Somebody) -> str:
    """As the site reads it."""
    async with within(who.here):
        own = await vault.person(who.here, who.id)
        [row] = await hot("SELECT phone_sealed FROM person WHERE tenant_id = $1 AND id = $2", who.id)
    return own.unseal("person", "phone_sealed", who.id, row["phone_sealed"])


async def erase(settings: Settings, who: Somebody) -> None:
    async with database.connected(settings, size=2), within(who.here):
        await erasure.erase_person(who.here, who.id)


async def test_threat_28_a_restored_backup_does_not_bring_an_erased_person_back(
    before: Settings, empty: str, tmp_path: Path
) -> None:
    gone, stays, neighbour = await fill(before)
    made = await backup.backup(before, tmp_path / "backups")
    await erase(before, gone)
    async with database.connected(before, size=2):
        await seal_heads(before)  # the seals now know of rows that the backup does not have
    after = moved(before, empty)
    restored = await backup.restore(after, made.folder, empty)
    assert restored.differences == ()
    assert "Erased again 1 " in str(restored) and str(restored).endswith("agree with the backup.")
    vault.configure(after.kek, after.erasures_file)
    async with database.connected(after, size=2):
        assert await phone_of(stays) == await phone_of(neighbour) == PHONE
        with pytest.raises(vault.Erased):
            await phone_of(gone)
    root = await asyncpg.connect(empty)
    left = [str(row) for row in await root.fetch("SELECT * FROM person")]
    assert not [row for row in left if gone.name in row] and [row for row in left if stays.name in row]
    assert await root.fetchval("SELECT count(*) FROM erasure") == 1
    await root.close()
    await schema.check_walls(after)
    reports = await verify_all(after)
    assert [(report.chain, report.whole) for report in reports] == [(BAN, True), (NEIGHBOUR, True), (PLATFORM, True)]


async def test_threat_27_the_data_file_shows_no_identity_number_and_opens_nothing(
    before: Settings, empty: str, tmp_path: Path
) -> None:
    people = await fill(before)
    made = await backup.backup(before, tmp_path / "backups")
    plain = as_sql(made.folder / backup.DATA)
    assert "ทดลอง".encode() in plain  # names stay plain: the regex below looks at real content
    for content in (plain, *(path.read_bytes() for path in made.folder.iterdir())):
        assert not re.search(rb"(?<![0-9a-f])[0-9]{13}(?![0-9a-f])", content)
        assert (
            ID_CARD.encode() not in content
            and PHONE.encode() not in content
            and PHONE.encode().hex().encode() not in content
        )
    assert b"person_key" not in plain
    # the data and even the wrapped keys, but not the KEK
    after = moved(before, empty)
    await backup.restore(after, made.folder, empty)
    vault.configure(bytes(32))
    async with database.connected(after, size=2):
        with pytest.raises(vault.WrongKey):
            await phone_of(people[0])


async def test_two_files_of_one_moment_for_the_owner_alone(before: Settings, tmp_path: Path) -> None:
    await fill(before)
    made = await backup.backup(before, tmp_path / "backups")
    assert sorted(path.name for path in made.folder.iterdir()) == ["data.dump", "keys.dump", "manifest.json"]
    assert {path.stat().st_mode & 0o777 for path in made.folder.iterdir()} == {0o600}
    assert made.folder.stat().st_mode & 0o777 == 0o700
    said = json.loads((made.folder / backup.MANIFEST).read_text())
    assert (said["tables"]["public.person"], said["tables"]["vault.person_key"]) == (3, 3)
    assert {chain: head[0] for chain, head in said["heads"].items()} == {str(BAN): 2, str(NEIGHBOUR): 1}
    assert list((tmp_path / "backups").iterdir()) == [made.folder]


async def test_a_backup_that_fails_leaves_nothing_and_says_why(before: Settings, root: Any, tmp_path: Path) -> None:
    await root.execute(f"REVOKE EXECUTE ON FUNCTION {bootstrap.SET_CONFIG} FROM khuen_backup")
    with pytest.raises(backup.BackupFailed, match="permission denied for function set_config"):
        await backup.backup(before, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


async def test_a_restore_refuses_what_does_not_fit_and_writes_nothing(
    before: Settings, empty: str, tmp_path: Path, stage: Stage
) -> None:
    await fill(before)
    made = await backup.backup(before, tmp_path / "backups")

    async def refused(
        match: str, settings: Settings = before, folder: Path = made.folder, address: str = empty
    ) -> None:
        with pytest.raises(backup.BackupFailed, match=match):
            await backup.restore(settings, folder, address)

    await refused("not a finished backup", folder=tmp_path)
    await refused("another KHUEN_KEK", replace(before, kek=bytes(32)))
    await refused("KHUEN_ERASURES_FILE", replace(before, erasures_file=None))
    await refused("not empty", address=stage.superuser_of(urlsplit(before.database_url).path.lstrip("/")))
    for name, match in ((backup.DATA, "Changed since .* data.dump"), (backup.MANIFEST, "manifest was changed")):
        path = made.folder / name
        whole = path.read_bytes()
        path.write_bytes(whole.replace(b'"public.person": 3', b'"public.person": 4') + b" " * (name == backup.DATA))
        await refused(match)
        path.write_bytes(whole)
    root = await asyncpg.connect(empty)
    assert await root.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await root.close()


async def test_a_restore_says_what_differs(before: Settings, tmp_path: Path) -> None:
    said = {"tables": {"a": 1, "b": 2}, "migrations": ["1"], "policies": 3, "heads": {}, "sign-in": [0, ""]}
    found = said | {"tables": {"a": 1, "c": 2}, "policies": 2}
    assert backup._differences(said, found) == [
        "b: 2 rows in the backup, None restored",
        "c: None rows in the backup, 2 restored",
        "policies: 3 in the backup, 2 restored",
    ]


async def test_threat_28_keys_are_thrown_away_after_thirty_days_and_the_data_opens_for_nobody(
    before: Settings, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await backup.backup(before, tmp_path / "backups")
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment + timedelta(days=29, hours=23))
    assert backup.prune_keys(tmp_path / "backups") == []
    monkeypatch.setattr(clock, "now", lambda: moment + timedelta(days=30, minutes=1))
    assert backup.prune_keys(tmp_path / "backups") == [made.folder / backup.KEYS]
    assert sorted(path.name for path in made.folder.iterdir()) == ["data.dump", "manifest.json"]
    with pytest.raises(backup.BackupFailed, match="thrown away"):
        await backup.restore(before, made.folder, empty)
