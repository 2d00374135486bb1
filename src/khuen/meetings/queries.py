"""The statements of the meetings. $1 is the tenant; a page of a meeting is the meeting, its matters, its decisions."""

from khuen.cases import consents
from khuen.cases.rules import ConsentKind

_MEETING = """
SELECT m.id, m.kind, m.on_date, m.starts_at, m.place, m.fiscal_year, m.number, m.chair, m.state, m.item_id, m.opened_at,
    m.ended_at, m.recorder, m.reviewer, m.adopted, coalesce(c.by_chief, true) AS by_chief, c.name AS substitute,
    c.reason AS substitute_reason
FROM meeting m
LEFT JOIN LATERAL (SELECT x.by_chief, x.name, x.reason FROM meeting_chair x
    WHERE x.tenant_id = $1 AND x.meeting_id = m.id ORDER BY x.at DESC, x.id DESC LIMIT 1) c ON true
WHERE m.tenant_id = $1
"""

#: $2 kind, $3 date; a cancelled one only when no other stands on that day
MEETING = f"{_MEETING} AND m.kind = $2 AND m.on_date = $3 ORDER BY m.state = 'cancelled', m.planned_at DESC LIMIT 1"

#: the same, held until COMMIT, so that opening, deciding and closing take turns
HELD = """
SELECT m.id FROM meeting m WHERE m.tenant_id = $1 AND m.kind = $2 AND m.on_date = $3 AND m.state <> 'cancelled'
FOR UPDATE
"""

#: $2 the most: newest first, with what was decided and what is left of it
MEETINGS = """
SELECT m.id, m.kind, m.on_date, m.starts_at, m.place, m.fiscal_year, m.number, m.chair, m.state,
    coalesce((SELECT x.by_chief FROM meeting_chair x WHERE x.tenant_id = $1 AND x.meeting_id = m.id
        ORDER BY x.at DESC, x.id DESC LIMIT 1), true) AS by_chief,
    coalesce(d.decisions, 0) AS decisions, coalesce(d.open, 0) AS open
FROM meeting m
LEFT JOIN (SELECT y.meeting_id, count(*) AS decisions, count(*) FILTER (WHERE y.state IN ('open', 'not_done')) AS open
    FROM decision y WHERE y.tenant_id = $1 AND y.state <> 'withdrawn' GROUP BY y.meeting_id) d ON d.meeting_id = m.id
WHERE m.tenant_id = $1 AND m.state <> 'cancelled' ORDER BY m.on_date DESC, m.kind LIMIT $2::integer
"""

#: $2 kind, $3 fiscal year
NUMBERS_TAKEN = """
SELECT m.number FROM meeting m
WHERE m.tenant_id = $1 AND m.kind = $2 AND m.fiscal_year = $3 AND m.state <> 'cancelled'
"""

