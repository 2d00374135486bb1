"""Every list that can be taken out: what it is called, who may, where its rows come from, what is in each column."""

from __future__ import annotations

from khuen.lists.care import CARE
from khuen.lists.due import DUE
from khuen.lists.listed import Listed
from khuen.lists.living import LIVING
from khuen.lists.people import PEOPLE
from khuen.lists.together import TOGETHER
from khuen.msgid import N_

#: the index names them under these headings
GROUPS: tuple[tuple[str, tuple[Listed, ...]], ...] = (
    (N_("To do now"), DUE),
    (N_("People and buddies"), PEOPLE),
    (N_("Care"), CARE),
    (N_("Making a living"), LIVING),
    (N_("Meetings and messages"), TOGETHER),
)
LISTS: dict[str, Listed] = {one.name: one for _heading, some in GROUPS for one in some}
