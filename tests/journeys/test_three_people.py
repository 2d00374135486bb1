"""Three people in one district, through a year and more, in a real browser.

One comes by a row of a list, and goes the whole way to the last follow-up round. One slips and comes back into step.
One stays away, is closed as a drop-out by two people, returns, and begins anew. Everybody does their own part; the
coordinator's triage at the board is done with keys alone. Weeks that repeat themselves are put in by `middle`.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
import xlsxwriter
from playwright.async_api import Locator, Page, expect

from khuen import clock
from khuen.enrolment.columns import TEMPLATE_HEADERS
from khuen.followups.round_rules import due_on
from khuen.words import gettext as th
from tests.browser.keys import Keyboard
from tests.journeys import middle
from tests.journeys.conftest import Place

ENROLLED = date(2024, 1, 8)  # a Monday
SESSIONS = [date(2024, 1, 11) + timedelta(weeks=n) for n in range(16)]  # Thursdays
TESTED = (4, 7, 10, 13)  #: sessions after which the first gives a further test
SLIP, SEEN_AGAIN = date(2024, 2, 9), date(2024, 2, 10)
BACK = date(2024, 3, 4)
COURSE = (date(2024, 3, 11), date(2024, 3, 22))
READY = SESSIONS[0] + timedelta(weeks=16)
ROUNDS = ("2w", "1m", "2m", "3m", "6m", "9m", "12m")
FIRST, SECOND, THIRD, FOURTH = "ต้น", "แพร", "โชค", "เดือน"  #: called names, in villages 1 to 4
BUDDIES = {FIRST: "มาลี", SECOND: "สมศักดิ์", THIRD: "อุดม", FOURTH: "ปราณี"}


@dataclass
class Desks:
    """The pages that stay open in front of the people who work here."""

    place: Place
    nok: Page  #: the coordinator
    ying: Page  #: the nurse
    wipa: Page  #: the doctor
    codes: dict[str, str]

    def case(self, name: str, part: str = "") -> str:
        return self.place.url(f"cases/{self.codes[name]}{part}")


async def test_three_people_through_a_year(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    await place.be_on(ENROLLED)
    desks = Desks(place, await place.desk("นก"), await place.desk("หญิง"), await place.desk("วิภา"), {})
    await a_list_is_imported(desks)
    await everybody_gets_a_buddy(desks)
    await the_first_is_screened(desks)
    for name in (SECOND, THIRD, FOURTH):
        await middle.screened(place, desks.codes[name])
    await sessions_are_planned(desks)

    await place.be_on(SESSIONS[0])
    await the_first_session_is_held(desks)
    await a_test_is_made(desks)
    await a_buddy_visits(desks, FIRST, "well")
    await weeks_go_by(desks, 1, 5, absent={2, 3, 4})

    await place.be_on(SLIP)
    await a_buddy_visits(desks, SECOND, "urgent")
    before = await standing(desks, SECOND)
    await help_is_raised_for_a_slip(desks)
    await a_buddy_is_reminded(desks)
    await a_drop_out_is_proposed_and_confirmed(desks)
    await place.be_on(SEEN_AGAIN)
    await a_buddy_visits(desks, SECOND, "well")
    await the_doctor_talks(desks)
    await weeks_go_by(desks, 5, 8, gone={THIRD})
    await back_in_step(desks, before)

    await place.be_on(BACK)
    await somebody_comes_back(desks)
    await middle.screened(place, desks.codes[THIRD])
    await a_course_is_finished(desks)
    await weeks_go_by(desks, 8, 16)

    await place.be_on(READY)
    await ready_for_the_doctor(desks)
    await treatment_is_completed(desks)
    await seven_rounds(desks)
    wrong = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert not wrong, wrong  # no night found anything kept otherwise than the rules say


async def a_list_is_imported(desks: Desks) -> None:
    """Nok sends a spreadsheet; each row says all three consents."""
    page, place = desks.nok, desks.place
    await page.goto(place.url("imports"))
    file = {"name": "สำรวจ.xlsx", "mimeType": "application/octet-stream", "buffer": survey()}
    await page.set_input_files("#file", file)  # type: ignore[arg-type]
    await page.get_by_label(re.compile("ละหาน")).check()
    await page.get_by_role("button", name=th("Send and check")).click()
    await expect(page.locator(".lead")).to_contain_text("ถูกต้อง 4 แถว")
    await page.locator("form[action$='/commit'] button").click()
    await expect(page.locator(".notice.success")).to_contain_text("ลงทะเบียนแล้ว 4 ราย")
    await page.goto(place.url("board?lane=no_buddy"))
    for row in await page.locator("[data-item]").all():
        name = (await row.locator("a").first.inner_text()).split()[0]
        desks.codes[name] = await row.get_attribute("id") or ""
    assert set(desks.codes) == set(BUDDIES)
    await page.goto(desks.case(FIRST))
    await expect(page.locator("#facts")).to_contain_text(th("Contact by LINE"))
    assert await page.locator("#facts").get_by_text(f"{th('Agrees')} {clock.short(ENROLLED)}").count() == 3


async def everybody_gets_a_buddy(desks: Desks) -> None:
    """One from the board, the others on one page, by keys alone; who lives in the same village is suggested."""
    keys = Keyboard(desks.nok)
    await keys.page.goto(desks.place.url("board?lane=no_buddy"))
    await keys.row(desks.codes[FIRST])
    await keys.to(keys.page.locator(f"#{desks.codes[FIRST]} a.button"))
    await keys.enter()
    await expect(keys.page.get_by_label(re.compile("^มาลี"))).to_be_checked()
    await keys.to(keys.page.get_by_role("button", name=th("Assign"), exact=True))
    await keys.enter()
    await expect(keys.page.locator("#undo")).to_contain_text(th("The buddy is assigned"))
    await keys.page.goto(desks.place.url("matching"))
    await keys.to(keys.page.get_by_role("button", name=th("Assign all that are chosen")))
    await keys.enter()
    await expect(keys.page.locator("main")).to_contain_text(th("Everybody has a buddy"))
    for name, buddy in BUDDIES.items():
        await keys.page.goto(desks.case(name))
        await expect(keys.page.locator("#facts")).to_contain_text(buddy)


async def the_first_is_screened(desks: Desks) -> None:
    """The nurse asks, form after form as the page says; the doctor decides the colour."""
    page = desks.ying
    await page.goto(desks.case(FIRST, "/screening"))
    for name in ("V2", "OAS", "2Q", "SMI-V"):
        await page.locator(".next-step").get_by_role("link", name=re.compile(name)).click()
        await expect(page.locator("h1")).to_contain_text(name.replace("V2", "V.2"))
        for group in await page.locator("fieldset:has(input[type=radio])").all():
            if await group.is_visible():
                await group.get_by_role("radio").first.check()
        await page.get_by_role("button", name=th("Save and score")).click()
        await expect(page.locator("#flash")).to_contain_text(th("Saved"))
    doctor = desks.wipa
    await doctor.goto(desks.case(FIRST, "/screening"))
    await doctor.locator(".next-step").get_by_role("link", name=th("Decide the colour")).click()
    await doctor.locator("input[name=colour][value=green]").check()
    await doctor.get_by_role("button", name=th("Save the colour")).click()
    await expect(doctor.locator(".identity .tag.green")).to_be_visible()
    await desks.nok.goto(desks.case(FIRST, "/screening"))
    await expect(desks.nok.locator("main")).to_contain_text(th("Done"))
    await expect(desks.nok.locator("main")).not_to_contain_text(th("%(points)s points") % {"points": 0})


async def sessions_are_planned(desks: Desks) -> None:
    """Sixteen Thursdays with one form."""
    page = desks.nok
    await page.goto(desks.place.url("sessions"))
    await page.get_by_role("link", name=th("Plan a session")).click()
    await page.get_by_label(th("Project")).select_option(label="โครงการชุมชนบำบัดอย่างยั่งยืน ตำบลละหาน")
    await page.get_by_label(th("Where it is")).fill("ศาลาวัด (ตัวอย่าง)")
    await day(page, "on", SESSIONS[0])
    await page.get_by_label(th("Comes back every week on the same weekday")).check()
    await day(page, "until", SESSIONS[-1])
    await page.get_by_role("button", name=th("Plan"), exact=True).click()
    await expect(page.locator("#flash")).to_contain_text("16")


async def the_first_session_is_held(desks: Desks) -> None:
    """The doctor says that she is there, the nurse ticks who came and closes it as CBTx."""
    await desks.wipa.goto(desks.place.url("sessions"))
    await desks.wipa.locator(".person", has_text=th("Today")).get_by_role("link").click()
    await desks.wipa.get_by_role("button", name=th("Is present")).click()
    await expect(desks.wipa.locator("#doctor")).to_contain_text(th("Present"))
    page = desks.ying
    await page.goto(desks.wipa.url)
    for code in desks.codes.values():
        await page.locator(f"[id='here.{code}']").check()
        await expect(page.locator(f"[id='row-{code}']")).to_contain_text("หญิง")  # saved: the row says by whom
    await expect(page.locator("#counts b").first).to_have_text("4")
    await page.locator("#closing").get_by_role("button").click()
    await expect(page.locator(".notice.success", has_text="CBTx")).to_be_visible()


async def a_test_is_made(desks: Desks) -> None:
    """The nurse writes it down; Nok sees that it was made, and no more."""
    page = desks.ying
    await page.goto(desks.case(FIRST, "/treatment"))
    await page.locator("summary", has_text=th("Write a test down")).click()
    await page.locator("input[name=result][value=negative]").check()
    await page.get_by_role("button", name=th("Save the test")).click()
    await expect(page.locator("main")).to_contain_text(th("%(n)s of %(all)s") % {"n": 1, "all": 4})
    await desks.nok.goto(desks.case(FIRST, "/treatment"))
    await expect(desks.nok.locator("main")).to_contain_text(th("Tests done"))
    await expect(desks.nok.locator("main")).not_to_contain_text(th("Negative"))


async def a_buddy_visits(desks: Desks, name: str, how: str) -> None:
    """One tap on the phone of whoever looks after this person."""
    phone = await desks.place.phone(BUDDIES[name])
    await phone.goto(desks.place.url("b/"))
    await expect(phone.locator("h1")).to_contain_text(name)
    if how == "urgent":
        await phone.get_by_role("link", name=th("Call for help")).click()
    elif not await phone.locator(f"button[value={how}]").count():
        await phone.get_by_role("link", name=th("Log a visit all the same")).click()
    await phone.locator(f"button[value={how}]").click()
    await expect(phone.locator("#undo")).to_contain_text("นก" if how == "urgent" else th("Saved"))  # who has heard
    await phone.context.close()


async def weeks_go_by(
    desks: Desks, first: int, until: int, absent: Collection[int] = (), gone: Collection[str] = ()
) -> None:
    """Sessions first … until, counted from 0, with a visit to the first two in each week.

    The third is not at those of `absent`; whoever is `gone` is on no roster.
    """
    for n in range(first, until):
        on = SESSIONS[n]
        there = [name for name in desks.codes if name not in gone and not (name == THIRD and n in absent)]
        await middle.session(desks.place, on, [desks.codes[name] for name in there])
        for name in (FIRST, SECOND):
            await middle.visit(desks.place, BUDDIES[name], desks.codes[name], on)
        if n in TESTED:
            await middle.strip(desks.place, desks.codes[FIRST], on)


async def help_is_raised_for_a_slip(desks: Desks) -> None:
    """From the urgent lane to the slip by keys alone: acknowledge with a note, then write the slip down."""
    keys = Keyboard(desks.nok)
    await keys.page.goto(desks.place.url("board?lane=urgent"))
    await keys.row(desks.codes[SECOND])
    await keys.enter()
    await keys.write("note", "โทรหาแล้ว แม่อยู่ด้วย")
    await keys.enter()
    await expect(keys.page.locator("#undo")).to_contain_text(th("Acknowledged"))
    await keys.to(keys.page.get_by_role("link", name=th("Slips")))
    await keys.enter()
    await keys.choose("told_by", "buddy")
    await keys.to(keys.page.get_by_role("button", name=th("Record the slip")))
    await keys.enter()
    slip = keys.page.locator(".timeline li").first
    await expect(slip).to_contain_text(th("The buddy is to visit within 48 hours"))
    await expect(slip).to_contain_text(th("Time with the doctor is asked for"))
    phone = await desks.place.phone(BUDDIES[SECOND])
    await phone.goto(desks.place.url("b/"))
    await expect(phone.locator("main")).to_contain_text("วันอาทิตย์")  # two days on: a nearer day, and no why
    await expect(phone.locator("main")).not_to_contain_text(th("Slips"))
    await phone.context.close()


async def a_buddy_is_reminded(desks: Desks) -> None:
    """The fourth's visit is overdue: one press in the row, by keys."""
    keys = Keyboard(desks.nok)
    await keys.page.goto(desks.place.url("board?lane=overdue"))
    await keys.row(desks.codes[FOURTH])
    await keys.to(keys.page.locator(f"#{desks.codes[FOURTH]} button"))
    await keys.enter()
    await expect(keys.page.locator("#flash")).to_contain_text(desks.codes[FOURTH])


