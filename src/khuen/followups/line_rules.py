"""What a buddy may answer on LINE: one of three answers, by its number or in the words that stand beside it. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from khuen import thai
from khuen.followups.rules import How

#: an event that LINE had to deliver again may be late; older ones, and those of a wrong clock, are not believed
BELIEVED_FOR, AHEAD = timedelta(days=1), timedelta(minutes=10)

_ANSWERS = (
    (How.WELL, "1", ("ปกติดี", "ปกติ")),
    (How.WORRYING, "2", ("น่าเป็นห่วง", "เป็นห่วง")),
    (How.URGENT, "3", ("ด่วน",)),
)


def answer_in(text: str) -> How | None:
    """The answer, when the text holds nothing else: "1", "๑", "1.", "1 ปกติดี", "ปกติดี"."""
    said = re.sub(r"[\s.,)!]+", "", thai.arabic(text))
    return next((how for how, number, words in _ANSWERS if said in _forms(number, words)), None)


def believed(happened_at: datetime, now: datetime) -> bool:
    return now - BELIEVED_FOR <= happened_at <= now + AHEAD


def _forms(number: str, words: tuple[str, ...]) -> set[str]:
    return {number, *words, *(number + word for word in words)}
