"""A district with one member for every role, another district, and a fresh thing to reach for behind every address."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from khuen import access, clock, undo
from khuen.admin import keeping
from khuen.board import views
from khuen.buddies import service as buddies
from khuen.buddies import vetoes
from khuen.buddies.rules import Why
from khuen.buddies.service import NewAssignment
from khuen.cases import queries as case_queries
from khuen.cases import service as cases
from khuen.certificates import issuing
from khuen.certificates import queries as certificate_queries
from khuen.district import DistrictSettings
from khuen.endings import closing, drop_outs, referrals, slips, stays, transfers, treatment
from khuen.endings.closing import NewEnding
from khuen.endings.drop_outs import NewProposal
from khuen.endings.referrals import NewReferral
from khuen.endings.rules import Cause, Ending, Reason, Told
from khuen.endings.slips import NewSlip
from khuen.endings.stays import NewStay
from khuen.endings.transfers import NewTransfer
from khuen.enrolment import checking, committing, drafts, receiving
from khuen.enrolment.batches import Mapping
from khuen.enrolment.upload import Sheet
from khuen.followups import service as followups
from khuen.followups.rules import How
from khuen.followups.service import Sent
from khuen.ids import uuid7
from khuen.members import NewMember, add
from khuen.messages import service as messages
from khuen.messages.rules import Kind
from khuen.pathway import drafts as pack_drafts
from khuen.pathway import service as pathway
from khuen.people import corrections, pairs
from khuen.people import service as people
from khuen.people.rules import Field
from khuen.people.rules import Reason as CorrectedBecause
from khuen.records import service as records
from khuen.screening import service as screening
from khuen.screening.forms import Filled
from khuen.screening.rules import Tool
from khuen.settings import Settings
from khuen.signin import sessions
from khuen.signin.routes import opened
from khuen.tenancy import Here, hot, within
from khuen.training import courses, livelihood
from khuen.training.courses import Facts
from khuen.training.livelihood import NewGrant, NewWork
from khuen.training.rules import Employer, Job, Partner
from khuen.treatment import asking, calendar_rules, cards, rules, urine
from khuen.treatment import service as attendance
from khuen.treatment import sessions as meetings
from khuen.treatment.rules import Mark, Result, Said, Sample
from khuen.treatment.service import Marked
from khuen.treatment.sessions import NewSession
from khuen.treatment.urine import NewTest
from tests import built, care
from tests.matrix import Line
from tests.meetings import around

ROLES = sorted(access.ROLES)
NOBODYS_CODE = "CTR-999999"
ELSEWHERE = 500_000  #: the other district's codes begin after so many
DEFAULTS = {"legal_basis": "s113", "proposed_by": "self", "agreed_on": "1/11/2569", "treatment": "given"}
_ON = clock.day(clock.now())
_TODAY = {"taken_on_day": str(_ON.day), "taken_on_month": str(_ON.month), "taken_on_year": str(_ON.year)}
#: addresses whose import has come further than a file that was checked
IMPORT_STATES = {"mapping": "uploaded", "undo": "committed"}


@dataclass
class Town:
    app: Litestar
    own: care.District
    foreign: care.District
    clients: dict[str, httpx.AsyncClient]
    things: dict[tuple[str, ...], tuple[str, dict[str, Any]]] = field(default_factory=dict)  #: what no request changes

    def of(self, name: str) -> care.District:
        return self.own if name in self.own.people else self.foreign

    def here(self, name: str) -> Here:
        return self.of(name).here(name, clock.now())

    async def case(self, buddy: str, *, urgent: bool = True) -> str:
        """A case of this buddy, with a check-in that calls for help."""
        made = self.of(buddy)
        here = self.here("coordinator" if made is self.own else "stranger")
        async with within(here):
            code = await care.open_case(here, made, phone=None)
            await buddies.assign(here, [NewAssignment(uuid7(), made.cases[code], made.people[buddy][0], "more")])
        if urgent:
            await self.check_in(buddy, code)
        return code

    async def check_in(self, buddy: str, code: str) -> str:
        key, here = uuid7(), self.here(buddy)
        async with within(here):
            await followups.log_check_in(here, Sent(code, key, How.URGENT))
        return str(key)

    async def message(self, coordinator: str, buddy: str) -> str:
        key, here = uuid7(), self.here(coordinator)
        new = messages.NewMessage(Kind.NUDGE, uuid7(), self.of(buddy).people[buddy][0], id=key)
        async with within(here):
            await messages.compose_many(here, [new])
        return str(key)

    async def setting(self, name: str) -> str:
        """A change of the settings, saved by this member."""
        key, here = uuid7(), self.here(name)

        def change(now: DistrictSettings) -> DistrictSettings:
            days = now.escalation.overdue_days % 300 + 1
            return replace(now, escalation=replace(now.escalation, overdue_days=days))

        async with within(here):
            was = (await keeping.present(here)).number
            await keeping.save(here, keeping.Saving(key, "visits", was), lambda now: now.escalation, change)
        return str(key)

    async def token(self, name: str, code: str) -> str:
        """An offer to take an assignment back, made to this member."""
        here = self.here(name)
        async with within(here):
            newest = (await buddies.history(here, self.of(name).cases[code]))[0]
            return await undo.offer(here, "assignment", newest.id)

    async def draft(self, coordinator: str) -> str:
        key, here = uuid7(), self.here(coordinator)
        async with within(here):
            await drafts.begin(here, key)
        return str(key)

    def of_whose(self, whose: str) -> UUID:
        """A buddy of this or of the other district."""
        return self.foreign.people["strange_buddy"][0] if whose == "foreign" else self.own.people["other"][0]

    async def ruled_out(self, coordinator: str, code: str) -> str:
        key, here = uuid7(), self.here(coordinator)
        made = self.of(coordinator)
        buddy = "other" if made is self.own else "strange_buddy"
        async with within(here):
            await vetoes.rule_out(here, made.cases[code], made.people[buddy][0], Why.RELATIVE, "", key)
        return str(key)

    async def pack_draft(self, coordinator: str) -> str:
        key, here = uuid7(), self.here(coordinator)
        async with within(here):
            await pack_drafts.begin(here, self.of(coordinator).pack_id, key)
        return str(key)

    async def batch(self, coordinator: str, state: str) -> str:
        key, here = uuid7(), self.here(coordinator)
        sheet = Sheet("รายชื่อ", [["ชื่อ", "นามสกุล"], [f"ทดลอง{key.hex[-4:]}", "ตัวอย่าง"]], {})
        project = self.of(coordinator).project_id
        async with within(here):
            held = await receiving.receive(here, key, "รายชื่อ.xlsx", key.bytes, sheet, project)
        if state == "uploaded":
            return str(key)
        async with within(here):
            work = await checking.begin_check(here, key, Mapping(held.mapping.fields, DEFAULTS), "3606")
        read = await asyncio.to_thread(checking.read_rows, work)
        async with within(here):
            await checking.finish_check(here, work, read)
        if state == "committed":
            async with within(here):
                await committing.begin_commit(here, key)
                await committing.continue_batch(here, key)
        return str(key)

    async def slip(self, coordinator: str, code: str) -> str:
        key, here = uuid7(), self.here(coordinator)
        async with within(here):
            await slips.record(here, code, NewSlip(key, here.today, Told.SELF))
        return str(key)

    async def missed(self, coordinator: str, code: str) -> None:
        """So many sessions in a row that a drop-out may be proposed."""
        here = self.here(coordinator)
        async with within(here):
            await pathway.heard(here, {self.of(coordinator).cases[code]: {"missed": 9}})

    async def drop_out(self, coordinator: str, code: str) -> str:
        key, here = uuid7(), self.here(coordinator)
        await self.missed(coordinator, code)
        async with within(here):
            await drop_outs.propose(here, code, NewProposal(key, here.today, Reason.NO_SHOW, "โทรแล้วสามครั้ง"))
        return str(key)

    async def away(self, coordinator: str, code: str, kind: str) -> str:
        """A referral, a stay elsewhere or a transfer of this case."""
        key, here = uuid7(), self.here(coordinator)
        async with within(here):
            if kind == "referral_id":
                await referrals.refer(here, code, NewReferral(key, "โรงพยาบาลตัวอย่าง", Cause.OTHER, here.today))
            elif kind == "stay_id":
                await stays.begin(here, code, NewStay(key, "บ้านพี่", here.today, here.today))
            else:
                await transfers.offer(here, code, NewTransfer(key, await self.other_project(coordinator), "ใกล้กว่า"))
        return str(key)

    async def other_project(self, coordinator: str) -> UUID:
        """A project of the district that goes on, beside the one of its cases."""
        made = self.of(coordinator)
        await hot("UPDATE project SET ends_on = NULL WHERE tenant_id = $1")
        return next(one.id for one in await cases.projects(self.here(coordinator)) if one.id != made.project_id)

    async def closed(self, coordinator: str, code: str) -> None:
        here = self.here(coordinator)
        async with within(here):
            await closing.close(here, code, NewEnding(uuid7(), Ending.MOVED_AWAY, here.today))

    async def treated(self, coordinator: str, code: str, days_ago: int = 0) -> None:
        """Treatment was completed some days ago."""
        here = self.here(coordinator)
        case_id = self.of(coordinator).cases[code]
        async with within(here):
            await hot("UPDATE case_file SET opened_on = opened_on - 200 WHERE tenant_id = $1 AND id = $2", case_id)
            await treatment.complete(here, code, uuid7(), here.today - timedelta(days=days_ago))

    async def session(self, coordinator: str, code: str, *, doctor: bool = False) -> str:
        """A session of today, at which this case is marked as absent when a doctor is there already."""
        made, here, key = self.of(coordinator), self.here(coordinator), uuid7()
        new = NewSession(made.project_id, rules.Kind.CBTX, "", "ศาลา (ตัวอย่าง)", 60)
        async with within(here):
            await meetings.add_session(here, key, new, calendar_rules.moment(here.today, time(9, 0)))
            if doctor:
                wipa = uuid7()
                await add(replace(here, now=here.now - timedelta(days=1)), [NewMember(wipa, "แพทย์", ("doctor",))])
                await attendance.doctor_came(here, key, wipa, key=uuid7())
        return str(key)

    async def absence(self, coordinator: str, code: str) -> str:
        here, it = self.here(coordinator), UUID(await self.session(coordinator, code))
        async with within(here):
            absent = Said(Mark.ABSENT, rules.Reason.ILL)
            await attendance.record_attendance(here, it, [Marked(uuid7(), code, absent)])
            return str(next(one.id for one in await asking.open_absences(here) if one.session_id == it))

    async def test(self, coordinator: str, code: str) -> str:
        key, here = uuid7(), self.here(coordinator)
        assert here.member_id is not None
        async with within(here):
            await urine.record_test(
                here,
                code,
                NewTest(key, Sample.STRIP, here.today, True, "A1", Result.NEGATIVE, "", here.member_id, here.member_id),
            )
        return str(key)

    async def word(self, coordinator: str, code: str) -> str:
        here = self.here(coordinator)
        async with within(here):
            return await cards.word_of(here, code)

    async def screening(self, coordinator: str, code: str) -> str:
        key, here = uuid7(), self.here(coordinator)
        filled = Filled(key, Tool.OAS, here.today, {"self": "0", "others": "1", "property": "0"})
        async with within(here):
            await screening.record(here, code, filled)
        return str(key)

    async def pair(self, coordinator: str) -> str:
        """Two records of one name."""
        here, name = self.here(coordinator), f"ทดลอง{uuid7().hex[-6:]}"
        async with within(here):
            for _ in range(2):
                await people.register(here, [care.person(given_name=name, phone=None)])
            found, _ = await pairs.queue(here, "open", 1000, 0)
        return next(str(one.id) for one in found if name in one.first_name)

    async def merge(self, coordinator: str) -> str:
        key, here = uuid7(), self.here(coordinator)
        pair_id = UUID(await self.pair(coordinator))
        async with within(here):
            await records.merge(here, pair_id, key, {}, (await records.compare(here, pair_id)).mark)
        return str(key)

    async def correction(self, coordinator: str, code: str) -> str:
        key, here = uuid7(), self.here(coordinator)
        async with within(here):
            whose = (await records.known(here, code)).person_id
            values = {"called_name": f"ทด{key.hex[-4:]}"}
            await corrections.correct(
                here, whose, Field.CALLED_NAME, values, was=None, reason=CorrectedBecause.TYPING, key=key
            )
        return str(key)

    async def course(self, coordinator: str, *codes: str) -> str:
        """A course of today, with these people."""
        key, here = uuid7(), self.here(coordinator)
        facts = Facts(Partner.LABOUR_OFFICE, "แรงงาน (ตัวอย่าง)", "ช่างไม้", "ศาลา", here.today, here.today, 6, 20)
        async with within(here):
            await courses.add_course(here, key, facts)
            if codes:
                await courses.enrol(here, key, codes, uuid7())
        return str(key)

    async def grant(self, coordinator: str, code: str) -> str:
        key, here = uuid7(), self.here(coordinator)
        new = NewGrant(key, Partner.LOCAL_GOVERNMENT, "อบต. (ตัวอย่าง)", 15_000, "จักรเย็บผ้า", here.today)
        async with within(here):
            await livelihood.apply(here, code, new)
        return str(key)

    async def work(self, coordinator: str, code: str) -> str:
        key, here = uuid7(), self.here(coordinator)
        async with within(here):
            await livelihood.record_work(here, code, NewWork(key, Job.FARM, Employer.FAMILY, here.today))
        return str(key)

    async def view(self, member: str) -> str:
        """A view of the board that this member saved."""
        key, here = uuid7(), self.here(member)
        async with within(here):
            await views.save(here, key, "มุมมอง", "lane=overdue")
        return str(key)

    async def signing(self, member: str) -> str:
        """A batch that this member began, with nobody in it."""
        key, here = uuid7(), self.here(member)
        async with within(here):
            await hot(certificate_queries.BEGIN, key, "sign", here.member_id, b"nonce", b"challenge", here.now)
        return str(key)

    async def certificate(self, member: str, code: str) -> str:
        """A published paper of this case."""
        it, decision, here = uuid7(), uuid7(), self.here(member)
        case_id, batch = self.of(member).cases[code], UUID(await self.signing(member))
        async with within(here):
            values = (decision, case_id, "certified", b"hash", None, None, None, None, here.now, here.member_id)
            await hot(certificate_queries.DECIDE, *values)
            running = (await hot(certificate_queries.TAKE_NUMBERS, uuid7(), "certificate", 1))[0]["value"]
            paper = (it, case_id, decision, batch, "00000", 2570, running, f"ตย/{running}", it.hex, False, here.today)
            await hot(certificate_queries.NUMBER, *paper, "ท. ต.", b"", it, None, here.now, here.member_id)
            await issuing.keep(here, it, b"%PDF", b"hash", "token")
            await issuing.publish(here, it)
        return str(it)

    async def free_buddy(self) -> UUID:
        here, new = self.here("coordinator"), uuid7()
        async with within(here):
            await add(here, [NewMember(new, "บัดดี้ใหม่", ("buddy",))])
        return new


@pytest.fixture
async def town(pools: Settings) -> AsyncIterator[Town]:
    sessions.forget_all()
    app = built.app(replace(pools, origin=care.ORIGIN))
    everybody = {role: role for role in ROLES} | {"other": "buddy", "colleague": "coordinator"}
    own = await care.stand(pools, "chatturat", **everybody)
    foreign = await care.stand(pools, "phon", stranger="coordinator", strange_buddy="buddy")
    made = Town(app, own, foreign, {})
    async with within(made.here("stranger")):
        await hot(case_queries.TAKE_NUMBERS, uuid7(), ELSEWHERE)  # so that no code there is one of here
    async with opened(app):
        for one in (own, foreign):
            for name, (member_id, roles) in one.people.items():
                made.clients[name] = await care._client(app, one.tenant_id, member_id, name, roles)
        yield made
    for client in made.clients.values():
        await client.aclose()


def any_path(template: str) -> str:
    """An address of that shape with nothing behind it."""
    path = template.replace("{tenant}", "chatturat").replace("{code}", NOBODYS_CODE).replace("{number}", "2")
    path = path.replace("{step}", "person")
    path = path.replace("{word}", "a" * 24)
    path = path.replace("{step}", "person").replace("{instrument}", "oas")
    path = re.sub(r"\{(\w+_id|token)\}", lambda _: str(uuid7()), path)
    return re.sub(r"\{\w+\}", "x", path)


async def thing(town: Town, line: Line, role: str, whose: str) -> tuple[str, dict[str, Any]]:
    """The address of a thing of that kind, and the least that a form for it holds.

    `whose` is own, others (of the same district), foreign (another district's) or nobodys. It is a fresh one, unless
    nothing can change it: a page, and what belongs to another district, serve every role that asks.
    """
    if whose == "nobodys" or (line.method != "GET" and whose != "foreign"):
        return await _fresh(town, line, role, whose)
    of_somebody = set(re.findall(r"{(\w+)}", line.path)) - {"tenant", "code"} or line.query
    key = (line.name, whose, role if whose == "own" and of_somebody else "")
    if key not in town.things:
        town.things[key] = await _fresh(town, line, role, whose)
    return town.things[key]


async def _fresh(town: Town, line: Line, role: str, whose: str) -> tuple[str, dict[str, Any]]:
    buddy = {"own": "buddy", "others": "other", "foreign": "strange_buddy"}.get(whose)
    coordinator = {"own": role, "others": "colleague", "foreign": "stranger"}.get(whose)
    code = await town.case(buddy) if buddy else NOBODYS_CODE
    path = line.path.replace("{code}", code)
    if "{member_id}" in path and buddy:
        member = town.foreign.people[buddy][0] if whose == "foreign" else await town.free_buddy()
        path = path.replace("{member_id}", str(member))
    if "{check_in_id}" in path and buddy:
        path = path.replace("{check_in_id}", await town.check_in(buddy, code))
    if "{message_id}" in path and coordinator and buddy:
        path = path.replace("{message_id}", await town.message(coordinator, buddy))
    if "{screening_id}" in path and coordinator:
        path = path.replace("{screening_id}", await town.screening(coordinator, code))
    if "{meeting}" in path or "{decision_id}" in path:
        path = await around.address(town, path, coordinator, code)
    if "{signing_id}" in path and coordinator:
        path = path.replace("{signing_id}", await town.signing(coordinator))
    if "{paper_id}" in path and coordinator:
        path = path.replace("{paper_id}", await town.certificate(coordinator, code))
    if "{pair_id}" in path and coordinator:
        path = path.replace("{pair_id}", await town.pair(coordinator))
    if "{merge_id}" in path and coordinator:
        path = path.replace("{merge_id}", await town.merge(coordinator))
    if "{correction_id}" in path and coordinator:
        path = path.replace("{correction_id}", await town.correction(coordinator, code))
    if "{view_id}" in path and coordinator:
        path = path.replace("{view_id}", await town.view(coordinator))
    if "{token}" in path and coordinator:
        path = path.replace("{token}", await town.token(coordinator, code))
    if "{session_id}" in path and coordinator:
        needs = path.endswith(("/closure", "/doctors"))
        path = path.replace("{session_id}", await town.session(coordinator, code, doctor=needs))
    if "{task_id}" in path and coordinator:
        path = path.replace("{task_id}", await town.absence(coordinator, code))
    if "{test_id}" in path and coordinator:
        path = path.replace("{test_id}", await town.test(coordinator, code))
    if whose == "own":
        path = path.replace("lists/{name}", "lists/decisions")
    if "{word}" in path and coordinator:
        path = path.replace("{word}", await town.word(coordinator, code))
    if "{batch_id}" in path and coordinator:
        state = IMPORT_STATES.get(path.rpartition("/")[2], "checked")
        path = path.replace("{batch_id}", await town.batch(coordinator, state))
    district = town.foreign if whose == "foreign" else town.own
    path = path.replace("{part}", "visits").replace("{kind}", "nudge")
    if "{row_id}" in path and coordinator:
        path = path.replace("{row_id}", await town.setting(coordinator))
    if "{unsuited_id}" in path and coordinator:
        path = path.replace("{unsuited_id}", await town.ruled_out(coordinator, code))
    if "{pack_id}" in path and coordinator:
        path = path.replace("{pack_id}", str(district.pack_id))
    if "{draft_id}" in path and coordinator:
        path = path.replace("{draft_id}", await town.pack_draft(coordinator))
    path = await _of_livelihood(town, path, coordinator if buddy else None, code)
    path = await _of_endings(town, line, path, coordinator if buddy else None, code)
    if line.query:
        value = {"p": code, "kind": "treatment"}.get(line.query)
        if line.query == "d":
            value = await town.draft(coordinator) if coordinator else str(uuid7())
        path += f"?{line.query}={value}"
    form = await _form(town, line, code, whose)
    if path.endswith("/merge") and coordinator:
        here, pair_id = town.here(coordinator), UUID(path.split("/")[-2])
        async with within(here):
            form |= {"mark": (await records.compare(here, pair_id)).mark}
    return any_path(path), form


async def _of_livelihood(town: Town, path: str, coordinator: str | None, code: str) -> str:
    """A course with this person in it, a grant, or work."""
    if coordinator is None:
        return path
    other = coordinator if coordinator == "stranger" else "colleague"
    if "{course_id}" in path:
        path = path.replace("{course_id}", await town.course(other, *([code] if "/people/" in path else [])))
    if "{grant_id}" in path:
        path = path.replace("{grant_id}", await town.grant(other, code))
    if "{work_id}" in path:
        path = path.replace("{work_id}", await town.work(other, code))
    return path


async def _of_endings(town: Town, line: Line, path: str, coordinator: str | None, code: str) -> str:
    """What slips, endings and rounds find: a slip, a proposal of somebody else, a closed case, planned rounds."""
    if coordinator is None:
        return path
    other = coordinator if coordinator == "stranger" else "colleague"
    if "{slip_id}" in path:
        path = path.replace("{slip_id}", await town.slip(other, code))
    if "{drop_out_id}" in path:
        path = path.replace("{drop_out_id}", await town.drop_out(other, code))
    if path.endswith("/drop-outs") and line.method == "POST":
        await town.missed(other, code)
    for kind in ("referral_id", "stay_id", "transfer_id"):
        if f"{{{kind}}}" in path:
            path = path.replace(f"{{{kind}}}", await town.away(other, code, kind))
    if path.endswith("/reopening"):
        await town.closed(other, code)
    if path.endswith("/follow-up"):
        await town.treated(other, code, 14)
    return path


async def _form(town: Town, line: Line, code: str, whose: str) -> dict[str, Any]:
    key = {"key": str(uuid7())}
    on = {name: _today(town, name) for name in ("on", "treated", "slot_on", "from", "until")}
    forms: dict[str, dict[str, Any]] = {
        "{code}/slips": {**key, **on["on"], "told_by": "family"},
        "{slip_id}/withdrawal": {"why": "เป็นของคนอื่น"},
        "{slip_id}/slot": {"was": "asked", "slot": "booked", **on["slot_on"]},
        "{code}/treatment-end": {**key, **on["treated"]},
        "{code}/closure": {**key, **on["on"], "kind": "moved_away"},
        "{code}/reopening": {"why": "ปิดผิดราย"},
        "{code}/drop-outs": {**key, **on["on"], "reason": "no_show", "tried": "โทรแล้วสามครั้ง"},
        "{drop_out_id}/decision": {"decision": "rejected"},
        "{code}/referrals": {**key, **on["on"], "place": "โรงพยาบาลตัวอย่าง", "cause": "physical"},
        "{referral_id}/answer": {**on["on"], "answer": "came_back"},
        "{code}/stays": {**key, **on["from"], **on["until"], "place": "บ้านพี่"},
        "{stay_id}/return": {**on["on"], "what": "returned"},
        "{transfer_id}/decision": {"decision": "accepted"},
        "{code}/follow-up": {**key, **on["on"], "number": "1", "result": "abstinent", "method": "phone"},
        "board/nudges": {**key, "code": code},
        "board/matches": {**key, "code": code},
        "board/views": {**key, "name": "มุมมอง", "lane": "overdue"},
        "{view_id}/name": {**key, "name": "อีกชื่อ"},
        "{view_id}/start": {**key, "kind": "started"},
        "{view_id}/removal": key,
        "{tenant}/go": {"q": "กระดาน"},
        "board/exports": {"form": "csv", "code": code},
        "board/reassignments": {"code": code},
        "{code}/nudges": key,
        "{code}/acknowledgements": key,
        "{code}/name": {**key, "was": "นายทดลอง ตัวอย่าง", "given_name": "ทดลอง", "family_name": "สมมุติ"},
        "{code}/safety-note": {"was": "", "safety_note": "อย่าไปคนเดียว"},
        "{code}/phone": {"was": "", "phone": "081-234-5678"},
        "{code}/consents": {**key, "kind": "treatment"},
        "{code}/agreements": {**key, "kind": "sharing", "version": "2569-1", "agrees": "true"},
        "{code}/skips": {**key, "condition": "training", "reason": "มีงานประจำแล้ว"},
        "screening/{instrument}": {**key, **_TODAY, "self": "0", "others": "1", "property": "0"},
        "{screening_id}/withdrawal": {**key, "reason": "คนละคน"},
        "{code}/colour": {**key, "colour": "green", "reason": "ดูแลที่บ้านได้"},
        "{code}/unsuited": {**key, "ruled": str(town.of_whose(whose)), "why": "relative"},
        "{code}/buddy-wish": {**key, "gender": "female"},
        "b/decline": {**key, "why": "declined"},
        "{code}/assignment": {
            **key,
            "member_id": str(town.own.people["other" if whose == "own" else "buddy"][0]),
            "reason": "ย้ายบ้าน",
            "extra_reason": "บ้านใกล้กัน",
        },
        "doctor/decisions": {**key, "code": code, "kind": "asked", "seen": "0" * 64, f"said-{code}": "ผลตรวจอยู่ที่ใด"},
        "doctor/signer": {"full_name": "แพทย์ทดลอง ตัวอย่าง", "licence": "ว.00000"},
        "certificate/answers": {**key, "said": "อยู่ในแฟ้ม"},
        "certificate/corrections": {**key, "seen": "0" * 64, "why": "name"},
        "{paper_id}/revocation": {**key, "why": "evidence"},
        "{tenant}/search": {"q": "ทดลอง"},
        "{name}/exports": {"form": "csv"},
        "{code}/check-ins": {**key, "how": "well"},
        "{check_in_id}/note": {**key, "note": "สบายดี"},
        "{tenant}/enrolments": key,
        "{batch_id}/mapping": {"column_0": "given_name", "column_1": "family_name"}
        | {f"default_{name}": value for name, value in DEFAULTS.items() if name != "agreed_on"}
        | {"default_agreed_on_day": "1", "default_agreed_on_month": "11", "default_agreed_on_year": "2569"},
        "{member_id}/roles": {"was": "buddy", "roles": "chair"},
        "settings/{part}": {**key, "was": "1"},
        "{row_id}/return": key,
        "settings/holidays": {**key, "new-1": "99"},
        "wording/{kind}": {**key, "said": "ตรวจ", "subject": "นัด"},
        "admin/test-messages": key,
        "my-messages/line-codes": key,
        "my-messages/push": {**key, "endpoint": "https://169.254.169.254/latest"},
        "settings/line": {**key, "token": "x", "secret": "y"},
        "audit/checks": key,
        "{member_id}/details": {"called_name": "บัดดี้ใหม่", "reason": "typing"},
        "{pair_id}/merge": {**key, "mark": "x"},
        "{pair_id}/decision": {**key, "kind": "apart", "reason": "met_both"},
        "{code}/corrections": {
            **key,
            **{"field": "called_name", "mark": await _mark(town, code), "called_name": f"ทด{uuid7().hex[-4:]}"},
            "reason": "typing",
        },
        "rows/{number}": {"given_name": "สมมุติ", "family_name": "ตัวอย่าง"},
    }
    if line.path == "/{tenant}/pack-drafts":
        base = {"own": town.own.pack_id, "foreign": town.foreign.pack_id}.get(whose, uuid7())
        return {**key, "base": str(base)}
    forms |= around.forms(town)
    forms |= await _treatment(town, line, code, whose)
    forms |= await _livelihood(town, line, code, whose)
    last = "/".join(line.path.split("/")[-2:])
    if last == "{code}/transfers":
        here = town.here("stranger" if whose == "foreign" else "coordinator")
        async with within(here):
            project = await town.other_project("stranger" if whose == "foreign" else "coordinator")
        return {**key, "project": str(project), "reason": "ใกล้บ้านกว่า"}
    if last == "{tenant}/matching" and line.method == "POST":
        return {**key, "pair": await _pair(town, code, whose)}
    return forms.get(last, {})


def _today(town: Town, name: str) -> dict[str, str]:
    today = town.here("coordinator").today
    return {f"{name}_day": str(today.day), f"{name}_month": str(today.month), f"{name}_year": str(today.year)}


async def _treatment(town: Town, line: Line, code: str, whose: str) -> dict[str, dict[str, Any]]:
    key, member = {"key": str(uuid7())}, str(town.own.people["doctor"][0])
    today = clock.day(clock.now())
    day = {"day": str(today.day), "month": str(today.month), "year": str(clock.buddhist(today))}
    project = {"foreign": str(town.foreign.project_id), "nobodys": str(uuid7())}.get(whose, str(town.own.project_id))
    held = str(uuid7())
    if line.path.endswith("/{word}") and line.method == "POST" and whose in ("own", "others"):
        held = await town.session("coordinator", code)
    return {
        "{tenant}/sessions": {**key, "project": project, "kind": "cbtx", "place": "ศาลา", "minutes": "60", "at": "9:00"}
        | {f"on_{part}": text for part, text in day.items()},
        "{session_id}/move": {**key, "at": "10:00", "reason": "ฝนตก"}
        | {f"on_{part}": text for part, text in day.items()},
        "{session_id}/cancellation": {**key, "cancel_reason": "ฝนตก"},
        "{session_id}/restoration": key,
        "{session_id}/attendance": {f"key.{code}": key["key"], f"here.{code}": "yes"},
        "attendance/{code}": {f"key.{code}": key["key"], f"here.{code}": "yes"},
        "{session_id}/doctors": {**key, "doctor": member, "present": "yes"},
        "{session_id}/closure": {**key, "kind": "cbtx", "rest": "absent"},
        "{code}/tests": {**key, "sample": "strip", "result": "negative", "taken_by": member, "read_by": member}
        | {f"taken_on_{part}": text for part, text in day.items()},
        "{test_id}/custody": {**key, "receiver": "ห้องปฏิบัติการ"},
        "{code}/home-visits": {"visit_key": key["key"], "visited_by": member, "seen": "สบายดี"}
        | {f"visited_on_{part}": text for part, text in day.items()},
        "{task_id}/contacts": {**key, "reached": "yes", "note": "ติดต่อได้"},
        "{code}/{word}": {**key, "session": held},
        "calendar/address": key,
    }


async def _mark(town: Town, code: str) -> str:
    """The mark of the called name that a form about this case would carry."""
    if code not in town.own.cases:
        return "x"
    here = town.here("coordinator")
    async with within(here):
        whose = (await records.known(here, code)).person_id
        return await corrections.mark(here, (await corrections.present(here, whose))[Field.CALLED_NAME])


async def _livelihood(town: Town, line: Line, code: str, whose: str) -> dict[str, dict[str, Any]]:
    key = str(uuid7())
    days = {name: _today(town, name) for name in ("from", "until", "applied", "since", "on")}
    course = {"key": key, "kind": "labour_office", "partner": "แรงงาน", "skill": "ช่างไม้", "place": "ศาลา"}
    course |= {"hours": "6", "seats": "9"} | days["from"] | days["until"]
    grant = {"grant_key": key, "source_kind": "private", "source": "ร้าน (ตัวอย่าง)", "baht": "5,000", "what_for": "จักร"}
    taken = await town.course("colleague") if line.path.endswith("/trainings") and whose in ("own", "others") else key
    return {
        "{tenant}/courses": course,
        "{course_id}/correction": course,
        "{course_id}/people": {"key": key, "codes": code},
        "people/{code}": {"key": key, "hours": "6", "outcome": "finished"},
        "{course_id}/exports": {"form": "csv"},
        "{code}/trainings": {"key": key, "course": taken},
        "{code}/grants": grant | days["applied"],
        "grants/{grant_id}": {"key": key, "what": "granted"} | days["on"],
        "{code}/work": {"work_key": key, "job": "farm", "employer": "family"} | days["since"],
        "work/{work_id}": {"key": key, "found": "held"} | days["on"],
    }


async def _pair(town: Town, code: str, whose: str) -> str:
    """A case without a buddy and a buddy without a case."""
    case_id = (town.foreign if whose == "foreign" else town.own).cases.get(code, uuid7())
    if whose in ("own", "others"):
        here = town.here("coordinator")
        async with within(here):
            await buddies.end(here, case_id, "for the matrix")
    return f"{case_id}:{await town.free_buddy()}"
