"""One call to a service over HTTPS, and what its answer means. Redirects are never followed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx2

from khuen.channels import GiveUp, Retry, Uncertain

CONNECT, ANSWER = 5.0, 10.0  #: seconds to reach it and for its answer: well within a lease


async def post(address: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> httpx2.Response:
    """The answer when it is 2xx. `more` is httpx2's: data, auth.

    Raises Retry (no connection, 429), GiveUp (other 4xx, and redirects) or Uncertain (5xx, a line lost on the way).
    """
    try:
        async with httpx2.AsyncClient(timeout=httpx2.Timeout(ANSWER, connect=CONNECT)) as client:
            answer = await client.post(address, headers=headers, **more)
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        raise Retry(type(error).__name__) from error
    except httpx2.HTTPError as error:
        raise Uncertain(type(error).__name__) from error
    except (httpx2.InvalidURL, ValueError) as error:
        raise GiveUp("not an address") from error
    if answer.status_code == 429:
        raise Retry("429", _after(answer))
    if answer.status_code >= 500:
        raise Uncertain(str(answer.status_code))
    if not answer.is_success:
        raise GiveUp("gone" if answer.status_code in (404, 410) else str(answer.status_code))
    return answer


def _after(answer: httpx2.Response) -> timedelta:
    text = answer.headers.get("retry-after", "")
    return timedelta(seconds=int(text)) if text.isascii() and text.isdecimal() and len(text) < 6 else timedelta()
