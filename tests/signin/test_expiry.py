"""What can never count again goes; what counts stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from khuen import clock
from khuen.signin import expiry, passkeys, sessions
from khuen.signin.limits import ACCOUNT, Limiter
from tests.signin.conftest import Cast


async def test_only_what_is_over_goes(cast: Cast, root: Any) -> None:
    now, limiter = clock.now(), Limiter(cast.settings, None)
    alive = await sessions.start(cast.coordinator, method="password", now=now)
    await sessions.start(cast.coordinator, method="password", now=now - timedelta(days=40))
    for moment in (now, now - timedelta(days=2)):
        await passkeys.ask_to_sign_in(cast.settings, moment)
        await limiter.take("account", f"at {moment}", ACCOUNT, moment)
    assert await expiry.sweep(now) == 3
    assert await expiry.sweep(now) == 0
    assert await sessions.look_up(alive, now) is not None
    left = [await root.fetchval(f"SELECT count(*) FROM auth.{table}") for table in ("session", "challenge", "attempt")]
    assert left == [1, 1, 1]
