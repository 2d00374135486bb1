"""LINE's Messaging API on loopback, over real HTTP, as unkind as a network can be. Also the stand-in of bench.

It checks what LINE checks (docs/channels.md): the token, the shape of the request, the retry key, which it takes once
and for 24 hours answers with 409, the reply token, which it takes once, and the messages of the month.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from aiohttp import web

TOKEN, SECRET = "t" * 40, "5ec4e7" + "0" * 26
BOT, BASIC_ID = "U" + "b" * 32, "@123abcde"
USER = "U" + "1" * 32


@dataclass
class Line:
    """`mood(call)` of the n-th call: ok, or ok with a fault after it was taken (slow, cut, reset, lost), or a refusal
    (400, 401, 429, 500, 503, reset_before)."""

    address: str = ""
    mood: Callable[[int], str] = lambda _: "ok"
    calls: int = 0
    taken: dict[str, tuple[str, list[str]]] = field(default_factory=dict)  #: retry key -> (to, texts)
    replies: list[tuple[str, str]] = field(default_factory=list)  #: (reply token, text)
    keys: list[str] = field(default_factory=list)  #: the retry key of each call
    allowed: int | None = None
    used: int = 0
    retry_after: str | None = "7"
    slow_seconds: float = 1.0
    spent: set[str] = field(default_factory=set)

    @property
    def sent(self) -> list[tuple[str, list[str]]]:
        """What people received: each key once."""
        return list(self.taken.values())

    async def push(self, request: web.Request) -> web.StreamResponse:
        self.calls += 1
        mood = self.mood(self.calls)
        key = request.headers.get("X-Line-Retry-Key", "")
        self.keys.append(key)
        if mood == "reset_before":
            return _reset(request)
        if refused := _refused(request, mood, self.retry_after):
            return refused
        body = json.loads(await request.read())
        texts = [one["text"] for one in body.get("messages", []) if one.get("type") == "text"]
        if not re.fullmatch("U[0-9a-f]{32}", body.get("to", "")) or not 1 <= len(texts) <= 5 or not all(texts):
            return _error(400, "The request body has 1 error(s)")
        if key:
            UUID(key)
            if key in self.taken:
                return _error(409, "The retry key is already accepted", {"x-line-accepted-request-id": uuid4().hex})
        if self.allowed is not None and self.used >= self.allowed:
            return _error(429, "You have reached your monthly limit.")
        self.taken[key or uuid4().hex] = (body["to"], texts)
        self.used += 1
        return await self._answer(request, mood)

    async def _answer(self, request: web.Request, mood: str) -> web.StreamResponse:
        """It was taken; whether the sender hears of it is another matter."""
        if mood == "slow":
            await asyncio.sleep(self.slow_seconds)
        if mood in ("reset", "500_after"):
            return _reset(request) if mood == "reset" else _error(500, "Internal error")
        if mood == "cut":
            answer = web.StreamResponse(headers={"content-type": "application/json", "content-length": "200"})
            await answer.prepare(request)
            await answer.write(b'{"sentMessages":[{"id":"46')
            assert request.transport is not None
            request.transport.close()
            return answer
        return _json({"sentMessages": [{"id": str(self.used), "quoteToken": "q"}]})

    async def reply(self, request: web.Request) -> web.StreamResponse:
        if refused := _refused(request, "ok", None):
            return refused
        body = json.loads(await request.read())
        if body["replyToken"] in self.spent:
            return _error(400, "Invalid reply token")
        self.spent.add(body["replyToken"])
        self.replies.append((body["replyToken"], body["messages"][0]["text"]))
        return _json({"sentMessages": [{"id": "1"}]})

    async def info(self, request: web.Request) -> web.StreamResponse:
        found = {"userId": BOT, "basicId": BASIC_ID, "displayName": "x", "chatMode": "bot", "markAsReadMode": "auto"}
        return _refused(request, "ok", None) or _json(found)

    async def quota(self, request: web.Request) -> web.StreamResponse:
        limited = {"type": "limited", "value": self.allowed}
        return _refused(request, "ok", None) or _json({"type": "none"} if self.allowed is None else limited)

    async def consumption(self, request: web.Request) -> web.StreamResponse:
        return _refused(request, "ok", None) or _json({"totalUsage": self.used})


@asynccontextmanager
async def line_server(port: int = 0) -> AsyncIterator[Line]:
    """A LINE of one's own in this event loop."""
    made = Line()
    app = web.Application()
    app.add_routes(
        [
            web.post("/v2/bot/message/push", made.push),
            web.post("/v2/bot/message/reply", made.reply),
            web.get("/v2/bot/info", made.info),
            web.get("/v2/bot/message/quota", made.quota),
            web.get("/v2/bot/message/quota/consumption", made.consumption),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    made.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """The headers of a webhook of LINE's."""
    digest = hmac.digest(secret.encode(), body, hashlib.sha256)
    return {"x-line-signature": base64.b64encode(digest).decode(), "content-type": "application/json"}


def _refused(request: web.Request, mood: str, after: str | None) -> web.Response | None:
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        return _error(401, "Authentication failed. Confirm that the access token in the authorization header is valid.")
    if mood.isdecimal():
        said = "The API rate limit has been exceeded. Try again later." if mood == "429" else "Not today"
        return _error(int(mood), said, {"Retry-After": after} if mood == "429" and after else {})
    return None


def _reset(request: web.Request) -> web.Response:
    """RST instead of an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _json(content: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    made = {"x-line-request-id": uuid4().hex, **(headers or {})}
    return web.json_response(content, status=status, headers=made)


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    return _json({"message": message}, status, headers)
