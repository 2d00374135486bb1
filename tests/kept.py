"""What is kept beside the rows that it follows from, computed again from those rows."""

from __future__ import annotations

from typing import Any

#: case code, what stands wrong
_DIFFERENCES = """
SELECT c.code, 'buddy_id' AS what FROM case_file c WHERE c.buddy_id IS DISTINCT FROM (
    SELECT a.member_id FROM assignment a WHERE a.tenant_id = c.tenant_id AND a.case_id = c.id AND a.ended_at IS NULL)
UNION ALL
SELECT c.code, 'visit_due' FROM case_file c
LEFT JOIN visit_due v ON v.tenant_id = c.tenant_id AND v.case_id = c.id AND v.state = 'open'
WHERE (v.id IS NULL) <> (c.stage = 'closed')
ORDER BY 1, 2
"""


async def differences(root: Any) -> list[tuple[str, str]]:
    """Cases of any district whose buddy or whose plan of visits is not what assignments and stage say."""
    return [tuple(row) for row in await root.fetch(_DIFFERENCES)]
