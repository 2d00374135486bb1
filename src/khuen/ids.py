"""Names for rows, cases and mishaps. Nothing about a person can be read from any of them."""

import os
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

from khuen import clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_READ_ALOUD = "34679ACDEFGHJKMNPQRTWXY"  # without 0 O, 1 I L, 2 Z, 5 S, 8 B, U V


def uuid7(now: datetime | None = None) -> UUID:
    """A version 7 UUID (RFC 9562): 48 bits of milliseconds, the rest random. Order within a millisecond is not kept."""
    milliseconds = ((now or clock.now()) - _EPOCH) // timedelta(milliseconds=1)
    chance = int.from_bytes(os.urandom(10))
    return UUID(
        int=milliseconds << 80 | 0x7 << 76 | (chance >> 68 & 0xFFF) << 64 | 0b10 << 62 | chance & 0x3FFF_FFFF_FFFF_FFFF
    )


def support_code() -> str:
    """Six characters that can be read aloud over a telephone, for an error page and its log line."""
    return "".join(secrets.choice(_READ_ALOUD) for _ in range(6))


def case_code(prefix: str, number: int) -> str:
    """CPM-0007: the district's prefix and its running number."""
    return f"{prefix}-{number:04d}"