async def a_drop_out_is_proposed_and_confirmed(desks: Desks) -> None:
    """Three sessions missed in a row: Nok proposes by keys and may not decide; the doctor decides."""
    keys = Keyboard(desks.nok)
    await keys.page.goto(desks.case(SECOND, "/drop-outs"))
    await expect(keys.page.locator("main")).to_contain_text(th("The rule is not met"))
    await keys.page.goto(desks.place.url("board?lane=overdue"))
    await keys.row(desks.codes[THIRD])
    await keys.enter()
    await keys.to(keys.page.get_by_role("link", name=th("End"), exact=True))
    await keys.enter()
    await keys.to(keys.page.get_by_role("link", name=th("To the drop-out")))
    await keys.enter()
    await keys.choose("reason", "no_show")
    await keys.write("tried", "โทรสามครั้ง ไปบ้านสองครั้ง")
    await keys.to(keys.page.get_by_role("button", name=th("Propose"), exact=True))
    await keys.enter()
    await expect(keys.page.locator("main")).to_contain_text(th("You proposed this. Somebody else decides."))
    await expect(keys.page.get_by_role("button", name=th("Decide"))).to_have_count(0)
    doctor = desks.wipa
    await doctor.goto(desks.case(THIRD, "/drop-outs"))
    await doctor.locator("input[name=decision][value=confirmed]").check()
    await doctor.get_by_role("button", name=th("Decide")).click()
    await expect(doctor.locator(".identity")).to_contain_text(th("Closed"))


