"""The statements of courses, grants and work; $1 is the tenant in each."""

from khuen.cases import consents

_FACT = """(SELECT y.partner_kind, y.partner, y.skill, y.place, y.from_on, y.until_on, y.hours, y.seats
    FROM course_fact y WHERE y.tenant_id = $1 AND y.course_id = k.id ORDER BY y.at DESC, y.id DESC LIMIT 1)"""
_RESULT = """(SELECT z.hours, z.outcome, z.why, z.certificate, z.certified_on
    FROM course_result z WHERE z.tenant_id = $1 AND z.course_id = e.course_id AND z.case_id = e.case_id
    ORDER BY z.at DESC, z.id DESC LIMIT 1)"""
#: whoever stopped before the course was over for them does not sit in it
_SITS = f"(r.outcome IS NOT NULL OR NOT {consents.stopped('e.case_id')})"
_COUNTED = f"""(SELECT count(*) AS people, count(*) FILTER (WHERE r.outcome = 'finished') AS finished,
        count(*) FILTER (WHERE r.outcome = 'not_finished') AS stopped
    FROM course_enrolment e LEFT JOIN LATERAL {_RESULT} r ON true
    WHERE e.tenant_id = $1 AND e.course_id = k.id AND {_SITS})"""
_COURSE = f"""
SELECT k.id, f.partner_kind, f.partner, f.skill, f.place, f.from_on, f.until_on, f.hours, f.seats, n.people,
    n.finished, n.stopped, count(*) OVER () AS total
FROM training_course k
JOIN LATERAL {_FACT} f ON true
CROSS JOIN LATERAL {_COUNTED} n
WHERE k.tenant_id = $1"""

#: $2 how many, $3 after how many; the newest first
COURSES = f"{_COURSE} ORDER BY f.from_on DESC, k.id DESC LIMIT $2 OFFSET $3"

#: $2 the day from which a course that is over is no longer offered
OFFERED = f"{_COURSE} AND f.until_on >= $2 ORDER BY f.from_on DESC, k.id DESC LIMIT 100"

#: $2 course
COURSE = f"{_COURSE} AND k.id = $2"

#: $2 course: held until COMMIT, so that seats are counted one after another
HOLD_COURSE = "SELECT k.id FROM training_course k WHERE k.tenant_id = $1 AND k.id = $2 FOR UPDATE"

#: $2 id, $3 at, $4 by
NEW_COURSE = """
INSERT INTO training_course (tenant_id, id, at, by_id) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, id) DO NOTHING
"""

#: $2 id, $3 course, $4 to $11 the fact, $12 at, $13 by
FACT = """
INSERT INTO course_fact (tenant_id, id, course_id, partner_kind, partner, skill, place, from_on, until_on, hours, seats,
    at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

FACT_SENT = """
SELECT y.course_id, y.partner_kind, y.partner, y.skill, y.place, y.from_on, y.until_on, y.hours, y.seats
FROM course_fact y WHERE y.tenant_id = $1 AND y.id = $2
"""

_TRAINEES = f"""
SELECT e.case_id, c.code, p.prefix, p.given_name, p.called_name, p.family_name, p.subdistrict_code, p.moo, r.hours,
    r.outcome, r.why, r.certificate, r.certified_on
