"""Who is to be told of what is due: whole districts in one statement each. $1 is the tenant.

A visit is due from its due date on, and overdue from the day after its window closed. Nobody is told of a visit to
somebody who stopped.
"""

from khuen.cases import consents

#: $2 today, $3 now: a digest for each buddy who has visits due
COMPOSE_DUE = f"""
INSERT INTO message (tenant_id, id, kind, subject_id, recipient_id, day, urgent, count, state, due_at, made_at)
SELECT $1, uuidv7(), 'visit_due_digest', a.member_id, a.member_id, $2::date, false, count(*), 'waiting',
    $3::timestamptz, $3::timestamptz
FROM visit_due v
JOIN assignment a ON a.tenant_id = $1 AND a.case_id = v.case_id AND a.ended_at IS NULL
WHERE v.tenant_id = $1 AND v.state = 'open' AND v.due_on <= $2 AND NOT {consents.stopped("v.case_id")}
GROUP BY a.member_id
ON CONFLICT (tenant_id, kind, subject_id, recipient_id, day) DO NOTHING
RETURNING id
"""

#: $2 today, $3 now: a digest for each coordinator when somebody calls for attention
COMPOSE_ATTENTION = """
WITH wanting AS (
    SELECT count(*) AS people FROM visit_due v
    WHERE v.tenant_id = $1 AND v.attention_rank > 0 AND v.state = 'open'
)
INSERT INTO message (tenant_id, id, kind, subject_id, recipient_id, day, urgent, count, state, due_at, made_at)
SELECT $1, uuidv7(), 'worrying_digest', o.member_id, o.member_id, $2::date, false, wanting.people, 'waiting',
    $3::timestamptz, $3::timestamptz
FROM member_role o
JOIN member b ON b.tenant_id = $1 AND b.id = o.member_id AND b.left_at IS NULL
CROSS JOIN wanting
WHERE o.tenant_id = $1 AND o.role = 'coordinator' AND o.ended_at IS NULL AND wanting.people > 0
ON CONFLICT (tenant_id, kind, subject_id, recipient_id, day) DO NOTHING
RETURNING id
"""

#: $2 today, $3 now, $4 roles: the number of overdue visits for each who holds one of them
COMPOSE_WEEK = f"""
WITH late AS (
    SELECT count(*) AS people FROM visit_due v
    WHERE v.tenant_id = $1 AND v.state = 'open' AND v.closes_on < $2 AND NOT {consents.stopped("v.case_id")}
),
told AS (
    SELECT DISTINCT o.member_id FROM member_role o
    JOIN member b ON b.tenant_id = $1 AND b.id = o.member_id AND b.left_at IS NULL
    WHERE o.tenant_id = $1 AND o.role = ANY ($4::text[]) AND o.ended_at IS NULL
)
INSERT INTO message (tenant_id, id, kind, subject_id, recipient_id, day, urgent, count, state, due_at, made_at)
SELECT $1, uuidv7(), 'week_digest', told.member_id, told.member_id, $2::date, false, late.people, 'waiting',
    $3::timestamptz, $3::timestamptz
FROM told CROSS JOIN late WHERE late.people > 0
ON CONFLICT (tenant_id, kind, subject_id, recipient_id, day) DO NOTHING
RETURNING id
"""

#: $2 today, $3 now, $4 the last closing day that is late enough, $5 roles: told once for each missed visit, and again
#: on a later day only when the first telling did not go
COMPOSE_ESCALATIONS = f"""
WITH told AS (
    SELECT DISTINCT o.member_id FROM member_role o
    JOIN member b ON b.tenant_id = $1 AND b.id = o.member_id AND b.left_at IS NULL
    WHERE o.tenant_id = $1 AND o.role = ANY ($5::text[]) AND o.ended_at IS NULL
)
INSERT INTO message (tenant_id, id, kind, subject_id, recipient_id, day, urgent, count, state, due_at, made_at)
SELECT $1, uuidv7(), 'overdue_escalation', v.id, told.member_id, $2::date, false, $2::date - v.closes_on, 'waiting',
    $3::timestamptz, $3::timestamptz
FROM visit_due v CROSS JOIN told
WHERE v.tenant_id = $1 AND v.state = 'open' AND v.closes_on <= $4 AND NOT {consents.stopped("v.case_id")}
    AND NOT EXISTS (
    SELECT FROM message m WHERE m.tenant_id = $1 AND m.kind = 'overdue_escalation' AND m.subject_id = v.id
      AND m.recipient_id = told.member_id AND m.day > v.closes_on AND m.state IN ('waiting', 'sending', 'sent'))
ON CONFLICT (tenant_id, kind, subject_id, recipient_id, day) DO NOTHING
RETURNING id
"""

