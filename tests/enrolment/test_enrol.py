"""One person through the five pages, without JavaScript."""

from __future__ import annotations

from typing import Any

from khuen import clock
from khuen.enrolment import service
from khuen.people import pairs
from khuen.tenancy import within
from tests.care import Site
from tests.enrolment.walk import ADDRESS, CONSENTS, PERSON, begun, confirmed, hidden, ready, said, step


async def test_five_pages_make_a_person_a_case_consents_and_a_first_visit(site: Site, root: Any) -> None:
    nok = site.clients["nok"]
    draft = await ready(nok)
    page = await nok.get(f"/chatturat/enrolments/check?d={draft}")
    assert page.status_code == 200
    assert (
        "1-1017-00230-70-8" in page.text and "1\N{NO-BREAK SPACE}ก.พ. 2538" in page.text and "081-234-5678" in page.text
    )
    answer = await confirmed(nok, draft)
    assert answer.status_code == 303 and "/chatturat/cases/" in answer.headers["location"]
    case = await root.fetchrow("SELECT * FROM case_file")
    assert str(case["id"]) == draft and case["legal_basis"] == "s113" and case["proposed_by"] == "family"
    consents = {
        row["kind"]: (row["decision"], str(row["decided_on"])) for row in await root.fetch("SELECT * FROM consent")
    }
    assert consents == {
        "treatment": ("given", "2026-11-20"),
        "sharing": ("refused", "2026-11-20"),
        "contact": ("given", "2026-11-20"),
    }
    person = await root.fetchrow("SELECT * FROM person")
    assert (person["given_name"], person["moo"], person["subdistrict_code"]) == ("ทดลอง", "3", "360607")
    assert b"1101700230708" not in person["national_id_sealed"]
    assert await root.fetchval("SELECT count(*) FROM visit_due") == 1
    assert await root.fetchval("SELECT count(*) FROM case_step") == 1


async def test_confirming_twice_opens_one_case(site: Site, root: Any) -> None:
    nok = site.clients["nok"]
    draft = await ready(nok)
    first = await confirmed(nok, draft)
    second = await nok.post(f"/chatturat/enrolments/check?d={draft}", data={"seen": "whatever"})
    assert first.headers["location"] == second.headers["location"]
    assert await root.fetchval("SELECT count(*) FROM case_file") == 1
    again = await nok.get(f"/chatturat/enrolments/person?d={draft}")
    assert again.status_code == 303 and again.headers["location"] == first.headers["location"]


async def test_the_draft_is_sealed_and_emptied_when_it_is_a_case(site: Site, root: Any) -> None:
    nok = site.clients["nok"]
    draft = await ready(nok)
    sealed = await root.fetchval("SELECT content_sealed FROM enrolment_draft")
    assert "ทดลอง".encode() not in sealed and len(sealed) > 300
    await confirmed(nok, draft)
    assert len(await root.fetchval("SELECT content_sealed FROM enrolment_draft")) < 40


async def test_a_change_in_another_window_is_shown_before_it_counts(site: Site, root: Any) -> None:
    nok = site.clients["nok"]
    draft = await ready(nok)
    page = await nok.get(f"/chatturat/enrolments/check?d={draft}")
    seen = hidden(page.text, "seen")
    await step(nok, draft, "address", ADDRESS | {"house": "1/1"})
    answer = await nok.post(f"/chatturat/enrolments/check?d={draft}", data={"seen": seen})
    assert answer.status_code == 409 and "1/1" in answer.text
    assert await root.fetchval("SELECT count(*) FROM case_file") == 0


async def test_without_consent_to_treatment_nobody_goes_on_but_the_others_are_free(site: Site) -> None:
    nok = site.clients["nok"]
    draft = await begun(nok)
    await step(nok, draft, "person", PERSON)
    refused = await step(nok, draft, "consents", CONSENTS | {"treatment": "refused"})
    assert refused.status_code == 422 and "ไม่ประสงค์เข้าร่วม" in refused.text
    free = await step(nok, draft, "consents", CONSENTS | {"sharing": "refused", "contact": "refused"})
    assert free.status_code == 303


