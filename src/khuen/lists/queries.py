"""The statements of the lists. $1 is the tenant; each row also says how many there are, and the last two placeholders
are limit and offset. What a list is of days takes $2 the first and $3 the last of them.

Lists of work leave out whoever stopped (khuen/cases/consents.py); what was done and recorded stays in the records.
"""

from khuen.cases import consents
from khuen.cases.rules import ConsentKind

_PERSON = "p.prefix, p.given_name, p.called_name, p.family_name, p.subdistrict_code, p.moo"
_WHO = """JOIN case_file c ON c.tenant_id = $1 AND c.id = {case}
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL"""

#: everybody in the programme
MEMBERS = f"""
SELECT c.code, {_PERSON}, p.sex, j.name AS project, c.stage, c.colour, c.opened_on, m.called_name AS buddy,
    {consents.stands(ConsentKind.SHARING, "c.id")} AS shares, {consents.stands(ConsentKind.CONTACT, "c.id")} AS line,
    count(*) OVER () AS total
FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
JOIN project j ON j.tenant_id = $1 AND j.id = c.project_id
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = c.buddy_id
WHERE c.tenant_id = $1 AND c.stage <> 'closed' AND NOT {consents.stopped("c.id")}
ORDER BY p.sort_key COLLATE "C", c.id LIMIT $2::integer OFFSET $3::integer
"""

#: whoever stopped and whose case is still open
STOPPED = f"""
SELECT c.code, {_PERSON}, c.stage, c.opened_on, m.called_name AS buddy, o.decided_on, count(*) OVER () AS total
FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = c.buddy_id
JOIN LATERAL (SELECT x.decided_on FROM consent x WHERE x.tenant_id = $1 AND x.case_id = c.id AND x.kind = 'treatment'
    ORDER BY x.recorded_at DESC, x.id DESC LIMIT 1) o ON true
WHERE c.tenant_id = $1 AND c.stage <> 'closed' AND {consents.stopped("c.id")}
ORDER BY o.decided_on, c.code COLLATE "C" LIMIT $2::integer OFFSET $3::integer
"""

BUDDIES = """
SELECT m.called_name, m.subdistrict_code, m.moo, (SELECT count(*) FROM assignment a
        WHERE a.tenant_id = $1 AND a.member_id = m.id AND a.ended_at IS NULL) AS cases, count(*) OVER () AS total
FROM member m
WHERE m.tenant_id = $1 AND m.left_at IS NULL AND EXISTS (SELECT FROM member_role r WHERE r.tenant_id = $1
    AND r.member_id = m.id AND r.role = 'buddy' AND r.ended_at IS NULL)
ORDER BY m.sort_key COLLATE "C", m.id LIMIT $2::integer OFFSET $3::integer
"""

#: who visits whom, those without anybody first
MATCHING = f"""
SELECT c.code, {_PERSON}, c.opened_on, m.called_name AS buddy, a.started_at, a.extra_reason, count(*) OVER () AS total
FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
LEFT JOIN assignment a ON a.tenant_id = $1 AND a.case_id = c.id AND a.ended_at IS NULL
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = a.member_id
WHERE c.tenant_id = $1 AND c.stage <> 'closed' AND NOT {consents.stopped("c.id")}
ORDER BY a.id IS NOT NULL, m.sort_key COLLATE "C", p.sort_key COLLATE "C", c.id LIMIT $2::integer OFFSET $3::integer
"""

SESSIONS = """
SELECT s.on_date, s.starts_at, s.kind, s.title, s.place, s.state, j.name AS project, x.kind AS closed_as, d.doctors,
    k.came, k.absent, k.excused, count(*) OVER () AS total
FROM session s
JOIN project j ON j.tenant_id = $1 AND j.id = s.project_id
LEFT JOIN session_closure x ON x.tenant_id = $1 AND x.session_id = s.id
CROSS JOIN LATERAL (SELECT count(*) AS doctors FROM doctor_presence y
    WHERE y.tenant_id = $1 AND y.session_id = s.id) d
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE n.mark = 'present') AS came,
        count(*) FILTER (WHERE n.mark = 'absent') AS absent, count(*) FILTER (WHERE n.mark = 'excused') AS excused
    FROM (SELECT DISTINCT ON (a.case_id) a.mark FROM attendance a WHERE a.tenant_id = $1 AND a.session_id = s.id
        ORDER BY a.case_id, a.at DESC, a.id DESC) n) k
WHERE s.tenant_id = $1 AND s.on_date BETWEEN $2::date AND $3::date
ORDER BY s.starts_at DESC, s.id LIMIT $4::integer OFFSET $5::integer
"""

