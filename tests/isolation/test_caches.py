"""What a process remembers is the district's own, even where two districts use one and the same id (threat 13)."""

from __future__ import annotations

import json

import pytest

from khuen import clock, district, packs, vault
from khuen.ids import uuid7
from khuen.paths import folder
from khuen.settings import Settings
from khuen.signin import sessions
from khuen.tenancy import hot, within
from khuen.vault import WrongKey
from tests.care import District, Site, site, stand

__all__ = ["site"]


async def _two(pools: Settings) -> tuple[District, District]:
    return await stand(pools, "ours", nok="coordinator"), await stand(pools, "theirs", kanya="coordinator")


async def test_threat_13_a_pack_of_the_same_id_is_the_districts_own(pools: Settings) -> None:
    ours, theirs = await _two(pools)
    shared = uuid7()
    for made, name, limit in ((ours, "nok", 4), (theirs, "kanya", 5)):
        async with within(made.here(name)):
            [row] = await hot("SELECT content FROM pack WHERE tenant_id = $1 AND id = $2", made.pack_id)
            content = json.loads(row["content"])
            content["visits"]["not_found_limit"] = limit
            await hot(
                "INSERT INTO pack (tenant_id, id, name, version, content, content_hash, published_at)"
                " VALUES ($1, $2, 'shared', 1, $3, '', $4)",
                shared,
                json.dumps(content),
                clock.now(),
            )
        packs.forget(made.tenant_id)
    for _ in range(3):  # whoever looks first must not decide for the other
        for made, name, limit in ((theirs, "kanya", 5), (ours, "nok", 4)):
            async with within(here := made.here(name)):
                assert (await packs.pack(here, shared)).visits.not_found_limit == limit
                assert made.pack_id in await packs.all_of(here)
    async with within(here := ours.here("nok")):
        assert theirs.pack_id not in await packs.all_of(here)


async def test_threat_13_settings_are_the_districts_own(pools: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "_SECONDS", 3600.0)
    ours, theirs = await _two(pools)
    file = district.read(folder("tenants") / "demo" / "chatturat.toml")
    for made, name, prefix in ((ours, "nok", "AAA"), (theirs, "kanya", "BBB")):
        content = district.settings_content(file.settings)
        content["case_code"] = {"prefix": prefix}
        async with within(here := made.here(name)):
            await hot(
                "INSERT INTO district_settings (tenant_id, id, number, content, set_at) VALUES ($1, $2, 2, $3, $4)",
                uuid7(),
                json.dumps(content),
                here.now,
            )
        packs.forget(made.tenant_id)
    for made, name, prefix in ((ours, "nok", "AAA"), (theirs, "kanya", "BBB"), (ours, "nok", "AAA")):
        async with within(here := made.here(name)):
            assert (await packs.settings_of(here)).case_code.prefix == prefix


async def test_threat_13_keys_open_nothing_of_another_district(pools: Settings) -> None:
    ours, theirs = await _two(pools)
    row, sealed = uuid7(), {}
    for made, name in ((ours, "nok"), (theirs, "kanya")):
        async with within(here := made.here(name)):
            sealed[name] = (await vault.open_tenant(here)).seal("import_row", "content", row, "ทดลอง")
    for made, name, other in ((ours, "nok", "kanya"), (theirs, "kanya", "nok")):
        async with within(here := made.here(name)):
            safe = await vault.open_tenant(here)
            assert safe.unseal("import_row", "content", row, sealed[name]) == "ทดลอง"
            with pytest.raises(WrongKey):
                safe.unseal("import_row", "content", row, sealed[other])
    async with within(ours.here("nok")):  # the key is held by now; the open transaction still decides
        with pytest.raises(RuntimeError, match="another district"):
            await vault.open_tenant(theirs.here("kanya"))


async def test_threat_13_a_remembered_session_enters_its_own_districts_only(site: Site) -> None:
    for _ in range(3):
        for name, own, other in (("nok", "chatturat", "phon"), ("kanya", "phon", "chatturat")):
            client = site.clients[name]
            assert (await client.get(f"/{own}/board")).status_code == 200
            assert (await client.get(f"/{other}/board")).status_code == 404
            remembered = await sessions.look_up(client.cookies["khuen"], clock.now())
            assert remembered is not None and [one.slug for one in remembered.memberships] == [own]
