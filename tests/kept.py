"""What is kept beside the rows that it follows from, computed again from those rows."""

from __future__ import annotations

from typing import Any

from khuen.cases import standing

#: case code, what stands wrong
_DIFFERENCES = """
SELECT c.code, 'buddy_id' AS what FROM case_file c WHERE c.buddy_id IS DISTINCT FROM (
    SELECT a.member_id FROM assignment a WHERE a.tenant_id = c.tenant_id AND a.case_id = c.id AND a.ended_at IS NULL)
UNION ALL
SELECT c.code, 'visit_due' FROM case_file c
LEFT JOIN visit_due v ON v.tenant_id = c.tenant_id AND v.case_id = c.id AND v.state = 'open'
WHERE (v.id IS NULL) <> (c.stage = 'closed')
UNION ALL
SELECT c.code, 'waits' FROM case_file c JOIN visit_due v ON v.tenant_id = c.tenant_id AND v.case_id = c.id
WHERE v.state = 'open' AND v.waits <> (c.buddy_id IS NULL)::integer * 4
    + (c.stage = 'enrolled' AND c.colour IS NULL)::integer * 8 + (c.stage = 'awaiting_doctor' AND c.ready)::integer * 16
UNION ALL
SELECT c.code, 'test_on' FROM case_file c JOIN visit_due v ON v.tenant_id = c.tenant_id AND v.case_id = c.id
WHERE v.state = 'open' AND v.test_on IS DISTINCT FROM (SELECT c.test_on WHERE c.stage IN ('enrolled', 'in_treatment'))
UNION ALL
SELECT c.code, 'stopped' FROM case_file c JOIN visit_due v ON v.tenant_id = c.tenant_id AND v.case_id = c.id
WHERE v.state = 'open' AND v.stopped <> coalesce((SELECT o.decision <> 'given' FROM consent o
    WHERE o.tenant_id = c.tenant_id AND o.case_id = c.id AND o.kind = 'treatment'
    ORDER BY o.recorded_at DESC, o.id DESC LIMIT 1), false)
ORDER BY 1, 2
"""


#: for a test that writes into `case_file` behind the back of the rooms
_PUT_RIGHT = f"""
UPDATE visit_due v SET waits = {standing.WAITS}, test_on = {standing.TEST_ON} FROM case_file c
WHERE c.tenant_id = v.tenant_id AND c.id = v.case_id
"""


async def put_right(root: Any) -> None:
    await root.execute(_PUT_RIGHT)


async def differences(root: Any) -> list[tuple[str, str]]:
    """Cases of any district whose buddy or whose plan of visits is not what assignments and stage say."""
    return [tuple(row) for row in await root.fetch(_DIFFERENCES)]
