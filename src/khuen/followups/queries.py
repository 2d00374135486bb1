"""The hot statements: a check-in, and the people of one buddy. Each takes the tenant as $1.

A check-in is one statement between `BEGIN; SET LOCAL` and COMMIT. The rule's result for every pack of the district
comes in as parallel arrays; the case's own pack chooses among them. Newest means (planned_at, id), as in the rules.
"""

from khuen import audit
from khuen.cases import consents, standing

#: newer than what is known; one from before the plan turned is worked out by the rule
_NEWER = "(v.seen_at IS NULL OR (v.seen_at, v.seen_id) < ($7, $4)) AND (v.turned_at IS NULL OR v.turned_at <= $7)"

#: $2 code, $3 member, $4 key, $5 how, $6 happened_at, $7 planned_at, $8 received_at, $9 to $13 the packs' ids,
#: opens_on, due_on, closes_on and not_found_limit, $14 and $15 priority below and at that limit, $16 and $17 attention
#: rank likewise, $18 end of the undo offer, $19 to $24 the audit entry. `held` locks the plan before the audit chain is
#: locked, also for an answer that turns out to be late: else two answers of one case could wait for each other
_LOG = f"""
WITH mine AS (
    SELECT c.id, c.code, p.called_name, p.family_name, r.pack_id, r.opens_on, r.due_on, r.closes_on, r.not_found_limit
    FROM case_file c
    JOIN assignment a ON a.tenant_id = $1 AND a.case_id = c.id AND a.member_id = $3 AND a.ended_at IS NULL
    JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id
    LEFT JOIN unnest($9::uuid[], $10::date[], $11::date[], $12::date[], $13::integer[])
        AS r (pack_id, opens_on, due_on, closes_on, not_found_limit) ON r.pack_id = c.pack_id
    WHERE c.tenant_id = $1 AND c.code = $2
), held AS (
    SELECT v.id FROM mine JOIN visit_due v ON v.tenant_id = $1 AND v.case_id = mine.id FOR UPDATE OF v
), fresh AS (
    INSERT INTO check_in (tenant_id, id, case_id, member_id, how, happened_at, planned_at, received_at)
    SELECT $1, $4::uuid, mine.id, $3::uuid, $5::text, $6::timestamptz, $7::timestamptz, $8::timestamptz
    FROM mine WHERE mine.pack_id IS NOT NULL AND (SELECT count(*) FROM held) >= 0
    ON CONFLICT (tenant_id, id) DO NOTHING
    RETURNING id, case_id
), moved AS (
    UPDATE visit_due v SET
        opens_on = m.opens_on, due_on = m.due_on, closes_on = m.closes_on, seen_at = $7, seen_id = $4, last_how = $5,
        turned_at = NULL,
        misses = CASE WHEN $5 = 'not_found' THEN v.misses + 1 ELSE 0 END,
        priority = CASE WHEN v.misses + 1 >= m.not_found_limit THEN $15::integer ELSE $14::integer END,
        attention_id = CASE WHEN v.attention_rank = 2 AND $16::integer < 2 THEN v.attention_id
            WHEN CASE WHEN v.misses + 1 >= m.not_found_limit THEN $17::integer ELSE $16 END > 0 THEN $4 END,
        attention_rank = CASE WHEN v.attention_rank = 2 THEN 2
            WHEN v.misses + 1 >= m.not_found_limit THEN $17 ELSE $16 END
    FROM fresh JOIN mine m ON m.id = fresh.case_id
    WHERE v.tenant_id = $1 AND v.case_id = fresh.case_id AND {_NEWER}
    RETURNING v.opens_on, v.due_on, v.closes_on
){{told}}, offered AS (
    INSERT INTO undo (tenant_id, id, kind, subject_id, member_id, made_at, expires_at)
    SELECT $1, fresh.id, 'check_in', fresh.id, $3, $8, $18::timestamptz FROM fresh
    ON CONFLICT (tenant_id, id) DO NOTHING
    RETURNING id
), {audit.cte(19, "fresh.case_id", of="fresh")}
SELECT m.id AS case_id, m.code, m.called_name, m.family_name,
    CASE WHEN m.pack_id IS NULL THEN 'no_pack'
        WHEN moved.due_on IS NOT NULL THEN 'saved'
        WHEN fresh.id IS NOT NULL THEN 'late'
        WHEN k.id IS NULL THEN 'unseen'
        WHEN (k.case_id, k.member_id, k.how) = (m.id, $3, $5) THEN 'repeat'
        ELSE 'other_content' END AS outcome,
    coalesce(moved.opens_on, v.opens_on) AS opens_on, coalesce(moved.due_on, v.due_on) AS due_on,
    coalesce(moved.closes_on, v.closes_on) AS closes_on,
    {{names}} AS on_call,
    coalesce(k.received_at, $8) AS received_at, (SELECT seq FROM audited) AS audit_seq
FROM mine m
LEFT JOIN fresh ON fresh.case_id = m.id
LEFT JOIN moved ON true
LEFT JOIN visit_due v ON v.tenant_id = $1 AND v.case_id = m.id
LEFT JOIN check_in k ON k.tenant_id = $1 AND k.id = $4
"""

