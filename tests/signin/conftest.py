"""A small cast for sign-in: one real district, one practice district, and somebody to sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from khuen import clock
from khuen.ids import uuid7
from khuen.settings import Settings
from khuen.signin import accounts, sessions

PASSWORD = "ทดสอบ รหัสผ่านยาวพอ"


@dataclass(frozen=True)
class Cast:
    settings: Settings
    real: UUID
    practice: UUID
    historical: UUID
    coordinator: UUID
    buddy: UUID
    member: UUID


@pytest.fixture
async def cast(pools: Settings, root: Any) -> Cast:
    sessions.forget_all()
    real, practice, historical = uuid7(), uuid7(), uuid7()
    for tenant_id, slug, is_practice, as_of in (
        (real, "baan-thod-long", False, None),
        (practice, "baan-tua-yang", True, None),
        (historical, "adeet", True, date(2025, 9, 1)),
    ):
        await root.execute(
            "INSERT INTO auth.tenant (id, slug, name, short_name, area_path, practice, as_of, created_at)"
            " VALUES ($1, $2, 'อำเภอ' || $2, $2, '36', $3, $4, $5)",
            tenant_id,
            slug,
            is_practice,
            as_of,
            clock.now(),
        )
    coordinator = await accounts.create("สมมุติ ใจดี", login="sommut", password=PASSWORD)
    buddy = await accounts.create("ทดลอง ตัวอย่าง")
    member = uuid7()
    await accounts.admit(coordinator, real, member, "สมมุติ ใจดี", {"coordinator", "tenant_admin"})
    await accounts.admit(buddy, real, uuid7(), "ทดลอง ตัวอย่าง", {"buddy", "clinic"})
    return Cast(pools, real, practice, historical, coordinator, buddy, member)
