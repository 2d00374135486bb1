"""Passkeys (WebAuthn): a fingerprint or screen lock instead of a password, bound to this site and to the device.

User verification is always required. A challenge is a row that is deleted before it is compared: it works once.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from khuen import audit
from khuen.ids import uuid7
from khuen.settings import Settings
from khuen.signin.accounts import Account
from khuen.signin.rows import reading, writing

VALID = timedelta(minutes=5)


class PasskeyRefused(Exception):
    """The answer of the device does not fit; whoever tries learns no more than that."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A challenge for the browser: its row and the options as JSON."""

    id: UUID
    options: str


async def ask_to_register(account: Account, settings: Settings, now: datetime) -> Asked:
    known = [row["id"] for row in await list_for(account.id)]
    options = webauthn.generate_registration_options(
        rp_id=_rp_id(settings),
        rp_name="คืนสู่ชุมชน",
        user_id=account.id.bytes,
        user_name=account.login or account.called_name,
        user_display_name=account.called_name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=id_) for id_ in known],
    )
    return Asked(await _remember("register", options.challenge, account.id, now), webauthn.options_to_json(options))


async def register(
    account_id: UUID, challenge_id: str, credential: str, name: str, settings: Settings, now: datetime
) -> None:
    """Raises PasskeyRefused."""
    challenge = await _use_up("register", challenge_id, now, account_id)
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_rp_id(settings),
            expected_origin=settings.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error
    async with writing() as connection:
        added = await connection.fetchval(
            "INSERT INTO auth.passkey (id, account_id, public_key, sign_count, name, created_at)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING RETURNING true",
            made.credential_id,
            account_id,
            made.credential_public_key,
            made.sign_count,
            name[:80],
            now,
        )
        if not added:
            raise PasskeyRefused
        await audit.record_event(connection, now, "passkey:added", account_id)


async def ask_to_sign_in(settings: Settings, now: datetime) -> Asked:
    """For whoever holds a passkey of this site: the device says who it is."""
    options = webauthn.generate_authentication_options(
        rp_id=_rp_id(settings), user_verification=UserVerificationRequirement.REQUIRED
    )
    return Asked(await _remember("sign-in", options.challenge, None, now), webauthn.options_to_json(options))


async def ask_to_step_up(account_id: UUID, settings: Settings, now: datetime) -> Asked:
    options = webauthn.generate_authentication_options(
        rp_id=_rp_id(settings),
        user_verification=UserVerificationRequirement.REQUIRED,
        allow_credentials=[PublicKeyCredentialDescriptor(id=row["id"]) for row in await list_for(account_id)],
    )
    return Asked(await _remember("step-up", options.challenge, account_id, now), webauthn.options_to_json(options))


async def verify(
    purpose: str, challenge_id: str, credential: str, settings: Settings, now: datetime, account_id: UUID | None = None
) -> UUID:
    """The account whose passkey answered a "sign-in" or "step-up" challenge. Raises PasskeyRefused."""
    challenge = await _use_up(purpose, challenge_id, now, account_id)
    passkey = await _answered(challenge, credential, settings, now, account_id)
    found: UUID = passkey["account_id"]
    return found


async def ask_to_sign(account_id: UUID, challenge: bytes, settings: Settings) -> str:
    """Options for a challenge that somebody else keeps: it says what is signed (docs/decisions/0017)."""
    options = webauthn.generate_authentication_options(
        rp_id=_rp_id(settings),
        challenge=challenge,
        user_verification=UserVerificationRequirement.REQUIRED,
        allow_credentials=[PublicKeyCredentialDescriptor(id=row["id"]) for row in await list_for(account_id)],
    )
    return webauthn.options_to_json(options)


async def verify_signed(
    account_id: UUID, challenge: bytes, credential: str, settings: Settings, now: datetime
) -> bytes:
    """The public key of this account's passkey that signed exactly this challenge. Raises PasskeyRefused.

    Whoever keeps the challenge sees to it that it is used once.
    """
    passkey = await _answered(challenge, credential, settings, now, account_id)
    return bytes(passkey["public_key"])


async def list_for(account_id: UUID) -> list[dict[str, Any]]:
    """id, name, created_at, last_used_at of the passkeys that work."""
    async with reading() as connection:
        rows = await connection.fetch(
            "SELECT id, name, created_at, last_used_at FROM auth.passkey"
            " WHERE account_id = $1 AND removed_at IS NULL ORDER BY created_at",
            account_id,
        )
    return [dict(row) for row in rows]


async def remove(account_id: UUID, passkey_id: bytes, now: datetime) -> None:
    """Harmless twice; a stranger's stays."""
    async with writing() as connection:
        removed = await connection.fetchval(
            "UPDATE auth.passkey SET removed_at = $3 WHERE id = $1 AND account_id = $2 AND removed_at IS NULL"
            " RETURNING true",
            passkey_id,
            account_id,
            now,
        )
        if removed:
            await audit.record_event(connection, now, "passkey:removed", account_id)


async def _answered(
    challenge: bytes, credential: str, settings: Settings, now: datetime, account_id: UUID | None
) -> Any:
    """The row of the passkey that answered. Raises PasskeyRefused."""
    passkey = await _passkey(credential)
    if passkey is None or account_id not in (None, passkey["account_id"]):
        raise PasskeyRefused
    try:
        answer = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_rp_id(settings),
            expected_origin=settings.origin,
            credential_public_key=passkey["public_key"],
            credential_current_sign_count=passkey["sign_count"],
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error
    async with writing() as connection:
        await connection.execute(
            "UPDATE auth.passkey SET sign_count = $2, last_used_at = $3 WHERE id = $1",
            passkey["id"],
            answer.new_sign_count,
            now,
        )
    return passkey


def _rp_id(settings: Settings) -> str:
    return urlsplit(settings.origin).hostname or "localhost"


async def _remember(purpose: str, challenge: bytes, account_id: UUID | None, now: datetime) -> UUID:
    challenge_id = uuid7(now)
    async with writing() as connection:
        await connection.execute(
            "INSERT INTO auth.challenge (id, purpose, account_id, challenge, expires_at) VALUES ($1, $2, $3, $4, $5)",
            challenge_id,
            purpose,
            account_id,
            challenge,
            now + VALID,
        )
    return challenge_id


async def _use_up(purpose: str, challenge_id: str, now: datetime, account_id: UUID | None) -> bytes:
    try:
        row_id = UUID(challenge_id)
    except ValueError as error:
        raise PasskeyRefused from error
    async with reading() as connection:
        challenge: bytes | None = await connection.fetchval(
            "DELETE FROM auth.challenge WHERE id = $1 AND purpose = $2 AND expires_at > $3"
            " AND account_id IS NOT DISTINCT FROM $4 RETURNING challenge",
            row_id,
            purpose,
            now,
            account_id,
        )
    if challenge is None:
        raise PasskeyRefused
    return challenge


async def _passkey(credential: str) -> Any:
    """The row that the device's answer names, of an account that may sign in."""
    try:
        named = json.loads(credential)["id"]
        credential_id = base64.urlsafe_b64decode(named + "=" * (-len(named) % 4))
    except (ValueError, KeyError, TypeError):
        return None
    async with reading() as connection:
        return await connection.fetchrow(
            "SELECT p.id, p.account_id, p.public_key, p.sign_count FROM auth.passkey p"
            " JOIN auth.account a ON a.id = p.account_id AND a.state = 'active'"
            " WHERE p.id = $1 AND p.removed_at IS NULL",
            credential_id,
        )