_ON_CALL = """SELECT DISTINCT b.id, b.called_name FROM member_role o
    JOIN member b ON b.tenant_id = $1 AND b.id = o.member_id AND b.left_at IS NULL
    WHERE o.tenant_id = $1 AND o.role = ANY ({roles}::text[]) AND o.ended_at IS NULL"""

#: who hears of an urgent answer. $2 roles
ON_CALL = _ON_CALL.format(roles="$2")

#: $25 roles that hear of it now, $26 day
_TOLD = f""", on_call AS (
    {_ON_CALL.format(roles="$25")}
), told AS (
    INSERT INTO message (tenant_id, id, kind, subject_id, recipient_id, day, urgent, count, state, due_at, made_at)
    SELECT $1, gen_random_uuid(), 'urgent_check_in', fresh.id, on_call.id, $26::date, true, 1, 'waiting', $8, $8
    FROM fresh CROSS JOIN on_call
    ON CONFLICT (tenant_id, kind, subject_id, recipient_id, day) DO NOTHING
    RETURNING recipient_id
)"""
_NAMES = '(SELECT array_agg(called_name ORDER BY called_name COLLATE "C") FROM on_call)'

#: The calm answer is a statement of its own: who is on call cannot be estimated, and with that part in it PostgreSQL
#: would plan every check-in anew, which takes longer than the check-in itself (docs/performance.md).
LOG = _LOG.format(told="", names="NULL::text[]")
LOG_AND_TELL = _LOG.format(told=_TOLD, names=_NAMES)

#: $2 member, $3 a case code or NULL for all, $4 now, $5 today: the people whom this buddy visits now, with the buddy's
#: own last visits.
#: Whoever stopped is on no list; one person's own page stays, for a call for help
MINE = f"""
SELECT c.id AS case_id, c.code, c.person_id, c.safety_note, p.called_name, p.family_name, p.subdistrict_code, p.moo,
    p.phone_sealed, k.id AS key_id, k.wrapped, coalesce(v.opens_on, c.opened_on) AS opens_on,
    coalesce(v.due_on, c.opened_on) AS due_on, coalesce(v.closes_on, c.opened_on) AS closes_on, v.seen_at,
    coalesce(v.priority, 2) AS priority, c.pack_id, coalesce(y.with_doctor, 0) AS sessions,
    own.ids, own.hows, own.times, g.starts_at AS meeting_at
FROM assignment a
JOIN case_file c ON c.tenant_id = $1 AND c.id = a.case_id
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id
LEFT JOIN vault.person_key k ON k.tenant_id = $1 AND k.person_id = c.person_id
LEFT JOIN visit_due v ON v.tenant_id = $1 AND v.case_id = c.id
LEFT JOIN treatment_tally y ON y.tenant_id = $1 AND y.case_id = c.id
CROSS JOIN LATERAL (
    SELECT array_agg(o.id) AS ids, array_agg(o.how) AS hows, array_agg(o.planned_at) AS times FROM (
        SELECT i.id, i.how, i.planned_at FROM check_in i
        WHERE i.tenant_id = $1 AND i.case_id = c.id AND i.member_id = a.member_id AND NOT EXISTS (
            SELECT FROM check_in_withdrawal w WHERE w.tenant_id = $1 AND w.check_in_id = i.id)
        ORDER BY i.planned_at DESC, i.id DESC LIMIT 2) o
) own
LEFT JOIN LATERAL (
    SELECT s.starts_at FROM session s WHERE s.tenant_id = $1 AND s.project_id = c.project_id AND s.state = 'planned'
        AND s.on_date >= $5 AND s.starts_at > $4 ORDER BY s.on_date, s.starts_at LIMIT 1
) g ON true
WHERE a.tenant_id = $1 AND a.member_id = $2 AND a.ended_at IS NULL
    AND CASE WHEN $3::text IS NULL THEN NOT {consents.stopped("c.id")} ELSE c.code = $3 END
ORDER BY coalesce(v.closes_on, c.opened_on), coalesce(v.priority, 2) DESC, p.sort_key, c.id
"""

