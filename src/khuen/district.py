"""What a district may set: read from tenants/*.toml, kept in the database, handed to the rules as an argument.

`DistrictSettings` may change tomorrow; a `RulePack` is published once (rule_pack.py). docs/rule-packs.md explains each
key.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from khuen import outgoing
from khuen.district_checks import (
    RESERVED_SLUGS,
    pack_contradictions,
    settings_contradictions,
    tenant_contradictions,
    unpaired_texts,
)
from khuen.rule_pack import (
    Consent,
    Days,
    FollowUp,
    Name,
    Pathway,
    Positive,
    RulePack,
    Text,
    Visits,
    from_content,
    pack_content,
    pack_hash,
)
from khuen.thai import canonical
from khuen.toml_lines import BadToml, Key, Mistake, Source, check, faults, merge, missing, open_toml, suggestion

__all__ = [
    "RESERVED_SLUGS",
    "BadToml",
    "DistrictSettings",
    "Project",
    "RulePack",
    "Tenant",
    "TenantFile",
    "from_content",
    "pack_content",
    "pack_hash",
    "read",
    "read_pack",
    "settings_content",
    "settings_contradictions",
    "settings_faults",
    "settings_from_content",
    "settings_table",
]

Age = Annotated[int, Meta(ge=0, le=120, description="an age in whole years from 0 to 120")]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday"]
Role = Literal["coordinator", "clinic", "doctor", "chair", "hospital_director", "tenant_admin"]
Code2 = Annotated[str, Meta(pattern="^[0-9]{2}$", description='a province code of 2 digits in quotes, such as "36"')]
Code4 = Annotated[str, Meta(pattern="^[0-9]{4}$", description='a district code of 4 digits in quotes, such as "3606"')]
Code6 = Annotated[str, Meta(pattern="^[0-9]{6}$", description='a tambon code of 6 digits in quotes, such as "360607"')]
Moo = Annotated[str, Meta(pattern="^[0-9]{1,2}$", description='a village number in quotes, such as "3"')]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCode:
    prefix: Annotated[str, Meta(pattern="^[A-Z]{2,5}$", description='2 to 5 capital letters, such as "CPM"')]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Ages outside the range are warned of, not refused; a case without a buddy is late after so many hours."""

    youngest: Age
    oldest: Age
    buddy_within_hours: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Who hears when a visit is so many days overdue, and who hears of an urgent answer at once."""

    overdue_days: Days
    overdue_to: tuple[Role, ...]
    urgent_to: tuple[Role, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Bangkok times between which only urgent messages go out; may span midnight."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """Bangkok time from which the day's reminders are composed."""

    at: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """Within how many days somebody who missed a session is asked after, and how often a week brings a further test."""

    contact_within_days: Days = 3
    extra_tests_percent: Annotated[int, Meta(ge=0, le=100, description="a whole number from 0 to 100")] = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotline:
    number: Annotated[str, Meta(pattern="^[0-9]{3,10}$", description='a telephone number in quotes, such as "1669"')]
    name: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Meetings:
    """The habit of the weekly meeting, who chairs, and from how many days on a case comes before it."""

    weekday: Weekday = "tuesday"
    at: time = time(9, 30)
    place: Text = "ห้องประชุมที่ว่าการอำเภอ"
    chair: Text = "นายอำเภอ"
    province_chair: Text = "ผู้ว่าราชการจังหวัด"
    thai_digits: bool = True
    overdue_days: Days = 7
    no_buddy_days: Days = 7
    same_stage_days: Days = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Whose paper it is: the hospital as it is printed, its code of 5 digits, and the prefix of its official numbers.

    Nothing is signed before the hospital is named. `code_allowed`: an authenticator app's code may stand for a passkey.
    """

    hospital: Annotated[str, Meta(max_length=120, description="a text of at most 120 characters")] = ""
    hospital_code: Annotated[str, Meta(pattern="^[0-9]{5}$", description='5 digits in quotes, such as "00000"')] = (
        "00000"
    )
    prefix: Annotated[str, Meta(min_length=1, max_length=20, description="a text of 1 to 20 characters")] = "รพ"
    thai_digits: bool = True
    code_allowed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Holidays:
    """Days on which nobody is reminded; `names` are of the district's own days, by the day as text (2026-10-31)."""

    dates: tuple[date, ...]
    names: dict[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageText:
    """A district's own words for a message: khuen.outgoing says what may stand in them."""

    said: Annotated[str, Meta(min_length=1, max_length=outgoing.SAID, description="a text of 1 to 70 characters")]
    subject: Annotated[str, Meta(min_length=1, max_length=outgoing.SUBJECT, description="a text of 1 to 50 characters")]


@dataclass(frozen=True, kw_only=True)
class DistrictSettings:
    case_code: CaseCode
    enrolment: Enrolment
    escalation: Escalation
    quiet_hours: QuietHours
    reminders: Reminders
    hotlines: tuple[Hotline, ...]
    holidays: Holidays
    wording: dict[str, Text]
    treatment: Treatment = Treatment()  # settings that were kept before there was such a table lack it
    meetings: Meetings = Meetings()  # settings that were kept before there were meetings have none
    certificates: Certificates = Certificates()  # settings that were kept before there were certificates have none
    messages: dict[str, MessageText] = field(default_factory=dict)  # by kind; absent: the standard words


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A district, or a province unit that runs cases itself (then without district_code)."""

    slug: Name
    name: Text
    short_name: Text
    province_code: Code2
    district_code: Code4 | None = None
    area_path: Annotated[
        str, Meta(pattern="^th/[a-z]+/[0-9]{2}(/[0-9]{4})?$", description='a path such as "th/northeast/36/3606"')
    ]
    practice: bool = False
    as_of: date | None = None  # a historical practice district lives on this day


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project of a tenant; its rule pack is the one the file extends, when it names none."""

    name: Text
    level: Literal["tambon", "village", "district"]
    subdistrict_code: Code6 | None = None
    moo: Moo | None = None
    starts_on: date
    ends_on: date | None = None
    pack: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantFile:
    """A tenant file with its defaults filled in. `packs` has every pack that a project uses, under its name."""

    tenant: Tenant
    projects: tuple[Project, ...]
    settings: DistrictSettings
    packs: dict[str, RulePack]
    default_pack: str

    def pack_of(self, project: Project) -> RulePack:
        return self.packs[project.pack or self.default_pack]


@dataclass(frozen=True, kw_only=True)
class _PackShape(RulePack, DistrictSettings):
    extends: Name | None = None


@dataclass(frozen=True, kw_only=True)
class _TenantShape(DistrictSettings):
    extends: Name
    tenant: Tenant
    project: tuple[Project, ...]
    visits: Visits
    follow_up: FollowUp
    pathway: Pathway
    consent: Consent


def read(path: Path) -> TenantFile:
    """Read a tenant's file with the packs below it. Raises BadToml with every mistake, each with its file and line.

    The tenant's own values stand over those of each pack, also of a pack that only one of its projects names.
    """
    own = open_toml(path)
    if "extends" not in own.table:
        raise BadToml([own.mistake(("extends",), 'is missing: write extends = "standard" on the first line')])
    table = _checked(_chain(own), _TenantShape)
    default = str(table["extends"])
    packs: dict[str, RulePack] = {}
    for place, name in [(None, default), *((n, p.get("pack", default)) for n, p in enumerate(table["project"]))]:
        if name not in packs:
            below = _below(own, name, ("extends",) if place is None else ("project", place, "pack"))
            packs[name] = msgspec.convert(_checked([own, *_chain(below)], RulePack), RulePack)
    return TenantFile(
        tenant=msgspec.convert(table["tenant"], Tenant),
        projects=msgspec.convert(table["project"], tuple[Project, ...]),
        settings=msgspec.convert(table, DistrictSettings),
        packs=packs,
        default_pack=default,
    )


def read_pack(path: Path) -> RulePack:
    """Read a pack's file (standard.toml, village.toml) by itself. Raises BadToml like `read`."""
    return msgspec.convert(_checked(_chain(open_toml(path)), RulePack), RulePack)


def settings_content(settings: DistrictSettings) -> dict[str, Any]:
    """The settings as plain JSON values, as they are kept."""
    return msgspec.json.decode(msgspec.json.encode(settings), type=dict[str, Any])


def settings_from_content(content: dict[str, Any]) -> DistrictSettings:
    """Kept settings. Raises msgspec.ValidationError when the content is none."""
    return msgspec.convert(content, DistrictSettings)


def settings_table(settings: DistrictSettings) -> dict[str, Any]:
    """The settings as a file would hold them: dates and times of day as such, lists as lists."""
    plain: dict[str, Any] = _listed(msgspec.to_builtins(settings, builtin_types=(date, time)))
    return plain


def settings_faults(table: dict[str, Any]) -> list[tuple[Key, str]]:
    """The values that a file would be refused for, each with its key and the words for it."""
    return list(faults(table, DistrictSettings))


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _listed(inner) for name, inner in value.items()}
    return [_listed(inner) for inner in value] if isinstance(value, tuple | list) else value


