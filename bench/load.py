"""The load: a few phones that each wait for their answer before they ask again, over HTTP/1.1 with keep-alive.

Written on bare asyncio protocols, because it shares the machine with what it measures. `own_cost` says what one
request costs the generator itself.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import uuid4

from bench.data import Phone
from bench.stage import ORIGIN, Site, Stage, cpu_seconds, postgres_pids

#: makes the bytes of the next request of connection n
Requests = Callable[[int], bytes]


@dataclass
class Run:
    """What one run saw. CPU seconds are those of the site and of all of PostgreSQL."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    received: int = 0
    site_cpu: float = 0.0
    postgres_cpu: float = 0.0
    own_cpu: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.waits) / self.seconds

    @property
    def p50(self) -> float:
        return median(self.waits)

    def per_request(self, cpu: float) -> float:
        """Microseconds."""
        return cpu / max(1, len(self.waits)) * 1e6


class BadAnswer(RuntimeError):
    """A run with any answer other than 2xx or 3xx does not count."""


async def run(
    stage: Stage, site: Site, requests: Requests, seconds: float = 4.0, connections: int = 8, only_good: bool = True
) -> Run:
    """Ask for so long, then wait for the last answers. Raises BadAnswer."""
    seen = Run()
    loop = asyncio.get_running_loop()
    lines: list[_Line] = []
    for number in range(connections):
        line = _Line(number, requests, seen)
        await loop.create_unix_connection(lambda line=line: line, str(site.socket))
        lines.append(line)
    site_pids, database_pids = [site.process.pid], postgres_pids(stage)
    before = cpu_seconds(site_pids), cpu_seconds(database_pids), time.process_time()
    started = time.perf_counter()
    for line in lines:
        line.until = started + seconds
        line.ask()
    await asyncio.wait_for(asyncio.gather(*(line.ended for line in lines)), seconds + 30)
    seen.seconds = time.perf_counter() - started
    seen.site_cpu = cpu_seconds(site_pids) - before[0]
    seen.postgres_cpu = cpu_seconds(database_pids) - before[1]
    seen.own_cpu = time.process_time() - before[2]
    bad = {status: count for status, count in seen.statuses.items() if not 200 <= status < 400}
    if bad and only_good:
        raise BadAnswer(f"answers other than 2xx and 3xx: {bad}")
    return seen


class _Line(asyncio.Protocol):
    """One connection: ask, wait for the whole answer, ask again."""

    def __init__(self, number: int, requests: Requests, seen: Run) -> None:
        self.number, self.requests, self.seen = number, requests, seen
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.until = 0.0
        self.held = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def ask(self) -> None:
        self.asked_at = time.perf_counter()
        self.transport.write(self.requests(self.number))

    def data_received(self, data: bytes) -> None:
        self.held += data
        size = whole(self.held)
        if size is None:
            return
        now, seen = time.perf_counter(), self.seen  # uvloop's own clock counts milliseconds
        seen.waits.append(now - self.asked_at)
        seen.statuses[int(self.held[9:12])] += 1
        seen.received += size
        self.held = self.held[size:]
        if now < self.until:
            self.ask()
        else:
            self.transport.close()
            self.ended.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(BadAnswer("the site closed a connection before it answered"))


def whole(held: bytes) -> int | None:
    """The bytes of the first answer when all of it has come."""
    head = held.find(b"\r\n\r\n")
    if head < 0:
        return None
    place = held.find(b"content-length: ", 0, head)
    if place >= 0:
        size = head + 4 + int(held[place + 16 : held.find(b"\r", place)])
        return size if len(held) >= size else None
    if b"transfer-encoding: chunked" in held[:head]:
        end = held.find(b"\r\n0\r\n\r\n", head)
        return end + 7 if end >= 0 else None
    return head + 4


def heads(phone: Phone) -> str:
    """The lines that a phone's browser sends with each request."""
    return (
        f"host: {ORIGIN.removeprefix('http://')}\r\norigin: {ORIGIN}\r\nsec-fetch-site: same-origin\r\n"
        "user-agent: Mozilla/5.0 (Linux; Android 11; Mobile) Chrome/120.0\r\naccept: text/html\r\n"
        f"accept-encoding: gzip, deflate, br\r\naccept-language: th\r\ncookie: khuen={phone.token}\r\n"
    )


