"""What a case waits for whatever the day, kept with its plan of visits: the board reads one index and nothing else.

`visit_due.waits` and `.test_on` say what `case_file` says, `.stopped` what the newest consent to treatment says. Each
is written by the statement that writes those (docs/decisions/0018-the-board-reads-one-index.md); tests/kept.py works
them out again. Pieces of SQL, where $1 is the tenant.
"""

from __future__ import annotations

from khuen.cases.rules import Waits

#: both over a row of `case_file` called c
WAITS = (
    "CASE WHEN c.stage = 'closed' THEN 0 ELSE"
    f" CASE WHEN c.buddy_id IS NULL THEN {Waits.BUDDY:d} ELSE 0 END"
    f" | CASE WHEN c.stage = 'enrolled' AND c.colour IS NULL THEN {Waits.SCREENING:d} ELSE 0 END"
    f" | CASE WHEN c.stage = 'awaiting_doctor' AND c.ready THEN {Waits.DOCTOR:d} ELSE 0 END END"
)
TEST_ON = "CASE WHEN c.stage IN ('enrolled', 'in_treatment') THEN c.test_on END"

#: a part of WITH: what a decision `said` about a consent means for the plan of visits; one of an earlier moment nothing
STOPS = """kept AS (
    UPDATE visit_due v SET stopped = s.decision <> 'given' FROM said s
    WHERE v.tenant_id = $1 AND v.case_id = s.case_id AND s.kind = 'treatment' AND v.stopped = (s.decision = 'given')
        AND NOT EXISTS (SELECT FROM consent o WHERE o.tenant_id = $1 AND o.case_id = s.case_id
            AND o.kind = 'treatment' AND (o.recorded_at, o.id) > (s.recorded_at, s.id))
)"""


def changed(update: str, *before: str) -> str:
    """The whole statement around an UPDATE of `case_file c`: it answers the ids of the cases that were changed.

    `before` are parts of WITH that the update reads from. A case that is being opened has no plan yet: whoever begins
    one reads WAITS and TEST_ON.
    """
    parts = ",\n".join((*before, f"changed AS ({update} RETURNING c.id, {WAITS} AS waits, {TEST_ON} AS test_on)"))
    return f"""
WITH {parts}, kept AS (
    UPDATE visit_due v SET waits = n.waits, test_on = n.test_on FROM changed n
    WHERE v.tenant_id = $1 AND v.case_id = n.id AND (v.waits, v.test_on) IS DISTINCT FROM (n.waits, n.test_on)
)
SELECT id FROM changed
"""
