"""The statements of sessions, rosters and the count. $1 is the tenant."""

from khuen.cases import consents

#: where a case stood at the end of a day, as `rules.stage_as_of` says. {on}: the day
_STAGE = """(SELECT t.stage FROM case_step t WHERE t.tenant_id = $1 AND t.case_id = c.id AND t.on_date <= {on}
        AND (t.stage <> 'closed' OR NOT EXISTS (SELECT FROM case_step o WHERE o.tenant_id = $1 AND o.case_id = c.id
            AND o.stage <> 'closed' AND o.recorded_at > t.recorded_at))
    ORDER BY t.stage = 'closed' DESC, t.on_date DESC, t.recorded_at DESC, array_position(
        ARRAY['enrolled', 'in_treatment', 'awaiting_doctor', 'certified', 'closed'], t.stage) DESC LIMIT 1)"""

#: how somebody is marked at a session now
_STANDING = """LATERAL (SELECT y.mark, y.reason, y.correction, y.at, y.by_id FROM attendance y
    WHERE y.tenant_id = $1 AND y.session_id = {session} AND y.case_id = c.id ORDER BY y.at DESC, y.id DESC LIMIT 1)"""

#: midnight of a session's day in Bangkok; a fixed offset, because a bare machine may hold no time-zone files
_MIDNIGHT = "(s.on_date::timestamp AT TIME ZONE interval '7 hours')"

#: whoever held the role of a doctor on the day of session s
_DOCTOR_THEN = f"""r.role = 'doctor' AND r.since_at < {_MIDNIGHT} + interval '1 day'
    AND (r.ended_at IS NULL OR r.ended_at >= {_MIDNIGHT})"""

#: $2 first and $3 last day, $4 project or NULL
CALENDAR = """
SELECT s.id, s.kind, s.title, s.on_date, s.starts_at, s.minutes, s.place, s.state, s.backdated, j.name AS project,
    x.kind AS closed_as,
    (SELECT g.reason FROM session_change g WHERE g.tenant_id = $1 AND g.session_id = s.id
        ORDER BY g.at DESC, g.id DESC LIMIT 1) AS reason,
    (SELECT count(DISTINCT a.case_id) FROM attendance a WHERE a.tenant_id = $1 AND a.session_id = s.id) AS marked,
    (SELECT count(*) FROM doctor_presence d WHERE d.tenant_id = $1 AND d.session_id = s.id) AS doctors
FROM session s
JOIN project j ON j.tenant_id = $1 AND j.id = s.project_id
LEFT JOIN session_closure x ON x.tenant_id = $1 AND x.session_id = s.id
WHERE s.tenant_id = $1 AND s.on_date BETWEEN $2 AND $3 AND ($4::uuid IS NULL OR s.project_id = $4)
ORDER BY s.starts_at, s.id
"""

#: $2 session; the doctors who may be marked, each with the row of their presence
SESSION = f"""
SELECT s.id, s.project_id, s.kind, s.title, s.on_date, s.starts_at, s.minutes, s.place, s.state, s.backdated,
    s.series_id, j.name AS project, x.kind AS closed_as, x.at AS closed_at, o.called_name AS closed_by,
    (SELECT json_agg(json_build_array(g.what, g.reason, g.was_at, g.starts_at, g.at) ORDER BY g.at, g.id)
        FROM session_change g WHERE g.tenant_id = $1 AND g.session_id = s.id) AS changes,
    (SELECT json_agg(json_build_array(k.id, k.called_name, k.presence_id) ORDER BY k.sort_key, k.id) FROM (
        SELECT DISTINCT ON (m.id) m.id, m.called_name, m.sort_key, d.id AS presence_id FROM member_role r
        JOIN member m ON m.tenant_id = $1 AND m.id = r.member_id
        LEFT JOIN doctor_presence d ON d.tenant_id = $1 AND d.session_id = s.id AND d.member_id = m.id
        WHERE r.tenant_id = $1 AND ({_DOCTOR_THEN} OR d.id IS NOT NULL) ORDER BY m.id) k) AS doctors
FROM session s
JOIN project j ON j.tenant_id = $1 AND j.id = s.project_id
LEFT JOIN session_closure x ON x.tenant_id = $1 AND x.session_id = s.id
LEFT JOIN member o ON o.tenant_id = $1 AND o.id = x.by_id
WHERE s.tenant_id = $1 AND s.id = $2
"""

