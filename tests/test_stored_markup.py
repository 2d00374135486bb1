"""Sixty pieces of markup in every text that a page shows: no page gains an element, an attribute or an address.

Each page is compared with the same page when everybody is called something plain (threats 21 and 22).
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field, replace
from datetime import time
from typing import Any

import html5lib
import httpx

from khuen import assets, clock
from khuen.buddies import service as buddies
from khuen.buddies.service import NewAssignment
from khuen.endings import referrals, slips, stays
from khuen.endings.referrals import NewReferral
from khuen.endings.rules import Cause, Told
from khuen.endings.slips import NewSlip
from khuen.endings.stays import NewStay
from khuen.followups import service as followups
from khuen.followups.rules import How
from khuen.followups.service import Sent
from khuen.ids import uuid7
from khuen.screening import service as screening
from khuen.screening.forms import Filled
from khuen.screening.rules import Colour, Tool
from khuen.tenancy import within
from khuen.treatment import asking, person, sessions, urine
from khuen.treatment import service as treatment
from khuen.treatment.calendar_rules import moment
from khuen.treatment.rules import Kind, Mark, Reason, Result, Said, Sample
from khuen.treatment.service import Marked
from khuen.treatment.sessions import NewSession
from khuen.treatment.urine import NewTest
from tests.care import Site, site
from tests.enrolment.walk import ADDRESS, CONSENTS, PERSON, begun, step

__all__ = ["site"]

HANDLERS = ("onerror", "onload", "onfocus autofocus", "ontoggle", "hx-on:click", "hx-on::load")
TAGS = (
    "script",
    "img src=x",
    "svg",
    "iframe src=/x",
    "object data=/x",
    "style",
    "link href=/x",
    "meta",
    "base href=/x",
)
PAYLOADS = (
    *(f"<{tag}>alert(1)</{tag.split()[0]}>" for tag in TAGS),
    *(f'"><img src=x {handler}=alert(1)>' for handler in HANDLERS),
    *(f"' {handler}=alert(1) x='" for handler in HANDLERS),
    *(f'" {handler}="alert(1)' for handler in HANDLERS),
    *(f"<b {name}='/x'>x</b>" for name in ("hx-get", "hx-post", "hx-boost", "data-hx-get", "hx-vals", "hx-headers")),
    *(f'" {name}="/x" y="' for name in ("hx-get", "hx-trigger", "hx-swap-oob", "formaction", "style", "srcdoc")),
    *(f"</{tag}><script>x</script>" for tag in ("title", "textarea", "style", "script", "option", "a", "button")),
    *("javascript:alert(1)", "//elsewhere.example", "data:text/html,<script>", "{{7*7}}", "{% raw %}", "{# x #}"),
    *("<!--", "-->", "<![CDATA[", "]]>", "&lt;script&gt;", "&#60;b&#62;", "<x\x0b y>", "`", "\\\"'", "%(n)s%s%%"),
    *("<math><mtext></p><img src=x>", "<form><button name=key>", "<input name=key>", "\u2028<b>\u2029", "<ˢcript>"),
)
PLAIN = "ทดลอง"
ADDRESSES = frozenset({"href", "src", "action", "formaction", "hx-get", "hx-post", "data-href"})


@dataclass
class Shown:
    """What a page is made of: its kinds of elements with their attributes, and where it leads."""

    elements: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)

    def add(self, html: str) -> None:
        tree = html5lib.parse(html, namespaceHTMLElements=False)
        for element in tree.iter():
            if not isinstance(element.tag, str):
                self.elements.add(("a comment", ()))
                continue
            self.elements.add((element.tag, tuple(sorted(map(str, element.attrib)))))
            for name, value in element.attrib.items():
                if str(name) in ADDRESSES and value != assets.inline("icon.svg"):
                    assert value.startswith(("/", "#", "?", "tel:", "sms:", "http://testserver")), (name, value)
                    assert not value.startswith("//"), value
        self.texts.append("".join(tree.itertext()))


async def _case(site: Site, text: str, number: int) -> tuple[str, str]:
    """A person whose every text is this one, with a buddy, a told visit and an acknowledgement: (code, check-in)."""
    nok, somchai = (site.chatturat.here(name, clock.now()) for name in ("nok", "somchai"))
    names = dict.fromkeys(("prefix", "given_name", "family_name", "called_name", "moo", "house", "safety_note"), text)
    code, key = await site.case(None, **names), uuid7()
    case_id, member_id = site.chatturat.cases[code], site.chatturat.people["somchai"][0]
    async with within(nok):
        await buddies.assign(nok, [NewAssignment(uuid7(), case_id, site.chatturat.people["mali"][0], f"{text} …")])
        await buddies.replace(nok, NewAssignment(uuid7(), case_id, member_id, f"{text} …"), f"{text} …")
    async with within(somchai):
        await followups.log_check_in(somchai, Sent(code, key, How.URGENT))
        await followups.add_note(somchai, key, uuid7(), text)
    if number % 2:
        async with within(nok):
            await followups.acknowledge(nok, code, uuid7(), text)
    await _screen(site, code, text)
    return code, str(key)


async def _screen(site: Site, code: str, text: str) -> None:
    """A corrected form and a withdrawn one with these texts, and a decision against the suggestion."""
    wipa = site.chatturat.here("wipa", clock.now())
    calm = {"self": "0", "others": "0", "property": "0"}
    first, second, third = (Filled(uuid7(), Tool.OAS, wipa.today, calm, text) for _ in range(3))
    async with within(wipa):
        await screening.record(wipa, code, first)
        await screening.record(wipa, code, replace(second, replaces=first.id, reason=text))
        await screening.record(wipa, code, third)
        await screening.withdraw(wipa, code, third.id, uuid7(), text)
        await screening.decide(wipa, code, uuid7(), Colour.YELLOW, text)


async def _treated(site: Site, code: str, text: str) -> str:
    """A session whose every text is this one, at which the person is corrected and asked after; a test and a visit."""
    nok, wipa = (site.chatturat.here(name, clock.now()) for name in ("nok", "wipa"))
    new = NewSession(site.chatturat.project_id, Kind.OTHER, text, text, 60)
    it, moved, member = uuid7(), moment(nok.today, time(9, 0)), site.chatturat.people["wipa"][0]
    async with within(nok):
        await sessions.add_session(nok, it, new, moved)
        await sessions.move(nok, it, uuid7(), moved, f"{text} …")
        absent = Said(Mark.ABSENT, Reason.ILL)
        await treatment.record_attendance(nok, it, [Marked(uuid7(), code, absent)], correction=text)
        task = next(one.id for one in await asking.open_absences(nok) if one.code == code)
        await asking.record_contact(nok, task, key=uuid7(), reached=False, note=f"{text} …")
    async with within(wipa):
        test = NewTest(uuid7(), Sample.STRIP, nok.today, True, text, Result.POSITIVE, text, member, member, text + " …")
        await urine.record_test(wipa, code, test)
        await person.record_home_visit(wipa, code, key=uuid7(), by=member, on=nok.today, note=text)
    return str(it)


async def _name_everything(root: Any, text: str) -> None:
    await root.execute("UPDATE member SET called_name = $1, moo = $1", text)
    await root.execute("UPDATE project SET name = $1", text)
    await root.execute("UPDATE auth.tenant SET name = $1, short_name = $1", text)
    await root.execute("UPDATE auth.membership SET called_name = $1", text)
    await root.execute("UPDATE auth.account SET called_name = $1", text)


async def _pages(site: Site, made: dict[str, tuple[str, str]], shown: dict[str, Shown]) -> None:
    """Every page that shows stored texts, once, and once for some of the cases."""
    whole = {
        "nok": (
            "people/merges",
            "board?lane=all",
            "board?lane=no_buddy",
            "matching",
            "messages",
            "enrolments",
            "imports",
        ),
        "somchai": ("b/", "b/people", "b/urgent", "b/me"),
        "wipa": ("board?lane=all",),
    }
    for name, paths in whole.items():
        for path in paths:
            await _look(shown, f"{name} {path}", site.clients[name].get(f"/chatturat/{path}"))
    for path in ("/tenants", "/account", "/"):
        await _look(shown, path, site.clients["nok"].get(path))
    for text, (code, key) in made.items():
        it = await _treated(site, code, text)
        for name, path in (
            *(("nok", path) for path in (f"sessions/{it}", f"sessions/{it}/sheet", f"sessions/{it}/move", "absences")),
            *((name, f"cases/{code}/treatment") for name in ("nok", "wipa")),
            *(("nok", path) for path in ("sessions", "sessions/new")),
        ):
            await _look(
                shown,
                f"{name} {path.split('/')[0]} {path.split('/')[-1]}".replace(it, ""),
                site.clients[name].get(f"/chatturat/{path}"),
            )
        nok, somchai = site.clients["nok"], site.clients["somchai"]
        for tab in ("", "?tab=visits", "?tab=buddy", "?tab=opened", "?edit=name", "?edit=safety", "/assignment"):
            await _look(shown, f"case{tab}", nok.get(f"/chatturat/cases/{code}{tab}"))
        await _look_at_screening(site, shown, code)
        await _look(shown, "corrections", nok.get(f"/chatturat/people/{code}/corrections?field=name"))
        wrong = {"field": "name", "given_name": "", "family_name": text[:60], "prefix": text[:20], "note": text}
        await _look(shown, "corrected", nok.post(f"/chatturat/people/{code}/corrections", data=wrong))
        await _look(shown, "contact", nok.post(f"/chatturat/cases/{code}/contact"))
        await _look(shown, "turn", nok.post("/chatturat/board/reassignments", data={"code": code}))
        await _look(shown, "search", nok.post("/chatturat/search", data={"q": code}))
        await _look(shown, "nothing found", nok.post("/chatturat/search", data={"q": text + "zzz"}))
        stale = {
            "key": str(uuid7()),
            "was": "x",
            "given_name": f"{text[:50]} x",
            "family_name": text[:60],
            "prefix": text[:20],
        }
        await _look(shown, "stale name", nok.post(f"/chatturat/cases/{code}/name", data=stale))
        slip_id = await _happened(site, code, text)
        for page in (
            "slips",
            f"slips/{slip_id}",
            "referrals",
            "stays",
            "transfers",
            "endings",
            "drop-outs",
            "follow-up",
        ):
            name = "slip" if "/" in page else page
            await _look(shown, name, nok.get(f"/chatturat/cases/{code}/{page}"))
            await _look(shown, f"typed {name}", nok.post(f"/chatturat/cases/{code}/{page}", data=_wrong(text)))
        await _look(shown, "visit", somchai.get(f"/chatturat/b/check-in?p={code}"))
        await _look(shown, "note", somchai.get(f"/chatturat/b/check-ins/{key}/note"))


async def _look_at_screening(site: Site, shown: dict[str, Shown], code: str) -> None:
    wipa, base = site.clients["wipa"], f"/chatturat/cases/{code}"
    page = (await wipa.get(f"{base}/screening")).text
    for number, form in enumerate(dict.fromkeys(re.findall(r"/screenings/([0-9a-f-]{36})", page))):
        await _look(shown, f"form {number}", wipa.get(f"{base}/screenings/{form}"))
        await _look(shown, f"correction {number}", wipa.get(f"{base}/screening/oas?corrects={form}"))
    for path in ("screening", "screening/oas", "colour"):
        await _look(shown, path, wipa.get(f"{base}/{path}"))
    await _look(shown, "done", site.clients["nok"].get(f"{base}/screening"))


async def _happened(site: Site, code: str, text: str) -> str:
    """A slip, a referral, a stay elsewhere and a round with this text: the id of the slip."""
    here, key, when = site.chatturat.here("nok", clock.now()), uuid7(), clock.day(clock.now())
    async with within(here):
        await slips.record(here, code, NewSlip(key, when, Told.SELF, text))
        await referrals.refer(here, code, NewReferral(uuid7(), text, Cause.OTHER, when, text))
        await stays.begin(here, code, NewStay(uuid7(), text, when, when))
    return str(key)


def _wrong(text: str) -> dict[str, str]:
    """A form that is refused: what was typed is shown again."""
    return dict.fromkeys(("note", "place", "tried", "reason", "kind", "told_by", "on_day", "until_year"), text)


async def _forms(site: Site, text: str, shown: dict[str, Shown]) -> None:
    """What was typed is shown again: in the steps of enrolling, in an import, at sign-in, in a flash."""
    nok = site.clients["nok"]
    draft = await begun(nok)
    for name, good in (("person", PERSON), ("address", ADDRESS), ("consents", CONSENTS), ("buddy", {"buddy": ""})):
        await _look(shown, f"step {name}", step(nok, draft, name, dict.fromkeys(good, text) | {"project": text}))
    await _look(shown, "places", nok.post("/chatturat/enrolments/places", data={"q": text, "subdistrict_code": text}))
    page = (await nok.get("/chatturat/imports")).text
    form = {"key": str(uuid7()), "project": str(site.chatturat.project_id)}
    quoted = '"' + text.replace('"', '""').replace("\x0b", "") + '"'
    body = f"ชื่อ,{quoted},นามสกุล\n{quoted},{quoted},{quoted}\n".encode()
    assert page
    answer = await nok.post("/chatturat/imports", data=form, files={"file": (f"{text[:40]}.csv", body, "text/csv")})
    assert answer.status_code in (303, 422), answer.status_code
    if answer.status_code == 303:
        await _look(shown, "mapping", nok.get(answer.headers["location"]))
        mapped = {"column_0": "given_name", "column_2": "family_name", "default_legal_basis": text}
        await _look(shown, "mapped", nok.post(f"{answer.headers['location']}/mapping", data=mapped))
    nobody = httpx.AsyncClient(transport=httpx.ASGITransport(app=site.app), base_url="http://testserver.local")
    typed = {"login": text, "password": "x" * 12, "to": f"/{text}", "held": text, "ticket": text}
    for path in ("/sign-in", "/sign-in/code"):
        await _look(shown, path, nobody.post(path, data=typed, headers={"origin": "http://testserver.local"}))
    await nobody.aclose()


async def _look(shown: dict[str, Shown], name: str, asking: Any) -> None:
    answer = await asking
    assert answer.status_code < 500, name
    if answer.status_code != 303:
        shown.setdefault(f"{name} {answer.status_code}", Shown()).add(answer.text)


async def test_threat_21_and_22_no_stored_text_becomes_markup(site: Site, root: Any) -> None:
    plain, evil = {}, {}
    await _name_everything(root, PLAIN)
    made = {f"{PLAIN}{number}": await _case(site, f"{PLAIN}{number}", number) for number in range(2)}
    await site.case(None, called_name=PLAIN)
    await _pages(site, made, plain)
    await _forms(site, PLAIN, plain)
    await _forms(site, "x" * 600, plain)
    texts = [text.replace("\x0b", " ") for text in PAYLOADS]
    random.Random(21).shuffle(texts)
    for number, text in enumerate(texts):
        code = await _case(site, text, number)
        if number % 12 == 0:
            await _name_everything(root, text)
            await site.case(None, called_name=text, given_name=text, family_name=text, moo=text)
            await _pages(site, {text: code}, evil)
            await _forms(site, text, evil)
    await _pages(site, {}, evil)
    assert len(PAYLOADS) >= 60 and len(evil) > 30
    known = set[tuple[str, tuple[str, ...]]]().union(*(page.elements for page in plain.values()))
    known.add(("a", ("class", "href", "rel")))  # the plain board has one page, hence no way to the next
    for name, page in evil.items():
        assert page.elements <= known, (name, page.elements - known)
    board = "".join(evil["nok board?lane=all 200"].texts)
    assert sum(text in board for text in texts) > 20  # they are there, as text