#: $2 member: the plans of everybody whom this buddy visits now, held until the end of the transaction
LOCK_MINE = """
SELECT c.code, c.pack_id, v.* FROM visit_due v
JOIN assignment a ON a.tenant_id = $1 AND a.case_id = v.case_id AND a.member_id = $2 AND a.ended_at IS NULL
JOIN case_file c ON c.tenant_id = $1 AND c.id = v.case_id
WHERE v.tenant_id = $1 ORDER BY v.id FOR UPDATE OF v
"""

#: $2 keys
KNOWN = "SELECT id, case_id, member_id, how, received_at FROM check_in WHERE tenant_id = $1 AND id = ANY ($2::uuid[])"

ADD = """
INSERT INTO check_in (tenant_id, id, case_id, member_id, how, happened_at, planned_at, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

#: $2 the check-in, which is the offer's id too
OFFER = """
INSERT INTO undo (tenant_id, id, kind, subject_id, member_id, made_at, expires_at)
VALUES ($1, $2, 'check_in', $2, $3, $4, $5) ON CONFLICT (tenant_id, id) DO NOTHING
"""

#: what a plan keeps of its case, from its first day on
_STANDS = f"c.opened_on, {standing.WAITS}, {standing.TEST_ON}, {consents.stopped('c.id')}"

BEGIN = f"""
INSERT INTO visit_due (tenant_id, id, case_id, state, opens_on, due_on, closes_on, priority, opened_on, waits, test_on,
    stopped)
SELECT $1, $2, c.id, 'open', $4, $5, $6, $7, {_STANDS} FROM case_file c WHERE c.tenant_id = $1 AND c.id = $3
ON CONFLICT (tenant_id, case_id) DO NOTHING
"""

SETTLE = f"""
INSERT INTO visit_due (tenant_id, id, case_id, state, opens_on, due_on, closes_on, seen_at, seen_id, last_how, misses,
    attention_id, attention_rank, priority, turned_at, opened_on, waits, test_on, stopped)
SELECT $1, $2, c.id, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, {_STANDS}
FROM case_file c WHERE c.tenant_id = $1 AND c.id = $3
ON CONFLICT (tenant_id, case_id) DO UPDATE SET (opens_on, due_on, closes_on, seen_at, seen_id, last_how, misses,
    attention_id, attention_rank, priority, turned_at) = (EXCLUDED.opens_on, EXCLUDED.due_on, EXCLUDED.closes_on,
    EXCLUDED.seen_at, EXCLUDED.seen_id, EXCLUDED.last_how, EXCLUDED.misses, EXCLUDED.attention_id,
    EXCLUDED.attention_rank, EXCLUDED.priority, EXCLUDED.turned_at)
"""

#: every answer that stands
ANSWERS = """
SELECT i.case_id, i.id, i.how, i.planned_at, i.received_at FROM check_in i
WHERE i.tenant_id = $1 AND i.case_id = ANY ($2::uuid[]) AND NOT EXISTS (
    SELECT FROM check_in_withdrawal w WHERE w.tenant_id = $1 AND w.check_in_id = i.id)