async def the_doctor_talks(desks: Desks) -> None:
    """Booked, then held; Nok reads that help has come."""
    page = desks.wipa
    await page.goto(desks.case(SECOND, "/slips"))
    for slot in ("booked", "seen"):
        await page.get_by_role("link", name=re.compile(th("Use during treatment"))).click()
        await page.locator(f"input[name=slot][value={slot}]").check()
        await page.get_by_role("button", name=th("Save"), exact=True).click()
        await expect(page.locator("#flash")).to_contain_text(th("The time with the doctor is recorded"))
    await desks.nok.goto(desks.case(SECOND, "/slips"))
    slip = desks.nok.locator(".timeline li").first
    await expect(slip).to_contain_text(th("The buddy visited"))
    await expect(slip).to_contain_text(th("The doctor has talked with the person"))


async def standing(desks: Desks, name: str) -> tuple[str, dict[str, int]]:
    """The way of this person as the doctor reads it: the stage, and how much there is of each condition."""
    await desks.wipa.goto(desks.case(name, "/pathway"))
    stage = await desks.wipa.locator(".identity .facts").inner_text()
    lines = await desks.wipa.locator(".timeline li").evaluate_all("lines => lines.map(l => [l.id, l.innerText])")
    return stage, {id_: int(found[1]) for id_, text in lines if (found := re.search(r"(\d+) จาก \d+", text))}