async def test_under_twenty_needs_a_guardian_unless_married(site: Site) -> None:
    nok = site.clients["nok"]
    draft = await begun(nok)
    await step(nok, draft, "person", PERSON | {"birth_day": "", "birth_month": "", "birth_year": "2552"})
    assert (await step(nok, draft, "consents", CONSENTS)).status_code == 422
    assert (await step(nok, draft, "consents", CONSENTS | {"married": "yes"})).status_code == 303
    assert (await step(nok, draft, "consents", CONSENTS | {"married": "", "guardian": "แม่ ตัวอย่าง"})).status_code == 303


async def test_ages_outside_the_programme_are_warned_of_not_refused(site: Site) -> None:
    nok = site.clients["nok"]
    draft = await begun(nok)
    await step(nok, draft, "person", PERSON | {"birth_year": "2490"})
    assert "อยู่นอกช่วงอายุ" in (await nok.get(f"/chatturat/enrolments/consents?d={draft}")).text
    assert (await step(nok, draft, "consents", CONSENTS)).status_code == 303


async def test_who_does_not_wish_to_join_is_counted_and_forgotten(site: Site, root: Any) -> None:
    nok = site.clients["nok"]
    draft = await begun(nok)
    await step(nok, draft, "person", PERSON)
    for _ in range(2):
        assert (await nok.post(f"/chatturat/enrolments/refusal?d={draft}")).status_code == 303
    assert await root.fetchval("SELECT count(*) FROM enrolment_draft") == 0
    assert await root.fetchval("SELECT value FROM counter WHERE name LIKE 'refused:%'") == 1
    assert await root.fetchval("SELECT count(*) FROM person") == 0


async def test_somebody_who_is_here_already_interrupts(site: Site, root: Any) -> None:
    nok = site.clients["nok"]
    await confirmed(nok, await ready(nok))
    code = await root.fetchval("SELECT code FROM case_file")
    for person, may_be_new in (
        ({"given_name": "สมมุติ", "phone": ""}, False),  # the same national ID
        ({"given_name": "สมมุติ", "national_id": ""}, True),  # the same phone
        ({"national_id": "", "phone": ""}, True),  # the same name
    ):
        draft = await begun(nok)
        answer = await step(nok, draft, "person", PERSON | person)
        assert answer.headers["location"] == f"/chatturat/enrolments/same?d={draft}"
        page = await nok.get(answer.headers["location"])
        assert code in page.text
        choice = await nok.post(f"/chatturat/enrolments/same?d={draft}", data={"same": "new"})
        assert choice.status_code == (303 if may_be_new else 422)


async def test_whoever_was_said_to_be_new_is_never_asked_about_again(site: Site, root: Any) -> None:
    nok = site.clients["nok"]
    await confirmed(nok, await ready(nok))
    draft = await ready(nok, PERSON | {"national_id": "", "phone": ""})
    await nok.post(f"/chatturat/enrolments/same?d={draft}", data={"same": "new"})
    assert (await confirmed(nok, draft)).status_code == 303
    assert await root.fetchval("SELECT count(*) FROM person") == 2
    assert [tuple(row) for row in await root.fetch("SELECT kind, reason FROM pair_decision")] == [("apart", "enrolled")]
    here = site.chatturat.here("nok")
    async with within(here):
        assert await pairs.find(here) == 0 and await pairs.queue(here, "open", 10, 0) == ([], 0)
    assert "ตอนลงทะเบียนบอกว่าเป็นคนใหม่" in (await nok.get("/chatturat/people/duplicates?show=apart")).text