def _chain(first: Source) -> list[Source]:
    """The file, then what it extends, down to the pack that extends nothing."""
    chain = [first]
    while isinstance(name := chain[-1].table.get("extends"), str):
        below = _below(chain[-1], name, ("extends",))
        if below.path in [source.path for source in chain]:
            raise BadToml([chain[-1].mistake(("extends",), f'"{name}" extends this file in turn')])
        chain.append(below)
    return chain


def _below(source: Source, name: str, key: Key) -> Source:
    """The pack of a name, from the folder of the file or the one above it."""
    folders = (source.path.parent, source.path.parent.parent)
    found = next((folder / f"{name}.toml" for folder in folders if (folder / f"{name}.toml").is_file()), None)
    if found is None:
        near = sorted({pack.stem for folder in folders for pack in folder.glob("*.toml")} - {source.path.stem})
        raise BadToml([source.mistake(key, f'there is no pack "{name}"{suggestion(name, near)}')])
    return open_toml(found)


def _checked(chain: list[Source], shape: type) -> dict[str, Any]:
    """The files as one table in which nothing is unknown, wrong, missing or contradictory."""
    shapes = [shape if shape is _TenantShape else _own_shape(chain[0]), *[_PackShape] * (len(chain) - 1)]
    _refuse([mistake for source, each in zip(chain, shapes, strict=True) for mistake in check(source, each)])
    _refuse([source.mistake(key, text) for source, key, text in _unpaired(chain)])
    table: dict[str, Any] = {}
    for source in reversed(chain):
        table = merge(table, source.table)
    table = _cleaned(table)
    _refuse([chain[0].mistake(key, "is missing") for key in missing(table, shape)])
    _refuse([_at(chain, key).mistake(key, text) for key, text in _refused(table, chain, shape)])
    return table


