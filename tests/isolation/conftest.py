"""A few districts with rows of the plainest tables, and the tool that cuts, kills and cancels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest

from khuen.ids import uuid7
from khuen.settings import Settings
from khuen.tenancy import Here, many, within

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)

PERSON = """INSERT INTO person (tenant_id, id, given_name, family_name, called_name, sort_key, search_name, search_family,
              created_at) VALUES ($1, $2, $3, 'ตัวอย่าง', $3, $3, $3, 'ตัวอย่าง', $4)"""


def here(tenant_id: UUID) -> Here:
    return Here(tenant_id, uuid7(), frozenset({"coordinator"}), NOW)


@dataclass(frozen=True)
class Districts:
    ids: tuple[UUID, ...]
    people: dict[UUID, tuple[UUID, ...]]

    def owner(self, person_id: UUID) -> UUID:
        return next(tenant for tenant, people in self.people.items() if person_id in people)


@pytest.fixture
async def districts(pools: Settings) -> Districts:
    ids = tuple(uuid7() for _ in range(4))
    people: dict[UUID, tuple[UUID, ...]] = {}
    for number, tenant_id in enumerate(ids):
        people[tenant_id] = tuple(uuid7() for _ in range(5))
        async with within(here(tenant_id)):
            await many(PERSON, [(person, f"ทดลอง{number}", NOW) for person in people[tenant_id]])
    return Districts(ids, people)