def check_ins(phones: list[Phone], csrf: dict[str, str]) -> Requests:
    """Each connection visits one person after another of its share of the phones, every answer under a new key."""
    ready = [_check_in(phone, csrf[phone.token]) for phone in phones]
    return _in_turn(ready, lambda pair: pair[0] + str(uuid4()).encode() + pair[1])


def pages(phones: list[Phone], path: Callable[[Phone], str], more: str = "") -> Requests:
    ready = [f"GET {path(phone)} HTTP/1.1\r\n{heads(phone)}{more}\r\n".encode() for phone in phones]
    return _in_turn(ready, lambda request: request)


def batches(phones: list[Phone], csrf: dict[str, str], count: int) -> Requests:
    """`count` answers that waited in a phone, in one request, in the order in which they were given."""

    def request(phone: Phone) -> bytes:
        first = datetime.now(UTC) - timedelta(milliseconds=count)
        times = [(first + timedelta(milliseconds=n)).isoformat() for n in range(count)]
        items = ",".join(
            f'{{"code":"{phone.code}","key":"{uuid4()}","how":"well","happened_at":"{at}"}}' for at in times
        )
        return post(phone, f"/{phone.slug}/b/check-ins", f"[{items}]", csrf[phone.token], "application/json")

    return _in_turn(phones, request)


def post(phone: Phone, path: str, body: str, csrf: str, kind: str = "application/x-www-form-urlencoded") -> bytes:
    raw = body.encode()
    head = f"POST {path} HTTP/1.1\r\n{heads(phone)}x-csrf-token: {csrf}\r\ncontent-type: {kind}\r\n"
    return f"{head}content-length: {len(raw)}\r\n\r\n".encode() + raw


def _check_in(phone: Phone, csrf: str) -> tuple[bytes, bytes]:
    key = str(uuid4())
    body = f"_csrf={csrf}&key={key}&how=well"
    head = f"POST /{phone.slug}/cases/{phone.code}/check-ins HTTP/1.1\r\n{heads(phone)}"
    kind = "content-type: application/x-www-form-urlencoded\r\n"
    request = f"{head}{kind}content-length: {len(body)}\r\n\r\n{body}".encode()
    before, _, after = request.partition(key.encode())
    return before, after


def _in_turn(ready: list[Any], make: Callable[[Any], bytes]) -> Requests:
    places: Counter[int] = Counter()

    def following(number: int) -> bytes:
        places[number] += 1
        return make(ready[(number + 8 * places[number]) % len(ready)])

    return following


async def tokens(site: Site, phones: list[Phone]) -> dict[str, str]:
    """The form token of each session, read from the page that holds the form. Raises RuntimeError."""
    found = {}
    for phone in phones:
        page = (
            await ask(
                site, f"GET /{phone.slug}/b/check-in?p={phone.code} HTTP/1.1\r\n{heads(phone)}\r\n".encode(), plain=True
            )
        ).decode()
        place = page.find('name="_csrf" value="')
        if place < 0:
            raise RuntimeError(f"no form on the page of {phone.slug}: {page[:200]}")
        found[phone.token] = page[place + 20 : page.find('"', place + 20)]
    return found


async def each_once(site: Site, pages: list[tuple[Phone, str]]) -> None:
    """Every page once, eight at a time."""

    async def some(first: int) -> None:
        for phone, path in pages[first::8]:
            await ask(site, f"GET {path} HTTP/1.1\r\n{heads(phone)}\r\n".encode())

    await asyncio.gather(*(some(first) for first in range(8)))


async def ask(site: Site, request: bytes, *, plain: bool = False) -> bytes:
    """One whole answer on a connection of its own; `plain`: not compressed."""
    if plain:
        request = request.replace(b"accept-encoding: gzip, deflate, br\r\n", b"")
    reader, writer = await asyncio.open_unix_connection(str(site.socket))
    try:
        writer.write(request)
        held = b""
        while whole(held) is None and (more := await reader.read(65536)):
            held += more
        return held
    finally:
        writer.close()