def _own_shape(source: Source) -> type:
    return _TenantShape if "tenant" in source.table else _PackShape


def _refused(table: dict[str, Any], chain: list[Source], shape: type) -> Iterator[tuple[Key, str]]:
    known = list(chain[-1].table.get("wording", {}))
    for word in table.get("wording", {}):
        if word not in known:
            yield (
                ("wording", word),
                f"not a word that may be changed{suggestion(word, known)}; those are: {', '.join(known)}",
            )
    if shape is _TenantShape:
        yield from tenant_contradictions(table)
    yield from pack_contradictions(table)


def _unpaired(chain: list[Source]) -> Iterator[tuple[Source, Key, str]]:
    below: dict[str, Any] = {}
    for source in reversed(chain):
        own = source.table.get("consent", {})
        if below:
            yield from ((source, key, text) for key, text in unpaired_texts(own, below))
        below = below | own


def _at(chain: list[Source], key: Key) -> Source:
    """The uppermost file that sets the key."""
    return next((source for source in chain if source.has(key)), chain[0])


def _refuse(mistakes: list[Mistake]) -> None:
    if mistakes:
        raise BadToml(sorted(mistakes, key=lambda mistake: (str(mistake.path), mistake.line)))


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cleaned(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_cleaned(inner) for inner in value]
    return canonical(value) if isinstance(value, str) else value