async def back_in_step(desks: Desks, before: tuple[str, dict[str, int]]) -> None:
    """The slip took nothing away: the counts have gone on from where they stood, and nothing is urgent any more."""
    stage, counts = await standing(desks, SECOND)
    assert stage == before[0] and set(counts) == set(before[1]) == {"weeks", "sessions", "tests", "visits"}
    assert all(counts[name] >= was for name, was in before[1].items())
    assert counts["sessions"] == before[1]["sessions"] + 3
    await desks.nok.goto(desks.place.url("board?lane=urgent"))
    await expect(desks.nok.locator("main")).to_contain_text(th("Nothing here now"))


async def somebody_comes_back(desks: Desks) -> None:
    """From the closed file a new one of the same person; consents are asked anew, the buddy of before comes first."""
    page, old = desks.nok, desks.codes[THIRD]
    await page.goto(desks.case(THIRD, "/endings"))
    await expect(page.locator("main")).to_contain_text(th("Dropped out"))
    await page.get_by_role("button", name=th("Begin a new case")).click()
    await expect(page.locator("[name=called_name]")).to_have_value(THIRD)
    await go_on(page, "address")
    await go_on(page, "consents")
    for consent in ("treatment", "sharing", "contact"):
        await page.locator(f"input[name={consent}][value=given]").check()
    await page.locator("input[name=proposed_by][value=family]").check()
    await page.locator("input[name=legal_basis][value=s113]").check()
    await go_on(page, "buddy")
    await page.get_by_role("radio", name=re.compile(f"^{BUDDIES[THIRD]}")).check()
    await go_on(page, "check")
    await page.get_by_role("button", name=th("Enrol this person")).click()
    await page.wait_for_url(re.compile(r"/cases/[A-Z]+-\d+$"))
    desks.codes[THIRD] = page.url.rpartition("/")[2]
    assert desks.codes[THIRD] != old
    await page.goto(desks.case(THIRD, "/endings"))
    await expect(page.locator("main")).to_contain_text(th("Episode %(n)s") % {"n": 2})
    await page.get_by_role("link", name=old).click()
    await expect(page.locator(".identity")).to_contain_text(th("Closed"))
    await expect(page.locator(".identity")).to_contain_text("ตัวอย่างสาม")
    await page.goto(desks.place.url(f"cases/{old}/treatment"))
    await expect(page.locator("main")).to_contain_text(th("Came"))


