"""The doctor's pages over HTTP: certify one by one, sign many with one passkey, and what is refused (threat 17)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from khuen import clock
from khuen.certificates import service
from khuen.ids import uuid7
from khuen.pathway import service as pathway
from khuen.signin import accounts, passkeys, sessions
from khuen.tenancy import within
from tests.care import Site
from tests.certificates.room import WIPA, here, hospital_key, issue, numbers, paper, ready
from tests.signin.authenticator import Authenticator

DOCTOR = "/chatturat/doctor"
TICKED = {"looked": "yes", "wants": "yes"}


async def account_of(client: httpx.AsyncClient) -> Any:
    session = await sessions.look_up(client.cookies["khuen"], clock.now())
    assert session is not None
    return await accounts.find(session.account_id)


async def passkey(site: Site, client: httpx.AsyncClient, *, verifies: bool = True) -> Authenticator:
    settings, account = site.app.state.settings, await account_of(client)
    made = Authenticator(settings.origin)
    asked = await passkeys.ask_to_register(account, settings, clock.now())
    credential = made.create(asked.options)
    await passkeys.register(account.id, str(asked.id), credential, "โทรศัพท์", settings, clock.now())
    made.flags = 0x01 | (0x04 if verifies else 0)
    return made


async def certified(site: Site, client: httpx.AsyncClient, how_many: int) -> list[str]:
    """So many people, certified on the page one after the other, and the name under which the doctor signs."""
    codes = [await ready(site, given_name=f"ทดลอง{n}") for n in range(how_many)]
    for code in codes:
        text = (await client.get(DOCTOR)).text
        card = text[text.index(f'id="{code}"') :]
        values = {name: re.search(f'name="{name}" value="([^"]+)"', card) for name in ("key", "seen")}
        form = {name: found[1] for name, found in values.items() if found}
        answer = await client.post(f"{DOCTOR}/decisions", data={**form, "code": code, "kind": "certified"})
        assert answer.status_code == 303
    name = {"full_name": WIPA.full_name, "licence": WIPA.licence}
    assert (await client.post(f"{DOCTOR}/signer", data=name)).status_code == 303
    return codes


async def asked(client: httpx.AsyncClient, batch: str) -> str:
    answer = await client.post(f"{DOCTOR}/batches/{batch}/options")
    assert answer.status_code == 200, answer.text
    options: str = answer.json()["options"]
    return options


async def test_three_are_signed_with_one_passkey_and_become_papers(site: Site, root: Any, tmp_path: Path) -> None:
    wipa = site.clients["wipa"]
    codes = await certified(site, wipa, 3)
    page = (await wipa.get(DOCTOR)).text
    assert "ลงนาม 3 ราย" in page and WIPA.full_name in page
    key, batch = await passkey(site, wipa), str(uuid7())
    form = {**TICKED, "challenge": batch, "credential": key.get(await asked(wipa, batch))}
    for _ in range(2):  # pressed twice: the second finds it done
        answer = await wipa.post(f"{DOCTOR}/batches/{batch}", data=form)
        assert answer.headers["location"] == f"{DOCTOR}/batches/{batch}"
    assert [running for running, _ in await numbers(root)] == [1, 2, 3]
    progress = await wipa.get(f"{DOCTOR}/batches/{batch}")
    assert progress.headers["refresh"] == "2" and "0/3" in progress.text.replace(" ", "")
    run = await root.fetchval("SELECT count(*) FROM clockwork.run WHERE job = 'issue_certificates' AND done_at IS NULL")
    assert run == 1, "a run is asked for at once"
    assert await issue(site, hospital_key(tmp_path / "keys")) == 0
    progress = await wipa.get(f"{DOCTOR}/batches/{batch}")
    assert "refresh" not in progress.headers and progress.text.count("พร้อมใช้") >= 3
    row = await root.fetchrow("SELECT method, assertion, public_key FROM signing_batch")
    assert row["method"] == "passkey" and row["assertion"] == form["credential"] and row["public_key"]
    case = (await site.clients["nok"].get(f"/chatturat/cases/{codes[0]}/certificate")).text
    link = re.search(r'href="(/chatturat/cases/[^"]+/file.pdf)"', case)
    assert link and (await site.clients["nok"].get(link[1])).content.startswith(b"%PDF-1.7")


async def test_threat_17_no_other_proof_signs(site: Site, root: Any) -> None:
    wipa = site.clients["wipa"]
    await certified(site, wipa, 1)
    key, other, batch, second = await passkey(site, wipa), await passkey(site, site.clients["nok"]), uuid7(), uuid7()
    options = await asked(wipa, str(batch))
    without = await passkey(site, wipa, verifies=False)
    elsewhere = Authenticator("https://elsewhere.example")
    elsewhere.key, elsewhere.id = key.key, key.id
    for credential in (other.get(options), without.get(options), elsewhere.get(options), "", "{}", "x" * 300):
        answer = await wipa.post(f"{DOCTOR}/batches/{batch}", data={**TICKED, "credential": credential})
        assert answer.status_code == 422 and "ยืนยันตัวไม่สำเร็จ" in answer.text
    good = key.get(options)
    for form in ({"credential": good}, {"credential": good, "looked": "yes"}, {"credential": good, "wants": "no"}):
        assert (await wipa.post(f"{DOCTOR}/batches/{batch}", data=form)).status_code == 422
    assert await numbers(root) == []
    assert (await wipa.post(f"{DOCTOR}/batches/{batch}", data={**TICKED, "credential": good})).status_code == 303
    await certified(site, wipa, 1)
    replayed = await wipa.post(f"{DOCTOR}/batches/{second}", data={**TICKED, "credential": good})
    assert replayed.status_code == 422 and len(await numbers(root)) == 1
    stolen = await site.clients["nok"].post(f"{DOCTOR}/batches/{batch}", data={**TICKED, "credential": good})
    assert stolen.status_code == 403


async def test_what_changed_since_it_was_looked_at_is_looked_at_again(site: Site) -> None:
    wipa, code = site.clients["wipa"], await ready(site)
    at = here(site)
    async with within(at):
        seen = (await service.one(at, code)).evidence.hash.hex()
        await pathway.heard(at, {site.chatturat.cases[code]: {"courses": 2}})
    form = {"key": str(uuid7()), "code": code, "kind": "certified", "seen": seen}
    answer = await wipa.post(f"{DOCTOR}/decisions", data=form)
    assert answer.status_code == 409 and "หลักฐานเปลี่ยนไป" in answer.text
    typed = {**form, "kind": "declined", f"said-{code}": " "}
    assert (await wipa.post(f"{DOCTOR}/decisions", data=typed)).status_code == 422


async def test_the_coordinator_answers_and_reads_no_result(site: Site) -> None:
    wipa, nok, code = site.clients["wipa"], site.clients["nok"], await ready(site)
    form = {"key": str(uuid7()), "code": code, "kind": "asked", "seen": "0" * 64, f"said-{code}": "<b>ใครพามา</b>"}
    assert (await wipa.post(f"{DOCTOR}/decisions", data=form)).status_code == 303
    page = (await nok.get(f"/chatturat/cases/{code}/certificate")).text
    assert "&lt;b&gt;ใครพามา" in page and "แพทย์รอคำตอบ" in page and "ลบ" not in page
    empty = await nok.post(f"/chatturat/cases/{code}/certificate/answers", data={"key": str(uuid7())})
    assert empty.status_code == 422
    answer = {"key": str(uuid7()), "said": "ญาติพามา"}
    assert (await nok.post(f"/chatturat/cases/{code}/certificate/answers", data=answer)).status_code == 303
    assert "ญาติพามา" in (await wipa.get(DOCTOR)).text


@pytest.mark.parametrize(("why", "status"), [("", 422), ("name", 422), ("evidence", 303)])
async def test_a_paper_is_revoked_with_a_reason(site: Site, root: Any, tmp_path: Path, why: str, status: int) -> None:
    code = await paper(site, hospital_key(tmp_path / "keys"))
    it = await root.fetchval("SELECT id FROM certificate")
    place = f"/chatturat/cases/{code}/certificate/{it}/revocation"
    form = {"key": str(uuid7()), "why": why, "note": "ไม่ใช่ของผู้นี้"}
    assert (await site.clients["wipa"].post(place, data=form)).status_code == status
    assert await root.fetchval("SELECT ended FROM certificate") == ("revoked" if status == 303 else None)
