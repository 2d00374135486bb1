"""Where LINE tells a district's account of what people wrote to it: signed over the raw body, or it was not LINE."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath

from khuen import access, redis, registry, words
from khuen.channels import GiveUp, Means, Retry, Uncertain, line
from khuen.errors import NotFound
from khuen.followups import line_answers
from khuen.followups.line_answers import Event, Reply
from khuen.messages import line_accounts
from khuen.settings import Settings
from khuen.tenancy import within

LARGEST = 1_000_000
LATEST = 253_402_300_799  #: seconds: the last moment that a date can hold

_log = logging.getLogger("khuen.followups.line")


class _Source(msgspec.Struct):
    type: str = ""
    userId: str = ""


class _Message(msgspec.Struct):
    type: str = ""
    text: str = ""


class _Event(msgspec.Struct):
    """LINE's names; what is not named here is ignored."""

    type: str
    timestamp: int
    webhookEventId: str
    mode: str = "active"
    replyToken: str = ""
    source: _Source = msgspec.field(default_factory=_Source)
    message: _Message = msgspec.field(default_factory=_Message)


class _Body(msgspec.Struct):
    destination: str
    events: list[_Event]


@post(
    "/hooks/line/{slug:str}",
    opt={"perm": access.PUBLIC, "csrf": False},
    status_code=200,
    request_max_body_size=LARGEST,
)
async def hear(request: Request[Any, Any, Any], slug: FromPath[str]) -> Response[str]:
    """A stranger's call, a foreign account's and one to no district look alike: 404."""
    raw, settings = await request.body(), request.app.state.settings
    district = await registry.named(slug)
    if district is None or district.practice:
        raise NotFound
    async with within(here := district.here()):
        keys = await line_accounts.keys(here)
    if keys is None or not line.genuine(raw, request.headers.get("x-line-signature", ""), keys.secret):
        raise NotFound
    replies: list[tuple[str, str]] = []
    for event in _read(raw, keys.bot_id):
        async with within(here := district.here()):
            reply = await line_answers.hear(here, event)
        if reply and event.reply_token:
            replies.append((event.reply_token, _text(settings, slug, reply)))
        if reply and reply.urgent:
            redis.ping(here.tenant_id)
    means = Means(settings, keys.token)
    return Response("", background=BackgroundTask(_answer, means, replies) if replies else None)


ROUTES = [hear]


def _read(raw: bytes, bot_id: str) -> list[Event]:
    """Raises NotFound for a body that is none, or that was meant for another account."""
    try:
        body = msgspec.json.decode(raw, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NotFound from None
    if body.destination != bot_id:
        raise NotFound
    return [
        Event(
            one.webhookEventId,
            one.type,
            datetime.fromtimestamp(min(max(one.timestamp // 1000, 0), LATEST), UTC),
            one.source.userId if one.source.type == "user" else "",
            one.message.text if one.message.type == "text" else "",
            one.replyToken if one.mode == "active" else "",
        )
        for one in body.events
    ]


def _text(settings: Settings, slug: str, reply: Reply) -> str:
    said = words.gettext(reply.text)
    return said if reply.place is None else f"{said}\n{settings.origin}/{slug}/{reply.place}?openExternalBrowser=1"


async def _answer(means: Means, replies: list[tuple[str, str]]) -> None:
    """After the answer to LINE: a reply that does not arrive is no loss, what was said is kept."""
    for token, text in replies:
        try:
            await line.reply(means, token, text)
        except (GiveUp, Retry, Uncertain) as error:
            _log.warning("a reply on LINE did not go: %s", error)
