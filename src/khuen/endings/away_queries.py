"""The statements of referrals, stays elsewhere, transfers and former cases. $1 is the tenant."""

REFER = """
INSERT INTO referral (tenant_id, id, case_id, place, reason, on_date, note_sealed, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

#: the referrals of a case that stand, the newest first. $2 case
REFERRALS = """
SELECT r.id, r.place, r.reason, r.on_date, r.note_sealed, r.at, m.called_name AS by, r.answer, r.answered_on,
    a.called_name AS answered_by
FROM referral r
JOIN member m ON m.tenant_id = $1 AND m.id = r.by_id
LEFT JOIN member a ON a.tenant_id = $1 AND a.id = r.answered_by
WHERE r.tenant_id = $1 AND r.case_id = $2 AND r.undone_at IS NULL ORDER BY r.on_date DESC, r.at DESC LIMIT 50
"""

STAY = """
INSERT INTO guest_stay (tenant_id, id, case_id, place_sealed, from_on, until_on, turn_id, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $2, $7, $8)
"""

#: the stays of a case that stand, the newest first. $2 case
STAYS = """
SELECT s.id, s.place_sealed, s.from_on, s.until_on, s.turn_id, s.at, m.called_name AS by, s.returned_on
FROM guest_stay s JOIN member m ON m.tenant_id = $1 AND m.id = s.by_id
WHERE s.tenant_id = $1 AND s.case_id = $2 AND s.undone_at IS NULL ORDER BY s.from_on DESC, s.at DESC LIMIT 50
"""

OFFER = """
INSERT INTO case_transfer (tenant_id, id, case_id, from_project_id, to_project_id, reason_sealed, offered_at,
    offered_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

#: the transfers of a case, the newest first. $2 case
TRANSFERS = """
SELECT t.id, f.name AS from_project, g.name AS to_project, t.reason_sealed, t.offered_at, m.called_name AS by,
    t.decision, t.decided_at, d.called_name AS decided_by
FROM case_transfer t
JOIN project f ON f.tenant_id = $1 AND f.id = t.from_project_id
JOIN project g ON g.tenant_id = $1 AND g.id = t.to_project_id
JOIN member m ON m.tenant_id = $1 AND m.id = t.offered_by
LEFT JOIN member d ON d.tenant_id = $1 AND d.id = t.decided_by
WHERE t.tenant_id = $1 AND t.case_id = $2 ORDER BY t.offered_at DESC, t.id DESC LIMIT 50
"""

#: the cases of the same person, the oldest first. $2 person
EPISODES = """
SELECT c.id, c.code, c.opened_on, c.stage, n.kind, n.on_date
FROM case_file c
LEFT JOIN case_ending n ON n.tenant_id = $1 AND n.case_id = c.id AND n.reopened_at IS NULL
WHERE c.tenant_id = $1 AND c.person_id = $2 ORDER BY c.opened_on, c.id LIMIT 50
"""
