"""E-mail over SMTP. Not exactly once: a line cut after the text was sent leaves it open whether it was taken.

Until the text goes, every fault is certain (Retry, or GiveUp on a refusal for good). Certificates are verified and
STARTTLS is used when the server offers it; `smtps://` is TLS from the first byte.
"""

from __future__ import annotations

import asyncio
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

import aiosmtplib

from khuen import clock
from khuen.channels import GiveUp, Means, Outgoing, Receipt, Retry, Uncertain
from khuen.members import Contact

EXACTLY_ONCE = False
BEFORE, HANDING_OVER = 12.0, 12.0  #: seconds for each half: together well within a lease


def address(contact: Contact) -> str | None:
    return contact.email


def ready(means: Means) -> bool:
    return means.settings.smtp_url is not None


async def send(outgoing: Outgoing, means: Means) -> Receipt:
    settings = means.settings
    try:
        content = _write(outgoing, settings.mail_from).as_bytes()
    except ValueError as error:  # a line break or the like in the address
        raise GiveUp("not an address") from error
    client = _client(settings.smtp_url or "")
    try:
        await _introduce(client, settings.mail_from, outgoing.address)
        return await _hand_over(client, content, outgoing)
    finally:
        client.close()


def _client(url: str) -> aiosmtplib.SMTP:
    parts = urlsplit(url)
    tls = parts.scheme == "smtps"
    return aiosmtplib.SMTP(
        hostname=parts.hostname,
        port=parts.port or (465 if tls else 25),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=tls,
        timeout=BEFORE,
    )


async def _introduce(client: aiosmtplib.SMTP, sender: str, address: str) -> None:
    """Everything before the text: whatever fails here, nothing was sent."""
    try:
        async with asyncio.timeout(BEFORE):
            await client.connect()
            await client.mail(sender)
            await client.rcpt(address)
    except aiosmtplib.SMTPRecipientRefused as error:
        raise (GiveUp if error.code >= 500 else Retry)(f"rcpt {error.code}") from error
    except UnicodeError as error:
        raise GiveUp("not an address") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Retry(type(error).__name__) from error


async def _hand_over(client: aiosmtplib.SMTP, content: bytes, outgoing: Outgoing) -> Receipt:
    try:
        async with asyncio.timeout(HANDING_OVER):
            await client.data(content)
    except aiosmtplib.SMTPDataError as error:
        raise (GiveUp if error.code >= 500 else Retry)(f"data {error.code}") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Uncertain(type(error).__name__) from error
    return Receipt(str(outgoing.key))


def _write(outgoing: Outgoing, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = outgoing.address
    message["Subject"] = outgoing.texts.subject
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{outgoing.key}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(outgoing.texts.body)
    message.add_alternative(outgoing.texts.html, subtype="html")
    return message