FROM course_enrolment e
JOIN case_file c ON c.tenant_id = $1 AND c.id = e.case_id
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
LEFT JOIN LATERAL {_RESULT} r ON true
WHERE e.tenant_id = $1 AND e.course_id = $2"""

#: $2 course
TRAINEES = f'{_TRAINEES} AND {_SITS} ORDER BY p.sort_key COLLATE "C", c.id'

#: $2 course, $3 code
TRAINEE = f"{_TRAINEES} AND c.code = $3"

#: $2 case: held until COMMIT, so that what is told of it is counted one after another
HOLD_CASE = "SELECT c.id FROM case_file c WHERE c.tenant_id = $1 AND c.id = $2 FOR NO KEY UPDATE"

#: $2 codes
CASES = f"""
SELECT c.id, c.code, c.stage, {consents.stopped_on("c.id")} AS stopped_on FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
WHERE c.tenant_id = $1 AND c.code = ANY ($2::text[]) ORDER BY c.code
"""

#: $2 id, $3 course, $4 case, $5 at, $6 by
ENROL = """
INSERT INTO course_enrolment (tenant_id, id, course_id, case_id, at, by_id) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, id) DO NOTHING
"""

#: $2 course, $3 cases, $4 ids of rows
ENROLLED = """
SELECT e.id, e.course_id, e.case_id FROM course_enrolment e
WHERE e.tenant_id = $1 AND ((e.course_id = $2 AND e.case_id = ANY ($3::uuid[])) OR e.id = ANY ($4::uuid[]))
"""

#: $2 to $11: id, course, case, hours, outcome, why, certificate, its day, at, by
RESULT = """
INSERT INTO course_result (tenant_id, id, course_id, case_id, hours, outcome, why, certificate, certified_on, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

RESULT_SENT = """
SELECT z.course_id, z.case_id, z.hours, z.outcome, z.why, z.certificate, z.certified_on
FROM course_result z WHERE z.tenant_id = $1 AND z.id = $2
"""

#: $2 course, $3 case: every row, the newest first
RESULTS = """
SELECT z.hours, z.outcome, z.why, z.certificate, z.certified_on, z.at, m.called_name AS by FROM course_result z
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = z.by_id
WHERE z.tenant_id = $1 AND z.course_id = $2 AND z.case_id = $3 ORDER BY z.at DESC, z.id DESC
"""

#: $2 cases: how many courses each has finished
FINISHED = f"""
SELECT c.id AS case_id, (SELECT count(*) FROM course_enrolment e LEFT JOIN LATERAL {_RESULT} r ON true
    WHERE e.tenant_id = $1 AND e.case_id = c.id AND r.outcome = 'finished') AS courses
FROM case_file c WHERE c.tenant_id = $1 AND c.id = ANY ($2::uuid[])
"""

#: $2 code
SUBJECT = f"""
SELECT c.id, c.code, c.stage, c.opened_on, {consents.stopped_on("c.id")} AS stopped_on, j.name AS project, p.prefix,
    p.given_name, p.family_name
FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
JOIN project j ON j.tenant_id = $1 AND j.id = c.project_id
WHERE c.tenant_id = $1 AND c.code = $2
"""

#: $2 case
OF_CASE = f"""
SELECT k.id, f.partner_kind, f.partner, f.skill, f.place, f.from_on, f.until_on, f.hours AS hours_in_all, r.hours,
    r.outcome, r.why, r.certificate, r.certified_on
FROM course_enrolment e
JOIN training_course k ON k.tenant_id = $1 AND k.id = e.course_id
JOIN LATERAL {_FACT} f ON true
LEFT JOIN LATERAL {_RESULT} r ON true
WHERE e.tenant_id = $1 AND e.case_id = $2 ORDER BY f.from_on DESC, k.id
"""

_GRANT = """
SELECT g.id, g.case_id, g.source_kind, g.source, g.baht, g.what_for, g.applied_on, g.at, w.called_name AS by,
    (SELECT json_agg(json_build_array(s.what, s.on_date, s.baht, s.reason, s.at, m.called_name) ORDER BY s.at, s.id)
        FROM grant_step s LEFT JOIN member m ON m.tenant_id = $1 AND m.id = s.by_id
        WHERE s.tenant_id = $1 AND s.grant_id = g.id) AS steps
FROM occupation_grant g
LEFT JOIN member w ON w.tenant_id = $1 AND w.id = g.by_id
WHERE g.tenant_id = $1"""

#: $2 case
GRANTS = f"{_GRANT} AND g.case_id = $2 ORDER BY g.applied_on DESC, g.id DESC"

#: $2 case, $3 grant: held until COMMIT
GRANT = f"{_GRANT} AND g.case_id = $2 AND g.id = $3 FOR UPDATE OF g"

#: $2 and $3 days of application
GIVEN = """
SELECT g.source_kind, g.source, g.baht, g.applied_on,
    (SELECT json_agg(json_build_array(s.what, s.on_date, s.baht) ORDER BY s.at, s.id)
        FROM grant_step s WHERE s.tenant_id = $1 AND s.grant_id = g.id) AS steps
FROM occupation_grant g WHERE g.tenant_id = $1 AND g.applied_on BETWEEN $2 AND $3
"""

#: $2 to $10: id, case, kind of source, source, baht, what for, day, at, by
APPLY = """
INSERT INTO occupation_grant (tenant_id, id, case_id, source_kind, source, baht, what_for, applied_on, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

APPLIED = """
SELECT g.case_id, g.source_kind, g.source, g.baht, g.what_for, g.applied_on FROM occupation_grant g
WHERE g.tenant_id = $1 AND g.id = $2
"""

#: $2 to $9: id, grant, what, day, baht, reason, at, by
STEP = """
INSERT INTO grant_step (tenant_id, id, grant_id, what, on_date, baht, reason, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

STEP_SENT = """
SELECT s.grant_id, s.what, s.on_date, s.baht, s.reason FROM grant_step s WHERE s.tenant_id = $1 AND s.id = $2
"""

#: $2 case: every work with every row of asking
WORK = """
SELECT v.id, v.job, v.employer, v.since_on, w.called_name AS by,
    (SELECT json_agg(json_build_array(q.months, q.found, q.on_date, q.why, q.at, m.called_name) ORDER BY q.at, q.id)
        FROM work_check q LEFT JOIN member m ON m.tenant_id = $1 AND m.id = q.by_id
        WHERE q.tenant_id = $1 AND q.work_id = v.id) AS checks
FROM work_found v
LEFT JOIN member w ON w.tenant_id = $1 AND w.id = v.by_id
WHERE v.tenant_id = $1 AND v.case_id = $2 ORDER BY v.since_on DESC, v.id DESC
"""

#: $2 to $8: id, case, job, employer, since, at, by
FOUND = """
INSERT INTO work_found (tenant_id, id, case_id, job, employer, since_on, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

FOUND_SENT = """
SELECT v.case_id, v.job, v.employer, v.since_on FROM work_found v WHERE v.tenant_id = $1 AND v.id = $2
"""

#: $2 to $9: id, work, months, found, day, why, at, by
CHECK = """
INSERT INTO work_check (tenant_id, id, work_id, months, found, on_date, why, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

CHECK_SENT = """
SELECT q.work_id, q.months, q.found, q.on_date, q.why FROM work_check q WHERE q.tenant_id = $1 AND q.id = $2
"""

#: work of open cases that began before a day, with every row of asking. $2 the day
WORK_BEFORE = f"""
SELECT v.id, v.job, v.employer, v.since_on, c.code, p.called_name, p.family_name, p.subdistrict_code, p.moo,
    b.called_name AS buddy,
    (SELECT json_agg(json_build_array(q.months, q.found, q.on_date) ORDER BY q.at, q.id) FROM work_check q
        WHERE q.tenant_id = $1 AND q.work_id = v.id) AS checks
FROM work_found v
JOIN case_file c ON c.tenant_id = $1 AND c.id = v.case_id AND c.stage <> 'closed'
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
LEFT JOIN member b ON b.tenant_id = $1 AND b.id = c.buddy_id
WHERE v.tenant_id = $1 AND v.since_on <= $2::date AND NOT {consents.stopped("v.case_id")}
ORDER BY v.since_on, v.id
"""
