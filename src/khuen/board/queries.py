"""The statements of the board and the case page. $1 is the tenant; each page is one statement, its tab one more."""

from khuen import audit

#: open cases with what decides about their lanes. $2 today, $3 the last day of this week's view, $4 tambon, $5 village
#: number, $6 project, $7 buddy (NULL: no filter), $8 codes or NULL
_SHOWN = """
shown AS MATERIALIZED (
    SELECT c.id, c.code, c.stage, c.colour, c.opened_on, c.made_at, c.project_id, p.called_name, p.family_name,
        p.sort_key, p.subdistrict_code, p.moo, a.member_id, v.opens_on, v.closes_on, v.last_how, v.seen_at,
        v.attention_id, coalesce(v.attention_rank, 0) AS rank, coalesce(v.attention_rank > 0, false) AS urgent,
        coalesce(v.closes_on < $2::date, false) AS overdue, a.id IS NULL AS no_buddy,
        c.stage = 'awaiting_doctor' AS doctor, coalesce(v.closes_on >= $2 AND v.opens_on <= $3::date, false) AS week
    FROM case_file c
    JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
    LEFT JOIN assignment a ON a.tenant_id = $1 AND a.case_id = c.id AND a.ended_at IS NULL
    LEFT JOIN visit_due v ON v.tenant_id = $1 AND v.case_id = c.id AND v.state = 'open'
    WHERE c.tenant_id = $1 AND c.stage <> 'closed' AND ($4::text IS NULL OR p.subdistrict_code = $4)
        AND ($5::text IS NULL OR p.moo = $5) AND ($6::uuid IS NULL OR c.project_id = $6)
        AND ($7::uuid IS NULL OR a.member_id = $7) AND ($8::text[] IS NULL OR c.code = ANY ($8))
), placed AS (
    SELECT s.*, CASE WHEN urgent THEN 1 WHEN overdue THEN 2 WHEN no_buddy THEN 3 WHEN doctor THEN 4 WHEN week THEN 5
        ELSE 6 END AS lane
    FROM shown s
)"""

#: $9 the lane
_IN_LANE = """CASE $9::text WHEN 'urgent' THEN urgent WHEN 'overdue' THEN overdue WHEN 'no_buddy' THEN no_buddy
        WHEN 'doctor' THEN doctor WHEN 'week' THEN lane = 5 WHEN 'work' THEN lane < 6 ELSE true END"""

#: $10 the order
_ORDER = """CASE WHEN $9 = 'work' THEN lane END, CASE WHEN $10::text = 'name' THEN r.sort_key END COLLATE "C",
        CASE WHEN $10 = 'opened' THEN r.opened_on END,
        CASE WHEN $10 = 'buddy' THEN (SELECT o.sort_key FROM member o WHERE o.tenant_id = $1 AND o.id = r.member_id) END
            COLLATE "C",
        rank DESC, closes_on, r.opened_on, r.sort_key COLLATE "C", r.id"""

#: $11 and $12 limit and offset, $13 whether the choices of the filters are asked for
BOARD = f"""
WITH {_SHOWN}, counted AS (
    SELECT count(*) AS all_, count(*) FILTER (WHERE lane < 6) AS work, count(*) FILTER (WHERE urgent) AS urgent,
        count(*) FILTER (WHERE overdue) AS overdue, count(*) FILTER (WHERE no_buddy) AS no_buddy,
        count(*) FILTER (WHERE doctor) AS doctor, count(*) FILTER (WHERE lane = 5) AS week
    FROM placed
), chosen AS (
    SELECT r.*, row_number() OVER (ORDER BY {_ORDER}) AS place FROM placed r WHERE {_IN_LANE}
    ORDER BY place LIMIT $11::integer OFFSET $12::integer
)
SELECT k.all_, k.work, k.urgent, k.overdue, k.no_buddy, k.doctor, k.week,
    (SELECT (d.content::json -> 'enrolment' ->> 'buddy_within_hours')::integer FROM district_settings d
        WHERE d.tenant_id = $1 ORDER BY d.set_at DESC, d.id DESC LIMIT 1) AS buddy_within_hours,
    CASE WHEN $13 THEN (SELECT json_agg(json_build_array(j.id, j.name) ORDER BY j.starts_on DESC, j.id) FROM project j
        WHERE j.tenant_id = $1) END AS projects,
    CASE WHEN $13 THEN (SELECT json_agg(json_build_array(b.id, b.called_name) ORDER BY b.sort_key COLLATE "C", b.id)
        FROM member b WHERE b.tenant_id = $1 AND EXISTS (
            SELECT FROM assignment e WHERE e.tenant_id = $1 AND e.member_id = b.id AND e.ended_at IS NULL))
        END AS buddies,
    CASE WHEN $13 THEN (SELECT json_agg(DISTINCT jsonb_build_array(h.subdistrict_code, h.moo)) FROM case_file f
        JOIN person h ON h.tenant_id = $1 AND h.id = f.person_id AND h.subdistrict_code IS NOT NULL
        WHERE f.tenant_id = $1 AND f.stage <> 'closed') END AS places,
    r.code, r.stage, r.colour, r.opened_on, r.made_at, r.called_name, r.family_name, r.subdistrict_code, r.moo,
    m.called_name AS buddy, r.opens_on, r.closes_on, r.last_how, r.seen_at, r.attention_id, r.rank, r.lane,
    CASE WHEN r.member_id IS NULL THEN (SELECT max(x.ended_at) FROM assignment x
        WHERE x.tenant_id = $1 AND x.case_id = r.id) END AS left_at
FROM counted k
LEFT JOIN chosen r ON true
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = r.member_id
ORDER BY r.place
"""

