"""Passwords and PINs: argon2id with 19 MiB, two passes, one lane (OWASP Password Storage, the floor), off the loop.

Two threads do all hashing, so a storm of sign-ins waits in line instead of eating the cores.
"""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

SHORTEST, LONGEST = 12, 200  #: characters; NIST SP 800-63B asks for length, not for kinds of characters
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


async def hashed(secret: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, HASHER.hash, _bytes(secret))


async def matches(known: str | None, secret: str) -> bool:
    """Whether it is the one. With nothing to compare the same work is done, so nobody learns who exists."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _matches, known, secret)


def _matches(known: str | None, secret: str) -> bool:
    try:
        HASHER.verify(known or _nobodys(), _bytes(secret))
    except (Argon2Error, InvalidHashError):
        return False
    return known is not None


def _bytes(secret: str) -> bytes:
    """One spelling of what was typed, whatever the keyboard; lone surrogates cannot break it."""
    return unicodedata.normalize("NFC", secret).encode("utf-8", "replace")


@cache
def _nobodys() -> str:
    return HASHER.hash("nobody has this password")
