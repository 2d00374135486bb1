"""Walking through the pages as a browser without scripts does."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx

from khuen.ids import uuid7

PERSON = {
    "prefix": "นาย",
    "given_name": "ทดลอง",
    "family_name": "ตัวอย่าง",
    "called_name": "ทด",
    "sex": "male",
    "birth_day": "๑",
    "birth_month": "ก.พ.",
    "birth_year": "๒๕๓๘",
    "national_id": "1-1017-00230-70-8",
    "phone": "081 234 5678",
}
ADDRESS = {"subdistrict_code": "360607", "moo": "หมู่ ๓", "house": "99/1"}
CONSENTS = {
    "treatment": "given",
    "sharing": "refused",
    "contact": "given",
    "consents_on_day": "20",
    "consents_on_month": "11",
    "consents_on_year": "2569",
    "agreed_on_day": "19",
    "agreed_on_month": "11",
    "agreed_on_year": "2569",
    "legal_basis": "s113",
    "proposed_by": "family",
    "safety_note": "อย่าไปคนเดียว",
}


async def begun(client: httpx.AsyncClient, tenant: str = "chatturat") -> str:
    """A new draft; answers its id."""
    key = str(uuid7())
    answer = await client.post(f"/{tenant}/enrolments", data={"key": key})
    assert answer.status_code == 303, answer.text
    return key


async def step(client: httpx.AsyncClient, draft: str, name: str, typed: dict[str, Any]) -> httpx.Response:
    """Send one page. The project is the one the page offers, the texts are those it shows."""
    url = f"/chatturat/enrolments/{name}?d={draft}"
    if name == "person" and "project" not in typed:
        typed = typed | {"project": hidden((await client.get(url)).text, "project")}
    if name == "consents" and "texts_read" not in typed:
        page = (await client.get(url)).text
        typed = typed | ({"texts_read": hidden(page, "texts_read")} if 'name="texts_read"' in page else {})
    return await client.post(url, data=typed)


async def ready(client: httpx.AsyncClient, person: dict[str, str] | None = None, **more: str) -> str:
    """A draft whose pages are all filled in."""
    draft = await begun(client)
    for name, typed in (("person", PERSON | (person or {})), ("address", ADDRESS), ("consents", CONSENTS | more)):
        answer = await step(client, draft, name, typed)
        assert answer.status_code == 303, answer.text
    assert (await step(client, draft, "buddy", {"buddy": ""})).status_code == 303
    return draft


async def confirmed(client: httpx.AsyncClient, draft: str) -> httpx.Response:
    url = f"/chatturat/enrolments/check?d={draft}"
    page = await client.get(url)
    return await client.post(url, data={"seen": hidden(page.text, "seen")})


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"no hidden field {name} in {html[:2000]}"
    return unescape(found[1])


def said(html: str) -> str:
    """The words of a page, without its tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))
