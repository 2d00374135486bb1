"""The statements of slips and endings. $1 is the tenant."""

from khuen.cases import consents

#: one case with what its endings depend on. $2 code
CASE = f"""
SELECT c.id, c.code, c.person_id, c.stage, c.legal_basis, c.project_id, c.pack_id, c.opened_on, p.called_name,
    p.family_name, j.name AS project, coalesce(e.missed, 0) AS missed, t.id AS treatment_end_id,
    t.on_date AS treated_until, {consents.stopped_on("c.id")} AS stopped_on
FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
JOIN project j ON j.tenant_id = $1 AND j.id = c.project_id
LEFT JOIN case_evidence e ON e.tenant_id = $1 AND e.case_id = c.id
LEFT JOIN treatment_end t ON t.tenant_id = $1 AND t.case_id = c.id AND t.undone_at IS NULL
WHERE c.tenant_id = $1 AND c.code = $2
"""

#: the same, held until COMMIT: two people who end one file at once wait for each other. Check-ins do not wait for it
HELD = f"{CASE} FOR NO KEY UPDATE OF c"

CODE_OF = "SELECT c.code FROM case_file c WHERE c.tenant_id = $1 AND c.id = $2"

RECORD = """
INSERT INTO slip (tenant_id, id, case_id, on_date, told_by, note_sealed, corrects_id, recorded_at, by_id, result_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: every slip of a case with its support; corrected and withdrawn ones too, the newest first. $2 case
SLIPS = """
SELECT s.id, s.on_date, s.told_by, s.note_sealed, s.corrects_id, s.recorded_at, s.withdrawn_why, s.undone_at,
    m.called_name AS by, u.called_name AS undone_by, d.id AS slot_id, d.state AS slot, d.on_date AS slot_on,
    t.at AS asked_at
FROM slip s
JOIN member m ON m.tenant_id = $1 AND m.id = s.by_id
LEFT JOIN member u ON u.tenant_id = $1 AND u.id = s.undone_by
LEFT JOIN doctor_slot d ON d.tenant_id = $1 AND d.slip_id = coalesce(s.corrects_id, s.id)
LEFT JOIN visit_turn t ON t.tenant_id = $1 AND t.id = coalesce(s.corrects_id, s.id) AND t.undone_at IS NULL
WHERE s.tenant_id = $1 AND s.case_id = $2
ORDER BY s.on_date DESC, s.recorded_at DESC, s.id DESC LIMIT 100
"""

#: check-ins that stand since the first visit that was asked for. $2 case, $3 a moment
VISITS_SINCE = """
SELECT i.how, i.planned_at FROM check_in i
WHERE i.tenant_id = $1 AND i.case_id = $2 AND i.planned_at >= $3 AND NOT EXISTS (
    SELECT FROM check_in_withdrawal w WHERE w.tenant_id = $1 AND w.check_in_id = i.id)
"""

#: the slip that a round told of and that stands. $2 case, $3 number of the round
TOLD_BY_ROUND = """
SELECT s.id FROM slip s JOIN follow_up_result r ON r.tenant_id = $1 AND r.id = s.result_id AND r.number = $3
WHERE s.tenant_id = $1 AND s.case_id = $2 AND s.undone_at IS NULL
"""

#: what this result of a round took back, because it tells of no use. $2 result
TAKEN_BACK_BY = """
SELECT s.id FROM follow_up_result n
JOIN follow_up_result r ON r.tenant_id = $1 AND r.case_id = n.case_id AND r.number = n.number
JOIN slip s ON s.tenant_id = $1 AND s.result_id = r.id AND s.undone_at = n.at AND s.withdrawn_why = 'corrected'
WHERE n.tenant_id = $1 AND n.id = $2
"""

ASK_DOCTOR = """
INSERT INTO doctor_slot (tenant_id, id, case_id, slip_id, state, asked_at, asked_by, changed_at, changed_by)
VALUES ($1, $2, $3, $2, 'asked', $4, $5, $4, $5) ON CONFLICT (tenant_id, id) DO NOTHING
"""

#: what is still open of a case. $2 case
OPEN_WORK = """
SELECT b.called_name AS buddy, a.id AS assignment_id, a.member_id, a.extra_reason, v.closes_on, v.due_on,
    (SELECT count(*) FROM doctor_slot d WHERE d.tenant_id = $1 AND d.case_id = c.id
        AND d.state IN ('asked', 'booked')) AS slots,
    (SELECT count(*) FROM drop_out o WHERE o.tenant_id = $1 AND o.case_id = c.id AND o.decision IS NULL) AS proposals