async def a_course_is_finished(desks: Desks) -> None:
    """Nok writes a course down, enrols the first, and after its last day that they finished it."""
    page, (begins, ends) = desks.nok, COURSE
    await page.goto(desks.place.url("courses/new"))
    for label, text in (
        ("Skill", "ช่างซ่อมเครื่องยนต์"),
        ("Name of the partner", "แรงงานจังหวัด (ตัวอย่าง)"),
        ("Where it is", "ศาลา (ตัวอย่าง)"),
        ("Hours in all", "60"),
        ("Seats", "20"),
    ):
        await page.get_by_label(th(label), exact=True).fill(text)
    await page.locator("#kind").select_option("labour_office")
    await day(page, "from", begins)
    await day(page, "until", ends)
    await page.get_by_role("button", name=th("Save"), exact=True).click()
    await expect(page.locator("h1")).to_have_text("ช่างซ่อมเครื่องยนต์")
    await page.goto(desks.case(FIRST, "/livelihood"))
    await page.locator("summary", has_text=th("Enrol in a course")).click()
    await page.locator("#course").select_option(index=1)
    await page.get_by_role("button", name=th("Enrol"), exact=True).click()
    await expect(page.locator("#flash")).to_contain_text(th("Enrolled in the course"))
    await desks.place.be_on(ends)
    await page.get_by_role("link", name="ช่างซ่อมเครื่องยนต์").click()
    await page.get_by_label(th("Hours attended")).fill("60")
    await page.locator("input[name=outcome][value=finished]").check()
    await page.get_by_role("button", name=th("Save"), exact=True).click()
    await expect(page.locator("#flash")).to_contain_text(th("Saved how the person did"))


