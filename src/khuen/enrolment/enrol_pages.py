"""What the five pages of one enrolment show, and what only the district can find wrong on them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from khuen import members, packs, places, thai
from khuen.buddies import service as buddies
from khuen.buddies.rules import REASONS
from khuen.cases import service as cases
from khuen.enrolment import again, forms, rules, service
from khuen.enrolment.drafts import Held
from khuen.enrolment.forms import STEPS
from khuen.enrolment.problems import PROBLEMS, Said
from khuen.rule_pack import CONSENTS, Consent
from khuen.tenancy import Here
from khuen.words import N_

NO_PROJECT = Said(N_("Choose the project"), N_("Every case belongs to one project"))
CHOOSE_PLACE = Said(N_("Choose the tambon from the list"), N_("Or clear the search if the address is not known"))
REASON_NEEDED = Said(
    N_("This buddy visits somebody already"), N_("Write why this buddy takes one more person, or choose another")
)
NOT_A_BUDDY = Said(N_("This buddy is no longer here"), N_("Choose another one"))
TEXTS_CHANGED = Said(
    N_("The texts changed since this page was opened"), N_("Read the new ones aloud, then choose again")
)
NO_PLACE = N_("Not known, or no fixed address")
_LONGEST = 500


async def values_of(here: Here, step: str, held: Held, typed: dict[str, str]) -> dict[str, Any]:
    """What one page shows besides errors."""
    around = await service.around(here)
    shown: dict[str, Any] = {
        "held": held,
        "typed": _Typed(typed),
        "step": list(STEPS).index(step) + 1,
        "labels": list(STEPS.values()),
        "age": forms.age(typed, around),
    }
    if held.case_id is not None:
        return {"code": (await service.confirm(here, held.id, "")).code}
    if step == "person":
        shown["projects"] = await cases.projects(here)
    elif step == "address":
        shown |= place_choices(typed, around.near)
    elif step == "consents":
        shown |= await _consents(here, typed, shown["age"])
    elif step == "buddy":
        shown["suggestions"] = [
            (one, (one.moo, places.label_of(one.subdistrict_code)), [REASONS[reason] for reason in one.reasons])
            for one in await again.former_first(held, await service.suggested(here, held))
        ]
    elif step == "check":
        shown |= await _checked(here, held)
    return shown


async def wrong_here(here: Here, step: str, typed: dict[str, str]) -> dict[str, Said]:
    """What only the district knows: its projects, its consent texts and its buddies. `typed` is of all pages."""
    if step == "person":
        ids = {str(project.id) for project in await cases.projects(here)}
        return {} if typed["project"] in ids else {"project": NO_PROJECT}
    if step == "address":
        return {"subdistrict_code": CHOOSE_PLACE} if typed["q"] and not typed["subdistrict_code"] else {}
    if step == "consents":
        consent = await _consent_of(here, typed)
        return {"texts_read": TEXTS_CHANGED} if consent and typed["texts_read"] != consent.versions else {}
    if step == "buddy" and typed["buddy"]:
        chosen = {str(one.member_id): one for one in await buddies.everybody(here)}.get(typed["buddy"])
        if chosen is None:
            return {"buddy": NOT_A_BUDDY}
        if chosen.current_cases and len(typed["extra_reason"]) < 3:
            return {"extra_reason": REASON_NEEDED}
    return {}


def unkept(typed: dict[str, str]) -> dict[str, Said]:
    """Texts that no field can hold: NUL, lone surrogates, pages of text where a name belongs."""
    found = {}
    for name, text in typed.items():
        if problem := thai.refuse(text, _LONGEST):
            code = "too_long" if problem == thai.TOO_LONG else "hidden"
            found[name.removesuffix("_day").removesuffix("_month").removesuffix("_year")] = PROBLEMS[code]
    return found


def place_choices(typed: dict[str, str], near: str) -> dict[str, Any]:
    found = places.choices(typed.get("q", ""), typed.get("subdistrict_code", ""), near)
    return {"no_place": NO_PLACE, **found}


async def _consents(here: Here, typed: dict[str, str], age: int | None) -> dict[str, Any]:
    settings = (await packs.settings_of(here)).enrolment
    return {
        "consent": await _consent_of(here, typed),
        "kinds": CONSENTS,
        "guardian_alone": age is not None and age <= rules.GUARDIAN_ALONE_UP_TO,
        "outside": rules.outside_programme(age, settings.youngest, settings.oldest),
        "youngest": settings.youngest,
        "oldest": settings.oldest,
        "guardian_under": rules.GUARDIAN_UNDER,
        "bases": rules.LEGAL_BASES,
        "proposers": rules.PROPOSERS,
        "today": here.today,
    }


async def _consent_of(here: Here, typed: dict[str, str]) -> Consent | None:
    """The consent texts of the project that was chosen. None before one is."""
    projects = {str(project.id): project for project in await cases.projects(here)}
    chosen = projects.get(typed.get("project", ""))
    return (await packs.pack(here, chosen.pack_id)).consent if chosen else None


async def sheet_of(here: Here, held: Held) -> dict[str, Any]:
    """The three texts on paper, with the name that was typed."""
    return {
        "consent": await _consent_of(here, held.typed),
        "kinds": CONSENTS,
        "held": held,
        "guardian": rules.lacks_guardian(forms.age(held.typed, await service.around(here)), ""),
    }


async def _checked(here: Here, held: Held) -> dict[str, Any]:
    around = await service.around(here)
    entry = forms.entry(held.typed, around)
    buddy = held.typed.get("buddy")
    names = await members.names(here, [UUID(buddy)]) if buddy else {}
    projects = {str(project.id): project.name for project in await cases.projects(here)}
    same = held.typed.get("same", "new")
    return {
        "entry": entry,
        "project": projects.get(held.typed.get("project", ""), ""),
        "place": (entry.moo, places.label_of(entry.subdistrict_code)) if entry else (None, None),
        "phone": thai.phone(entry.phone).shown if entry and entry.phone else "",
        "id_shown": thai.national_id(entry.national_id).printed if entry and entry.national_id else "",
        "buddy": next(iter(names.values()), None),
        "known": same != "new",
        "sexes": rules.SEXES,
        "seen": service.seen_mark(held),
        **await _consents(here, held.typed, forms.age(held.typed, around)),
    }


class _Typed(dict[str, str]):
    """What was typed; an empty text for a field that nobody has filled in yet."""

    def __missing__(self, name: str) -> str:
        return ""
