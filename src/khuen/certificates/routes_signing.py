"""Signing a batch: two statements, one proof, and a page that shows how far it is, by itself and without scripts."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.response import Redirect

from khuen import clock, clockwork, packs, web
from khuen.certificates import asking, batches, queue_page
from khuen.certificates.asking import Asked, SigningForm
from khuen.certificates.batches import Proof
from khuen.certificates.rules import REFUSED, STATES, Method
from khuen.errors import Conflict, KeyReused, NotAllowed
from khuen.signin import limits, passkeys, totp
from khuen.signin.door import settings_of
from khuen.signin.entering import limiter_of, text
from khuen.signin.passkeys import PasskeyRefused
from khuen.tenancy import within
from khuen.words import N_

DECIDE = {"perm": "certificates.decide"}
NOT_PROVED = N_("It could not be confirmed that it is you. Nothing was signed. Try once more")
LOOK_AGAIN = "2"  #: seconds until the page asks how far it is
FAILED = {
    "no_key": N_("The hospital's key is missing. It goes on by itself once the operator has put it in place"),
    "key_expired": N_("The hospital's key has expired. It goes on by itself once the operator has renewed it"),
    "not_made": N_("It could not be made and is tried again by itself"),
}


@post("/{tenant:str}/doctor/batches/{signing_id:str}/options", opt=DECIDE, status_code=200, media_type=MediaType.JSON)
async def options(request: Asked, tenant: FromPath[str], signing_id: FromPath[str]) -> dict[str, str]:
    """What the passkey is asked to sign: the batch of everybody whom this doctor certified."""
    here, session = web.here(request), asking.session_of(request)
    if session.scope != "full" or session.practice_tenant_id is not None:
        raise NotAllowed
    async with within(here):
        challenge = await batches.begin(here, asking.uuid_of(signing_id))
    if challenge is None:
        raise Conflict(batches.NOBODY)
    made = await passkeys.ask_to_sign(session.account_id, challenge, settings_of(request))
    return {"challenge": signing_id, "options": made}


@post("/{tenant:str}/doctor/batches/{signing_id:str}", opt=DECIDE)
async def sign(request: Asked, tenant: FromPath[str], signing_id: FromPath[str]) -> Response[Any]:
    batch_id, raw, here = asking.uuid_of(signing_id), await request.form(), web.here(request)
    form, errors = web.read(SigningForm, raw)
    if form is None:
        return await queue_page.page(request, status=422, errors=errors, typed=web.typed(raw), batch_id=batch_id)
    try:
        async with within(here):
            challenge = await batches.begin(here, batch_id)
            allowed = (await packs.settings_of(here)).certificates.code_allowed
        if challenge is None:  # sent twice: it was signed the first time
            return Redirect(f"/{tenant}/doctor/batches/{batch_id}", status_code=303)
        proof = await _proof(request, raw, challenge, allowed)
        if proof is None:
            wrong = {"proof": NOT_PROVED}
            return await queue_page.page(request, status=422, errors=wrong, typed=web.typed(raw), batch_id=batch_id)
        async with within(here):
            await batches.sign(here, batch_id, proof)
    except KeyReused:
        raise
    except Conflict as refused:
        return await queue_page.page(request, status=409, errors={"proof": str(refused)}, typed=web.typed(raw))
    await clockwork.ask_for("issue_certificates", clock.now())
    return web.saved(request, f"/{tenant}/doctor/batches/{batch_id}", text=N_("Signed. The papers are being made"))


@get("/{tenant:str}/doctor/batches/{signing_id:str}", opt=DECIDE)
async def batch(request: Asked, tenant: FromPath[str], signing_id: FromPath[str]) -> Response[str]:
    """How far the papers are; asks again by itself until all are done."""
    here = web.here(request)
    async with within(here):
        found = await batches.progress(here, asking.uuid_of(signing_id))
    under_way = found.signed and found.done < len(found.items)
    response = web.page(
        request,
        "certificates/batch.html",
        batch=found,
        under_way=under_way,
        states=STATES,
        refused=REFUSED,
        failed=FAILED,
    )
    if under_way:
        response.headers["refresh"] = LOOK_AGAIN
    return response


ROUTES = [options, sign, batch]


async def _proof(request: Asked, raw: Any, challenge: bytes, code_allowed: bool) -> Proof | None:
    """How this person proved to be the one who signs; None when they did not. Raises TooMany."""
    session, settings, now = asking.session_of(request), settings_of(request), clock.now()
    if asking.practises(request):
        return Proof(Method.PRACTICE)
    if session.scope != "full" or session.practice_tenant_id is not None:
        raise NotAllowed
    credential = text(raw, "credential", 20_000)
    if credential:
        try:
            key = await passkeys.verify_signed(session.account_id, challenge, credential, settings, now)
        except PasskeyRefused:
            return None
        return Proof(Method.PASSKEY, credential, key)
    if not code_allowed:
        return None
    await limiter_of(request).take("signing code", str(session.account_id), limits.ACCOUNT, now)
    right = await totp.check(session.account_id, text(raw, "code", 20), settings, now)
    return Proof(Method.CODE) if right else None
