"""The statements of the follow-up rounds. $1 is the tenant."""

from khuen.cases import consents

#: the case that a result belongs to. $2 code
CASE = f"""
SELECT c.id, c.person_id, c.stage, {consents.stopped_on("c.id")} AS stopped_on FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
WHERE c.tenant_id = $1 AND c.code = $2
"""

#: the schedule, each round with its newest result that stands. $2 cases
ROUNDS = """
SELECT f.case_id, f.number, f.name, f.opens_on, f.due_on, f.closes_on, f.lost_on, f.result, f.result_on
FROM follow_up_round f WHERE f.tenant_id = $1 AND f.case_id = ANY ($2::uuid[]) ORDER BY f.case_id, f.number
"""

#: every result that stands, the oldest first. $2 cases
RESULTS = """
SELECT r.case_id, r.id, r.number, r.result, r.method, r.on_date, r.note_sealed, r.at, m.called_name AS by
FROM follow_up_result r JOIN member m ON m.tenant_id = $1 AND m.id = r.by_id
WHERE r.tenant_id = $1 AND r.case_id = ANY ($2::uuid[]) AND r.undone_at IS NULL ORDER BY r.at, r.id
"""

CLEAR = "DELETE FROM follow_up_round WHERE tenant_id = $1 AND case_id = $2"

PLAN = """
INSERT INTO follow_up_round (tenant_id, id, case_id, number, name, opens_on, due_on, closes_on, lost_on, result,
    result_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""

RECORD = """
INSERT INTO follow_up_result (tenant_id, id, case_id, number, result, method, on_date, note_sealed, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

SENT = "SELECT case_id, number, result, method, on_date FROM follow_up_result WHERE tenant_id = $1 AND id = $2"

#: $2 case, $3 number, $4 result, $5 day
STANDS = """
UPDATE follow_up_round SET result = $4, result_on = $5 WHERE tenant_id = $1 AND case_id = $2 AND number = $3
"""

#: $2 result, $3 now, $4 member
TAKE_BACK = """
UPDATE follow_up_result SET undone_at = $3, undone_by = $4
WHERE tenant_id = $1 AND id = $2 AND undone_at IS NULL RETURNING case_id, number
"""

#: $2 case, $3 number
NEWEST = """
SELECT r.result, r.on_date FROM follow_up_result r
WHERE r.tenant_id = $1 AND r.case_id = $2 AND r.number = $3 AND r.undone_at IS NULL ORDER BY r.at DESC, r.id DESC
LIMIT 1
"""

#: cases whose treatment has ended, after this one. $2 case or NULL, $3 the most
ENDED_AFTER = """
SELECT e.case_id, e.ended_on, c.pack_id FROM case_evidence e
JOIN case_file c ON c.tenant_id = $1 AND c.id = e.case_id AND c.stage <> 'closed'
WHERE e.tenant_id = $1 AND e.ended_on IS NOT NULL AND ($2::uuid IS NULL OR e.case_id > $2)
ORDER BY e.case_id LIMIT $3::integer
"""

#: rounds that can be made now, of open cases, the first to be lost first. $2 today, $3 only late ones, $4 and $5 page
TO_DO = f"""
SELECT c.code, p.called_name, p.family_name, p.subdistrict_code, p.moo, f.number, f.name, f.due_on, f.closes_on,
    f.lost_on, f.result, b.called_name AS buddy, count(*) OVER () AS total,
    count(*) FILTER (WHERE f.closes_on < $2) OVER () AS late
FROM follow_up_round f
JOIN case_file c ON c.tenant_id = $1 AND c.id = f.case_id AND c.stage <> 'closed'
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
LEFT JOIN assignment a ON a.tenant_id = $1 AND a.case_id = c.id AND a.ended_at IS NULL
LEFT JOIN member b ON b.tenant_id = $1 AND b.id = a.member_id
WHERE f.tenant_id = $1 AND (f.result IS NULL OR f.result = 'not_found') AND f.opens_on <= $2::date
    AND f.lost_on > $2 AND (NOT $3::boolean OR f.closes_on < $2) AND NOT {consents.stopped("f.case_id")}
ORDER BY f.closes_on, c.code COLLATE "C" LIMIT $4::integer OFFSET $5::integer
"""