#: $2 session, $3 project, $4 its day, $5 one code or NULL: who was expected that day, and whoever was marked
ROSTER = f"""
SELECT c.id AS case_id, c.code, p.called_name, p.family_name, p.subdistrict_code, p.moo, w.stage, n.mark, n.reason,
    n.correction, n.at, m.called_name AS by, coalesce(t.missed, 0) AS missed,
    {consents.stopped_on("c.id")} AS stopped_on
FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id
CROSS JOIN LATERAL (SELECT {_STAGE.format(on="$4::date")} AS stage) w
LEFT JOIN {_STANDING.format(session="$2")} n ON true
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = n.by_id
LEFT JOIN treatment_tally t ON t.tenant_id = $1 AND t.case_id = c.id
WHERE c.tenant_id = $1 AND ($5::text IS NULL OR c.code = $5) AND c.project_id = $3
    AND (n.mark IS NOT NULL OR $5 IS NOT NULL OR (w.stage IN ('enrolled', 'in_treatment') AND p.erased_at IS NULL
        AND NOT {consents.stopped("c.id")}))
ORDER BY p.sort_key COLLATE "C", c.id
"""

#: $2 to $9: id, session, case, mark, reason, correction, at, by
MARK = """
INSERT INTO attendance (tenant_id, id, session_id, case_id, mark, reason, correction, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant_id, id) DO NOTHING
"""

MARKED = """
SELECT a.id, a.session_id, a.case_id, a.mark, a.reason FROM attendance a
WHERE a.tenant_id = $1 AND a.id = ANY ($2::uuid[])
"""

#: $2 id, $3 case, $4 session, $5 due, $6 at: made anew, or open again
ASK = """
INSERT INTO absence_task (tenant_id, id, case_id, session_id, due_on, made_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, session_id, case_id) DO UPDATE SET closed_at = NULL, closed_by = NULL, closed_as = NULL
    WHERE absence_task.closed_as = 'corrected'
"""

#: $2 session, $3 cases who were absent no longer, $4 at, $5 by
ASK_NO_MORE = """
UPDATE absence_task SET closed_at = $4, closed_by = $5, closed_as = 'corrected'
WHERE tenant_id = $1 AND session_id = $2 AND case_id = ANY ($3::uuid[]) AND closed_at IS NULL
"""

#: $2 id, $3 session, $4 member, $5 at, $6 by: nothing when that member was no doctor on the day
DOCTOR_CAME = f"""
INSERT INTO doctor_presence (tenant_id, id, session_id, member_id, role_id, at, by_id)
SELECT $1, $2::uuid, s.id, r.member_id, r.id, $5::timestamptz, $6::uuid FROM session s
JOIN member_role r ON r.tenant_id = $1 AND r.member_id = $4 AND {_DOCTOR_THEN}
WHERE s.tenant_id = $1 AND s.id = $3 ORDER BY r.since_at LIMIT 1
ON CONFLICT (tenant_id, session_id, member_id) DO NOTHING
RETURNING id
"""

DOCTORS = """
SELECT d.id, d.member_id FROM doctor_presence d WHERE d.tenant_id = $1 AND d.session_id = $2 ORDER BY d.at, d.id
"""

#: $2 session, $3 member
DOCTOR_WENT = "DELETE FROM doctor_presence WHERE tenant_id = $1 AND session_id = $2 AND member_id = $3 RETURNING id"

