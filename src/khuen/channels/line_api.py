"""Calling LINE's Messaging API by its own SDK, and what each answer means (docs/channels.md).

One client for each event loop serves every district: a client of its own would read the certificates of the machine
for each message.
"""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
from linebot.v3.messaging import AsyncApiClient, AsyncMessagingApi, Configuration
from linebot.v3.messaging.exceptions import ApiException

from khuen.channels import GiveUp, Retry, Uncertain

CONNECT, ANSWER = 5.0, 10.0  #: seconds to reach LINE and for a whole call: well within a lease
ACCEPTED_BEFORE = "accepted before"

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Any]] = WeakKeyDictionary()


async def call(address: str, token: str, method: str, *given: Any, **more: Any) -> Any:
    """What `AsyncMessagingApi.<method>` answers, or ACCEPTED_BEFORE when the retry key was used before.

    Raises Retry, GiveUp ("quota" when the month is used up) or Uncertain.
    """
    auth = {"in": "header", "type": "bearer", "key": "Authorization", "value": f"Bearer {token}"}
    timeout = aiohttp.ClientTimeout(total=ANSWER, sock_connect=CONNECT)
    try:
        return await getattr(_api(address), method)(*given, _request_auth=auth, _request_timeout=timeout, **more)
    except ApiException as error:
        if error.status == 409:
            return ACCEPTED_BEFORE
        raise _refusal(error) from None  # its text holds the whole answer
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise Retry(type(error).__name__) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:  # a time-out is an OSError, a cut answer may be no JSON
        raise Uncertain(type(error).__name__) from error


async def close() -> None:
    for client in _clients.pop(asyncio.get_running_loop(), {}).values():
        await client.close()


def _api(address: str) -> Any:
    held = _clients.setdefault(asyncio.get_running_loop(), {})
    if address not in held:
        held[address] = AsyncApiClient(Configuration(host=address, access_token=""))
    return AsyncMessagingApi(held[address])


def _refusal(error: Any) -> Exception:
    status = int(error.status)
    if status == 429:
        if "monthly limit" in _message(error.body):
            return GiveUp("quota")
        return Retry("429", _after(error.headers))
    return Uncertain(str(status)) if status >= 500 else GiveUp(str(status))


def _message(body: str | None) -> str:
    try:
        found = json.loads(body or "{}")
    except ValueError:
        return ""
    return str(found.get("message", "")) if isinstance(found, dict) else ""


def _after(headers: Any) -> timedelta:
    text = (headers or {}).get("Retry-After", "")
    return timedelta(seconds=int(text)) if text.isascii() and text.isdecimal() and len(text) < 6 else timedelta()
