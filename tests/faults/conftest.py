"""Faults: a durable PostgreSQL of one's own where it is killed, and phones that never give up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from tests.care import Site, site

__all__ = ["site"]

Sending = Callable[[str], Callable[[UUID], Awaitable[tuple[int, bool]]]]


@pytest.fixture
def sending(site: Site) -> Sending:
    """For the code of a case of Somchai's: what a phone does to send one check-in of it under a key."""

    def of(code: str) -> Callable[[UUID], Awaitable[tuple[int, bool]]]:
        async def post(key: UUID) -> tuple[int, bool]:
            answer = await site.clients["somchai"].post(
                f"/chatturat/cases/{code}/check-ins", data={"key": str(key), "how": "well"}
            )
            return answer.status_code, "retry-after" in answer.headers

        return post

    return of