#: the same rows for a file: all of the lane, with the project, in the order of the page; $11 the most that a file holds
EXPORT = f"""
WITH {_SHOWN}
SELECT r.code, r.stage, r.colour, r.opened_on, r.called_name, r.family_name, r.subdistrict_code, r.moo, r.closes_on,
    r.last_how, r.seen_at, r.lane, m.called_name AS buddy, j.name AS project
FROM placed r
JOIN project j ON j.tenant_id = $1 AND j.id = r.project_id
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = r.member_id
WHERE {_IN_LANE} ORDER BY {_ORDER} LIMIT $11::integer
"""

#: one case with all that stands at the head of its page, and the audit row of having been seen. $2 code, $3 to $8 entry
CASE = f"""
WITH found AS (
    SELECT c.id, c.code, c.person_id, c.stage, c.colour, c.legal_basis, c.proposed_by, c.agreed_on, c.opened_on,
        c.made_at, c.safety_note, p.prefix, p.given_name, p.family_name, p.called_name, p.sex, p.born_on, p.born_year,
        p.subdistrict_code, p.moo, j.name AS project, a.member_id, a.started_at, m.called_name AS buddy,
        m.phone_sealed AS buddy_phone, v.opens_on, v.closes_on, coalesce(v.attention_rank, 0) AS rank, v.attention_id,
        v.last_how, v.seen_at,
        (SELECT max(x.ended_at) FROM assignment x WHERE x.tenant_id = $1 AND x.case_id = c.id) AS left_at,
        (SELECT json_agg(json_build_array(y.kind, y.decision, y.version, y.decided_on) ORDER BY y.kind)
            FROM (SELECT DISTINCT ON (o.kind) o.kind, o.decision, o.version, o.decided_on FROM consent o
                WHERE o.tenant_id = $1 AND o.case_id = c.id ORDER BY o.kind, o.recorded_at DESC, o.id DESC) y)
            AS consents
    FROM case_file c
    JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
    JOIN project j ON j.tenant_id = $1 AND j.id = c.project_id
    LEFT JOIN assignment a ON a.tenant_id = $1 AND a.case_id = c.id AND a.ended_at IS NULL
    LEFT JOIN member m ON m.tenant_id = $1 AND m.id = a.member_id
    LEFT JOIN visit_due v ON v.tenant_id = $1 AND v.case_id = c.id AND v.state = 'open'
    WHERE c.tenant_id = $1 AND c.code = $2
), {audit.cte(3, "found.id", of="found")}
SELECT f.*, (SELECT seq FROM audited) AS audit_seq FROM found f
"""

