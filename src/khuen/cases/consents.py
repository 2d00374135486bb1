"""Whose consent stands: the one rule that every list goes by (docs/domain.md, Consent).

A decision about a consent is a row, and the newest one of a kind stands. Lists read these rows, so what
somebody takes back is gone from every one of them at the next request. The board alone reads what `cases.standing`
keeps of them, written by the statement that writes the decision.

These are pieces of SQL for the statements of the rooms above, where $1 is the tenant. `case` is an expression of type
uuid over the statement's own tables ("c.id").
"""

from __future__ import annotations

from khuen.cases.rules import ConsentKind


def stands(kind: ConsentKind, case: str) -> str:
    """True where the newest decision of this kind is that it is given; never asked is not given."""
    return (
        "coalesce((SELECT said.decision = 'given' FROM consent said"
        f" WHERE said.tenant_id = $1 AND said.case_id = {case} AND said.kind = '{kind.value}'"
        " ORDER BY said.recorded_at DESC, said.id DESC LIMIT 1), false)"
    )


def stopped(case: str) -> str:
    """True where the consent to treatment was taken back or refused and not given again.

    Whoever stopped is on no list of work. A case is not opened without this consent, so those who stopped are few and
    have an index of their own: a list asks for them once, not for each of its rows.
    """
    return f"EXISTS (SELECT {_no(case)})"


def stopped_on(case: str) -> str:
    """The day on which it was taken back or refused, NULL while it stands: see `rules.too_late`."""
    return f"(SELECT said.decided_on {_no(case)})"


def _no(case: str) -> str:
    """The newest decision about treatment, when it is no."""
    return (
        "FROM consent said"
        f" WHERE said.tenant_id = $1 AND said.case_id = {case} AND said.kind = 'treatment' AND said.decision <> 'given'"
        " AND NOT EXISTS (SELECT FROM consent newer WHERE newer.tenant_id = $1 AND newer.case_id = said.case_id"
        " AND newer.kind = 'treatment' AND (newer.recorded_at, newer.id) > (said.recorded_at, said.id))"
    )
