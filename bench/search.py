"""Finding somebody among 5,000 cases: the whole way of one search, by letters, by sound and in vain."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from bench import goals, load
from bench.data import Phone, Size
from bench.goals import Measured, Scene
from bench.rounds import Spread
from khuen import thai
from khuen.people.service import name_keys

LARGE = Size(tenants=1, cases=5_000, check_ins=5_000, largest=5_000, phones=4)
#: a whole name, beginnings that hundreds share, another spelling, nobody, a code, four digits
TYPED = ("ทดลองชัย ใจดี", "สม", "ใจ", "ทดรองศัก", "สะมุด พง", "ไม่มีใคร", "KH-00042", "1234", "ตัวอย่างพอน ไจดี")
TIMES = 25
KEYS = "UPDATE person SET search_called = $2, sound_name = $3, sound_family = $4, sound_version = $5 WHERE id = $1"


async def search(on: Scene) -> list[Measured]:
    async with goals.scene(on.stage, "search", LARGE, on.seconds) as large:
        await _make_keys(large.root)
        phone = large.coordinators[0]
        csrf = await _token(large, phone)
        await _took(large, phone, csrf, TYPED[0])
        found = {text: [await _took(large, phone, csrf, text) for _ in range(TIMES)] for text in TYPED}
    every = sorted(seconds for times in found.values() for seconds in times)
    p95 = every[round(len(every) * 0.95) - 1] * 1000
    notes = [", ".join(f"{text}: {sorted(times)[TIMES // 2] * 1000:.0f} ms" for text, times in found.items())]
    return [Measured("U13", "search among 5,000 cases, p95", 300, 100, Spread((p95,)), "ms", True, notes)]


async def _took(on: Scene, phone: Phone, csrf: str, text: str) -> float:
    body = f"_csrf={csrf}&q={quote(text)}"
    request = load.post(phone, f"/{phone.slug}/search", body, csrf)
    began = time.perf_counter()
    answer = await load.ask(on.site, request)
    if b" 200 " not in answer[:20]:
        raise load.BadAnswer(answer[:200].decode("latin-1"))
    return time.perf_counter() - began


async def _token(on: Scene, phone: Phone) -> str:
    asked = f"GET /{phone.slug}/search HTTP/1.1\r\n{load.heads(phone)}\r\n".encode()
    page = (await load.ask(on.site, asked, plain=True)).decode()
    return page.split('name="_csrf" value="', 1)[1].split('"', 1)[0]


async def _make_keys(root: Any) -> None:
    """What SQL cannot make: the keys of the names, as registering and the nightly job make them."""
    rows = await root.fetch("SELECT id, given_name, family_name, called_name FROM person WHERE sound_version = 0")
    made = [(row, name_keys(row["given_name"], row["family_name"])) for row in rows]
    columns = ("sound_name", "sound_family", "sound_version")
    called = {row["id"]: thai.search_prefix(row["called_name"]) for row in rows}
    await root.executemany(
        KEYS, [(row["id"], called[row["id"]], *(keys[one] for one in columns)) for row, keys in made]
    )
    await root.execute("VACUUM ANALYZE person")
