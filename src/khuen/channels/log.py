"""The channel of practice districts: the text is written to the log and nothing leaves the house."""

from __future__ import annotations

import logging

from khuen.channels import Outgoing, Receipt
from khuen.members import Contact
from khuen.settings import Settings

EXACTLY_ONCE = True  #: nobody receives it, so nobody receives it twice

_log = logging.getLogger("khuen.channels.log")


def address(contact: Contact) -> str | None:
    """Everybody is reached, address or not."""
    return ""


def ready(settings: Settings) -> bool:
    return True


async def send(outgoing: Outgoing, settings: Settings) -> Receipt:
    _log.info("practice message %s: %s", outgoing.key, outgoing.texts.sms)
    return Receipt(str(outgoing.key))