#: $2 id, $3 kind, $4 date, $5 time, $6 place, $7 fiscal year, $8 number, $9 chair, $10 at, $11 by
PLAN = """
INSERT INTO meeting (tenant_id, id, kind, on_date, starts_at, place, fiscal_year, number, chair, state, planned_at,
    by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'planned', $10, $11) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: $2 id, $3 meeting, $4 state, $5 at, $6 by, $7 reason
STEP = """
INSERT INTO meeting_step (tenant_id, id, meeting_id, state, at, by_id, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: $2 id, $3 meeting, $4 by the chief, $5 substitute, $6 reason, $7 at, $8 by
CHAIRED = """
INSERT INTO meeting_chair (tenant_id, id, meeting_id, by_chief, name, reason, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: $2 id, $3 meeting, $4 content, $5 at, $6 by
ATTENDED = """
INSERT INTO meeting_attendance (tenant_id, id, meeting_id, content, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: $2 meeting
ATTENDANCE = """
SELECT a.content FROM meeting_attendance a WHERE a.tenant_id = $1 AND a.meeting_id = $2
ORDER BY a.at DESC, a.id DESC LIMIT 1
"""

#: $2 kind, $3 before this day: the meeting whose minutes are read at the beginning
BEFORE = """
SELECT m.number, m.fiscal_year, m.on_date FROM meeting m
WHERE m.tenant_id = $1 AND m.kind = $2 AND m.on_date < $3 AND m.state = 'closed' ORDER BY m.on_date DESC LIMIT 1
"""

#: open cases with what may bring them before the meeting; whoever stopped is no matter of a meeting
CASES = f"""
SELECT c.id AS case_id, c.code, c.stage, c.pack_id, coalesce(v.attention_rank, 0) AS rank, v.closes_on,
    coalesce(e.sessions, 0) AS sessions, coalesce(e.missed, 0) AS missed, c.ready,
    CASE WHEN a.id IS NULL THEN coalesce((SELECT max(x.ended_at) FROM assignment x
        WHERE x.tenant_id = $1 AND x.case_id = c.id), c.made_at) END AS alone_since,
    coalesce((SELECT max(s.on_date) FROM case_step s WHERE s.tenant_id = $1 AND s.case_id = c.id), c.opened_on)
        AS stage_since
FROM case_file c
LEFT JOIN visit_due v ON v.tenant_id = $1 AND v.case_id = c.id AND v.state = 'open'
LEFT JOIN case_evidence e ON e.tenant_id = $1 AND e.case_id = c.id
LEFT JOIN assignment a ON a.tenant_id = $1 AND a.case_id = c.id AND a.ended_at IS NULL
WHERE c.tenant_id = $1 AND c.stage <> 'closed' AND NOT {consents.stopped("c.id")}
"""

#: $2 the meeting that asks or NULL, $3 its kind, $4 decisions that stand on its agenda already
PROMISES = f"""
SELECT d.id, d.kind, d.text, b.called_name AS owner, d.due_on, d.state, c.code, d.case_id, i.title,
    coalesce((SELECT t.reason FROM task_step t WHERE t.tenant_id = $1 AND t.decision_id = d.id
        ORDER BY t.at DESC, t.id DESC LIMIT 1), '') AS reason
FROM decision d
JOIN meeting m ON m.tenant_id = $1 AND m.id = d.meeting_id AND m.kind = $3
JOIN member b ON b.tenant_id = $1 AND b.id = d.owner_id
JOIN agenda_item i ON i.tenant_id = $1 AND i.id = d.item_id
LEFT JOIN case_file c ON c.tenant_id = $1 AND c.id = d.case_id
WHERE d.tenant_id = $1 AND (d.state IN ('open', 'not_done') OR d.id = ANY ($4::uuid[]))
    AND ($2::uuid IS NULL OR d.meeting_id <> $2) AND (d.case_id IS NULL OR NOT {consents.stopped("d.case_id")})
"""

#: the figures of the meeting (docs/numbers.yml). $2 today, $3 the beginning of the last seven days
FIGURES = """
SELECT count(*) AS enrolled, count(*) FILTER (WHERE c.stage <> 'closed') AS open,
    count(*) FILTER (WHERE c.stage = 'in_treatment') AS in_treatment,
    count(*) FILTER (WHERE c.stage = 'awaiting_doctor') AS awaiting_doctor,
    count(*) FILTER (WHERE c.stage = 'certified') AS certified,
    (SELECT count(*) FROM visit_due v WHERE v.tenant_id = $1 AND v.state = 'open' AND v.closes_on < $2) AS overdue,
    (SELECT count(*) FROM check_in i WHERE i.tenant_id = $1 AND i.planned_at >= $3 AND NOT EXISTS (
        SELECT FROM check_in_withdrawal w WHERE w.tenant_id = $1 AND w.check_in_id = i.id)) AS visits,
    (SELECT count(*) FROM decision d WHERE d.tenant_id = $1 AND d.state = 'open' AND d.due_on < $2) AS late_tasks
FROM case_file c WHERE c.tenant_id = $1
"""

#: $2 meeting. While it has not ended, whoever stopped is gone from the agenda, unless something was decided already.
#: `stopped` are the cases that a matter names beside its own
ITEMS = f"""
SELECT i.id, i.section, i.place, i.case_id, i.title, i.facts, i.skipped_at IS NOT NULL AS skipped,
    CASE WHEN g.state IN ('planned', 'held') THEN (SELECT array_agg(c.code) FROM case_file c
        WHERE c.tenant_id = $1 AND c.stage <> 'closed' AND {consents.stopped("c.id")}) END AS stopped
FROM agenda_item i JOIN meeting g ON g.tenant_id = $1 AND g.id = i.meeting_id
WHERE i.tenant_id = $1 AND i.meeting_id = $2 AND NOT (
    g.state IN ('planned', 'held') AND i.case_id IS NOT NULL AND {consents.stopped("i.case_id")} AND NOT EXISTS (
        SELECT FROM decision y WHERE y.tenant_id = $1 AND y.item_id = i.id AND y.state <> 'withdrawn'))
ORDER BY i.place, i.id
"""

#: $2 id, $3 meeting, $4 section, $5 place, $6 case, $7 title, $8 facts, $9 at, $10 by
ITEM = """
INSERT INTO agenda_item (tenant_id, id, meeting_id, section, place, case_id, title, facts, made_at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant_id, id) DO NOTHING
"""

#: $2 item, $3 place, $4 facts
RETELL = "UPDATE agenda_item SET place = $3, facts = $4 WHERE tenant_id = $1 AND id = $2"

#: $2 items that hold no longer and of which nothing was decided
DROP = "DELETE FROM agenda_item WHERE tenant_id = $1 AND id = ANY ($2::uuid[])"

#: $2 meeting
DECISIONS = """
SELECT d.id, d.item_id, d.kind, d.text, d.owner_id, b.called_name AS owner, d.due_on, d.state
FROM decision d JOIN member b ON b.tenant_id = $1 AND b.id = d.owner_id
WHERE d.tenant_id = $1 AND d.meeting_id = $2 AND d.state <> 'withdrawn' ORDER BY d.at, d.id
"""

#: $2 id, $3 meeting, $4 item, $5 case, $6 kind, $7 text, $8 owner, $9 due, $10 at, $11 by
DECIDE = """
INSERT INTO decision (tenant_id, id, meeting_id, item_id, case_id, kind, text, owner_id, due_on, at, by_id, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open') ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: $2 id, $3 decision, $4 state, $5 reason, $6 at, $7 by
TASK_STEP = """
INSERT INTO task_step (tenant_id, id, decision_id, state, reason, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: $2 owner or NULL for everybody's, $3 the end of tasks that are shown as finished
TASKS = f"""
SELECT d.id, d.kind, d.text, d.owner_id, b.called_name AS owner, d.due_on, d.state, d.at, c.code, i.title,
    m.kind AS meeting_kind, m.on_date, m.number, m.fiscal_year, t.reason, t.at AS told_at,
    d.case_id IS NOT NULL AND {consents.stopped("d.case_id")} AS stopped
FROM decision d
JOIN meeting m ON m.tenant_id = $1 AND m.id = d.meeting_id
JOIN member b ON b.tenant_id = $1 AND b.id = d.owner_id
JOIN agenda_item i ON i.tenant_id = $1 AND i.id = d.item_id
LEFT JOIN case_file c ON c.tenant_id = $1 AND c.id = d.case_id
LEFT JOIN LATERAL (SELECT x.reason, x.at FROM task_step x WHERE x.tenant_id = $1 AND x.decision_id = d.id
    ORDER BY x.at DESC, x.id DESC LIMIT 1) t ON true
WHERE d.tenant_id = $1 AND ($2::uuid IS NULL OR d.owner_id = $2)
    AND (d.state IN ('open', 'not_done') OR d.state IN ('done', 'dropped') AND t.at >= $3)
ORDER BY d.state IN ('open', 'not_done') DESC, d.due_on, d.id LIMIT $4::integer
"""

#: $2 decision, $3 owner or NULL: held until COMMIT
TASK = """
SELECT d.id, d.state, d.meeting_id, d.item_id FROM decision d
WHERE d.tenant_id = $1 AND d.id = $2 AND ($3::uuid IS NULL OR d.owner_id = $3) AND d.state <> 'withdrawn'
FOR UPDATE
"""

#: whoever may be made responsible. $2 roles
OWNERS = """
SELECT b.id, b.called_name FROM member b
WHERE b.tenant_id = $1 AND b.left_at IS NULL AND EXISTS (SELECT FROM member_role o
    WHERE o.tenant_id = $1 AND o.member_id = b.id AND o.role = ANY ($2::text[]) AND o.ended_at IS NULL)
ORDER BY b.sort_key COLLATE "C", b.id
"""

#: whether a text tells who somebody in care is. $2 its letters, $3 its words: a surname or a longer given name anywhere
#: in it, a name somebody is called by only as a word of its own, because short ones are ordinary words
NAMES_SOMEBODY = """
SELECT EXISTS (SELECT FROM person p WHERE p.tenant_id = $1 AND p.erased_at IS NULL AND (
    length(p.search_family) > 3 AND strpos($2, p.search_family) > 0
    OR length(p.search_name) - length(p.search_family) > 3
        AND strpos($2, left(p.search_name, length(p.search_name) - length(p.search_family))) > 0
    OR p.called_name = ANY ($3::text[]) OR p.given_name = ANY ($3) OR p.family_name = ANY ($3))) AS found
"""

#: a name, for the chair: $2 meeting, $3 code
NAMED = f"""
SELECT c.id AS case_id, p.prefix, p.given_name, p.family_name, p.called_name, p.subdistrict_code, p.moo,
    {consents.stands(ConsentKind.SHARING, "c.id")} AND {consents.stands(ConsentKind.TREATMENT, "c.id")} AS shares
FROM agenda_item i
JOIN case_file c ON c.tenant_id = $1 AND c.code = $3 AND (c.id = i.case_id OR i.facts::jsonb -> 'codes' ? $3)
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
WHERE i.tenant_id = $1 AND i.meeting_id = $2
"""

#: $2 today, $3 now: one message a morning for whoever has tasks that fall due today, but about somebody who stopped
COMPOSE_TASKS = f"""
INSERT INTO message (tenant_id, id, kind, subject_id, recipient_id, day, urgent, count, state, due_at, made_at)
SELECT $1, uuidv7(), 'task_due_digest', d.owner_id, d.owner_id, $2::date, false, count(*), 'waiting',
    $3::timestamptz, $3::timestamptz
FROM decision d JOIN member b ON b.tenant_id = $1 AND b.id = d.owner_id AND b.left_at IS NULL
WHERE d.tenant_id = $1 AND d.state = 'open' AND d.due_on = $2
    AND (d.case_id IS NULL OR NOT {consents.stopped("d.case_id")})
GROUP BY d.owner_id
ON CONFLICT (tenant_id, kind, subject_id, recipient_id, day) DO NOTHING
RETURNING id
"""

#: $2 today, $3 owners
STILL_TO_DO = f"""
SELECT d.owner_id AS id, count(*) AS tasks FROM decision d
WHERE d.tenant_id = $1 AND d.state = 'open' AND d.due_on <= $2 AND d.owner_id = ANY ($3::uuid[])
    AND (d.case_id IS NULL OR NOT {consents.stopped("d.case_id")})
GROUP BY d.owner_id
"""