FROM case_file c
LEFT JOIN assignment a ON a.tenant_id = $1 AND a.case_id = c.id AND a.ended_at IS NULL
LEFT JOIN member b ON b.tenant_id = $1 AND b.id = a.member_id
LEFT JOIN visit_due v ON v.tenant_id = $1 AND v.case_id = c.id AND v.state = 'open'
WHERE c.tenant_id = $1 AND c.id = $2
"""

#: messages about a case that have not gone yet. $2 case
WAITING = """
SELECT DISTINCT g.kind, g.subject_id FROM message g
WHERE g.tenant_id = $1 AND g.state = 'waiting' AND (
    (g.kind = 'nudge' AND g.subject_id = $2::uuid)
    OR (g.kind = 'overdue_escalation' AND g.subject_id IN (
        SELECT v.id FROM visit_due v WHERE v.tenant_id = $1 AND v.case_id = $2))
    OR (g.kind = 'return_due' AND g.subject_id IN (
        SELECT t.id FROM visit_turn t WHERE t.tenant_id = $1 AND t.case_id = $2))
    OR (g.kind = 'urgent_check_in' AND g.subject_id IN (
        SELECT i.id FROM check_in i WHERE i.tenant_id = $1 AND i.case_id = $2)))
"""

#: the endings of a case, the newest first. $2 case
ENDINGS = """
SELECT n.id, n.kind, n.exit_code, n.on_date, n.note_sealed, n.held, n.stage, n.at, m.called_name AS by, n.reopened_at,
    r.called_name AS reopened_by, n.reopening_sealed
FROM case_ending n
JOIN member m ON m.tenant_id = $1 AND m.id = n.by_id
LEFT JOIN member r ON r.tenant_id = $1 AND r.id = n.reopened_by
WHERE n.tenant_id = $1 AND n.case_id = $2 ORDER BY n.at DESC, n.id DESC LIMIT 20
"""

END = """
INSERT INTO case_ending (tenant_id, id, case_id, kind, exit_code, on_date, note_sealed, held, stage, drop_out_id, at,
    by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""

#: whether the buddy of before may visit again: $2 member, $3 whether as a further person
FREE_AGAIN = """
SELECT m.id FROM member m
WHERE m.tenant_id = $1 AND m.id = $2 AND m.left_at IS NULL AND EXISTS (
    SELECT FROM member_role r WHERE r.tenant_id = $1 AND r.member_id = m.id AND r.role = 'buddy'
        AND r.ended_at IS NULL)
    AND ($3::boolean OR NOT EXISTS (SELECT FROM assignment a WHERE a.tenant_id = $1 AND a.member_id = m.id
        AND a.ended_at IS NULL AND a.extra_reason IS NULL))
"""

#: $2 person, $3 case
OTHER_OPEN = """
SELECT c.id FROM case_file c WHERE c.tenant_id = $1 AND c.person_id = $2 AND c.id <> $3 AND c.stage <> 'closed'
"""

COMPLETE = """
INSERT INTO treatment_end (tenant_id, id, case_id, on_date, at, by_id) VALUES ($1, $2, $3, $4, $5, $6)
"""

PROPOSE = """
INSERT INTO drop_out (tenant_id, id, case_id, on_date, reason, tried_sealed, missed, expires_on, proposed_at,
    proposed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

#: the proposals of a case, the newest first. $2 case
PROPOSALS = """
SELECT o.id, o.on_date, o.reason, o.tried_sealed, o.missed, o.expires_on, o.proposed_at, o.proposed_by, o.decision,
    o.decided_at, o.answer_sealed, m.called_name AS by, d.called_name AS decided_by
FROM drop_out o
JOIN member m ON m.tenant_id = $1 AND m.id = o.proposed_by
LEFT JOIN member d ON d.tenant_id = $1 AND d.id = o.decided_by
WHERE o.tenant_id = $1 AND o.case_id = $2 ORDER BY o.proposed_at DESC, o.id DESC LIMIT 20
"""

#: time with the doctor that is asked for or booked, of open cases: what has no day yet first, then by day
SLOTS_WAITING = f"""
SELECT d.id, d.state, d.on_date, d.asked_at, d.slip_id, c.code, p.called_name, p.family_name, p.subdistrict_code, p.moo,
    b.called_name AS buddy
FROM doctor_slot d
JOIN case_file c ON c.tenant_id = $1 AND c.id = d.case_id AND c.stage <> 'closed'
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
LEFT JOIN member b ON b.tenant_id = $1 AND b.id = c.buddy_id
WHERE d.tenant_id = $1 AND d.state IN ('asked', 'booked') AND NOT {consents.stopped("d.case_id")}
ORDER BY d.on_date NULLS FIRST, d.asked_at, d.id
"""
