"""The coordinator's view of what was sent: the list with its filters, one message with its tries, another try."""

from __future__ import annotations

from typing import Any, TypeAlias
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from khuen import clock, redis, web
from khuen.channels import texts
from khuen.messages import line_accounts, rules, service
from khuen.messages.service import Asked, Line
from khuen.tenancy import within
from khuen.words import N_

AGAIN = N_("The message is sent again")
SEE = {"perm": "messages.see"}

Asking: TypeAlias = Request[Any, Any, Any]


@get("/{tenant:str}/messages", opt=SEE)
async def outbox(request: Asking, tenant: FromPath[str]) -> Response[str]:
    here, given = web.here(request), request.query_params
    asked = Asked(
        _known(given.get("state"), rules.STATES),
        _known(given.get("kind"), rules.KINDS),
        _known(given.get("reason"), rules.REASONS),
    )
    async with within(here):
        found = await service.outbox(here, asked, _page(given.get("page", "")))
        meter = await line_accounts.meter(here)
    base = f"/{tenant}/messages"
    return web.answer(
        request,
        whole="messages/outbox.html",
        part="messages/_answer.html",
        found=found,
        meter=meter,
        metered=clock.in_words(meter.read_at, here.now) if meter else "",
        spared=meter is not None and rules.spared(meter.allowed, meter.used),
        asked=asked,
        states=[
            (_link(base, Asked(one, asked.kind)), words, found.states.get(one, 0), one == asked.state)
            for one, words in rules.STATES.items()
            if one in found.states or one == asked.state
        ],
        everything=(_link(base, Asked(None, asked.kind)), sum(found.states.values()), asked.state is None),
        kinds=[
            (_link(base, Asked(asked.state, one)), words, one == asked.kind)
            for one, words in ((None, N_("All messages")), *rules.KINDS.items())
        ],
        reasons=[
            (_link(base, Asked(asked.state, asked.kind, one)), words, found.reasons[one], one == asked.reason)
            for one, words in rules.REASONS.items()
            if one in found.reasons
        ],
        base=base,
        pages=_link(base, asked, page=""),
        **_words(here.now),
    )


@get("/{tenant:str}/messages/{message_id:uuid}", opt=SEE)
async def one(request: Asking, tenant: FromPath[str], message_id: FromPath[UUID]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        line, tries = await service.message(here, message_id)
    return web.page(
        request,
        "messages/message.html",
        line=line,
        tries=tries,
        text=_text(request, tenant, line),
        base=f"/{tenant}/messages",
        outcomes=rules.OUTCOMES,
        **_words(here.now),
    )


@post("/{tenant:str}/messages/{message_id:uuid}/retry", opt=SEE)
async def retry(request: Asking, tenant: FromPath[str], message_id: FromPath[UUID]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        await service.retry(here, message_id)
    redis.ping(here.tenant_id)
    return web.saved(request, f"/{tenant}/messages/{message_id}", text=AGAIN)


def _known(value: str | None, table: dict[str, str]) -> str | None:
    """A filter that nobody offered is no filter."""
    return value if value in table else None


def _page(text: str) -> int:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 6 else 1


def _link(base: str, asked: Asked, **more: str) -> str:
    given = {"state": asked.state, "kind": asked.kind, "reason": asked.reason} | more
    query = urlencode({name: value for name, value in given.items() if value is not None})
    return f"{base}?{query}" if query else base


def _text(request: Asking, tenant: str, line: Line) -> str:
    """As it goes out, but for the case that an alert names: that is for its recipient."""
    link = f"{request.app.state.settings.origin}/{tenant}/{rules.PLACES[line.kind]}".format(code="…")
    return texts.write(line.kind, count=line.count, link=link, code="…").line


def _words(now: Any) -> dict[str, Any]:
    return {
        "kind_words": rules.KINDS,
        "state_words": rules.STATES,
        "reason_words": rules.REASONS,
        "channel_words": rules.CHANNELS,
        "in_words": lambda moment: clock.in_words(moment, now),
        "may_retry": lambda line: line.may_retry(now),
    }


ROUTES = [outbox, one, retry]