#: everything that happened, newest first. $2 code, $3 the most
TIMELINE = """
SELECT e.kind, e.what, e.at, e.own_at, e.more, e.undone, m.called_name AS by FROM case_file c CROSS JOIN LATERAL (
    SELECT 'step' AS kind, s.stage AS what, s.recorded_at AS at, NULL::timestamptz AS own_at, s.reason AS more,
        false AS undone, s.by_id FROM case_step s WHERE s.tenant_id = $1 AND s.case_id = c.id
    UNION ALL
    SELECT 'check_in', i.how, i.received_at, i.happened_at, NULL, w.id IS NOT NULL, i.member_id FROM check_in i
    LEFT JOIN check_in_withdrawal w ON w.tenant_id = $1 AND w.check_in_id = i.id
    WHERE i.tenant_id = $1 AND i.case_id = c.id
    UNION ALL
    SELECT 'consent', o.decision, o.recorded_at, NULL, o.kind, false, o.by_id FROM consent o
    WHERE o.tenant_id = $1 AND o.case_id = c.id
    UNION ALL
    SELECT 'buddy', b.called_name, a.started_at, NULL, NULL, false, a.made_by FROM assignment a
    JOIN member b ON b.tenant_id = $1 AND b.id = a.member_id WHERE a.tenant_id = $1 AND a.case_id = c.id
    UNION ALL
    SELECT 'buddy_ended', b.called_name, a.ended_at, NULL, a.end_reason, false, NULL FROM assignment a
    JOIN member b ON b.tenant_id = $1 AND b.id = a.member_id
    WHERE a.tenant_id = $1 AND a.case_id = c.id AND a.ended_at IS NOT NULL
    UNION ALL
    SELECT 'acknowledged', NULL, k.at, NULL, k.note, k.undone_at IS NOT NULL, k.by_id FROM acknowledgement k
    WHERE k.tenant_id = $1 AND k.case_id = c.id
) e
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = e.by_id
WHERE c.tenant_id = $1 AND c.code = $2
ORDER BY e.at DESC, e.kind LIMIT $3::integer
"""

#: the visits with what was told about them, sealed. $2 code, $3 the most
VISITS = """
SELECT i.how, i.happened_at AS own_at, i.received_at AS at, w.id IS NOT NULL AS undone, m.called_name AS by,
    n.id AS note_id, n.note_sealed, c.person_id, k.id AS key_id, k.wrapped
FROM case_file c
JOIN check_in i ON i.tenant_id = $1 AND i.case_id = c.id
JOIN member m ON m.tenant_id = $1 AND m.id = i.member_id
LEFT JOIN check_in_withdrawal w ON w.tenant_id = $1 AND w.check_in_id = i.id
LEFT JOIN check_in_note n ON n.tenant_id = $1 AND n.check_in_id = i.id
LEFT JOIN vault.person_key k ON k.tenant_id = $1 AND k.person_id = c.person_id
WHERE c.tenant_id = $1 AND c.code = $2
ORDER BY i.planned_at DESC, i.id DESC, n.written_at, n.id LIMIT $3::integer
"""

#: $2 code, $3 the most
BUDDIES = """
SELECT m.called_name AS buddy, a.started_at, a.ended_at, a.end_reason, a.extra_reason, b.called_name AS by
FROM case_file c
JOIN assignment a ON a.tenant_id = $1 AND a.case_id = c.id
JOIN member m ON m.tenant_id = $1 AND m.id = a.member_id
LEFT JOIN member b ON b.tenant_id = $1 AND b.id = a.made_by
WHERE c.tenant_id = $1 AND c.code = $2
ORDER BY a.started_at DESC, a.id DESC LIMIT $3::integer
"""

#: who opened the file. $2 code, $3 the most, $4 the tags
OPENED = """
SELECT u.at, u.tag, u.detail, m.called_name AS by
FROM case_file c
JOIN audit u ON u.tenant_id = $1 AND u.subject_id = c.id AND u.tag = ANY ($4::text[])
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = u.member_id
WHERE c.tenant_id = $1 AND c.code = $2
ORDER BY u.seq DESC LIMIT $3::integer
"""

#: $2 codes: the open cases that are to get another buddy
CHOSEN = """
SELECT c.id, c.code, p.called_name, p.family_name, p.subdistrict_code, p.moo, m.id AS member_id, m.called_name AS buddy
FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
LEFT JOIN assignment a ON a.tenant_id = $1 AND a.case_id = c.id AND a.ended_at IS NULL
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = a.member_id
WHERE c.tenant_id = $1 AND c.code = ANY ($2::text[]) AND c.stage <> 'closed'
ORDER BY p.sort_key COLLATE "C", c.id
"""

#: $2 code: what an edit in place starts from, held until COMMIT so that nobody changes it in between
HELD = """
SELECT c.id, c.person_id, c.safety_note, p.prefix, p.given_name, p.family_name
FROM case_file c JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
WHERE c.tenant_id = $1 AND c.code = $2
FOR UPDATE OF c, p
"""
