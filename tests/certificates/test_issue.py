"""From number to paper: sealed, readable, published once, whoever dies in between; replaced and revoked papers say so."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import numpy
import pypdfium2
import pytest
import zxingcpp
from joserfc import jwt
from joserfc.jwk import ECKey
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from khuen import papers
from khuen.certificates import issuing
from khuen.certificates.rules import Ended
from khuen.errors import Conflict, Invalid
from khuen.ids import uuid7
from khuen.tenancy import within
from tests.care import Site
from tests.certificates.room import begin, certify, here, hospital_key, issue, numbers, paper, ready, sign
from workers import certificates as workers

LONG = "กระทรวงดิจิทัลเพื่อเศรษฐกิจและสังคมแห่งปิ่นเกล้าฝั่งน้ำจั๊กจั่นกี้กุ้ง"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return hospital_key(tmp_path / "keys")


async def file_of(site: Site, root: Any, code: str) -> bytes:
    newest = await root.fetchval("SELECT id FROM certificate WHERE ended IS NULL ORDER BY running DESC LIMIT 1")
    at = here(site)
    async with within(at):
        return (await issuing.pdf(at, code, newest))[0]


def accepted(pdf: bytes) -> bool:
    """Whether pyHanko finds the signature whole and of the whole file; a hospital of a test has no root above it."""
    try:
        signature = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0]
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=[signature.signer_cert]))
    except Exception:
        return False
    return status.intact and status.valid and status.coverage.name == "ENTIRE_FILE"


async def test_a_paper_is_sealed_readable_and_refused_after_one_changed_byte(site: Site, root: Any, keys: Path) -> None:
    code = await ready(site, given_name=LONG, family_name=LONG)
    await certify(site, code)
    await sign(site, await begin(site))
    assert await issue(site, keys) == 0 and await numbers(root) == [(1, "published")]
    pdf = await file_of(site, root, code)
    assert await asyncio.to_thread(accepted, pdf)
    for place in (200, len(pdf) // 2, len(pdf) - 3000):
        changed = pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]
        assert not await asyncio.to_thread(accepted, changed)
    row = await root.fetchrow("SELECT code, number, initials, token, pdf_sealed FROM certificate")
    assert LONG.encode() not in bytes(row["pdf_sealed"])
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 1
    page = numpy.ascontiguousarray(document[0].render(scale=3).to_numpy())
    [square] = zxingcpp.read_barcodes(page)
    link, _, token = square.text.partition("#")
    assert link == f"{site.app.state.settings.origin}/v/{row['code']}" and token == row["token"]
    attached = {document.get_attachment(n).get_name(): document.get_attachment(n) for n in range(2)}
    claims = json.loads(bytes(attached["claims.json"].get_data()))
    assert (claims["number"], claims["code"]) == (row["number"], row["code"]) and LONG in claims["name"]
    assert bytes(attached["credential.jwt"].get_data()).decode() == token
    [key] = await papers.keys()
    said = jwt.decode(token, ECKey.import_key(json.loads(key.jwk)), algorithms=["ES256"])
    assert said.header["kid"] == key.id and said.claims["credentialSubject"]["initials"] == row["initials"]
    assert LONG not in token and "s113" not in json.dumps(said.claims)


@pytest.mark.parametrize("where", ["claim", "keep", "to_publish", "publish"])
@pytest.mark.parametrize("after", [False, True])
async def test_threat_17_whoever_dies_in_between_leaves_the_same_paper_to_the_next(
    site: Site, root: Any, keys: Path, monkeypatch: pytest.MonkeyPatch, where: str, after: bool
) -> None:
    codes = [await ready(site) for _ in range(2)]
    for code in codes:
        await certify(site, code)
    await sign(site, await begin(site))
    real, died = getattr(issuing, where), []

    async def dies(*values: Any) -> Any:
        if not died:
            died.append(where)
            if after:
                await real(*values)
            raise ZeroDivisionError
        return await real(*values)

    monkeypatch.setattr(issuing, where, dies)
    assert await issue(site, keys) == 1
    unsigned = "SELECT count(*) FROM certificate WHERE state = 'published' AND pdf_sealed IS NULL"
    assert await root.fetchval(unsigned) == 0
    await root.execute("UPDATE certificate SET leased_until = NULL")  # a minute later
    assert await issue(site, keys) == 0
    assert await numbers(root) == [(1, "published"), (2, "published")]
    assert await root.fetchval("SELECT count(*) FROM auth.paper WHERE state = 'valid'") == 2
    assert await root.fetchval("SELECT count(*) FROM follow_up_round") == 14, "seven rounds each, planned once"
    assert {row["stage"] for row in await root.fetch("SELECT stage FROM case_file")} == {"certified"}


async def test_without_a_key_or_with_an_expired_one_a_paper_keeps_its_number_and_waits(
    site: Site, root: Any, tmp_path: Path
) -> None:
    await certify(site, await ready(site))
    await sign(site, await begin(site))
    for folder, why in ((tmp_path / "none", "no_key"), (hospital_key(tmp_path / "old", days=-30), "key_expired")):
        await issue(site, folder)
        assert [tuple(row) for row in await root.fetch("SELECT state, failed FROM certificate")] == [("numbered", why)]
        await root.execute("UPDATE certificate SET leased_until = NULL")
    await issue(site, hospital_key(tmp_path / "new"))
    assert await numbers(root) == [(1, "published")]


async def test_a_practice_district_signs_with_the_practice_key_alone(tmp_path: Path, site: Site) -> None:
    from khuen import clock
    from khuen.certificates import signing

    first = signing.load(tmp_path / "made", "chatturat", practice=True, now=clock.now())
    assert signing.load(tmp_path / "made", "phon", practice=True, now=clock.now()).id == first.id
    for slug in ("chatturat", "practice"):
        with pytest.raises(signing.KeyMissing):
            signing.load(tmp_path / "made", slug, practice=False, now=clock.now())


async def test_a_corrected_paper_takes_the_place_of_the_first_and_a_revoked_one_says_so(
    site: Site, root: Any, keys: Path
) -> None:
    code = await paper(site, keys)
    with pytest.raises(Conflict):
        await certify(site, code)
    await certify(site, code, why=Ended.NAME)
    key = await begin(site)
    assert await sign(site, key) == 1
    states = "SELECT running, state, ended FROM certificate ORDER BY running"
    assert [tuple(row) for row in await root.fetch(states)] == [(1, "published", None), (2, "numbered", None)]
    await issue(site, keys)
    assert [tuple(row) for row in await root.fetch(states)] == [(1, "published", "replaced"), (2, "published", None)]
    first, second = [row["id"] for row in await root.fetch("SELECT id FROM certificate ORDER BY running")]
    at, act = here(site), uuid7()
    with pytest.raises(Invalid):
        async with within(at):
            await issuing.revoke(at, code, second, Ended.NAME, "", uuid7())
    for _ in range(2):
        async with within(at):
            await issuing.revoke(at, code, second, Ended.EVIDENCE, "ผลตรวจไม่ใช่ของผู้นี้", act)
    with pytest.raises(Conflict):
        async with within(at):
            await issuing.revoke(at, code, first, Ended.ORDER, "", uuid7())
    assert await root.fetchval("SELECT stage FROM case_file WHERE code = $1", code) == "awaiting_doctor"
    assert await issue(site, keys) == 0
    register = "SELECT p.state FROM auth.paper p JOIN certificate c USING (code) ORDER BY c.running"
    assert [row["state"] for row in await root.fetch(register)] == ["replaced", "revoked"]
    assert len(await papers.ended()) == 2
    district = await papers.find(await root.fetchval("SELECT code FROM certificate WHERE running = 2"))
    assert district is not None
    await workers.papers.tell(
        district,
        papers.Entry(
            *await root.fetchrow("SELECT code, token_id, 'valid' AS state FROM certificate WHERE running = 2")
        ),
        at.now,
    )
    assert [row["state"] for row in await root.fetch(register)] == ["replaced", "revoked"], "an end is for good"
