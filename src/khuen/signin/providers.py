"""Sign-in with another organisation (OpenID Connect): code flow with state, nonce and PKCE, each provider as it is.

What a provider calls a person is kept as an HMAC:
for ThaID it is the national id.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from khuen.settings import Settings
from khuen.signin import keys
from khuen.signin.provider_file import Provider
from khuen.signin.rows import reading, writing

VALID = timedelta(minutes=10)


class ProviderRefused(Exception):
    """What came back cannot be believed, or the person said no there. `reason` is one word for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Flow:
    """One started sign-in, used up."""

    verifier: str
    nonce: str
    goes_to: str
    account_id: UUID | None
    held: str


async def begin(
    provider: Provider, goes_to: str, account_id: UUID | None, settings: Settings, now: datetime, held: str = ""
) -> tuple[str, str]:
    """(where to send the browser, the state for its cookie). `held` is a form that outlived its session, sealed."""
    verifier, nonce, state = generate_token(64), generate_token(32), secrets.token_urlsafe(32)
    meta = await _endpoints(provider)
    async with _client(provider, settings) as client:
        more = {"nonce": nonce} if provider.nonce else {}
        url, _ = client.create_authorization_url(
            meta["authorization_endpoint"], state=state, code_verifier=verifier if provider.pkce else None, **more
        )
    async with writing() as connection:
        await connection.execute(
            "INSERT INTO auth.flow (state_hash, provider, verifier, nonce, goes_to, account_id, created_at, expires_at,"
            " held) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            _hash(state),
            provider.id,
            verifier,
            nonce,
            goes_to,
            account_id,
            now,
            now + VALID,
            held,
        )
    return url, state


async def take_flow(provider: Provider, state: str, cookie: str, now: datetime) -> Flow:
    """The flow that this browser began; its row is deleted before anything is done with it.

    Raises ProviderRefused for another browser's, an old or a used one.
    """
    if not state or not hmac.compare_digest(state.encode("utf-8", "replace"), cookie.encode("utf-8", "replace")):
        raise ProviderRefused("state")
    async with reading() as connection:
        row = await connection.fetchrow(
            "DELETE FROM auth.flow WHERE state_hash = $1 AND provider = $2 AND expires_at > $3"
            " RETURNING verifier, nonce, goes_to, account_id, held",
            _hash(state),
            provider.id,
            now,
        )
    if row is None:
        raise ProviderRefused("flow")
    return Flow(**dict(row))


async def finish(provider: Provider, code: str, flow: Flow, settings: Settings) -> str:
    """Redeem the code; returns the person's name at the provider as we keep it. Raises ProviderRefused."""
    meta = await _endpoints(provider)
    more = {"code_verifier": flow.verifier} if provider.pkce else {}
    try:
        async with _client(provider, settings) as client:
            token = await client.fetch_token(meta["token_endpoint"], grant_type="authorization_code", code=code, **more)
    except (AuthlibBaseError, httpx2.HTTPError, ValueError) as error:
        raise ProviderRefused("token") from error
    claims = await _claims(provider, meta, str(token.get("id_token", "")), flow.nonce)
    subject = claims.get(provider.subject_claim)
    if not isinstance(subject, str) or not subject:
        raise ProviderRefused("subject")
    return hmac.digest(keys.derive(settings.kek, "identity"), f"{provider.id}\0{subject}".encode(), "sha256").hex()


async def way_out(provider: Provider, settings: Settings) -> str | None:
    """Where its own session can be ended too, when it publishes that (OpenID RP-Initiated Logout 1.0)."""
    try:
        ends_at = (await _endpoints(provider)).get("end_session_endpoint") or None
    except ProviderRefused:
        return None
    if ends_at is None:
        return None
    query = httpx2.QueryParams(client_id=provider.client_id, post_logout_redirect_uri=f"{settings.origin}/sign-in")
    return f"{ends_at}?{query}"


def back_address(provider: Provider, settings: Settings) -> str:
    """The redirect_uri to register with the provider."""
    return f"{settings.origin}/sign-in/back/{provider.id}"


_KEPT_SECONDS = 3600.0
_fetched: dict[str, tuple[float, dict[str, Any]]] = {}


def _client(provider: Provider, settings: Settings) -> Any:
    return AsyncOAuth2Client(
        provider.client_id,
        provider.client_secret,
        scope=provider.scope,
        redirect_uri=back_address(provider, settings),
        code_challenge_method="S256" if provider.pkce else None,
        token_endpoint_auth_method=provider.token_endpoint_auth_method,
        timeout=10,
    )


async def _endpoints(provider: Provider) -> dict[str, Any]:
    """What is written in our file, completed by what the provider publishes."""
    names = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint")
    ours = {name: value for name in names if (value := getattr(provider, name))}
    return {**(await _fetch(provider.discovery) if provider.discovery else {}), **ours}


async def _fetch(url: str, *, again: bool = False) -> dict[str, Any]:
    kept = _fetched.get(url)
    if kept and not again and kept[0] > time.monotonic():
        return kept[1]
    try:
        async with httpx2.AsyncClient(timeout=10) as client:
            answer = await client.get(url)
            found: dict[str, Any] = answer.raise_for_status().json()
    except (httpx2.HTTPError, ValueError) as error:
        raise ProviderRefused("unreachable") from error
    _fetched[url] = (time.monotonic() + _KEPT_SECONDS, found)
    return found


async def _claims(provider: Provider, meta: dict[str, Any], id_token: str, nonce: str) -> dict[str, Any]:
    """The checked claims of an id token. The algorithms are ours, never the token's own word."""
    expected: dict[str, Any] = {
        "iss": {"essential": True, "value": meta["issuer"]},
        "aud": {"essential": True, "value": provider.client_id},
        "exp": {"essential": True},
        provider.subject_claim: {"essential": True},
    }
    if provider.nonce:
        expected["nonce"] = {"essential": True, "value": nonce}
    try:
        token = await _decoded(provider, meta, id_token)
        jwt.JWTClaimsRegistry(leeway=60, **expected).validate(token.claims)
    except (JoseError, ValueError) as error:
        raise ProviderRefused("id_token") from error
    return token.claims


async def _decoded(provider: Provider, meta: dict[str, Any], id_token: str) -> jwt.Token:
    if provider.algorithms == ("HS256",):
        return jwt.decode(id_token, OctKey.import_key(provider.client_secret), algorithms=["HS256"])
    for again in (False, True):  # a key we do not know yet may have been published since
        keys_there = KeySet.import_key_set(await _fetch(meta["jwks_uri"], again=again))  # type: ignore[arg-type]
        try:
            return jwt.decode(id_token, keys_there, algorithms=list(provider.algorithms))
        except ValueError:
            if again:
                raise
    raise AssertionError("unreachable")


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode("utf-8", "replace")).digest()
