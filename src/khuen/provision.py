"""Making districts out of tenant files, and letting the first administrator in. Every act here is harmless twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec

from khuen import audit, clock, district_rows, erasure, members, packs, vault
from khuen.database import connected
from khuen.district import (
    Project,
    Tenant,
    TenantFile,
    from_content,
    pack_content,
    pack_hash,
    settings_contradictions,
    settings_table,
)
from khuen.ids import uuid7
from khuen.members import NewMember
from khuen.registry import CLOCK
from khuen.rule_pack import CONSENTS, Consent
from khuen.settings import Settings, SettingsError
from khuen.signin import accounts, devices
from khuen.signin.rows import reading, writing
from khuen.tenancy import Here, hot, within


async def add_tenants(settings: Settings, files: list[TenantFile]) -> list[str]:
    """Make the districts of these files, or publish what changed in them; one line for people for each.

    Raises SettingsError when a file would turn a practice district into a real one, or the other way round.
    """
    vault.configure(settings.kek, settings.erasures_file)
    async with connected(settings, size=2):
        return [_line(file, await add_tenant(file, clock.now())) for file in files]


async def add_tenant(file: TenantFile, now: datetime, *, beside: UUID | None = None) -> list[str]:
    """One district, with the pools open and the vault configured; answers what was done, empty when nothing was.

    `beside` is the id of a practice district that is made suspended, to take another one's place later.

    The district's key, its audit chain, its settings, its rule packs (a changed one is published as a further version,
    a published one never changes) and its projects. Raises SettingsError as add_tenants does.
    """
    tenant_id, done = await _register(file.tenant, now, beside)
    here = Here(tenant_id, None, CLOCK, now)
    async with within(here):
        await audit.start_chain(here)
        await vault.open_tenant(here)
        done += await _settle(here, file)
        pack_ids = {name: await _publish(here, file, name, done) for name in file.packs}
        for project in file.projects:
            await _project(here, project, pack_ids[project.pack or file.default_pack], done)
    packs.forget(tenant_id)
    return done


async def invite_administrator(settings: Settings, slug: str, called_name: str) -> str:
    """A one-time link with which an administrator of a district sets login and password, good for 24 hours.

    Asked again for the same name, the same administrator gets another link. Raises SettingsError for an unknown slug.
    """
    vault.configure(settings.kek, settings.erasures_file)
    now = clock.now()
    async with connected(settings, size=2):
        tenant_id = await tenant_of(slug)
        if tenant_id is None:
            raise SettingsError(f"there is no district {slug!r}: add it first with khuen tenant add")
        account_id = await _administrator(tenant_id, called_name) or await _new_administrator(
            Here(tenant_id, None, CLOCK, now), called_name
        )
        links = await devices.invite([(account_id, "password")], tenant_id, uuid7(now), None, settings, now)
    return f"{settings.origin}/sign-in/once/{links[account_id]}"


async def erase_person(settings: Settings, slug: str, code: str, *, really: bool) -> str:
    """Answer a request to be forgotten: erase whoever this case is about; a sentence for the operator.

    What the law makes a hospital keep is its own affair: Khuen does not decide whether the request must be met.
    Raises SettingsError for an unknown district or case, or without KHUEN_ERASURES_FILE.
    """
    if settings.erasures_file is None:
        raise SettingsError("KHUEN_ERASURES_FILE is not set: a restored backup would bring the person back")
    vault.configure(settings.kek, settings.erasures_file)
    async with connected(settings, size=2):
        return await _erase(slug, code, really)


async def practice_roles(tenant_id: UUID, roles: Mapping[str, tuple[UUID, str]], now: datetime) -> None:
    """The accounts behind the role buttons of a practice district: role -> (member, called name). Pools are open.

    A button that is there already is given to the member named. Raises ValueError when the district is a real one.
    """
    async with reading() as connection:
        rows = await connection.fetch(_PRACTICE_ACCOUNTS, tenant_id)
    there = {row["role"]: row for row in rows}
    for role, (member_id, called_name) in roles.items():
        if role not in there:
            await accounts.practice_account(tenant_id, role, member_id, called_name, now=now)
        elif there[role]["member_id"] != member_id:
            await accounts.admit(there[role]["account_id"], tenant_id, member_id, called_name, {role}, now=now)


async def tenant_of(slug: str) -> UUID | None:
    """The id of a district by its address; the pools are open."""
    async with reading() as connection:
        found: UUID | None = await connection.fetchval("SELECT id FROM auth.tenant WHERE slug = $1", slug)
    return found


async def _erase(slug: str, code: str, really: bool) -> str:
    tenant_id = await tenant_of(slug)
    if tenant_id is None:
        raise SettingsError(f"there is no district {slug!r}")
    here = Here(tenant_id, None, CLOCK, clock.now())
    async with within(here):
        rows = await hot("SELECT person_id FROM case_file WHERE tenant_id = $1 AND code = $2", code)
        if not rows:
            raise SettingsError(f"there is no case {code!r} in {slug}")
        if not really:
            return f"Would erase the person of {code} in {slug} for good. Say it again with --yes"
        erased = await erasure.erase_person(here, rows[0]["person_id"])
    return f"The person of {code} in {slug} is erased" if erased else f"The person of {code} was erased before"


def _line(file: TenantFile, done: list[str]) -> str:
    return f"{file.tenant.slug}: {', '.join(done) or 'as it was'}"


async def _register(tenant: Tenant, now: datetime, beside: UUID | None) -> tuple[UUID, list[str]]:
    """The row by which sign-in and jobs know the district."""
    async with writing() as connection:
        row = await connection.fetchrow("SELECT * FROM auth.tenant WHERE slug = $1 FOR UPDATE", tenant.slug)
        if row is None:
            id_, state = beside or uuid7(now), "suspended" if beside else "active"
            await connection.execute(_NEW_TENANT, id_, *_named(tenant), tenant.slug, tenant.practice, now, state)
            await audit.record_event(connection, now, "tenant:made", None, id_)
            return id_, ["added"]
        if row["practice"] != tenant.practice:
            kind = "a practice district" if row["practice"] else "a real district"
            raise SettingsError(f"{tenant.slug} was made as {kind} and stays one: choose another slug")
        if _named(tenant) == (row["name"], row["short_name"], row["area_path"], row["as_of"]):
            return row["id"], []
        await connection.execute(_RENAME, row["id"], *_named(tenant))
        return row["id"], ["renamed"]


def _named(tenant: Tenant) -> tuple[Any, ...]:
    return tenant.name, tenant.short_name, tenant.area_path, tenant.as_of


async def _settle(here: Here, file: TenantFile) -> list[str]:
    """What the file says differently than when it was read last counts; all else stays as the district set it.

    Raises SettingsError when the two contradict each other.
    """
    present = await district_rows.newest(here)
    if present is None:
        await district_rows.add(here, uuid7(here.now), 1, file.settings, file=file.settings)
        await audit.record(here, "district:made", here.tenant_id)
        return ["settings set"]
    before = await district_rows.last_file(here) or present.settings
    new = {key: after for key, (_, after) in district_rows.changes(before, file.settings).items()}
    if not new:
        return []
    merged = district_rows.over(present.settings, new)
    if mistakes := list(settings_contradictions(settings_table(merged))):
        key, text = mistakes[0]
        raise SettingsError(f"{file.tenant.slug}: what the file changes does not fit what is set: {key}: {text}")
    if not await district_rows.add(here, uuid7(here.now), present.number + 1, merged, file=file.settings):
        raise SettingsError(f"{file.tenant.slug}: somebody changed the settings just now; say it again")
    await audit.record(here, "setting:changed", here.tenant_id, how="file", fields=_named_keys(new))
    return ["settings set"]


async def _publish(here: Here, file: TenantFile, name: str, done: list[str]) -> UUID:
    """The id of the newest version of this pack, published now when its content is new."""
    content = pack_content(file.packs[name])
    newest = await hot(
        "SELECT id, version, content_hash FROM pack WHERE tenant_id = $1 AND name = $2 ORDER BY version DESC LIMIT 1",
        name,
    )
    if newest and newest[0]["content_hash"] == pack_hash(content):
        return UUID(str(newest[0]["id"]))
    await _refuse_reworded(file.packs[name].consent)
    id_, version = uuid7(here.now), newest[0]["version"] + 1 if newest else 1
    await hot(_NEW_PACK, id_, name, version, _written(content), pack_hash(content), here.now)
    await audit.record(here, "pack:published", id_, pack=name, version=version)
    done.append(f"rule pack {name} {version} published")
    return id_


async def _refuse_reworded(new: Consent) -> None:
    """Whoever agreed to a version agreed to its words: the same version never gets others.

    Raises SettingsError.
    """
    for row in await hot("SELECT content FROM pack WHERE tenant_id = $1"):
        before = from_content(msgspec.json.decode(row["content"])).consent
        for kind in CONSENTS:
            same = before.version(kind) == new.version(kind)
            if same and before.text(kind) and before.text(kind) != new.text(kind):
                raise SettingsError(
                    f"consent.{kind}_text: version {new.version(kind)} was published with other words; "
                    f"write another version in consent.{kind}"
                )


async def _project(here: Here, project: Project, pack_id: UUID, done: list[str]) -> None:
    """A project is known by its name; new cases start under the pack it names now, older ones keep theirs."""
    values = (
        project.level,
        project.subdistrict_code,
        project.moo,
        project.starts_on,
        project.ends_on,
        pack_id,
    )
    rows = await hot(
        "SELECT id, level, subdistrict_code, moo, starts_on, ends_on, pack_id FROM project"
        " WHERE tenant_id = $1 AND name = $2",
        project.name,
    )
    if rows and tuple(rows[0])[1:] == values:
        return
    id_ = rows[0]["id"] if rows else uuid7(here.now)
    await hot(_CHANGE_PROJECT if rows else _NEW_PROJECT, id_, *values, *(() if rows else (project.name,)))
    await audit.record(here, "setting:changed" if rows else "project:made", id_)
    done.append("a project changed" if rows else "a project added")


async def _administrator(tenant_id: UUID, called_name: str) -> UUID | None:
    async with reading() as connection:
        found: UUID | None = await connection.fetchval(_ADMINISTRATOR, tenant_id, called_name)
    return found


async def _new_administrator(here: Here, called_name: str) -> UUID:
    account_id = await accounts.create(called_name, now=here.now)
    member_id = uuid5(account_id, str(here.tenant_id))  # asked twice after a mishap it is the same member
    async with within(here):
        await members.add(here, [NewMember(member_id, called_name, ("tenant_admin",))])
        await audit.record(here, "member:invited", member_id, role="tenant_admin")
    await accounts.admit(account_id, here.tenant_id, member_id, called_name, {"tenant_admin"}, now=here.now)
    return account_id


def _named_keys(new: Mapping[district_rows.Leaf, Any]) -> str:
    return "+".join(".".join(key) for key in new)[:48]


def _written(content: dict[str, Any]) -> str:
    return msgspec.json.encode(content, order="sorted").decode()


_NEW_TENANT = """INSERT INTO auth.tenant (id, name, short_name, area_path, as_of, slug, practice, created_at, state)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
_RENAME = "UPDATE auth.tenant SET name = $2, short_name = $3, area_path = $4, as_of = $5 WHERE id = $1"
_NEW_PACK = """INSERT INTO pack (tenant_id, id, name, version, content, content_hash, published_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)"""
_NEW_PROJECT = """INSERT INTO project
    (tenant_id, id, level, subdistrict_code, moo, starts_on, ends_on, pack_id, name)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
_CHANGE_PROJECT = """UPDATE project
    SET level = $3, subdistrict_code = $4, moo = $5, starts_on = $6, ends_on = $7, pack_id = $8
    WHERE tenant_id = $1 AND id = $2"""
_ADMINISTRATOR = """SELECT m.account_id FROM auth.membership m
    JOIN auth.membership_role r ON r.account_id = m.account_id AND r.tenant_id = m.tenant_id
        AND r.role = 'tenant_admin' AND r.ended_at IS NULL
    JOIN auth.account a ON a.id = m.account_id AND a.state = 'active' AND a.practice_tenant_id IS NULL
    WHERE m.tenant_id = $1 AND m.called_name = $2 AND m.ended_at IS NULL ORDER BY m.account_id LIMIT 1"""
_PRACTICE_ACCOUNTS = """SELECT r.role, m.account_id, m.member_id FROM auth.account a
    JOIN auth.membership m ON m.account_id = a.id AND m.tenant_id = $1
    JOIN auth.membership_role r ON r.account_id = a.id AND r.tenant_id = $1 AND r.ended_at IS NULL
    WHERE a.practice_tenant_id = $1 AND a.state = 'active'"""
