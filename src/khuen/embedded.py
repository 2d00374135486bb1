"""PostgreSQL and Redis for a machine that has neither: started by the demo and by the tests, gone when their parent is.

Only the programs inside the wheels are used (or servers on PATH), never the wheels' own starters, which open the
database to every local user. What was measured and why it is so: docs/decisions/0003-embedded-engines.md.
"""

import asyncio
import atexit
import fcntl
import hashlib
import logging
import os
import pwd
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
from khuen.programs import Programs, find_programs, version
from khuen.settings import ROLES

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
                try:
                    server.spawn()
                except OSError as error:  # a full disk, no process to be had: it may pass
                    log.error("%s cannot be started: %s", server.name, error.strerror)
            pause = min(pause * 2, RETRY_SECONDS) if fallen else 0.2

    def stop(self) -> None:
        """Stop both and give the data directory free. Harmless twice."""
        if self.claim.closed:
            return
        atexit.unregister(self.stop)
        self.redis.stop()
        self.postgres.stop()
        shutil.rmtree(self.run, ignore_errors=True)
        self.claim.close()


def start(data: Path, *, durable: bool = True) -> Engines:
    """Start both engines over `data`, made on first use and kept for the next start; call it on the main thread.

    `durable=False` trades safety for speed and is for tests only. Raises EnginesUnavailable.
    """
    programs, account, data = find_programs(), engine_account(), data.resolve()
    data.parent.mkdir(parents=True, exist_ok=True)
    _folder(data, OURSELVES)
    claim = _claim(data)
    try:
        data.chmod(0o700 if account.uid is None else 0o711)  # another account must reach its own part
        run = _folder(run_folder(data), account)
        passwords, redis_password = _passwords(data), _secret(data / "secrets" / "redis")
        postgres = _postgres(programs, account, data, run, passwords["superuser"], durable)
        engines = Engines(
            data, run, passwords, redis_password, postgres, _redis(programs, account, data, run, redis_password), claim
        )
    except BaseException:
        claim.close()
        raise
    try:
        engines.redis.launch()
        engines.postgres.launch()
    except BaseException:
        engines.stop()
        raise
    atexit.register(engines.stop)
    return engines


def environment(engines: Engines) -> dict[str, str]:
    """The settings that point Khuen at these engines, as an operator would give them for external ones."""
    roles = {f"KHUEN_DATABASE_{role.upper()}_PASSWORD": engines.passwords[role] for role in ROLES}
    return {"KHUEN_DATABASE_URL": engines.database_url, "KHUEN_REDIS_URL": engines.redis_url} | roles


def run_folder(data: Path) -> Path:
    """Where the sockets live: short, because a socket's path may have 107 bytes; never inside the data directory."""
    name = f"khuen-{os.geteuid()}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:10]}"
    for parent in (tempfile.gettempdir(), "/tmp"):
        if len(os.fsencode(f"{parent}/{name}/{POSTGRES_SOCKET}")) <= SOCKET_PATH_BYTES:
            return Path(parent) / name
    raise AssertionError("unreachable: a folder of /tmp is short enough")


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
    if account.uid is not None and account.gid is not None:
        os.chown(path, account.uid, account.gid)


def _folder(path: Path, account: Account) -> Path:
    """A directory of mode 0700 that is the engines' account's own, and was not laid out by somebody else."""
    path.mkdir(mode=0o700, exist_ok=True)
    us, owner = os.geteuid(), path.lstat().st_uid
    uid, gid = (us, os.getegid()) if account.uid is None or account.gid is None else (account.uid, account.gid)
    if path.is_symlink() or owner not in {us, uid, *([pwd.getpwnam("nobody").pw_uid] if us == 0 else [])}:
        raise EnginesUnavailable(f"{path} belongs to somebody else: remove it, or run Khuen as its owner.")
    path.chmod(0o700)
    if owner != uid:  # root stepped down in another way the last time
        for entry in (path, *path.rglob("*")):
            os.chown(entry, uid, gid, follow_symlinks=False)
    return path


def _postgres(programs: Programs, account: Account, data: Path, run: Path, password: str, durable: bool) -> Server:
    home = data / "postgres"
    if not home.exists():
        _initialise(programs, account, home, run, password, durable)
    _folder(home, account)
    if (made_by := int((home / "PG_VERSION").read_text())) != version(programs.postgres)[0]:
        raise EnginesUnavailable(f"{home} was made by PostgreSQL {made_by}: see Upgrade in docs/operations.md.")
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


def _initialise(programs: Programs, account: Account, home: Path, run: Path, password: str, durable: bool) -> None:
    """Initdb beside the final place and renamed into it: killed half-way, the next start begins afresh."""
    shutil.rmtree(part := home.with_suffix(".part"), ignore_errors=True)
    _folder(part, account)
    _write(pwfile := run / "superuser", password, account)
    command = [*account.prefix, str(programs.initdb), "-D", str(part), "-U", "postgres", "-A", "scram-sha-256"]
    command += [f"--pwfile={pwfile}", "-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += ["--locale=C", "--no-instructions", *([] if durable else ["--no-sync"])]
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            cwd="/",
            env=engine_environment(),
            **identity(account),
        )
    finally:
        pwfile.unlink()
    if done.returncode:
        hint = " by the account nobody (run Khuen as an ordinary user instead of root)" if account.uid else ""
        raise EnginesUnavailable(f"PostgreSQL cannot be set up in {home}{hint}: {done.stderr.strip()[-500:]}")
    part.rename(home)


def _redis(programs: Programs, account: Account, data: Path, run: Path, password: str) -> Server:
    """Redis forgets everything when it stops: what must last is in PostgreSQL."""
    home = _folder(data / "redis", account)
    # No Lua (CVE-2025-49844 in 6.2.14), no administration, own keys only; arq logs INFO when it starts.
    digest = hashlib.sha256(password.encode()).hexdigest()
    rights = "~khuen:* ~arq:* &* +@all -@scripting -@admin -@dangerous +info"
    _write(acl := home / "users.acl", f"user default off\nuser khuen on #{digest} {rights}\n", account)
    path, pid_file = run / "redis.sock", home / "redis.pid"
    options = {"port": 0, "unixsocket": path, "unixsocketperm": 700, "dir": home, "aclfile": acl, "pidfile": pid_file}
    options |= {"save": "", "appendonly": "no", "daemonize": "no"}
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