async def test_a_buddy_with_somebody_needs_a_reason(site: Site, root: Any) -> None:
    nok = site.clients["nok"]
    await site.case("somchai", given_name="สมมุติ", phone=None)
    somchai = site.chatturat.people["somchai"][0]
    draft = await begun(nok)
    await step(nok, draft, "person", PERSON)
    await step(nok, draft, "address", ADDRESS)
    await step(nok, draft, "consents", CONSENTS)
    assert "Somchai" in (await nok.get(f"/chatturat/enrolments/buddy?d={draft}")).text
    assert (await step(nok, draft, "buddy", {"buddy": str(somchai)})).status_code == 422
    assert (await step(nok, draft, "buddy", {"buddy": str(somchai), "extra_reason": "บ้านติดกัน"})).status_code == 303
    assert (await confirmed(nok, draft)).status_code == 303
    assert await root.fetchval("SELECT count(*) FROM assignment WHERE ended_at IS NULL") == 2


async def test_the_search_for_a_tambon_works_with_and_without_scripts(site: Site) -> None:
    nok = site.clients["nok"]
    draft = await begun(nok)
    page = await step(nok, draft, "address", {"q": "ละหาน", "act": "search"})
    assert page.status_code == 200 and 'value="360607"' in page.text and "GeoThai" in page.text
    piece = await nok.post(
        f"/chatturat/enrolments/places?d={draft}", data={"q": "ละหาน"}, headers={"hx-request": "true"}
    )
    assert piece.status_code == 200 and 'value="360607"' in piece.text and "<html" not in piece.text


async def test_nobody_sees_the_draft_of_somebody_else(site: Site) -> None:
    nok = site.clients["nok"]
    draft = await ready(nok)
    kanya = site.clients["kanya"]
    for name in ("person", "check", "same"):
        assert (await kanya.get(f"/chatturat/enrolments/{name}?d={draft}")).status_code == 404
        assert (await kanya.get(f"/phon/enrolments/{name}?d={draft}")).status_code == 404
    assert (await site.clients["somchai"].get(f"/chatturat/enrolments/person?d={draft}")).status_code == 403
    assert (await kanya.post(f"/phon/enrolments/refusal?d={draft}")).status_code == 303
    assert (await nok.get(f"/chatturat/enrolments/person?d={draft}")).status_code == 200


async def test_an_enrolment_can_be_taken_back_until_somebody_worked_on_it(site: Site, root: Any) -> None:
    nok = site.clients["nok"]
    draft = await ready(nok)
    await confirmed(nok, draft)
    here = site.chatturat.here("nok", clock.now())
    case_id = await root.fetchval("SELECT id FROM case_file")
    for _ in range(2):
        async with within(here):
            await service.take_back(here, case_id)
    assert await root.fetchval("SELECT stage FROM case_file") == "closed"
    assert await root.fetchval("SELECT state FROM visit_due") == "ended"
    assert await root.fetchval("SELECT reason FROM case_step WHERE stage = 'closed'") == "enrolled_by_mistake"


async def test_what_was_typed_stays_beside_the_error(site: Site) -> None:
    nok = site.clients["nok"]
    draft = await begun(nok)
    page = await step(nok, draft, "person", PERSON | {"national_id": "1101700230709"})
    assert page.status_code == 422 and 'value="1101700230709"' in page.text and 'value="ทดลอง"' in page.text
    assert "ผิดพลาด" in said(page.text)


async def test_a_name_that_sounds_alike_is_asked_about_with_the_same_year_of_birth_only(site: Site) -> None:
    await site.case(None, given_name="ณัฐพล", family_name="ใจดี", born_on=None, born_year=1990, phone=None)
    nok = site.clients["nok"]
    for year, asked in (("2533", True), ("2534", False)):
        draft = await begun(nok)
        typed = PERSON | {"given_name": "นัทพล", "family_name": "ไจดี", "called_name": "", "phone": "", "national_id": ""}
        birth = {"birth_day": "", "birth_month": "", "birth_year": year}
        answer = await step(nok, draft, "person", typed | birth)
        assert ("/same?" in answer.headers["location"]) is asked, answer.headers["location"]
        if asked:
            assert "ออกเสียงคล้าย" in (await nok.get(answer.headers["location"])).text
