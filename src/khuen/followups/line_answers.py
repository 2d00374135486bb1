"""What LINE tells of a member: a code that links them, an answer that is a check-in, or that they left.

Every event acts once, in one transaction, under an id made from LINE's own: the same event sent again does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from khuen import access
from khuen.followups import line_rules, mine, service
from khuen.followups.rules import How, calls_for_help
from khuen.followups.service import Sent
from khuen.messages import links
from khuen.messages.rules import code_in
from khuen.msgid import N_
from khuen.tenancy import Here

LINKED = N_("Linked. Reminders come here from now on.")
CODE_WRONG = N_("This code is wrong or too old. Please ask for a new one on your page.")
STRANGER = N_("Please open your page of the system, ask for a code there and send it here.")
NOBODY = N_("Nobody waits for a visit just now.")
SEVERAL = N_("More than one waits. Please answer on your page.")
HINT = N_("Please answer 1, 2 or 3, or open your page.")
SAVED = N_("Saved. Thank you.")
HELP = N_("Saved. The coordinator is told. Please call as well.")
NOBODY_TOLD = N_("Saved, but nobody could be told. Please call at once.")
#: every text that is answered with: none holds a name, and none is followed by more than a link
REPLIES = (LINKED, CODE_WRONG, STRANGER, NOBODY, SEVERAL, HINT, SAVED, HELP, NOBODY_TOLD)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a webhook whose signature was right. `user` is LINE's id of who did it."""

    id: str
    kind: str  #: "message", "follow", "unfollow", …
    happened_at: datetime
    user: str
    text: str = ""
    reply_token: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    text: str
    place: str | None = None  #: page inside the district that the text is followed by
    urgent: bool = False  #: colleagues are told: their messages should go at once


async def hear(here: Here, event: Event) -> Reply | None:
    """Act on an event; the reply is a message id. None: nothing is said, or it acted before."""
    if not event.user or not line_rules.believed(event.happened_at, here.now):
        return None
    key = await links.first_time(here, event.id)
    if key is None:
        return None
    if event.kind == "unfollow":
        await links.unfollowed(here, event.user)
    if event.kind == "follow":
        return Reply(STRANGER, links.PAGE)
    return await _read(here, event, key) if event.kind == "message" and event.text else None


async def _read(here: Here, event: Event, key: UUID) -> Reply:
    if code := code_in(event.text):
        linked = await links.link(here, code, event.user)
        return Reply(LINKED) if linked else Reply(CODE_WRONG, links.PAGE)
    member = await links.member_of(here, event.user)
    if member is None:
        return Reply(STRANGER, links.PAGE)
    if not access.may(member.roles, "followups.log"):
        return Reply(HINT, "")
    how = line_rules.answer_in(event.text)
    return Reply(HINT, "b/") if how is None else await _answer(member, how, event, key)


async def _answer(here: Here, how: How, event: Event, key: UUID) -> Reply:
    """Recorded when it is plain whom it is about: the only one who is due, or, for help, the only one there is."""
    people = await mine.people(here)
    due = [person for person in people if person.window.opens_on <= here.today]
    meant = people if calls_for_help(how) and len(people) == 1 else due
    if len(meant) != 1:
        place = "b/urgent" if calls_for_help(how) else "b/"
        return Reply(SEVERAL if meant or calls_for_help(how) else NOBODY, place)
    card = await service.log_check_in(here, Sent(meant[0].code, key, how, event.happened_at))
    if not calls_for_help(how):
        return Reply(SAVED)
    return Reply(HELP if card.on_call else NOBODY_TOLD, "b/urgent", urgent=True)
