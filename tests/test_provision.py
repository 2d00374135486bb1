"""Districts made from tenant files: harmless twice, a published pack never changes, administrators let in by a link."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from khuen import clock, district, district_rows, packs, provision, vault
from khuen.admin import keeping
from khuen.database import connected
from khuen.district import TenantFile
from khuen.ids import uuid7
from khuen.paths import folder
from khuen.registry import CLOCK
from khuen.settings import Settings, SettingsError
from khuen.signin import devices
from khuen.tenancy import Here, hot, within

REAL = replace(
    (PRACTICE := district.read(folder("tenants") / "demo" / "phon.toml")),
    tenant=replace(PRACTICE.tenant, slug="phon-real", practice=False),
)


def slower(file: TenantFile) -> TenantFile:
    """The same file after somebody changed a rule."""
    pack = file.packs["standard"]
    changed = replace(pack, visits=replace(pack.visits, every_days=9))
    return replace(file, packs={"standard": changed})


async def test_a_district_stands_after_its_file_was_added(db: Settings, root: Any) -> None:
    (line,) = await provision.add_tenants(db, [REAL])
    assert line == "phon-real: added, settings set, rule pack standard 1 published, a project added"
    tenant = await root.fetchrow("SELECT * FROM auth.tenant WHERE slug = 'phon-real'")
    assert (tenant["name"], tenant["practice"], tenant["area_path"]) == (
        REAL.tenant.name,
        False,
        "th/northeast/40/4012",
    )
    vault.configure(db.kek)
    async with connected(db, size=2), within(here := Here(tenant["id"], None, CLOCK, clock.now())):
        assert await packs.settings_of(here) == REAL.settings
        assert list((await packs.all_of(here)).values()) == [REAL.packs["standard"]]
    assert [row["tag"] for row in await root.fetch("SELECT tag FROM audit ORDER BY seq")] == [
        "district:made",
        "pack:published",
        "project:made",
    ]
    assert await root.fetchval("SELECT count(*) FROM vault.tenant_key") == 1


async def test_the_same_file_again_changes_nothing(db: Settings, root: Any) -> None:
    await provision.add_tenants(db, [REAL])
    before = await counts(root)
    assert await provision.add_tenants(db, [REAL]) == ["phon-real: as it was"]
    assert await counts(root) == before


async def test_a_changed_rule_is_a_further_version_and_the_first_one_stays(db: Settings, root: Any) -> None:
    await provision.add_tenants(db, [REAL])
    first = await root.fetchrow("SELECT * FROM pack")
    (line,) = await provision.add_tenants(db, [slower(REAL)])
    assert line == "phon-real: rule pack standard 2 published, a project changed"
    rows = await root.fetch("SELECT * FROM pack ORDER BY version")
    assert rows[0] == first
    assert [row["version"] for row in rows] == [1, 2]
    assert await root.fetchval("SELECT pack_id FROM project") == rows[1]["id"], "new cases start under it"
    (back,) = await provision.add_tenants(db, [REAL])
    assert back == "phon-real: rule pack standard 3 published, a project changed"


async def test_a_version_of_a_consent_text_never_gets_other_words(db: Settings, root: Any) -> None:
    def reworded(version: str) -> TenantFile:
        pack = REAL.packs["standard"]
        consent = replace(pack.consent, sharing=version, sharing_text=pack.consent.sharing_text[:2])
        return replace(REAL, packs={"standard": replace(pack, consent=consent)})

    await provision.add_tenants(db, [REAL])
    with pytest.raises(SettingsError, match=r"consent\.sharing_text: version 2569-1"):
        await provision.add_tenants(db, [reworded("2569-1")])
    assert await root.fetchval("SELECT count(*) FROM pack") == 1
    await provision.add_tenants(db, [reworded("2570-1")])
    assert await root.fetchval("SELECT count(*) FROM pack") == 2


async def test_nobody_of_the_site_can_change_a_published_pack(db: Settings, root: Any) -> None:
    await provision.add_tenants(db, [REAL])
    tenant_id = await root.fetchval("SELECT id FROM auth.tenant")
    async with connected(db, size=2):
        for act in ("UPDATE pack SET version = 9 WHERE tenant_id = $1", "DELETE FROM pack WHERE tenant_id = $1"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with within(Here(tenant_id, None, CLOCK, clock.now())):
                    await hot(act)


async def test_new_settings_and_a_new_name_are_taken_over(db: Settings, root: Any) -> None:
    await provision.add_tenants(db, [REAL])
    moved = replace(
        REAL,
        tenant=replace(REAL.tenant, name="อำเภอพลใหม่"),
        settings=replace(REAL.settings, wording=REAL.settings.wording | {"buddy": "เพื่อนช่วยเพื่อน"}),
        projects=(replace(REAL.projects[0], ends_on=date(2027, 9, 30)),),
    )
    assert await provision.add_tenants(db, [moved]) == ["phon-real: renamed, settings set, a project changed"]
    assert await root.fetchval("SELECT name FROM auth.tenant") == "อำเภอพลใหม่"
    assert await root.fetchval("SELECT count(*) FROM district_settings") == 2, "the older ones are kept"
    assert await root.fetchval("SELECT ends_on FROM project") == date(2027, 9, 30)


async def test_the_operators_file_changes_only_what_changed_in_it(db: Settings, root: Any) -> None:
    await provision.add_tenants(db, [REAL])
    tenant_id = await root.fetchval("SELECT id FROM auth.tenant")
    here = Here(tenant_id, None, CLOCK, clock.now())
    own = replace(REAL.settings.escalation, overdue_days=9)
    async with connected(db, size=2), within(here):
        saving = keeping.Saving(uuid7(), "visits", 1)
        await keeping.save(here, saving, lambda one: one.escalation, lambda one: replace(one, escalation=own))
    assert await provision.add_tenants(db, [REAL]) == ["phon-real: as it was"], "the same file again undoes nothing"
    files = replace(REAL.settings, meetings=replace(REAL.settings.meetings, place="ห้องประชุมใหม่"))
    assert await provision.add_tenants(db, [replace(REAL, settings=files)]) == ["phon-real: settings set"]
    async with connected(db, size=2), within(here):
        newest = await district_rows.newest(here)
    assert newest and newest.settings == replace(files, escalation=own)
    quiet = replace(files, reminders=replace(files.reminders, at=files.quiet_hours.start))
    with pytest.raises(SettingsError, match="does not fit"):
        await provision.add_tenants(db, [replace(REAL, settings=quiet)])


async def test_a_practice_district_never_becomes_a_real_one(db: Settings, root: Any) -> None:
    await provision.add_tenants(db, [PRACTICE])
    turned = replace(PRACTICE, tenant=replace(PRACTICE.tenant, practice=False))
    with pytest.raises(SettingsError, match="practice district"):
        await provision.add_tenants(db, [turned])
    assert await root.fetchval("SELECT practice FROM auth.tenant")


async def test_an_administrator_gets_a_link_and_asked_again_another_for_the_same_account(
    db: Settings, root: Any
) -> None:
    await provision.add_tenants(db, [REAL])
    links = [await provision.invite_administrator(db, "phon-real", "ทดลอง ดูแล") for _ in range(2)]
    assert links[0] != links[1]
    assert all(link.startswith(f"{db.origin}/sign-in/once/") for link in links)
    async with connected(db, size=2):
        known = [await devices.invitation(link.rpartition("/")[2], clock.now()) for link in links]
    assert {one.account_id for one in known} == {await root.fetchval("SELECT id FROM auth.account")}
    assert [(one.purpose, one.slug, one.called_name) for one in known] == [("password", "phon-real", "ทดลอง ดูแล")] * 2
    assert await root.fetchval("SELECT role FROM auth.membership_role") == "tenant_admin"
    member = await root.fetchrow("SELECT m.called_name, r.role FROM member m JOIN member_role r ON r.member_id = m.id")
    assert tuple(member) == ("ทดลอง ดูแล", "tenant_admin")


async def test_nobody_is_invited_to_a_district_that_is_not_there(db: Settings, root: Any) -> None:
    with pytest.raises(SettingsError, match="there is no district 'nowhere'"):
        await provision.invite_administrator(db, "nowhere", "ทดลอง")
    assert await root.fetchval("SELECT count(*) FROM auth.account") == 0


async def test_a_button_is_made_once_and_follows_its_member(db: Settings, root: Any) -> None:
    await provision.add_tenants(db, [PRACTICE])
    tenant_id = await root.fetchval("SELECT id FROM auth.tenant")
    first, second = UUID(int=1), UUID(int=2)
    async with connected(db, size=2):
        for member_id in (first, first, second):
            await provision.practice_roles(tenant_id, {"buddy": (member_id, "ทดลอง ใจดี")}, clock.now())
    rows = await root.fetch("SELECT member_id FROM auth.membership")
    assert [row["member_id"] for row in rows] == [second]
    assert await root.fetchval("SELECT count(*) FROM auth.account WHERE login IS NULL AND password_hash IS NULL") == 1


async def test_a_real_district_has_no_buttons(db: Settings, root: Any) -> None:
    await provision.add_tenants(db, [REAL])
    tenant_id = await root.fetchval("SELECT id FROM auth.tenant")
    async with connected(db, size=2):
        with pytest.raises(ValueError, match="practice districts only"):
            await provision.practice_roles(tenant_id, {"doctor": (UUID(int=1), "ทดลอง")}, clock.now())
    assert await root.fetchval("SELECT count(*) FROM auth.account") == 0


async def counts(root: Any) -> list[int]:
    tables = ("auth.tenant", "auth.event", "district_settings", "pack", "project", "audit", "vault.tenant_key")
    return [await root.fetchval(f"SELECT count(*) FROM {table}") for table in tables]