"""

ACKNOWLEDGED = """
SELECT a.case_id, i.id, i.how, i.planned_at, i.received_at FROM acknowledgement a
JOIN check_in i ON i.tenant_id = $1 AND i.id = a.check_in_id
WHERE a.tenant_id = $1 AND a.case_id = ANY ($2::uuid[]) AND a.undone_at IS NULL
"""

TURNS = """
SELECT t.case_id, t.at, t.kind FROM visit_turn t
WHERE t.tenant_id = $1 AND t.case_id = ANY ($2::uuid[]) AND t.undone_at IS NULL
"""

#: $2 check-in, $3 member: only while this buddy still visits the person
OWN = """
SELECT i.id, i.case_id, i.how, i.planned_at, c.person_id, c.code, p.called_name, p.family_name
FROM check_in i
JOIN assignment a ON a.tenant_id = $1 AND a.case_id = i.case_id AND a.member_id = $3 AND a.ended_at IS NULL
JOIN case_file c ON c.tenant_id = $1 AND c.id = i.case_id
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id
WHERE i.tenant_id = $1 AND i.id = $2 AND i.member_id = $3
"""

#: $2 member, $3 from, $4 until: visits that stand, and how many people they were to
MONTH = """
SELECT count(*) AS visits, count(DISTINCT i.case_id) AS people FROM check_in i
WHERE i.tenant_id = $1 AND i.member_id = $2 AND i.planned_at >= $3 AND i.planned_at < $4 AND NOT EXISTS (
    SELECT FROM check_in_withdrawal w WHERE w.tenant_id = $1 AND w.check_in_id = i.id)
"""

#: $2 member, $3 case code: the buddy's own visits that stand, newest first
HISTORY = """
SELECT i.id, i.how, i.planned_at, i.received_at FROM check_in i
JOIN case_file c ON c.tenant_id = $1 AND c.id = i.case_id AND c.code = $3
WHERE i.tenant_id = $1 AND i.member_id = $2 AND NOT EXISTS (
    SELECT FROM check_in_withdrawal w WHERE w.tenant_id = $1 AND w.check_in_id = i.id)
ORDER BY i.planned_at DESC, i.id DESC LIMIT 50
"""

#: $2 id, $3 member, $4 now, $5 hours by which the phone's clock is ahead, $6 when it is too soon to write again
SEEN = """
INSERT INTO phone (tenant_id, id, member_id, seen_at, ahead_hours) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, member_id) DO UPDATE SET seen_at = EXCLUDED.seen_at, ahead_hours = EXCLUDED.ahead_hours
WHERE phone.tenant_id = $1 AND (phone.seen_at < $6 OR phone.ahead_hours <> EXCLUDED.ahead_hours)
"""

#: $2 the last moment that is long ago, $3 most hours that a clock may be wrong: buddies with somebody in care whose
#: phone was not heard of since, or whose clock is wrong
QUIET = """
SELECT m.id, m.called_name, m.subdistrict_code, m.moo, f.seen_at, f.ahead_hours, own.people, own.closes_on
FROM phone f
JOIN member m ON m.tenant_id = $1 AND m.id = f.member_id AND m.left_at IS NULL
JOIN LATERAL (
    SELECT count(*) AS people, min(v.closes_on) AS closes_on FROM assignment a
    LEFT JOIN visit_due v ON v.tenant_id = $1 AND v.case_id = a.case_id AND v.state = 'open'
    WHERE a.tenant_id = $1 AND a.member_id = m.id AND a.ended_at IS NULL
) own ON own.people > 0
WHERE f.tenant_id = $1 AND (f.seen_at < $2 OR abs(f.ahead_hours) > $3)
ORDER BY f.seen_at, m.id
"""

NOTE = """
INSERT INTO check_in_note (tenant_id, id, check_in_id, note_sealed, written_at, by_id)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

NOTE_SENT = "SELECT check_in_id, note_sealed FROM check_in_note WHERE tenant_id = $1 AND id = $2"

#: how often somebody was found at home. $2 cases
VISITED = """
SELECT i.case_id, count(*) AS visits FROM check_in i
LEFT JOIN check_in_withdrawal w ON w.tenant_id = $1 AND w.check_in_id = i.id
WHERE i.tenant_id = $1 AND i.case_id = ANY ($2::uuid[]) AND i.how <> 'not_found' AND w.id IS NULL GROUP BY i.case_id
"""
