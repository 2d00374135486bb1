"""The one form of the pages of this room: seen with its case, shown again with what was typed, or done and said so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from litestar import Request, Response

from khuen import clock, web
from khuen.cases.rules import STAGES
from khuen.endings import service
from khuen.endings.service import Subject
from khuen.errors import Conflict, Invalid, KeyReused
from khuen.ids import uuid7
from khuen.tenancy import Here, within

Asked: TypeAlias = Request[Any, Any, Any]
#: does it, and answers what to say and the token that takes it back
Act: TypeAlias = Callable[[Here], Awaitable[tuple[str, str | None]]]


@dataclass(frozen=True, slots=True)
class Page:
    """`values` are read where the case is seen; they may bring `typed`, what stands in the form at first."""

    path: str  #: behind the case, and how the audit names it
    template: str
    values: Callable[[Here, Subject], Awaitable[dict[str, Any]]]
    blank: tuple[str, ...] = ()
    days: tuple[str, ...] = ("on",)  #: fields of three parts that begin with today
    tab: str | None = None  #: the tab it stands under, when that is another one
    back: str | None = None  #: where it leads when it is done, when that is another page

    async def show(
        self,
        request: Asked,
        code: str,
        *,
        status: int = 200,
        errors: Mapping[str, str] | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> Response[str]:
        here = web.here(request)
        async with within(here):
            case = await service.seen(here, code, self.path)
            values = await self.values(here, case)
        shown = dict.fromkeys(self.blank, "") | values.pop("typed", {}) | dict(typed or {})
        for name in self.days:
            shown = fill_day(shown, name, here.today)
        return web.page(
            request,
            self.template,
            status=status,
            case=case,
            code=case.code,
            base=f"/{request.path_params['tenant']}/cases/{case.code}",
            tab=self.tab or self.path,
            stages=STAGES,
            errors=errors or {},
            typed=shown,
            key=uuid7(),
            **values,
        )

    async def again(self, request: Asked, code: str, errors: Mapping[str, str], status: int = 422) -> Response[str]:
        """The form with what was typed, and what is wrong with it."""
        return await self.show(request, code, status=status, errors=errors, typed=web.typed(await request.form()))

    async def acted(
        self,
        request: Asked,
        code: str,
        act: Act,
        at: str,
        *,
        fields: Mapping[str, str] | None = None,
        meanwhile: Page | None = None,
    ) -> Response[Any]:
        """Do it in one transaction. What is refused is said at its field (`fields` renames it).

        A conflict is said at `at`, on the page `meanwhile` when this one is of something that is there no longer.
        """
        try:
            async with within(web.here(request)):
                text, token = await act(web.here(request))
        except Invalid as wrong:
            names = fields or {}
            return await self.again(request, code, {names.get(name, name): said for name, said in wrong.fields.items()})
        except KeyReused:
            raise
        except Conflict as conflict:
            return await (meanwhile or self).again(request, code, {at: conflict.text}, 409)
        tenant = request.path_params["tenant"]
        return web.saved(request, f"/{tenant}/cases/{code}/{self.back or self.path}", text=text, undo=token)


def day(raw: Mapping[str, Any], name: str, errors: dict[str, str]) -> date:
    """The day of three fields; what is wrong goes into `errors`, and the answer then means nothing."""
    read = clock.parse_date(*(str(raw.get(f"{name}_{part}", "")) for part in ("day", "month", "year")))
    if isinstance(read, str):
        errors[name] = read
        return date.min
    return read


def fill_day(typed: dict[str, str], name: str, on: date) -> dict[str, str]:
    """A day in the three fields, unless something was typed."""
    parts = {f"{name}_day": on.day, f"{name}_month": on.month, f"{name}_year": clock.buddhist(on)}
    return {part: str(value) for part, value in parts.items()} | typed
