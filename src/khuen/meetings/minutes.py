"""The minutes as the official form wants them (รายงานการประชุม): what was said becomes data, typst sets it on A4.

Texts reach the template as JSON and are printed as they are: nothing of them is ever read as typst's own markup. No
file but the template and the two fonts can be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from khuen import clock, thai, typeset
from khuen.meetings import asking, telling
from khuen.meetings.agenda import Item
from khuen.meetings.rules import AGENCIES, SECTIONS, Section, State
from khuen.meetings.service import Came, Session
from khuen.meetings.tasks import Decision
from khuen.msgid import N_
from khuen.words import gettext

LANG = "th"  # an official paper
ADOPTED = {
    "adopted": N_("The meeting adopted the minutes"),
    "amended": N_("The meeting adopted the minutes with changes"),
}
TITLE = N_("Minutes follow-up")
NOT_ADOPTED = N_("Not considered")
#: digits that are no part of a case code
_WORD = re.compile(r"(?<![A-Za-z0-9-])[0-9]+")
#: the six items of the official form, and the sections of our agenda that stand under each
ITEMS: tuple[tuple[str, tuple[Section, ...]], ...] = (
    (N_("Matters the chair informs the meeting of"), (Section.ANNOUNCEMENT,)),
    (N_("Adoption of the minutes"), ()),
    (N_("Matters arising from earlier meetings"), (Section.PROMISES,)),
    (N_("Matters for information"), (Section.NUMBERS,)),
    (
        N_("Matters for consideration"),
        (Section.URGENT, Section.OVERDUE, Section.NO_SHOWS, Section.READY, Section.STUCK),
    ),
    (N_("Other business"), (Section.OTHER,)),
)


def content(
    session: Session,
    items: list[Item],
    decisions: list[Decision],
    came: Mapping[str, Came],
    before: Any | None,
    *,
    title: str,
    thai_digits: bool,
) -> dict[str, Any]:
    """Everything that is printed, as texts. `title` is what is followed up, `before` the meeting before this one."""
    made: dict[UUID, list[Decision]] = {}
    for one in decisions:
        made.setdefault(one.item_id, []).append(one)
    walked = [item for item in items if not item.skipped]
    told: dict[str, Any] = {
        "title": title,
        "number": _("No. %(number)s", number=telling.number(session)),
        "day": _("On %(day)s", day=clock.formal(session.on_date)),
        "place": _("At %(place)s", place=session.place),
        "draft": session.state != State.CLOSED,
        "chair": _chair(session),
        "came": [_came(key, came[key]) for key in AGENCIES if key in came and came[key].came],
        "absent": [telling.agency(key, LANG) for key in AGENCIES if key not in came or not came[key].came],
        "starts": asking.shown(session.opened_at),
        "ends": asking.shown(session.ended_at),
        "items": [
            {"title": gettext(words, LANG), "parts": _parts(place, sections, walked, made, session, before)}
            for place, (words, sections) in enumerate(ITEMS, start=1)
        ],
        "recorder": session.recorder,
        "reviewer": session.reviewer,
        "thai": thai_digits,
        "date": [session.on_date.year, session.on_date.month, session.on_date.day],
    }
    told["counted"] = [str(number) for number in range(1, 1 + max(len(AGENCIES) + 1, len(items), len(ITEMS)))]
    return _in_thai_digits(told) if thai_digits else told


def render(told: dict[str, Any]) -> bytes:
    """The PDF. Blocking: a few hundredths of a second. The same content gives the same bytes."""
    return typeset.pdf("meetings/minutes.typ", told, "a-2b")


def _chair(session: Session) -> str:
    if session.by_chief:
        return _("%(post)s, chair of the meeting", post=session.chair)
    said = N_("%(who)s, chair of the meeting in place of %(post)s (%(why)s)")
    return _(said, who=session.substitute, post=session.chair, why=session.substitute_reason)


def _came(key: str, one: Came) -> str:
    name = telling.agency(key, LANG)
    return f"{one.who} ({name})" if one.who else name


def _parts(
    place: int,
    sections: tuple[Section, ...],
    items: list[Item],
    made: Mapping[UUID, list[Decision]],
    session: Session,
    before: Any | None,
) -> list[dict[str, Any]]:
    """[{"head", "lines", "decisions"}] of one item of the form."""
    if place == 2:
        return [_adoption(session, before)]
    return [_part(item, made.get(item.id, []), len(sections) > 1) for item in items if item.matter.section in sections]


def _adoption(session: Session, before: Any | None) -> dict[str, Any]:
    if before is None:
        return {"head": "", "lines": [gettext(N_("None"), LANG)], "decisions": []}
    read = _(
        N_("Minutes no. %(number)s of %(day)s"),
        number=f"{before['number']}/{before['fiscal_year']}",
        day=clock.long(before["on_date"]),
    )
    return {"head": "", "lines": [read], "decisions": [gettext(ADOPTED.get(session.adopted, NOT_ADOPTED), LANG)]}


def _part(item: Item, decisions: list[Decision], with_section: bool) -> dict[str, Any]:
    matter = item.matter
    lines = telling.facts(matter, LANG)
    lines += [": ".join((words, str(figure))) for _key, words, figure in telling.figures(matter, LANG)]
    lines += [", ".join(matter.codes)] if matter.codes else []
    earlier = [f"{what}: {became}" for what, became in (telling.promised(one, LANG) for one in matter.promises)]
    head = telling.subject(matter, LANG)
    return {
        "head": f"{head} ({gettext(SECTIONS[matter.section], LANG)})" if with_section else head,
        "lines": [" · ".join(lines)] * bool(lines) + earlier,
        "decisions": [
            _(
                N_("%(what)s. Responsible: %(owner)s, by %(day)s"),
                what=telling.decided(one.kind, one.text, LANG),
                owner=one.owner,
                day=clock.long(one.due_on),
            )
            for one in decisions
        ],
    }


def _in_thai_digits(told: Any) -> Any:
    """Every text with ๐-๙, but case codes stay as they are read out and typed."""
    if isinstance(told, dict):
        return {name: _in_thai_digits(inner) for name, inner in told.items()}
    if isinstance(told, list):
        return [_in_thai_digits(inner) for inner in told]
    return _WORD.sub(lambda found: thai.thai_digits(found[0]), told) if isinstance(told, str) else told


def _(message: str, **values: object) -> str:
    return gettext(message, LANG) % values