ATTENDANCE = f"""
SELECT s.on_date, s.starts_at, s.kind, s.title, c.code, {_PERSON}, n.mark, n.reason, count(*) OVER () AS total
FROM session s
JOIN LATERAL (SELECT DISTINCT ON (a.case_id) a.case_id, a.mark, a.reason FROM attendance a
    WHERE a.tenant_id = $1 AND a.session_id = s.id ORDER BY a.case_id, a.at DESC, a.id DESC) n ON true
{_WHO.format(case="n.case_id")}
WHERE s.tenant_id = $1 AND s.on_date BETWEEN $2::date AND $3::date
ORDER BY s.starts_at DESC, s.id, p.sort_key COLLATE "C", c.id LIMIT $4::integer OFFSET $5::integer
"""

#: tests that stand. $4 whether all of them may be known, or only those that were done
TESTS = f"""
SELECT u.id, u.taken_on, u.sample, u.observed, u.result_sealed, c.code, c.person_id, {_PERSON}, k.id AS key_id,
    k.wrapped, count(*) OVER () AS total
FROM urine_test u
{_WHO.format(case="u.case_id")}
LEFT JOIN vault.person_key k ON k.tenant_id = $1 AND k.person_id = c.person_id
WHERE u.tenant_id = $1 AND u.taken_on BETWEEN $2::date AND $3::date
    AND ($4::boolean OR (u.done AND u.confirms_id IS NULL))
    AND NOT EXISTS (SELECT FROM urine_test z WHERE z.tenant_id = $1 AND z.replaces_id = u.id)
ORDER BY u.taken_on DESC, u.id LIMIT $5::integer OFFSET $6::integer
"""

#: who learns what, of courses that touch these days
TRAINEES = f"""
SELECT c.code, {_PERSON}, f.skill, f.partner_kind, f.partner, f.from_on, f.until_on, r.hours, r.outcome, r.why,
    r.certificate, r.certified_on, count(*) OVER () AS total
FROM course_enrolment e
JOIN LATERAL (SELECT y.skill, y.partner_kind, y.partner, y.from_on, y.until_on FROM course_fact y
    WHERE y.tenant_id = $1 AND y.course_id = e.course_id ORDER BY y.at DESC, y.id DESC LIMIT 1) f ON true
{_WHO.format(case="e.case_id")}
LEFT JOIN LATERAL (SELECT z.hours, z.outcome, z.why, z.certificate, z.certified_on FROM course_result z
    WHERE z.tenant_id = $1 AND z.course_id = e.course_id AND z.case_id = e.case_id
    ORDER BY z.at DESC, z.id DESC LIMIT 1) r ON true
WHERE e.tenant_id = $1 AND f.from_on <= $3::date AND f.until_on >= $2::date
    AND (r.outcome IS NOT NULL OR NOT {consents.stopped("e.case_id")})
ORDER BY f.from_on DESC, e.course_id, p.sort_key COLLATE "C", c.id LIMIT $4::integer OFFSET $5::integer
"""

GRANTS = f"""
SELECT c.code, {_PERSON}, g.source_kind, g.source, g.what_for, g.baht, g.applied_on,
    (SELECT json_agg(json_build_array(s.what, s.on_date, s.baht) ORDER BY s.at, s.id) FROM grant_step s
        WHERE s.tenant_id = $1 AND s.grant_id = g.id) AS steps, count(*) OVER () AS total
FROM occupation_grant g
{_WHO.format(case="g.case_id")}
WHERE g.tenant_id = $1 AND g.applied_on BETWEEN $2::date AND $3::date
ORDER BY g.applied_on DESC, g.id LIMIT $4::integer OFFSET $5::integer
"""

