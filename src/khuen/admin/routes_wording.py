"""The words of each outgoing message: the district's own or the standard ones, checked, previewed, put back."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import outgoing, packs, web
from khuen.admin import keeping
from khuen.admin.keeping import Saving, SettingsChanged
from khuen.admin.routes_settings import SAVED, SETTINGS
from khuen.channels import Texts, texts
from khuen.district import DistrictSettings, MessageText
from khuen.errors import NotFound
from khuen.ids import uuid7
from khuen.messages.rules import KINDS, PLACES
from khuen.signin.door import Asked, settings_of
from khuen.tenancy import within
from khuen.words import N_

STANDARD = N_("The standard words are back")
_SAMPLE = 3


class Wording(msgspec.Struct):
    key: UUID
    was: int = 0
    act: str = "save"
    said: Annotated[str, Meta(max_length=200, extra={"error": outgoing.EMPTY})] = ""
    subject: Annotated[str, Meta(max_length=200, extra={"error": outgoing.EMPTY})] = ""


@get("/{tenant:str}/admin/settings/wording", opt=SETTINGS)
async def every_message(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        own = (await keeping.present(here)).settings.messages
    lines = [(kind, KINDS[kind], own.get(kind) or texts.standard(kind), kind in own) for kind in outgoing.FILLED]
    return web.page(request, "admin/wordings.html", lines=lines)


@get("/{tenant:str}/admin/settings/wording/{kind:str}", opt=SETTINGS)
async def one_message(request: Asked, tenant: FromPath[str], kind: FromPath[str]) -> Response[Any]:
    return await _message(request, _known(kind))


@post("/{tenant:str}/admin/settings/wording/{kind:str}", opt=SETTINGS)
async def reword(request: Asked, tenant: FromPath[str], kind: FromPath[str]) -> Response[Any]:
    kind, here = _known(kind), web.here(request)
    form, errors = web.read(Wording, await request.form())
    if form is None:
        if "key" in errors:
            raise NotFound
        return await _message(request, kind, errors=errors, status=422)
    back = form.act == "standard"
    errors = {} if back else _wrong(request, tenant, kind, form)
    if errors or form.act == "preview":
        return await _message(request, kind, form, errors=errors, status=422 if errors else 200)
    new = None if back else MessageText(said=form.said, subject=form.subject)
    if new == texts.standard(kind):
        new = None

    def change(settings: DistrictSettings) -> DistrictSettings:
        rest = {name: own for name, own in settings.messages.items() if name != kind}
        return replace(settings, messages=rest | ({kind: new} if new else {}))

    try:
        async with within(here):
            saving = Saving(form.key, part_of(kind), form.was)
            await keeping.save(here, saving, lambda settings: settings.messages.get(kind), change)
    except SettingsChanged as changed:
        differs = changed.present.settings.messages.get(kind) or texts.standard(kind)
        return await _message(request, kind, form, differs=differs, status=409)
    packs.forget(here.tenant_id)
    return web.saved(request, f"/{tenant}/admin/settings/wording/{kind}", text=STANDARD if back else SAVED)


ROUTES: list[Any] = [every_message, one_message, reword]


def part_of(kind: str) -> str:
    """The page of a message in the history of settings."""
    return f"wording-{kind}"


def _known(kind: str) -> str:
    if kind not in outgoing.FILLED:
        raise NotFound
    return kind


def _wrong(request: Asked, tenant: str, kind: str, form: Wording) -> dict[str, str]:
    found = {
        "said": outgoing.problem(form.said, kind, outgoing.SAID, needs=True),
        "subject": outgoing.problem(form.subject, kind, outgoing.SUBJECT, needs=False),
    }
    errors = {name: problem for name, problem in found.items() if problem}
    sample = None if errors else _sample(request, tenant, kind, MessageText(said=form.said, subject=form.subject))
    return {"said": outgoing.TOO_LONG} if sample and len(sample.sms) > outgoing.SMS else errors


def _sample(request: Asked, tenant: str, kind: str, own: MessageText) -> Texts:
    """As it would arrive, with invented figures."""
    code = "ABC-0007"
    link = f"{settings_of(request).origin}/{tenant}/{PLACES[kind].format(code=code)}"
    return texts.write(kind, count=_SAMPLE, link=link, code=code, own=own)


async def _message(
    request: Asked,
    kind: str,
    typed: Wording | None = None,
    *,
    errors: dict[str, str] | None = None,
    differs: MessageText | None = None,
    status: int = 200,
) -> Response[Any]:
    """`differs` are the words that stand now, when somebody saved others meanwhile."""
    here = web.here(request)
    async with within(here):
        now = await keeping.present(here)
    own = now.settings.messages.get(kind)
    held = own or texts.standard(kind)
    shown = MessageText(said=typed.said, subject=typed.subject) if typed else held
    return web.page(
        request,
        "admin/wording.html",
        status=status,
        kind=kind,
        title=KINDS[kind],
        shown=shown,
        standard=texts.standard(kind),
        own=own is not None,
        place=outgoing.FILLED[kind],
        sample=None if errors else _sample(request, request.path_params["tenant"], kind, shown),
        most=outgoing.SMS,
        differs=differs,
        key=typed.key if typed and differs is None else uuid7(),
        was=typed.was if typed and differs is None else now.number,
        errors=errors or {},
    )
