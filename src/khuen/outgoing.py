"""What may stand in a text that leaves the house: no name, no number, no word of health, drugs, police or a colour.

The templates of messages are tested against the same words that a district's own wording is checked with. Pure.
"""

from __future__ import annotations

import re

from khuen.msgid import N_

#: what a writer puts where a figure or a case code comes
COUNT, CODE = "{จำนวน}", "{รหัส}"
#: kind of message -> what its text has to hold, and its subject may
FILLED: dict[str, str | None] = {
    "visit_due_digest": COUNT,
    "urgent_check_in": None,
    "overdue_escalation": COUNT,
    "worrying_digest": COUNT,
    "week_digest": COUNT,
    "nudge": None,
    "alert": CODE,
    "return_due": None,
    "task_due_digest": COUNT,
}
#: two parts of a Thai text message, the link included
SMS = 2 * 67
SAID, SUBJECT = 70, 50

BANNED = re.compile(
    r"ยาเสพ|ติดยา|ผู้ติด|ผู้เสพ|เสพ|บำบัด|รักษา|ปัสสาวะ|สารเสพ|ยาบ้า|เมท|คัดกรอง|ตรวจ|เลิกยา|โรงพยาบาล|คลินิก|แพทย์|หมอ|"
    r"เขียว|เหลือง|ส้ม|แดง|จิตเวช|ตำรวจ|คดี|"
    r"drug|addict|treat|meth|urine|substance|rehab|clinic|hospital|doctor|patient|relapse|screen|police|"
    r"\bgreen\b|\byellow\b|\borange\b|\bred\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?:นาย(?!อำเภอ|ทะเบียน|ก)|นาง|น\.ส\.|ด\.ช\.|ด\.ญ\.)\s?[ก-ฮเ-ไ]|\b(?:Mr|Mrs|Ms|Miss)\b")
_NUMBER = re.compile(r"[0-9๐-๙](?:[-. ]?[0-9๐-๙]){3}")
_LINK = re.compile(r"https?:|www\.|[A-Za-z0-9]\.(?:com|net|org|th|me|gd|ly)\b|@", re.IGNORECASE)
_PLACE = re.compile(r"\{[^{}]*\}|[{}]")

HEALTH = N_("No word of health, drugs, police or a colour: others may read the phone")
A_NAME = N_("No name of a person: others may read the phone")
A_NUMBER = N_("No telephone number, case code or other number: the system fills in the figure")
A_LINK = N_("No address: the system adds its own")
NO_PLACE = N_("Keep the place that the system fills in, exactly as it is shown")
OTHER_PLACE = N_("Only the place that is shown is filled in; no other words stand in { }")
TOO_LONG = N_("Too long for a text message. Shorten it")
EMPTY = N_("Write what the message says")


def problem(text: str, kind: str, limit: int, *, needs: bool) -> str | None:
    """Message id of why this text may not go out, or None. `needs`: the place of this kind has to be in it."""
    place = FILLED[kind]
    places = _PLACE.findall(text)
    bare = text.replace(place, " ") if place else text
    if not text.strip():
        return EMPTY
    if any(one != place for one in places):
        return OTHER_PLACE
    if needs and place and place not in places:
        return NO_PLACE
    if len(text) > limit:
        return TOO_LONG
    found = ((BANNED, HEALTH), (_NAME, A_NAME), (_LINK, A_LINK), (_NUMBER, A_NUMBER))
    return next((words for pattern, words in found if pattern.search(bare)), None)


def filled(text: str, *, count: int, code: str) -> str:
    return text.replace(COUNT, str(count)).replace(CODE, code)
