"""What meetings decided, and what was sent."""

from __future__ import annotations

from khuen.lists import columns as c
from khuen.lists import reading
from khuen.lists.listed import Listed
from khuen.meetings.rules import TASKS
from khuen.messages.rules import CHANNELS, STATES
from khuen.messages.rules import KINDS as MESSAGES
from khuen.messages.rules import REASONS as MESSAGE_REASONS
from khuen.msgid import N_

TOGETHER = (
    Listed(
        "decisions",
        N_("Decisions and tasks"),
        N_("What meetings decided, who answers for it, and what became of it. By code, without names."),
        "tasks.see",
        reading.decisions,
        (
            c.day(N_("Date"), "on_date"),
            c.text(N_("Meeting"), "meeting_name"),
            c.text(N_("Matter"), "matter"),
            c.text(N_("Decision"), "decided"),
            c.text(N_("Responsible"), "owner"),
            c.day(N_("Due"), "due_on"),
            c.word(N_("State"), "state", TASKS),
            c.text(N_("Reason"), "reason"),
        ),
        dated=True,
        worked_on="tasks",
    ),
    Listed(
        "messages",
        N_("Messages"),
        N_("What was sent to whom who works here, and what was not sent, with its reason."),
        "messages.see",
        reading.messages,
        (
            c.day(N_("Date"), "day"),
            c.word(N_("Kind"), "kind", MESSAGES),
            c.text(N_("Recipient"), "recipient"),
            c.number(N_("About how many"), "count"),
            c.word(N_("State"), "state", STATES),
            c.word(N_("Channel"), "channel", CHANNELS),
            c.word(N_("Reason"), "reason", MESSAGE_REASONS),
            c.day(N_("Settled"), "settled_at"),
        ),
        dated=True,
        worked_on="messages",
    ),
)
