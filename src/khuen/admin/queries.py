"""Statements about the people who work in a district; the tenant is $1 in each. None names a person in care."""

#: $2 a role or "", $3 a part of the name or "", $4 rows to pass over, $5 rows of a page
PEOPLE = """
SELECT m.id, m.called_name, m.subdistrict_code, m.moo, m.joined_at, ARRAY(
    SELECT r.role FROM member_role r
    WHERE r.tenant_id = $1 AND r.member_id = m.id AND r.ended_at IS NULL) AS roles
FROM member m
WHERE m.tenant_id = $1 AND m.left_at IS NULL AND ($3 = '' OR strpos(m.called_name, $3) > 0)
    AND ($2 = '' OR EXISTS (
        SELECT FROM member_role h
        WHERE h.tenant_id = $1 AND h.member_id = m.id AND h.role = $2 AND h.ended_at IS NULL))
ORDER BY m.sort_key, m.id OFFSET $4 LIMIT $5
"""

#: how many hold each role now; role '' is everybody
COUNTS = """
SELECT r.role, count(*) AS people FROM member_role r
JOIN member m ON m.tenant_id = $1 AND m.id = r.member_id AND m.left_at IS NULL
WHERE r.tenant_id = $1 AND r.ended_at IS NULL GROUP BY r.role
UNION ALL SELECT '', count(*) FROM member e WHERE e.tenant_id = $1 AND e.left_at IS NULL
"""

ONE = """
SELECT m.id, m.called_name, m.subdistrict_code, m.moo, m.gender, m.joined_at, m.left_at
FROM member m WHERE m.tenant_id = $1 AND m.id = $2
"""

ROLES = """
SELECT r.role, r.since_at, r.ended_at FROM member_role r
WHERE r.tenant_id = $1 AND r.member_id = $2 ORDER BY r.since_at DESC, r.role
"""

#: of how many people somebody is the buddy now
CURRENT = """
SELECT count(*) AS people FROM assignment a
WHERE a.tenant_id = $1 AND a.member_id = $2 AND a.ended_at IS NULL
"""

#: the members among these, with their roles
THESE = """
SELECT m.id, m.called_name, ARRAY(
    SELECT r.role FROM member_role r
    WHERE r.tenant_id = $1 AND r.member_id = m.id AND r.ended_at IS NULL) AS roles
FROM member m
WHERE m.tenant_id = $1 AND m.left_at IS NULL AND m.id = ANY ($2::uuid[]) ORDER BY m.sort_key, m.id
"""

#: in the order of their ids, so that two sheets of links never wait for each other
HOLD = """
SELECT FROM member m
WHERE m.tenant_id = $1 AND m.left_at IS NULL AND m.id = ANY ($2::uuid[]) ORDER BY m.id FOR UPDATE
"""

#: $2 the member who tested: the last test of the way of sending, newest first
TESTS = """
SELECT m.id, m.state, m.reason, m.channel, m.made_at FROM message m
WHERE m.tenant_id = $1 AND m.kind = 'test' AND m.recipient_id = $2
ORDER BY m.made_at DESC LIMIT 1
"""

#: whether anybody's test was ever accepted
TESTED = "SELECT FROM message m WHERE m.tenant_id = $1 AND m.kind = 'test' AND m.state = 'sent' LIMIT 1"
