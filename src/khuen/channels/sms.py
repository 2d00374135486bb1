"""Text messages through a gateway. Not exactly once: what is in doubt is never sent again on its own.

A further gateway is one function and one line in GATEWAYS; docs/channels.md says what is known of each.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from khuen.channels import GiveUp, Means, Outgoing, Receipt, web_api
from khuen.members import Contact
from khuen.settings import Settings

EXACTLY_ONCE = False


def address(contact: Contact) -> str | None:
    return contact.phone


def ready(means: Means) -> bool:
    return means.settings.sms_gateway is not None


async def send(outgoing: Outgoing, means: Means) -> Receipt:
    """A gateway gets the number (E.164) and the text, and answers with its own reference."""
    gateway = GATEWAYS[means.settings.sms_gateway or ""]
    return Receipt(await gateway(means.settings, outgoing.address, outgoing.texts.sms))


async def _thaibulksms(settings: Settings, number: str, text: str) -> str:
    """POST /sms: key and secret as Basic, the fields as a form; 201 lists the numbers that were taken."""
    answer = await web_api.post(
        f"{settings.sms_api or 'https://api-v2.thaibulksms.com'}/sms",
        auth=(settings.sms_key or "", settings.sms_secret or ""),
        data={"msisdn": number.removeprefix("+"), "message": text, "sender": settings.sms_sender},
    )
    try:
        taken: list[dict[str, Any]] = answer.json()["phone_number_list"]
        return str(taken[0]["message_id"])
    except (ValueError, LookupError, TypeError):
        raise GiveUp("number") from None  # the answer names what it did not take instead


GATEWAYS: dict[str, Callable[[Settings, str, str], Awaitable[str]]] = {"thaibulksms": _thaibulksms}