async def ready_for_the_doctor(desks: Desks) -> None:
    """By keys from the lane of whoever is ready to the page that says it: every condition is met."""
    keys = Keyboard(desks.nok)
    await keys.page.goto(desks.place.url("board?lane=ready"))
    await keys.row(desks.codes[FIRST])
    await keys.enter()
    await keys.to(keys.page.get_by_role("link", name=th("Conditions")))
    await keys.enter()
    await expect(keys.page.locator(".next-step h2")).to_have_text(th("Everything is there: the doctor decides"))
    assert await keys.page.locator(".timeline .status.waiting").count() == 0


async def treatment_is_completed(desks: Desks) -> None:
    """The doctor says so; that is one fact, and the follow-up is another one, which only begins."""
    page = desks.wipa
    await page.goto(desks.case(FIRST, "/endings"))
    await expect(page.get_by_label(th("Follow-up completed: every round was recorded"))).to_have_count(0)
    await page.get_by_role("button", name=th("Treatment is completed")).click()
    await expect(page.locator("#undo")).to_contain_text(
        th("The end of treatment is recorded. The follow-up rounds are planned")
    )
    await page.goto(desks.case(FIRST, "/follow-up"))
    await expect(outcome(page, "Treatment")).to_contain_text(clock.long(READY))
    await expect(outcome(page, "Follow-up")).to_have_text(th("Going on"))
    assert await page.locator("li[id^=round-]").count() == len(ROUNDS)


async def seven_rounds(desks: Desks) -> None:
    """Each on its day, from the list of what is to do; after the last one the follow-up is completed as well."""
    page = desks.nok
    for number, name in enumerate(ROUNDS, start=1):
        await desks.place.be_on(due_on(READY, name))
        await page.goto(desks.place.url("follow-ups"))
        await page.get_by_role("link", name=re.compile(FIRST)).click()
        await expect(outcome(page, "Follow-up")).to_have_text(th("Going on"))
        await page.locator("#record input[name=result][value=abstinent]").check()
        await page.locator("#record input[name=method][value=home_visit]").check()
        await page.get_by_role("button", name=th("Record this round")).click()
        await expect(page.locator(f"#round-{number}")).to_contain_text(th("Done"))
    await expect(outcome(page, "Treatment")).to_contain_text(clock.long(READY))
    await expect(outcome(page, "Follow-up")).to_have_text(th("Completed: every round was made"))
    await page.goto(desks.case(FIRST, "/endings"))
    await page.get_by_label(th("Follow-up completed: every round was recorded")).check()
    await page.get_by_role("button", name=th("Close the case")).click()
    await expect(page.locator(".identity")).to_contain_text(th("Closed"))


def survey() -> bytes:
    """The list: four people with all three consents, each in another village."""
    fields = ("prefix", "given_name", "family_name", "called_name", "sex", "birth", "phone", "house", "moo", "tambon")
    said = ("legal_basis", "proposed_by", "agreed_on", "treatment", "sharing", "contact")
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("สำรวจ")
        sheet.write_row(0, 0, [TEMPLATE_HEADERS[name] for name in (*fields, *said)])
        for n, (called, family) in enumerate(zip(BUDDIES, ("หนึ่ง", "สอง", "สาม", "สี่"), strict=True), start=1):
            who = ("นาย", f"ทดลอง{called}", f"ตัวอย่าง{family}", called, "ชาย", f"{n}/3/2538", f"02-000-000{n}")
            home = (f"{n}/9", str(n), "ละหาน")
            sheet.write_row(n, 0, [*who, *home, "ม.113", "ครอบครัว", "8/1/2567", "ยินยอม", "ยินยอม", "ยินยอม"])
    return out.getvalue()


async def day(page: Page, name: str, on: date) -> None:
    for part, value in (("day", on.day), ("month", on.month), ("year", clock.buddhist(on))):
        await page.locator(f"[name={name}_{part}]").fill(str(value))


async def go_on(page: Page, step: str) -> None:
    await page.get_by_role("button", name=th("Save and go on")).click()
    await page.wait_for_url(re.compile(f"/enrolments/{step}"))


def outcome(page: Page, label: str) -> Locator:
    """The value beside this word in the summary of the rounds."""
    return page.locator("dl.summary div", has=page.locator("dt", has_text=re.compile(f"^{th(label)}$"))).locator("dd")
