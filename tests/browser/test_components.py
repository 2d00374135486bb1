"""The parts that pages are made of, seen by a real browser under the site's own content policy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import brotli  # type: ignore[import-untyped]
import pytest
from jinja2 import Environment, FileSystemLoader, UndefinedError
from playwright.async_api import Page, expect

from khuen import words
from khuen.assets import asset
from khuen.paths import folder
from tests.browser import eyes

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "object-src 'none'; frame-ancestors 'none'"
)
TENANT = SimpleNamespace(
    slug="ban-tuayang", name="บ้านตัวอย่าง", short_name="ตัวอย่าง", practice=True, member_id=UUID(int=7)
)
OTHER = SimpleNamespace(slug="ban-sommut", name="บ้านสมมุติ", practice=True)
COORDINATOR = SimpleNamespace(
    called_name="สมมุติ ใจดี", has_account=True, roles=frozenset({"coordinator"}), tenants=(TENANT, OTHER)
)
NAV = [("/b/board", "Board", True), ("/b/enrolments", "Enrol", False), ("/b/imports", "Import", False)]
UNDO = SimpleNamespace(token="t", text="มอบหมายบัดดี้แล้ว")
PHONE = """{% extends "buddy.html" %}{% import "components.html" as c with context %}
{% block title %}{{ _("Today") }}{% endblock %}{% block nav_current %}today{% endblock %}
{% block main %}<h1>วันนี้ 3 คน</h1>{{ c.person_row("คุณทดลอง ก.", "#", "หมู่ 3 · เลย 2 วัน", bars=4, right="3/16") }}
{{ c.error_summary({"note": "Please fill this in"}) }}{{ c.notice("warning", "อย่าไปคนเดียว") }}
<form method="post" action="#">{{ c.csrf() }}{{ c.big_answer("how", "well", "ปกติดี", "well") }}
{{ c.big_answer("how", "urgent", "ด่วน! ขอคนช่วย", "urgent") }}
{{ c.radios("when", "เมื่อไร", [("0", "วันนี้"), ("1", "เมื่อวาน")]) }}{{ c.checkbox("with", "ไปกับเพื่อน") }}
{{ c.textarea("note", "เล่าเพิ่ม", error="Please fill this in") }}{{ c.button("บันทึก") }}</form>{% endblock %}"""
LIVE = """{% extends "base.html" %}{% block title %}T{% endblock %}{% block main %}
<div id="watched" hx-get="/watched" hx-trigger="refresh" hx-swap="morph:innerHTML">
<input id="typed" aria-label="a"></div>
<form id="form" action="/form" method="post" hx-post="/form" hx-target="this"><button>go</button></form>
<div id="frail" hx-post="/broken" hx-trigger="click" hx-swap="outerHTML">break</div>{% endblock %}"""
FORM = """{% import "components.html" as c with context %}{{ c.error_summary({"x": "Please fill this in"}) }}
{{ c.field("x", "X", error="Please fill this in") }}"""


def environment() -> Environment:
    env = Environment(loader=FileSystemLoader(folder("templates")), trim_blocks=True, lstrip_blocks=True)
    words.install(env)
    return env


def frame(**more: Any) -> dict[str, Any]:
    common = {
        "tenant": TENANT,
        "who": COORDINATOR,
        "nav": NAV,
        "csrf": "tok'<en",
        "flash": None,
        "undo": None,
        "letters": "",
    }
    return {
        **common,
        "static": lambda name: f"/static/{name}",
        "lang": "th",
        "path": "/",
        "may": lambda _: True,
        **more,
    }


def failure() -> dict[str, Any]:
    said = {"title": "Too many tries", "text": "Please wait a moment and try again.", "retry_after": 30}
    return frame(status=429, support_code="K7MX3P", **said)


class Site(BaseHTTPRequestHandler):
    """Pages by name, static files, and the three answers that a swap can meet."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        env, path = environment(), self.path
        if path.startswith("/static/"):
            file = folder("static") / path.removeprefix("/static/")
            body = file.read_bytes()
            if file.name == "desk.css":  # sent with what it begins with, as the site does
                body = body.replace(b'@import "khuen.css";', file.with_name("khuen.css").read_bytes())
            return self.answer(200, body, guess_type(file.name)[0] or "font/woff2")
        pages: dict[str, Any] = {
            "/components": lambda: env.get_template("components/page.html").render(frame(undo=UNDO, flash="บันทึกแล้ว")),
            "/phone": lambda: env.from_string(PHONE).render(frame(undo=UNDO)),
            "/live": lambda: env.from_string(LIVE).render(frame()),
            "/watched": lambda: '<input id="typed" aria-label="a" value="from the server"><b>new</b>',
            "/429": lambda: env.get_template("errors/page.html").render(failure()),
        }
        self.answer(200, pages[path]().encode() if path in pages else b"")

    def do_POST(self) -> None:
        self.server.asked.append(self.headers.get("x-csrf-token"))  # type: ignore[attr-defined]
        if self.path == "/form":
            return self.answer(422, environment().from_string(FORM).render(frame()).encode())
        piece = environment().get_template("errors/_piece.html")
        self.answer(500, piece.render(failure()).encode())

    def answer(self, status: int, body: bytes, media_type: str = "text/html; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-security-policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """A test's log is its assertion."""


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    served = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    served.asked = []  # type: ignore[attr-defined]
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield served
    served.shutdown()
    served.server_close()


@pytest.fixture
def site(server: ThreadingHTTPServer) -> str:
    server.asked.clear()  # type: ignore[attr-defined]
    return f"http://127.0.0.1:{server.server_port}"


async def test_every_part_is_reachable_readable_and_quiet(page: Page, site: str) -> None:
    assert await eyes.faults(page, f"{site}/components") == []


async def test_a_buddys_page_has_targets_for_a_thumb(page: Page, site: str) -> None:
    assert await eyes.faults(page, f"{site}/phone", phone=True, widths=(320, 360)) == []


async def test_the_error_page_is_whole(page: Page, site: str) -> None:
    assert await eyes.faults(page, f"{site}/429", widths=(360, 1280)) == []
    await expect(page.get_by_text("K7MX3P")).to_be_visible()


async def test_errors_get_the_focus_and_lead_to_their_field(page: Page, site: str) -> None:
    await page.goto(f"{site}/live")
    await page.click("#form button")
    await expect(page.locator(".error-summary")).to_be_focused()
    await page.click(".error-summary a")
    await expect(page.locator("#x")).to_be_focused()
    assert await page.locator("#x").get_attribute("aria-describedby") == "x-error"


async def test_a_request_by_script_carries_the_token(server: ThreadingHTTPServer, page: Page, site: str) -> None:
    await page.goto(f"{site}/live")
    await page.click("#form button")
    await expect(page.locator(".error-summary")).to_be_visible()
    assert "tok'<en" in server.asked  # type: ignore[attr-defined]


async def test_a_failure_is_told_in_one_place_twice(page: Page, site: str) -> None:
    await page.goto(f"{site}/live")
    for _ in range(2):
        await page.click("#frail")
        await expect(page.locator("#flash [role=alert]")).to_contain_text("K7MX3P")
    await expect(page.locator("#frail")).to_be_visible()


async def test_a_poll_leaves_what_is_being_typed(page: Page, site: str) -> None:
    await page.goto(f"{site}/live")
    await page.fill("#typed", "กำลังพิมพ์")
    await expect(page.locator("#watched b")).to_be_visible(timeout=6000)
    assert await page.input_value("#typed") == "กำลังพิมพ์"
    await expect(page.locator("#typed")).to_be_focused()


async def test_keys_work_in_a_list_only_while_it_has_the_focus(page: Page, site: str) -> None:
    await page.goto(f"{site}/components")
    rows = page.locator("[data-list] [data-item]")
    boxes = page.locator("[data-list] input[type=checkbox]")
    await page.focus("#sample_name")
    await page.keyboard.press("Space")
    assert await boxes.nth(0).is_checked() is False
    await rows.nth(0).focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(rows.nth(2)).to_be_focused()
    await page.keyboard.press("Shift+Space")
    assert [await boxes.nth(n).is_checked() for n in range(3)] == [True, True, True]


def test_the_desk_stays_within_its_bytes() -> None:
    """docs/design-system.md: style sheet 9 KB, scripts 25 KB, a buddy's shell 15 KB, all as brotli."""
    css, desk = (len(asset(name).packed or b"") for name in ("khuen.css", "desk.css"))
    scripts = [
        _packed(f"{name}.js") for name in ("vendor/htmx-2.0.11.min", "vendor/idiomorph-ext-0.8.0.min", "app", "palette")
    ]
    phone = brotli.compress(environment().from_string(PHONE).render(frame()).encode())
    assert desk <= 9_000
    assert sum(scripts) <= 25_000
    assert css + len(phone) + _packed("icon.svg") <= 11_000


def test_an_attribute_that_would_be_escaped_is_refused() -> None:
    env = environment()
    part = '{% import "components.html" as c with context %}{{ c.button("x", attrs=given) }}'
    assert 'hx-post="/x"' in env.from_string(part).render(frame(given={"hx-post": "/x"}))
    with pytest.raises(UndefinedError):
        env.from_string(part).render(frame(given='hx-post="/x"'))


def test_nothing_inline() -> None:
    for name in ("components/page.html", "errors/page.html"):
        html = environment().get_template(name).render(failure())
        assert " style=" not in html
        assert "<style" not in html
        assert "<script>" not in html
        assert " onclick" not in html


def _packed(name: str) -> int:
    return len(brotli.compress((folder("static") / name).read_bytes()))
