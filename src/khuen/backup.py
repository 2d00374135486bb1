"""Two files of one moment: the data, and the wrapped keys. A restore erases again whoever was erased since.

The keys lie apart so that they can be thrown away sooner (`prune_keys`): without them the sealed columns of an old
backup stay shut, whoever holds it. Neither file opens anything without KHUEN_KEK. docs/decisions/0004-sealed-data.md.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit
from uuid import UUID

from khuen import audit, clock, erasure, schema
from khuen.audit_proof import PLATFORM, Seal, SealsBroken, append_seal, read_seals, sealed_chains, verify
from khuen.database import connect
from khuen.logs import mask
from khuen.processes import engine_environment
from khuen.programs import find_client
from khuen.settings import Settings
from khuen.tenancy import Here
from khuen.vault import derive

DATA, KEYS, MANIFEST = "data.dump", "keys.dump", "manifest.json"
KEPT_DAYS = 30


class BackupFailed(RuntimeError):
    """The backup or the restore did not happen; the message says what to do."""


@dataclass(frozen=True)
class Made:
    """A finished backup, and what it holds."""

    folder: Path
    tables: Mapping[str, int] = field(repr=False)
    bytes: int

    def __str__(self) -> str:
        rows = sum(self.tables.values())
        return f"{self.folder}: {rows} rows of {len(self.tables)} tables, {self.bytes} bytes, data and keys apart"


@dataclass(frozen=True)
class Restored:
    """What a restore did, in words, and what does not agree with the backup (nothing, when all is well)."""

    steps: tuple[str, ...]
    differences: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return not self.differences

    def __str__(self) -> str:
        wrong = [f"DIFFERENT: {line}" for line in self.differences]
        return "\n".join([*self.steps, *(wrong or ["All counts, policies and audit chains agree with the backup."])])


async def backup(settings: Settings, folder: Path) -> Made:
    """Write a new folder below `folder`, named by the moment in UTC. Raises BackupFailed and then leaves none."""
    now = clock.now()
    dsn = settings.dsn("backup")
    connection = await connect(dsn)
    part = folder / f".{now:%Y%m%dT%H%M%S%fZ}.part"
    try:
        part.mkdir(mode=0o700, parents=True)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            # Both files and the manifest look at the database as it is at this one moment.
            moment = f"--snapshot={await connection.fetchval('SELECT pg_export_snapshot()')}"
            for name, which in ((DATA, "--exclude-schema=vault"), (KEYS, "--schema=vault")):
                await _run("pg_dump", dsn, "--format=custom", moment, which, f"--file={part / name}")
                (part / name).chmod(0o600)
            said = {"created_at": now.isoformat(), **await _inventory(connection)}
        said["files"] = {name: await asyncio.to_thread(_sha256, part / name) for name in (DATA, KEYS)}
        _write(part / MANIFEST, json.dumps(said | {"mac": _mac(settings, said)}, indent=1))
        made = part.rename(folder / part.stem.lstrip("."))
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    finally:
        await connection.close()
    return Made(made, said["tables"], sum(path.stat().st_size for path in made.iterdir()))


async def restore(settings: Settings, folder: Path, superuser_dsn: str) -> Restored:
    """Put one backup into the empty database that `superuser_dsn` names, prepared by `khuen bootstrap`.

    Erases again whoever is on the list of erasures, before anything serves; then compares rows, policies and audit
    chains with the manifest. Raises BackupFailed, with nothing written when files, key or database do not fit.
    """
    said = await asyncio.to_thread(_checked, settings, folder)
    connection = await connect(superuser_dsn)
    try:
        if await connection.fetchval("SELECT to_regclass('public.migration')"):
            raise BackupFailed("The database is not empty: prepare a new one with khuen bootstrap, and name that.")
        for name in (DATA, KEYS):
            await _run("pg_restore", superuser_dsn, "--exit-on-error", "--single-transaction", str(folder / name))
        found = await _inventory(connection)
        differences = [*_differences(said, found), *_take_back_seals(settings, found)]
        erased = await _erase_again(settings, connection)
        differences += await _lint(connection)
        for chain in (*map(UUID, found["heads"]), PLATFORM):
            report = await verify(connection, chain, settings)
            differences += [] if report.whole else [str(report)]
    finally:
        await connection.close()
    rows = f"Restored {sum(found['tables'].values())} rows of {len(found['tables'])} tables as of {said['created_at']}."
    again = f"Erased again {erased} of the people who asked for it after the backup was made."
    return Restored((rows, again), tuple(differences))


def prune_keys(folder: Path, *, days: int = KEPT_DAYS) -> list[Path]:
    """Throw away the wrapped keys of backups older than so many days; their data files stay. Returns the files."""
    limit = clock.now() - timedelta(days=days)
    old = [
        keys
        for keys in sorted(folder.glob(f"*/{KEYS}"))
        if datetime.fromisoformat(json.loads((keys.parent / MANIFEST).read_text())["created_at"]) < limit
    ]
    for keys in old:
        keys.unlink()
    return old


async def _run(program: str, dsn: str, *words: str) -> None:
    """One of PostgreSQL's own programs; the password goes by its environment, where no list of processes shows it."""
    parts = urlsplit(dsn)
    place = urlunsplit(parts._replace(netloc=f"{parts.username}@{parts.netloc.rpartition('@')[2]}"))
    started = await asyncio.create_subprocess_exec(
        find_client(program),
        *words,
        "--no-password",
        f"--dbname={place}",
        env=engine_environment() | {"PGPASSWORD": unquote(parts.password or "")},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await started.communicate()
    if started.returncode:
        # Only its own words: a line of context may hold somebody's row.
        said = [line for line in errors.decode(errors="replace").splitlines() if line.startswith(f"{program}: error")]
        raise BackupFailed(mask("; ".join(said) or f"{program} ended with {started.returncode}"))


async def _inventory(connection: Any) -> dict[str, Any]:
    tables = await connection.fetch(
        """SELECT n.nspname || '.' || c.relname AS name, format('%I.%I', n.nspname, c.relname) AS quoted
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')
           AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' ORDER BY name"""
    )
    counts = {row["name"]: await connection.fetchval(f"SELECT count(*) FROM {row['quoted']}") for row in tables}
    policies = await connection.fetchval("SELECT count(*) FROM pg_policies")
    heads = await connection.fetch("SELECT tenant_id, seq, hash FROM audit_head ORDER BY tenant_id")
    events = await connection.fetchrow("SELECT seq, hash FROM auth.event_head")
    return {
        "migrations": [row["name"] for row in await connection.fetch("SELECT name FROM migration ORDER BY id")],
        "tables": counts,
        "policies": policies,
        "heads": {str(row["tenant_id"]): [row["seq"], row["hash"].hex()] for row in heads},
        "sign-in": [events["seq"], events["hash"].hex()],
    }


def _checked(settings: Settings, folder: Path) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError):
        raise BackupFailed(f"{folder} holds no {MANIFEST}: it is not a finished backup.") from None
    mac = said.pop("mac", "")
    if not hmac.compare_digest(str(mac), _mac(settings, said)):
        raise BackupFailed("The manifest was changed, or made under another KHUEN_KEK.")
    if not (folder / KEYS).exists():
        raise BackupFailed(f"The keys of this backup were thrown away: after {KEPT_DAYS} days it opens for nobody.")
    spoilt = [name for name, digest in said["files"].items() if _sha256(folder / name) != digest]
    if spoilt:
        raise BackupFailed(f"Changed since it was written: {', '.join(spoilt)}.")
    if settings.erasures_file is None:
        raise BackupFailed("KHUEN_ERASURES_FILE is not set: people who were erased since would come back.")
    return said


