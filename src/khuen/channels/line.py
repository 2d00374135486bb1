"""LINE. Exactly once: the try's key is the retry key, so a call in doubt is made again and 409 says it was taken.

What makes the calls is large and loaded with the first of them: most of a site's processes never call.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from khuen.channels import GiveUp, Means, Outgoing, Receipt
from khuen.members import Contact

EXACTLY_ONCE = True


@dataclass(frozen=True, slots=True)
class Bot:
    """The official account behind a token: what people look for, and the name that its webhooks carry."""

    basic_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Messages of this month: how many it allows (None: no limit) and how many went."""

    allowed: int | None
    used: int


def address(contact: Contact) -> str | None:
    return contact.line


def ready(means: Means) -> bool:
    return means.line_token is not None


async def send(outgoing: Outgoing, means: Means) -> Receipt:
    from linebot.v3.messaging import PushMessageRequest, TextMessage

    message = PushMessageRequest(to=outgoing.address, messages=[TextMessage(text=outgoing.texts.line)])
    key = str(outgoing.key)
    await _call(means, "push_message", message, x_line_retry_key=key)
    return Receipt(key)


async def reply(means: Means, reply_token: str, text: str) -> None:
    """Answer what somebody wrote: free of charge, and possible for a minute. Raises as `send` does."""
    from linebot.v3.messaging import ReplyMessageRequest, TextMessage

    request = ReplyMessageRequest(replyToken=reply_token, messages=[TextMessage(text=text)])
    await _call(means, "reply_message", request)


def genuine(body: bytes, signature: str, secret: str) -> bool:
    """Whether LINE signed these very bytes, by the SDK's own check, in constant time."""
    from linebot.v3.webhook import SignatureValidator

    try:
        return bool(SignatureValidator(secret).validate(body.decode(), signature))
    except UnicodeError:
        return False


async def bot(means: Means) -> Bot:
    """Whose token it is. Raises GiveUp when it is nobody's, Retry and Uncertain when LINE did not answer."""
    found = await _call(means, "get_bot_info")
    return Bot(found.basic_id, found.user_id)


async def usage(means: Means) -> Usage:
    """Raises as `bot` does."""
    quota = await _call(means, "get_message_quota")
    used = await _call(means, "get_message_quota_consumption")
    return Usage(quota.value if quota.type == "limited" else None, int(used.total_usage))


async def close() -> None:
    """Let go of the connections of this event loop, at the end of a process; who never called has none."""
    if calling := sys.modules.get("khuen.channels.line_api"):
        await calling.close()


async def _call(means: Means, method: str, *given: Any, **more: Any) -> Any:
    if means.line_token is None:
        raise GiveUp("no account")
    from khuen.channels import line_api

    return await line_api.call(means.settings.line_api, means.line_token, method, *given, **more)
