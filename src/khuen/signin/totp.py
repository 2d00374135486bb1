"""The code of an authenticator app after the password (RFC 6238). A code works once, and 30 seconds to either side."""

from __future__ import annotations

import hmac
from datetime import datetime
from uuid import UUID

import pyotp

from khuen import audit
from khuen.settings import Settings
from khuen.signin import keys
from khuen.signin.rows import reading, writing
from khuen.thai import arabic

STEP_SECONDS = 30
_PURPOSE = "totp"


def new_secret(account_id: UUID, settings: Settings) -> tuple[str, bytes]:
    """(secret, the same sealed for this account): nothing is stored before one code was right."""
    secret = pyotp.random_base32()
    return secret, keys.seal(settings.kek, _PURPOSE, secret.encode(), account_id.bytes)


def address_for_app(secret: str, login: str) -> str:
    """What the QR holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name="Khuen")


def opened(account_id: UUID, sealed: bytes, settings: Settings) -> str | None:
    """The secret again; None when it was sealed for somebody else."""
    secret = keys.unseal(settings.kek, _PURPOSE, sealed, account_id.bytes)
    return secret.decode() if secret else None


async def confirm(account_id: UUID, sealed: bytes, code: str, settings: Settings, now: datetime) -> bool:
    """Switch it on when the first code is right."""
    secret = opened(account_id, sealed, settings)
    step = _step(secret, code, now) if secret else None
    if step is None:
        return False
    async with writing() as connection:
        await connection.execute(
            "UPDATE auth.account SET totp_sealed = $2, totp_confirmed_at = $3, totp_last_step = $4 WHERE id = $1",
            account_id,
            sealed,
            now,
            step,
        )
        await audit.record_event(connection, now, "totp:confirmed", account_id)
    return True


async def check(account_id: UUID, code: str, settings: Settings, now: datetime) -> bool:
    """Whether this is a code of now that was not used before."""
    async with reading() as connection:
        sealed = await connection.fetchval(
            "SELECT totp_sealed FROM auth.account WHERE id = $1 AND state = 'active'", account_id
        )
        secret = opened(account_id, sealed, settings) if sealed else None
        step = _step(secret, code, now) if secret else None
        if step is None:
            return False
        return bool(
            await connection.fetchval(
                "UPDATE auth.account SET totp_last_step = $2"
                " WHERE id = $1 AND (totp_last_step IS NULL OR totp_last_step < $2) RETURNING true",
                account_id,
                step,
            )
        )


async def switch_off(account_id: UUID, now: datetime) -> None:
    async with writing() as connection:
        await connection.execute(
            "UPDATE auth.account SET totp_sealed = NULL, totp_confirmed_at = NULL, totp_last_step = NULL WHERE id = $1",
            account_id,
        )
        await audit.record_event(connection, now, "totp:removed", account_id)


def _step(secret: str, code: str, now: datetime) -> int | None:
    typed = arabic(code).replace(" ", "").encode("utf-8", "replace")
    present = int(now.timestamp()) // STEP_SECONDS
    for step in (present, present - 1, present + 1):
        if hmac.compare_digest(pyotp.TOTP(secret).generate_otp(step).encode(), typed):
            return step
    return None
