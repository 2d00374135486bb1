"""Statements about buddies; the tenant is $1 in each."""

from khuen.cases import consents, standing

#: `buddy_id` of the case says who visits now, for the board: it is written with the assignment and never alone
ASSIGN = standing.changed(
    "UPDATE case_file c SET buddy_id = made.member_id FROM made WHERE c.tenant_id = $1 AND c.id = made.case_id",
    """made AS (
    INSERT INTO assignment (tenant_id, id, case_id, member_id, started_at, extra_reason, batch_id, made_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING case_id, member_id
)""",
)

_NOBODY_NOW = "UPDATE case_file c SET buddy_id = NULL FROM ended WHERE c.tenant_id = $1 AND c.id = ended.case_id"

#: $2 cases: which of them had somebody
END = standing.changed(
    _NOBODY_NOW,
    """ended AS (
    UPDATE assignment SET ended_at = $3, end_reason = $4
    WHERE tenant_id = $1 AND case_id = ANY ($2::uuid[]) AND ended_at IS NULL RETURNING case_id
)""",
)

#: $2 member, $3 at, $4 reason: everything that this member holds
END_OF_MEMBER = standing.changed(
    _NOBODY_NOW,
    """ended AS (
    UPDATE assignment SET ended_at = $3, end_reason = $4
    WHERE tenant_id = $1 AND member_id = $2 AND ended_at IS NULL RETURNING case_id
)""",
)

#: what a member held until lately, of open cases that nobody visits since. $2 member, $3 the end reason, $4 since
LEFT_BEHIND = f"""
SELECT a.case_id, a.extra_reason FROM assignment a
JOIN case_file c ON c.tenant_id = $1 AND c.id = a.case_id AND c.buddy_id IS NULL AND c.stage <> 'closed'
WHERE a.tenant_id = $1 AND a.member_id = $2 AND a.end_reason = $3 AND a.ended_at >= $4
    AND NOT {consents.stopped("c.id")}
ORDER BY a.extra_reason IS NOT NULL, a.ended_at DESC, a.id
"""

#: $2 code: an open case, for whoever may assign
CASE = """
SELECT c.id, c.code, c.opened_on, p.called_name, p.family_name, p.subdistrict_code, p.moo
FROM case_file c JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id
WHERE c.tenant_id = $1 AND c.code = $2 AND c.stage <> 'closed'
"""

#: $2 cases, $3 a moment: whose assignments ended when the next ones began
REPLACED = """
SELECT DISTINCT ON (a.case_id) a.case_id, a.member_id, a.extra_reason FROM assignment a
WHERE a.tenant_id = $1 AND a.case_id = ANY ($2::uuid[]) AND a.ended_at = $3 AND a.started_at < $3
ORDER BY a.case_id, a.started_at DESC
"""

#: everybody who may be a buddy, with how many people each visits now
CANDIDATES = """
SELECT m.id, m.called_name, m.subdistrict_code, m.moo, m.gender,
    (SELECT count(*) FROM assignment a WHERE a.tenant_id = $1 AND a.member_id = m.id AND a.ended_at IS NULL) AS cases
FROM member m
WHERE m.tenant_id = $1 AND m.left_at IS NULL AND EXISTS (
    SELECT FROM member_role r
    WHERE r.tenant_id = $1 AND r.member_id = m.id AND r.role = 'buddy' AND r.ended_at IS NULL)
ORDER BY m.sort_key, m.id
"""

#: which of these members may be a buddy
MAY_VISIT = """
SELECT m.id FROM member m
JOIN member_role r ON r.tenant_id = $1 AND r.member_id = m.id AND r.role = 'buddy' AND r.ended_at IS NULL
WHERE m.tenant_id = $1 AND m.left_at IS NULL AND m.id = ANY ($2::uuid[])
"""

HOMES = """
SELECT c.id, p.subdistrict_code, p.moo, p.sex,
    (SELECT w.gender FROM buddy_wish w WHERE w.tenant_id = $1 AND w.case_id = c.id
        ORDER BY w.at DESC, w.id DESC LIMIT 1) AS wish,
    (SELECT array_agg(u.member_id) FROM unsuited u
        WHERE u.tenant_id = $1 AND u.case_id = c.id AND u.lifted_at IS NULL) AS unsuited
FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id
WHERE c.tenant_id = $1 AND c.id = ANY ($2::uuid[])
"""

#: the open cases without a current buddy, the longest waiting first; one row more than a page says there are more
UNASSIGNED = f"""
SELECT c.id, c.code, c.opened_on, p.called_name, p.family_name, p.subdistrict_code, p.moo
FROM case_file c JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id
WHERE c.tenant_id = $1 AND c.buddy_id IS NULL AND c.stage <> 'closed' AND NOT {consents.stopped("c.id")}
ORDER BY c.opened_on, c.id LIMIT $2
"""

#: who is and was the buddy of a case, newest first
HISTORY = """
SELECT a.id, a.member_id, m.called_name, a.started_at, a.ended_at, a.end_reason, a.extra_reason
FROM assignment a JOIN member m ON m.tenant_id = $1 AND m.id = a.member_id
WHERE a.tenant_id = $1 AND a.case_id = $2 ORDER BY a.started_at DESC, a.id DESC
"""

#: those of these pairs that must not be. $2 case ids, $3 member ids, side by side
UNSUITED_PAIRS = """
SELECT u.why FROM unnest($2::uuid[], $3::uuid[]) AS pair (case_id, member_id)
JOIN unsuited u ON u.tenant_id = $1 AND u.case_id = pair.case_id AND u.member_id = pair.member_id
    AND u.lifted_at IS NULL
"""

#: $2 key, $3 case, $4 member, $5 why, $6 note, $7 at, $8 by
UNSUIT = """
INSERT INTO unsuited (tenant_id, id, case_id, member_id, why, note, at, by_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: who must not be the buddy of a case, the latest first. $2 case
UNSUITED = """
SELECT u.id, u.member_id, m.called_name, u.why, u.note, u.at, b.called_name AS by
FROM unsuited u
JOIN member m ON m.tenant_id = $1 AND m.id = u.member_id
LEFT JOIN member b ON b.tenant_id = $1 AND b.id = u.by_id
WHERE u.tenant_id = $1 AND u.case_id = $2 AND u.lifted_at IS NULL ORDER BY u.at DESC, u.id DESC
"""

#: $2 key, $3 case, $4 gender or NULL, $5 at, $6 by
WISH = """
INSERT INTO buddy_wish (tenant_id, id, case_id, gender, at, by_id) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: the case of this code that this member visits now. $2 code, $3 member
MINE = """
SELECT c.id, c.code, p.called_name, p.family_name FROM case_file c
JOIN assignment a ON a.tenant_id = $1 AND a.case_id = c.id AND a.member_id = $3 AND a.ended_at IS NULL
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id
WHERE c.tenant_id = $1 AND c.code = $2
"""
