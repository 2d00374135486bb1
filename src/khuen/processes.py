"""One engine's process: started, asked, restarted and stopped, and gone when its parent is.

Why each step is there: docs/decisions/0003-embedded-engines.md.
"""

import ctypes
import logging
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from khuen.settings import SettingsError

RETRY_SECONDS = 5.0  # after kill -9 the dead postmaster's children may hold the shared memory for a moment
RECOVERY_SECONDS = 300.0  # a crashed database replays its log before it answers
LOG_BYTES = 10_000_000

log = logging.getLogger("khuen.embedded")


class EnginesUnavailable(SettingsError):
    """The engines cannot run here; the message says what to install or to change."""


@dataclass(frozen=True)
class Account:
    """Who the engines run as. PostgreSQL refuses root, so root steps down; anybody else stays who they are."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None


OURSELVES = Account()


def engine_account() -> Account:
    """The account for this process's engines."""
    if os.geteuid() != 0:
        return OURSELVES
    # A user namespace keeps the files root's own and works below a home of mode 0700; containers may forbid it.
    prefix = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
    if shutil.which("unshare") and _runs([*prefix, "true"]):
        return Account(prefix)
    nobody = pwd.getpwnam("nobody")
    return Account((), nobody.pw_uid, nobody.pw_gid)


def _runs(command: list[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@dataclass
class Server:
    """One engine's process: how it is started, asked, and stopped."""

    name: str
    command: list[str]
    account: Account
    log: Path
    socket: Path
    hello: bytes
    welcome: bytes
    goodbye: signal.Signals
    pid_file: Path
    mark: str  # stands in the command line of every process that serves this data
    process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start and wait for an answer; try again for a moment, then raise with the end of the log."""
        self._stop_leftover()
        give_up = time.monotonic() + RETRY_SECONDS
        while True:
            self.spawn()
            if self._answered():
                return
            if time.monotonic() > give_up:
                said = self.log.read_text(errors="replace").strip()[-500:]
                raise EnginesUnavailable(f"{self.name} does not start; the end of {self.log}:\n{said}")
            time.sleep(0.2)

    def spawn(self) -> None:
        """Start without waiting. Main thread only: the death signal comes when the thread that forked ends."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("engines are started from the main thread")
        self._forget_dead_holder()
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd="/",
                env=engine_environment(),
                start_new_session=True,  # Ctrl-C is for us; we stop the engines in their order
                preexec_fn=_die_with_parent(self.goodbye),  # one system call, takes no lock
                **identity(self.account),
            )

    def exited(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(2)
                line.connect(str(self.socket))
                line.sendall(self.hello)
                return line.recv(len(self.welcome)) == self.welcome
        except OSError:
            return False

    def stop(self) -> None:
        for farewell, seconds in ((self.goodbye, 30), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            if self.process is None or self.process.poll() is not None:
                return
            self.process.send_signal(farewell)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                log.warning("%s did not stop within %s s", self.name, seconds)

    def _answered(self) -> bool:
        """True at the first answer, False when the process has ended without one."""
        limit = time.monotonic() + RECOVERY_SECONDS
        while not self.exited() and time.monotonic() < limit:
            if self.answers():
                return True
            time.sleep(0.01)
        self.stop()
        return False

    def _stop_leftover(self) -> None:
        """We hold the claim, so an engine still on this data lost its parent: it is stopping, or must be told to."""
        limit = time.monotonic() + 30
        told = None
        while (pid := self._holder()) and time.monotonic() < limit:
            if pid != told:
                os.kill(told := pid, self.goodbye)
            time.sleep(0.05)

    def _holder(self) -> int | None:
        try:
            pid = int(self.pid_file.read_text().partition("\n")[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if pid != os.getpid() and self.mark in _command_line(pid) else None

    def _forget_dead_holder(self) -> None:
        """PostgreSQL takes a zombie, or a stranger with a used-again pid, for the old server and refuses to start.

        It passes over its own parent's pid, so we put ours there. Removing the file instead would also remove the
        shared memory's number, which keeps two servers from writing to one directory.
        """
        self.socket.with_name(self.socket.name + ".lock").unlink(missing_ok=True)
        if self.pid_file.exists() and self._holder() is None:
            _, newline, rest = self.pid_file.read_text().partition("\n")
            self.pid_file.write_text(f"{os.getpid()}{newline}{rest}")


def _command_line(pid: int) -> str:
    """Empty for a process that is gone, or dead and not yet reaped."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        except OSError:
            return ""
    asked = ["ps", "-o", "stat=,command=", "-p", str(pid)]
    said = subprocess.run(asked, check=False, capture_output=True, text=True, errors="replace").stdout.strip()
    return "" if said.startswith("Z") else said


def engine_environment() -> dict[str, str]:
    """Nothing of ours: no PG* variable that changes a server, no secret of Khuen."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def identity(account: Account) -> dict[str, Any]:
    return {} if account.uid is None else {"user": account.uid, "group": account.gid, "extra_groups": []}


def _die_with_parent(farewell: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None  # there `_stop_leftover` of the next start does it
    libc, parent = ctypes.CDLL(None, use_errno=True), os.getpid()

    def ask() -> None:
        libc.prctl(1, int(farewell))  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)  # the parent died before we could ask

    return ask