#: $2 today, $3 buddies
STILL_DUE = f"""
SELECT a.member_id AS id, count(*) AS people FROM visit_due v
JOIN assignment a ON a.tenant_id = $1 AND a.case_id = v.case_id AND a.ended_at IS NULL
WHERE v.tenant_id = $1 AND v.state = 'open' AND v.due_on <= $2 AND a.member_id = ANY ($3::uuid[])
    AND NOT {consents.stopped("v.case_id")}
GROUP BY a.member_id
"""

#: $2 today, $3 ids of visits
STILL_OVERDUE = f"""
SELECT v.id, $2::date - v.closes_on AS days FROM visit_due v
WHERE v.tenant_id = $1 AND v.id = ANY ($3::uuid[]) AND v.state = 'open' AND v.closes_on < $2
    AND NOT {consents.stopped("v.case_id")}
"""

STILL_WANTING = """
SELECT count(*) AS people FROM visit_due v WHERE v.tenant_id = $1 AND v.attention_rank > 0 AND v.state = 'open'
"""

#: $2 today: people whose window closed without a visit
OVERDUE = f"""
SELECT count(*) AS people FROM visit_due v
WHERE v.tenant_id = $1 AND v.state = 'open' AND v.closes_on < $2 AND NOT {consents.stopped("v.case_id")}
"""

#: $2 check-ins
WITHDRAWN = """
SELECT w.check_in_id AS id FROM check_in_withdrawal w WHERE w.tenant_id = $1 AND w.check_in_id = ANY ($2::uuid[])
"""

#: $2 turns of visits: those that stand, of open cases
STILL_AWAY = f"""
SELECT t.id FROM visit_turn t JOIN case_file c ON c.tenant_id = $1 AND c.id = t.case_id AND c.stage <> 'closed'
WHERE t.tenant_id = $1 AND t.id = ANY ($2::uuid[]) AND t.undone_at IS NULL AND NOT {consents.stopped("t.case_id")}
"""

#: $2 nudges: those whose buddy still visits the person and has not been there since
STILL_NUDGED = f"""
SELECT m.id FROM message m
JOIN assignment a ON a.tenant_id = $1 AND a.case_id = m.subject_id AND a.member_id = m.recipient_id
    AND a.ended_at IS NULL
LEFT JOIN visit_due v ON v.tenant_id = $1 AND v.case_id = m.subject_id
WHERE m.tenant_id = $1 AND m.id = ANY ($2::uuid[]) AND (v.seen_at IS NULL OR v.seen_at < m.made_at)
    AND NOT {consents.stopped("m.subject_id")}
"""

#: $2 codes: the cases, each with its buddy if it has one
NUDGED_CASES = """
SELECT c.id, c.code, a.member_id, b.called_name FROM case_file c
LEFT JOIN assignment a ON a.tenant_id = $1 AND a.case_id = c.id AND a.ended_at IS NULL
LEFT JOIN member b ON b.tenant_id = $1 AND b.id = a.member_id
WHERE c.tenant_id = $1 AND c.code = ANY ($2::text[])
ORDER BY c.id FOR UPDATE OF c
"""

#: $2 cases, $3 since, $4 today: when each was last asked about; one a day at most
LAST_NUDGES = """
SELECT m.subject_id, max(m.made_at) AS made_at FROM message m
WHERE m.tenant_id = $1 AND m.kind = 'nudge' AND m.subject_id = ANY ($2::uuid[]) AND (m.made_at > $3 OR m.day = $4)
GROUP BY m.subject_id
"""

#: $2 keys: what was already written under them
NUDGES_OF = "SELECT m.id, m.subject_id FROM message m WHERE m.tenant_id = $1 AND m.id = ANY ($2::uuid[])"
