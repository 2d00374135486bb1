"""A district's own words for a message: what they may not say, the preview, the way back; they are what goes out."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default

import httpx
import pytest

from khuen import packs
from khuen.district import MessageText
from khuen.ids import uuid7
from khuen.members import Details, correct
from khuen.messages import service as messages
from khuen.messages.rules import Kind
from khuen.registry import active
from khuen.tenancy import within
from tests.admin.conftest import Office
from tests.post import mail_server
from workers.messages import deliver

PAGE = "/chatturat/admin/settings/wording/overdue_escalation"
URGENT = "/chatturat/admin/settings/wording/urgent_check_in"
OWN = {"said": "มีนัดค้าง {จำนวน} วันแล้ว ช่วยดูด้วย", "subject": "นัดค้าง"}


async def post(office: Office, act: str = "save", **values: str) -> httpx.Response:
    page = (await office.clients["dao"].get(PAGE)).text
    hidden = dict(re.findall(r'type="hidden" name="(key|was)" value="([^"]*)"', page))
    return await office.clients["dao"].post(PAGE, data=hidden | OWN | {"act": act} | values)


@pytest.mark.parametrize(
    ("field", "wrong", "told"),
    [
        ("said", "ผู้เสพ {จำนวน} วัน", "คำเรื่องสุขภาพ"),
        ("said", "สีแดง {จำนวน} วัน", "คำเรื่องสุขภาพ"),
        ("subject", "นัดบำบัด", "คำเรื่องสุขภาพ"),
        ("said", "นายทดลอง รออยู่ {จำนวน} วัน", "ชื่อคน"),
        ("said", "โทร 081-234-5678 {จำนวน} วัน", "เบอร์โทร"),
        ("said", "{จำนวน} วัน ดู example.com", "ที่อยู่เว็บ"),
        ("said", "มีนัดค้าง", "ต้องคงที่"),
        ("said", "{จำนวน} วัน {ชื่อ}", "ห้ามใช้ { }"),
        ("said", "นัด" * 23 + " {จำนวน}", "ยาวเกินไป"),
        ("subject", "", "เขียนข้อความ"),
    ],
)
async def test_what_may_not_leave_the_house_is_refused_at_the_field(
    office: Office, field: str, wrong: str, told: str
) -> None:
    answer = await post(office, **{field: wrong})
    assert answer.status_code == 422 and f'<a href="#{field}">' in answer.text and told in answer.text
    assert f'value="{wrong}"' in answer.text
    async with within(here := office.here("dao")):
        packs.forget(here.tenant_id)
        assert (await packs.settings_of(here)).messages == {}


async def test_own_words_are_previewed_go_out_and_are_put_back(office: Office) -> None:
    shown = await post(office, "preview")
    assert shown.status_code == 200 and "มีนัดค้าง 3 วันแล้ว ช่วยดูด้วย" in shown.text and "จาก 134 ตัวอักษร" in shown.text
    assert (await post(office)).status_code == 303
    async with within(here := office.here("dao")):
        packs.forget(here.tenant_id)
        assert (await packs.settings_of(here)).messages == {"overdue_escalation": MessageText(**OWN)}
    assert (await post(office, "standard")).status_code == 303
    async with within(here):
        packs.forget(here.tenant_id)
        assert (await packs.settings_of(here)).messages == {}


async def test_the_worker_sends_the_districts_own_words(office: Office) -> None:
    page = (await office.clients["dao"].get(URGENT)).text
    hidden = dict(re.findall(r'type="hidden" name="(key|was)" value="([^"]*)"', page))
    form = hidden | {"said": "ช่วยเปิดดูเดี๋ยวนี้", "subject": "ขอให้เปิดดู"}
    assert (await office.clients["dao"].post(URGENT, data=form)).status_code == 303
    async with within(here := office.here("dao")):
        await correct(here, office.id("somchai"), Details("Somchai", None, "s@example.org", None, None, None))
        new = messages.NewMessage(Kind.URGENT_CHECK_IN, uuid7(), office.id("somchai"), urgent=True)
        await messages.compose_many(here, [new])
    district = next(one for one in await active() if one.slug == "chatturat")
    async with mail_server(office.app.state.settings) as (mail, settings):
        await deliver(settings, district)
    letter = message_from_bytes(mail.taken[0][1], policy=default)
    assert letter["subject"] == "ขอให้เปิดดู"
    body = letter.get_body(("plain",))
    assert body is not None and "ช่วยเปิดดูเดี๋ยวนี้" in body.get_content()