#: $2 id, $3 session, $4 kind, $5 presence, $6 at, $7 by
CLOSE = """
INSERT INTO session_closure (tenant_id, id, session_id, kind, presence_id, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

CLOSED = "SELECT x.id, x.session_id, x.kind FROM session_closure x WHERE x.tenant_id = $1 AND x.session_id = $2"

#: $2 id, $3 session, $4 what, $5 reason, $6 was_at, $7 starts_at, $8 at, $9 by
CHANGE = """
INSERT INTO session_change (tenant_id, id, session_id, what, reason, was_at, starts_at, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

CHANGED = """
SELECT g.session_id, g.what, g.reason, g.starts_at FROM session_change g WHERE g.tenant_id = $1 AND g.id = $2
"""

IS_MARKED = """
SELECT 1 FROM attendance a WHERE a.tenant_id = $1 AND a.session_id = $2
UNION ALL SELECT 1 FROM doctor_presence d WHERE d.tenant_id = $1 AND d.session_id = $2 LIMIT 1
"""

#: $2 to $14 as the columns stand
PLAN = """
INSERT INTO session (tenant_id, id, project_id, series_id, kind, title, on_date, starts_at, minutes, place, state,
    backdated, made_at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (tenant_id, id) DO NOTHING
"""

SERIES = """
INSERT INTO session_series (tenant_id, id, project_id, kind, title, weekday, at_time, minutes, place, from_on, until_on,
    made_at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: $2 cases: what the count of each is made of; one row per case
FACTS = """
SELECT c.id AS case_id, c.person_id, c.opened_on, c.pack_id, k.id AS key_id, k.wrapped,
    (SELECT json_agg(json_build_array(s.starts_at, s.on_date, x.kind, n.mark)) FROM (
        SELECT DISTINCT ON (a.session_id) a.session_id, a.mark FROM attendance a
        WHERE a.tenant_id = $1 AND a.case_id = c.id ORDER BY a.session_id, a.at DESC, a.id DESC) n
     JOIN session s ON s.tenant_id = $1 AND s.id = n.session_id
     JOIN session_closure x ON x.tenant_id = $1 AND x.session_id = n.session_id) AS sessions,
    (SELECT json_agg(json_build_array(u.id, u.taken_on, u.made_at, u.sample, encode(u.result_sealed, 'base64'),
        u.confirms_id)) FROM urine_test u
     WHERE u.tenant_id = $1 AND u.case_id = c.id AND NOT EXISTS (
        SELECT FROM urine_test z WHERE z.tenant_id = $1 AND z.replaces_id = u.id)) AS tests,
    (SELECT json_agg(json_build_array(b.on_date, b.told_at)) FROM row_break b
     WHERE b.tenant_id = $1 AND b.case_id = c.id AND b.undone_at IS NULL) AS breaks
FROM case_file c
LEFT JOIN vault.person_key k ON k.tenant_id = $1 AND k.person_id = c.person_id
WHERE c.tenant_id = $1 AND c.id = ANY ($2::uuid[])
ORDER BY c.id
"""

#: $2 id, $3 case, $4 to $15 the count
SETTLE = """
INSERT INTO treatment_tally (tenant_id, id, case_id, started_on, held, with_doctor, missed, last_attended_on, tests,
    last_test_on, opens_on, closes_on, negatives, best_negatives, broken_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (tenant_id, case_id) DO UPDATE SET (started_on, held, with_doctor, missed, last_attended_on, tests,
    last_test_on, opens_on, closes_on, negatives, best_negatives, broken_on) = (EXCLUDED.started_on, EXCLUDED.held,
    EXCLUDED.with_doctor, EXCLUDED.missed, EXCLUDED.last_attended_on, EXCLUDED.tests, EXCLUDED.last_test_on,
    EXCLUDED.opens_on, EXCLUDED.closes_on, EXCLUDED.negatives, EXCLUDED.best_negatives, EXCLUDED.broken_on)
"""

#: $2 cases or NULL for all that are open
TALLIES = """
SELECT c.id AS case_id, c.opened_on, c.pack_id, t.id, t.started_on, t.held, t.with_doctor, t.missed,
    t.last_attended_on, t.tests, t.last_test_on, t.opens_on, t.closes_on, t.negatives, t.best_negatives, t.broken_on
FROM case_file c
LEFT JOIN treatment_tally t ON t.tenant_id = $1 AND t.case_id = c.id
WHERE c.tenant_id = $1 AND CASE WHEN $2::uuid[] IS NULL THEN c.stage <> 'closed' ELSE c.id = ANY ($2) END
"""

#: $2 the last due day or NULL for all
ABSENCES = f"""
SELECT k.id, k.case_id, k.session_id, k.due_on, s.on_date, c.code, p.called_name, p.family_name, n.reason,
    (SELECT count(*) FROM absence_contact h WHERE h.tenant_id = $1 AND h.task_id = k.id) AS tries
FROM absence_task k
JOIN session s ON s.tenant_id = $1 AND s.id = k.session_id
JOIN case_file c ON c.tenant_id = $1 AND c.id = k.case_id AND c.stage <> 'closed'
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
LEFT JOIN LATERAL (SELECT y.reason FROM attendance y WHERE y.tenant_id = $1 AND y.session_id = k.session_id
    AND y.case_id = k.case_id ORDER BY y.at DESC, y.id DESC LIMIT 1) n ON true
WHERE k.tenant_id = $1 AND k.closed_at IS NULL AND ($2::date IS NULL OR k.due_on <= $2)
    AND NOT {consents.stopped("k.case_id")}
ORDER BY k.due_on, c.code
"""

#: whose day has come, of whoever is in care, as the board's lane has them; the longest due first. $2 the day
TESTS_DUE = f"""
SELECT c.id AS case_id, c.code, c.test_on, p.called_name, p.family_name, p.subdistrict_code, p.moo, j.name AS project,
    t.last_test_on, t.opens_on, t.closes_on, b.called_name AS buddy
FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
JOIN project j ON j.tenant_id = $1 AND j.id = c.project_id
LEFT JOIN member b ON b.tenant_id = $1 AND b.id = c.buddy_id
LEFT JOIN treatment_tally t ON t.tenant_id = $1 AND t.case_id = c.id
WHERE c.tenant_id = $1 AND c.stage IN ('enrolled', 'in_treatment') AND c.test_on <= $2::date
    AND NOT {consents.stopped("c.id")}
ORDER BY c.test_on, c.code COLLATE "C"
"""

#: $2 id, $3 task, $4 reached, $5 note, $6 at, $7 by
CONTACT = """
INSERT INTO absence_contact (tenant_id, id, task_id, reached, note_sealed, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

CONTACTED = """
SELECT h.task_id, h.reached, h.note_sealed FROM absence_contact h WHERE h.tenant_id = $1 AND h.id = $2
"""

#: the case that a test is of, held until COMMIT. $2 code
HELD = f"""
SELECT c.id, c.person_id, c.opened_on, {consents.stopped_on("c.id")} AS stopped_on
FROM case_file c WHERE c.tenant_id = $1 AND c.code = $2 FOR NO KEY UPDATE OF c
"""

#: $2 code
CASE = f"""
SELECT c.id AS case_id, c.code, c.person_id, c.project_id, c.pack_id, c.opened_on, c.stage, j.name AS project,
    p.prefix, p.given_name, p.family_name, p.called_name, t.id AS tally_id, t.started_on, t.held, t.with_doctor,
    t.missed, t.last_attended_on, t.tests, t.last_test_on, t.opens_on, t.closes_on, t.negatives, t.best_negatives,
    t.broken_on, {consents.stopped_on("c.id")} AS stopped_on
FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
JOIN project j ON j.tenant_id = $1 AND j.id = c.project_id
LEFT JOIN treatment_tally t ON t.tenant_id = $1 AND t.case_id = c.id
WHERE c.tenant_id = $1 AND c.code = $2
"""

#: $2 case: how the person is marked at each session, the newest session first
ATTENDED = """
SELECT s.id, s.kind, s.title, s.on_date, s.starts_at, s.place, s.state, x.kind AS closed_as, n.mark, n.reason,
    n.correction, m.called_name AS by
FROM (SELECT DISTINCT ON (a.session_id) a.session_id, a.mark, a.reason, a.correction, a.by_id FROM attendance a
    WHERE a.tenant_id = $1 AND a.case_id = $2 ORDER BY a.session_id, a.at DESC, a.id DESC) n
JOIN session s ON s.tenant_id = $1 AND s.id = n.session_id
LEFT JOIN session_closure x ON x.tenant_id = $1 AND x.session_id = s.id
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = n.by_id
ORDER BY s.starts_at DESC, s.id
"""

#: $2 case: every test with its trail, the newest first
TESTS = """
SELECT u.id, u.sample, u.taken_on, u.observed, u.lot, u.done, u.extra, u.result_sealed, u.detail_sealed, u.confirms_id,
    u.replaces_id, u.backdated, u.made_at, m.called_name AS by,
    EXISTS (SELECT FROM urine_test z WHERE z.tenant_id = $1 AND z.replaces_id = u.id) AS replaced,
    (SELECT json_agg(json_build_array(k.step, coalesce(b.called_name, k.receiver), k.at)
        ORDER BY k.at, array_position(ARRAY['taken', 'handed', 'read'], k.step), k.id)
        FROM test_custody k LEFT JOIN member b ON b.tenant_id = $1 AND b.id = k.member_id
        WHERE k.tenant_id = $1 AND k.test_id = u.id) AS trail
FROM urine_test u
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = u.by_id
WHERE u.tenant_id = $1 AND u.case_id = $2
ORDER BY u.taken_on DESC, u.made_at DESC, u.id
"""

#: $2 case
HOME_VISITS = """
SELECT v.id, v.visited_on, v.note_sealed, v.backdated, m.called_name AS by FROM home_visit v
JOIN member m ON m.tenant_id = $1 AND m.id = v.member_id
WHERE v.tenant_id = $1 AND v.case_id = $2 ORDER BY v.visited_on DESC, v.made_at DESC, v.id
"""

#: $2 case: what has to be asked, and what came of asking
ASKED = """
SELECT k.id, k.due_on, k.closed_at, k.closed_as, s.on_date,
    (SELECT json_agg(json_build_array(h.id, h.reached, encode(h.note_sealed, 'base64'), h.at, m.called_name)
        ORDER BY h.at, h.id) FROM absence_contact h LEFT JOIN member m ON m.tenant_id = $1 AND m.id = h.by_id
        WHERE h.tenant_id = $1 AND h.task_id = k.id) AS contacts
FROM absence_task k
JOIN session s ON s.tenant_id = $1 AND s.id = k.session_id
WHERE k.tenant_id = $1 AND k.case_id = $2 ORDER BY s.starts_at DESC, k.id
"""

#: who may take, read or visit: the clinic and the doctors who work here now
CLINICIANS = """
SELECT m.id, m.called_name FROM member m
WHERE m.tenant_id = $1 AND m.left_at IS NULL AND EXISTS (SELECT FROM member_role r WHERE r.tenant_id = $1
    AND r.member_id = m.id AND r.ended_at IS NULL AND r.role IN ('clinic', 'doctor'))
ORDER BY m.sort_key COLLATE "C", m.id
"""

#: $2 to $16 as the columns stand
TEST = """
INSERT INTO urine_test (tenant_id, id, case_id, sample, taken_on, observed, lot, done, extra, result_sealed,
    detail_sealed, confirms_id, replaces_id, backdated, made_at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: $2 id, $3 test, $4 step, $5 member, $6 receiver, $7 at, $8 by
CUSTODY = """
INSERT INTO test_custody (tenant_id, id, test_id, step, member_id, receiver, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant_id, id) DO NOTHING
"""

#: $2 id, $3 case, $4 day, $5 told at, $6 by
BREAK = """
INSERT INTO row_break (tenant_id, id, case_id, on_date, told_at, by_id) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, id) DO NOTHING
"""

CUSTODY_SENT = "SELECT k.test_id, k.step, k.receiver FROM test_custody k WHERE k.tenant_id = $1 AND k.id = $2"

#: $2 id, $3 case, $4 member, $5 day, $6 note, $7 backdated, $8 at, $9 by
HOME_VISIT = """
INSERT INTO home_visit (tenant_id, id, case_id, member_id, visited_on, note_sealed, backdated, made_at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

HOME_VISIT_SENT = """
SELECT v.case_id, v.member_id, v.visited_on, v.note_sealed FROM home_visit v WHERE v.tenant_id = $1 AND v.id = $2
"""

#: $2 member
LINK = """
SELECT l.id, l.made_at FROM calendar_link l WHERE l.tenant_id = $1 AND l.member_id = $2 AND l.ended_at IS NULL
"""

#: $2 member, $3 at
UNLINK = """
UPDATE calendar_link SET ended_at = $3 WHERE tenant_id = $1 AND member_id = $2 AND ended_at IS NULL RETURNING id
"""

#: $2 id, $3 member, $4 hash, $5 at
NEW_LINK = """
INSERT INTO calendar_link (tenant_id, id, member_id, token_hash, made_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: $2 hash of what was sent, $3 and $4 days: what the holder of a link that still counts may see of the sessions
FEED = """
SELECT s.id, s.on_date, s.starts_at, s.minutes, s.place, s.state, s.made_at,
    (SELECT count(*) FROM session_change g WHERE g.tenant_id = $1 AND g.session_id = s.id) AS changes
FROM calendar_link l
JOIN member m ON m.tenant_id = $1 AND m.id = l.member_id AND m.left_at IS NULL
LEFT JOIN session s ON s.tenant_id = $1 AND s.on_date BETWEEN $3 AND $4
WHERE l.tenant_id = $1 AND l.token_hash = $2 AND l.ended_at IS NULL AND EXISTS (
    SELECT FROM member_role r WHERE r.tenant_id = $1 AND r.member_id = m.id AND r.ended_at IS NULL
      AND r.role IN ('coordinator', 'clinic', 'doctor'))
ORDER BY s.starts_at, s.id
"""

#: $2 project, $3 day
OF_DAY = """
SELECT s.id, s.kind, s.title, s.starts_at, s.place,
    (SELECT y.mark FROM attendance y WHERE y.tenant_id = $1 AND y.session_id = s.id AND y.case_id = $4
        ORDER BY y.at DESC, y.id DESC LIMIT 1) AS mark
FROM session s
WHERE s.tenant_id = $1 AND s.project_id = $2 AND s.on_date = $3 AND s.state = 'planned' ORDER BY s.starts_at, s.id
"""