def _differences(said: dict[str, Any], found: dict[str, Any]) -> list[str]:
    lines = []
    for name in sorted(said["tables"].keys() | found["tables"].keys()):
        before, now = said["tables"].get(name), found["tables"].get(name)
        if before != now:
            lines.append(f"{name}: {before} rows in the backup, {now} restored")
    for name in ("migrations", "policies", "heads", "sign-in"):
        if said[name] != found[name]:
            lines.append(f"{name}: {said[name]} in the backup, {found[name]} restored")
    return lines


def _take_back_seals(settings: Settings, found: dict[str, Any]) -> list[str]:
    """What was sealed after the backup is gone on purpose: say so beside the seals, else every check would cry."""
    wrong = []
    for chain in (*sealed_chains(settings), PLATFORM):
        start = [0, audit.genesis(chain).hex()] if chain else found["sign-in"]
        seq, link = found["heads"].get(str(chain), start)
        try:
            if any(seal.seq > seq for seal in read_seals(settings, chain)):
                append_seal(settings, chain, Seal(seq, bytes.fromhex(link), clock.now(), restored=True))
        except SealsBroken as broken:
            wrong.append(f"{chain or 'sign-in'}: {broken} was changed")
    return wrong


async def _erase_again(settings: Settings, connection: Any) -> int:
    assert settings.erasures_file is not None
    listed = await asyncio.to_thread(erasure.read, settings.erasures_file)
    keys = await connection.fetch(
        "SELECT tenant_id, id, person_id FROM vault.person_key WHERE id = ANY($1::uuid[]) ORDER BY id", list(listed)
    )
    now = clock.now()
    async with connection.transaction():
        for key in keys:
            run = _in_district(connection, key["tenant_id"])
            await erasure.blank(run, [key["person_id"]], now)
            await run(erasure.ERASED, key["id"], key["person_id"], now, None)
            here = Here(key["tenant_id"], None, frozenset({"clock"}), now)
            made = audit.entry(here, "person:erased", key["person_id"], reason="restore")
            await audit.write(run, here.tenant_id, made)
    return len(keys)


def _in_district(connection: Any, tenant_id: UUID) -> audit.Run:
    async def run(sql: str, *values: Any) -> list[Any]:
        rows: list[Any] = await connection.fetch(sql, tenant_id, *values)
        return rows

    return run


async def _lint(connection: Any) -> list[str]:
    async with connection.transaction():
        await connection.execute("SET LOCAL ROLE khuen_app")
        return await schema.lint(connection)


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
        os.fsync(file.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mac(settings: Settings, said: dict[str, Any]) -> str:
    content = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    return hmac.digest(derive(settings.kek, "sign backups"), content, "sha256").hex()
