"""Which roles an administrator may give, and to whom. The role table is docs/domain.md."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from khuen.msgid import N_

#: in the order in which they are offered; roles of the province and of the platform are given elsewhere
OFFERED = ("coordinator", "buddy", "clinic", "doctor", "chair", "hospital_director", "tenant_admin")
#: these open health data: nobody gives one to themselves
CLINICAL = frozenset({"clinic", "doctor", "hospital_director"})

CHOOSE_ROLE = N_("Choose at least one role")
NOT_YOURSELF = N_("A health role for yourself is given by another administrator")


def refused(before: frozenset[str], wanted: frozenset[str], *, own: bool) -> str | None:
    """Why these roles may not be given, or None. `own`: the administrator is changing their own."""
    if not wanted:
        return CHOOSE_ROLE
    if own and (wanted - before) & CLINICAL:
        return NOT_YOURSELF
    return None


def after(before: frozenset[str], chosen: frozenset[str]) -> frozenset[str]:
    """What is held after a form with the offered roles: a role that was given elsewhere stays."""
    return (chosen & frozenset(OFFERED)) | (before - frozenset(OFFERED))


def mark(details: Mapping[str, str | None]) -> str:
    """Stands for these details in a form, so that a later change of them is seen: SHA-256 in hex."""
    return hashlib.sha256(repr(sorted(details.items())).encode()).hexdigest()


def changed(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> str:
    """Which fields differ, as the audit says it: "called_name+phone"."""
    return "+".join(name for name in before if before[name] != after[name]).replace("subdistrict_code", "tambon")