WORK = f"""
SELECT c.code, {_PERSON}, v.job, v.employer, v.since_on,
    (SELECT json_agg(json_build_array(q.months, q.found, q.on_date) ORDER BY q.at, q.id) FROM work_check q
        WHERE q.tenant_id = $1 AND q.work_id = v.id) AS checks, count(*) OVER () AS total
FROM work_found v
{_WHO.format(case="v.case_id")}
WHERE v.tenant_id = $1 AND v.since_on BETWEEN $2::date AND $3::date
ORDER BY v.since_on DESC, v.id LIMIT $4::integer OFFSET $5::integer
"""

#: rounds whose day lies in these days, of open cases
ROUNDS = f"""
SELECT c.code, {_PERSON}, f.number, f.name, f.opens_on, f.due_on, f.closes_on, f.lost_on, f.result, f.result_on,
    m.called_name AS buddy, count(*) OVER () AS total
FROM follow_up_round f
{_WHO.format(case="f.case_id")} AND c.stage <> 'closed'
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = c.buddy_id
WHERE f.tenant_id = $1 AND f.due_on BETWEEN $2::date AND $3::date
    AND (f.result IS NOT NULL OR NOT {consents.stopped("f.case_id")})
ORDER BY f.due_on, c.code COLLATE "C", f.number LIMIT $4::integer OFFSET $5::integer
"""

#: slips that stand; what was told about them stays on their own page
SLIPS = f"""
SELECT c.code, {_PERSON}, s.on_date, s.told_by, t.on_date AS treated_until, d.state AS slot, d.on_date AS slot_on,
    count(*) OVER () AS total
FROM slip s
{_WHO.format(case="s.case_id")}
LEFT JOIN treatment_end t ON t.tenant_id = $1 AND t.case_id = c.id AND t.undone_at IS NULL
LEFT JOIN doctor_slot d ON d.tenant_id = $1 AND d.slip_id = coalesce(s.corrects_id, s.id)
WHERE s.tenant_id = $1 AND s.undone_at IS NULL AND s.on_date BETWEEN $2::date AND $3::date
ORDER BY s.on_date DESC, s.id LIMIT $4::integer OFFSET $5::integer
"""

ENDINGS = f"""
SELECT c.code, {_PERSON}, n.kind, n.exit_code, n.on_date, n.stage, c.opened_on, m.called_name AS by,
    count(*) OVER () AS total
FROM case_ending n
{_WHO.format(case="n.case_id")}
JOIN member m ON m.tenant_id = $1 AND m.id = n.by_id
WHERE n.tenant_id = $1 AND n.reopened_at IS NULL AND n.on_date BETWEEN $2::date AND $3::date
ORDER BY n.on_date DESC, n.id LIMIT $4::integer OFFSET $5::integer
"""

#: by code only: this list is read at a table with many agencies
DECISIONS = """
SELECT g.on_date, g.kind AS meeting, g.number, g.fiscal_year, c.code, i.title, d.kind, d.text, m.called_name AS owner,
    d.due_on, d.state, t.reason, count(*) OVER () AS total
FROM decision d
JOIN meeting g ON g.tenant_id = $1 AND g.id = d.meeting_id
JOIN agenda_item i ON i.tenant_id = $1 AND i.id = d.item_id
JOIN member m ON m.tenant_id = $1 AND m.id = d.owner_id
LEFT JOIN case_file c ON c.tenant_id = $1 AND c.id = d.case_id
LEFT JOIN LATERAL (SELECT x.reason FROM task_step x WHERE x.tenant_id = $1 AND x.decision_id = d.id
    ORDER BY x.at DESC, x.id DESC LIMIT 1) t ON true
WHERE d.tenant_id = $1 AND d.state <> 'withdrawn' AND g.on_date BETWEEN $2::date AND $3::date
ORDER BY g.on_date DESC, d.at, d.id LIMIT $4::integer OFFSET $5::integer
"""

MESSAGES = """
SELECT g.day, g.kind, g.count, g.state, g.channel, g.reason, g.settled_at, m.called_name AS recipient,
    count(*) OVER () AS total
FROM message g JOIN member m ON m.tenant_id = $1 AND m.id = g.recipient_id
WHERE g.tenant_id = $1 AND g.day BETWEEN $2::date AND $3::date
ORDER BY g.day DESC, g.made_at DESC, g.id LIMIT $4::integer OFFSET $5::integer
"""
