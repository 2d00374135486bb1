"""The statements of certificates. $1 is the tenant."""

from khuen.cases import consents

#: the decision that stands for each case: the newest; one whose paper ended is none any more
_STANDING = """
standing AS (
    SELECT DISTINCT ON (a.case_id) a.id, a.case_id, a.kind, a.by_id, a.at, a.seen_hash, a.said_sealed, a.replaces_id,
        f.id AS certificate_id, f.ended
    FROM assessment a
    LEFT JOIN certificate f ON f.tenant_id = $1 AND f.assessment_id = a.id
    WHERE a.tenant_id = $1 AND a.undone_at IS NULL ORDER BY a.case_id, a.at DESC, a.id DESC)"""

#: where a case stands for the doctor; only those whose paper is not being made
_WHERE = """
    CASE WHEN s.kind = 'certified' AND s.certificate_id IS NULL THEN 'reviewed'
        WHEN s.kind IN ('declined', 'asked') THEN s.kind
        WHEN c.ready THEN 'ready' ELSE 'missing' END"""

_QUEUE = f"""
WITH {_STANDING},
queue AS (
    SELECT c.id, c.code, c.opened_on, s.id AS decision_id, s.by_id, s.at, s.said_sealed, s.kind, {_WHERE} AS place
    FROM case_file c LEFT JOIN standing s ON s.case_id = c.id
    WHERE c.tenant_id = $1 AND c.stage <> 'closed' AND NOT {consents.stopped("c.id")}
        AND (c.stage = 'awaiting_doctor' OR (s.kind = 'certified' AND s.replaces_id IS NOT NULL))
        AND NOT (s.certificate_id IS NOT NULL AND s.ended IS NULL))"""

#: $2 the doctor
COUNTS = f"""{_QUEUE}
SELECT place, count(*) AS n, count(*) FILTER (WHERE by_id = $2::uuid) AS mine FROM queue GROUP BY place
"""

#: $2 place, $3 the most, $4 after so many, $5 whose or NULL
QUEUE = f"""{_QUEUE}
SELECT id, code, decision_id, by_id, at FROM queue WHERE place = $2::text AND ($5::uuid IS NULL OR by_id = $5)
ORDER BY opened_on, code COLLATE "C" LIMIT $3::integer OFFSET $4::integer
"""

#: the decision that stands for these cases. $2 cases
STANDING = f"""
WITH {_STANDING}
SELECT * FROM standing WHERE case_id = ANY ($2::uuid[])
"""

#: what the doctor looks at, of many cases. $2 codes
SEEN = """
SELECT c.id, c.code, c.person_id, c.legal_basis, c.opened_on, c.colour, c.stage, p.prefix, p.given_name, p.family_name,
    p.called_name, p.born_on, p.born_year, p.national_id_sealed, j.name AS project, e.started_on, e.ended_on,
    e.screened_on, e.visits,
    (SELECT max(v.planned_at) FROM check_in v WHERE v.tenant_id = $1 AND v.case_id = c.id) AS visited_at,
    (SELECT json_agg(json_build_array(a.id, a.kind, a.at, m.called_name, encode(a.said_sealed, 'base64')) ORDER BY a.at)
        FROM assessment a JOIN member m ON m.tenant_id = $1 AND m.id = a.by_id
        WHERE a.tenant_id = $1 AND a.case_id = c.id AND a.undone_at IS NULL AND a.said_sealed IS NOT NULL) AS said,
    c.made_by, (SELECT array_agg(DISTINCT b.member_id) FROM assignment b
        WHERE b.tenant_id = $1 AND b.case_id = c.id) AS buddies
FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id
JOIN project j ON j.tenant_id = $1 AND j.id = c.project_id
LEFT JOIN case_evidence e ON e.tenant_id = $1 AND e.case_id = c.id
WHERE c.tenant_id = $1 AND c.code = ANY ($2::text[])
"""

#: locked before anything is decided about it. $2 codes
HELD = """
SELECT id, code, person_id, stage FROM case_file WHERE tenant_id = $1 AND code = ANY ($2::text[])
ORDER BY id FOR NO KEY UPDATE
"""

#: $2 id, $3 case, $4 kind, $5 hash, $6 seen, $7 said, $8 replaces, $9 why, $10 at, $11 by
DECIDE = """
INSERT INTO assessment (tenant_id, id, case_id, kind, seen_hash, seen_sealed, said_sealed, replaces_id, why, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: $2 id, $3 at, $4 by: taken back, unless a paper was made of it
TAKE_BACK = """
UPDATE assessment a SET undone_at = $3, undone_by = $4 WHERE a.tenant_id = $1 AND a.id = $2 AND a.by_id = $4
    AND a.undone_at IS NULL AND NOT EXISTS (SELECT FROM certificate f WHERE f.tenant_id = $1 AND f.assessment_id = a.id)
RETURNING a.case_id
"""

#: under which name this member signs. $2 member
SIGNER = """
SELECT full_name, licence FROM signer WHERE tenant_id = $1 AND member_id = $2 ORDER BY at DESC, id DESC LIMIT 1
"""

#: $2 id, $3 member, $4 full name, $5 licence, $6 at
SIGN_AS = """
INSERT INTO signer (tenant_id, id, member_id, full_name, licence, at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, id) DO NOTHING
"""

#: $2 id, $3 kind, $4 by, $5 nonce, $6 challenge, $7 at
BEGIN = """
INSERT INTO signing_batch (tenant_id, id, kind, by_id, nonce, challenge, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: $2 id, $3 batch, $4 place, $5 case, $6 decision, $7 hash, $8 certificate or NULL
ITEM = """
INSERT INTO signing_item (tenant_id, id, batch_id, place, case_id, assessment_id, record_hash, certificate_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

#: the parts of a batch in order. $2 batch
ITEMS = """
SELECT i.id, i.place, i.case_id, i.assessment_id, i.record_hash, i.refused, c.code, c.pack_id, p.called_name,
    p.family_name, a.replaces_id, a.seen_hash, a.undone_at, f.id AS certificate_id, f.number, f.code AS paper,
    f.state, f.failed, f.countersign, f.countersigned_at
FROM signing_item i
JOIN case_file c ON c.tenant_id = $1 AND c.id = i.case_id
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id
JOIN assessment a ON a.tenant_id = $1 AND a.id = i.assessment_id
LEFT JOIN certificate f ON f.tenant_id = $1 AND f.id = i.certificate_id
WHERE i.tenant_id = $1 AND i.batch_id = $2 ORDER BY i.place
"""

#: so many running numbers at once; the row stays locked until COMMIT, so none is lost or given twice. $2 id, $3 name,
#: $4 how many
TAKE_NUMBERS = """
INSERT INTO counter (tenant_id, id, name, value) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, name) DO UPDATE SET value = counter.value + EXCLUDED.value
RETURNING value
"""

#: papers of these cases that hold or will hold. $2 cases
HOLDING = """
SELECT id, case_id, state, replaces_id FROM certificate
WHERE tenant_id = $1 AND case_id = ANY ($2::uuid[]) AND ended IS NULL
"""

#: $2 id, $3 case, $4 decision, $5 batch, $6 hospital, $7 year, $8 running, $9 number, $10 code, $11 countersign,
#: $12 day, $13 initials, $14 claims, $15 token id, $16 replaces, $17 at, $18 by
NUMBER = """
INSERT INTO certificate (tenant_id, id, case_id, assessment_id, batch_id, hospital_code, fiscal_year, running, number,
    code, state, countersign, issued_on, initials, claims_sealed, token_id, replaces_id, made_at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'numbered', $11, $12, $13, $14, $15, $16, $17, $18)
"""

#: $2 certificate, $3 refused, $4 item
SETTLE_ITEM = "UPDATE signing_item SET certificate_id = $2, refused = $3 WHERE tenant_id = $1 AND id = $4"

#: papers that wait for the second signature, of others than the reader. The record is that of the doctor's decision
TO_COUNTERSIGN = """
SELECT f.id, f.case_id, f.assessment_id, f.number, a.seen_hash AS record_hash, f.by_id FROM certificate f
JOIN assessment a ON a.tenant_id = $1 AND a.id = f.assessment_id
WHERE f.tenant_id = $1 AND f.countersign AND f.countersigned_at IS NULL AND f.ended IS NULL
ORDER BY f.fiscal_year, f.running
"""

#: $2 certificates, $3 at, $4 by, $5 batch
COUNTERSIGN = """
UPDATE certificate SET countersigned_at = $3, countersigned_by = $4, countersign_batch_id = $5
WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) AND countersign AND countersigned_at IS NULL AND by_id <> $4
RETURNING id
"""

#: the next paper to be made, for one worker. $2 now, $3 until when
CLAIM = """
WITH next AS (
    SELECT n.id FROM certificate n WHERE n.tenant_id = $1 AND n.state = 'numbered'
        AND (NOT n.countersign OR n.countersigned_at IS NOT NULL) AND (n.leased_until IS NULL OR n.leased_until <= $2)
    ORDER BY n.made_at, n.running LIMIT 1 FOR UPDATE SKIP LOCKED),
taken AS (
    UPDATE certificate f SET leased_until = $3, tries = f.tries + 1 FROM next
    WHERE f.tenant_id = $1 AND f.id = next.id
    RETURNING f.id, f.case_id, f.code, f.claims_sealed, f.token_id, f.initials, f.countersigned_by, f.replaces_id)
SELECT t.*, c.person_id, o.number AS replaces FROM taken t
JOIN case_file c ON c.tenant_id = $1 AND c.id = t.case_id
LEFT JOIN certificate o ON o.tenant_id = $1 AND o.id = t.replaces_id
"""

PERSON_OF = """
SELECT c.person_id FROM certificate f JOIN case_file c ON c.tenant_id = $1 AND c.id = f.case_id
WHERE f.tenant_id = $1 AND f.id = $2
"""

#: $2 paper, $3 file, $4 its hash, $5 token, $6 at
KEEP = """
UPDATE certificate SET state = 'signed', pdf_sealed = $3, pdf_hash = $4, token = $5, signed_at = $6, failed = NULL,
    leased_until = NULL WHERE tenant_id = $1 AND id = $2 AND state = 'numbered' RETURNING id
"""

#: $2 paper, $3 why, $4 now, $5 not later than
FAIL = """
UPDATE certificate SET failed = $3,
    leased_until = least($5::timestamptz, $4::timestamptz + make_interval(secs => 15 * power(2, least(tries, 10))))
WHERE tenant_id = $1 AND id = $2 AND state = 'numbered'
"""

TO_PUBLISH = "SELECT id, code, token_id FROM certificate WHERE tenant_id = $1 AND state = 'signed' ORDER BY running"

#: $2 paper, $3 at
PUBLISH = """
UPDATE certificate f SET state = 'published', published_at = $3, told = 'valid' FROM assessment a
WHERE f.tenant_id = $1 AND f.id = $2 AND f.state = 'signed' AND a.tenant_id = $1 AND a.id = f.assessment_id
RETURNING f.case_id, f.by_id, f.replaces_id, a.why
"""

#: $2 paper, $3 replaced or revoked
END = "UPDATE certificate SET ended = $3 WHERE tenant_id = $1 AND id = $2 AND ended IS NULL RETURNING id"

#: $2 id, $3 paper, $4 kind, $5 reason, $6 note, $7 replaced by, $8 at, $9 by
ENDING = """
INSERT INTO certificate_ending (tenant_id, id, certificate_id, kind, reason, note_sealed, replaced_by, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

ENDED = "SELECT id, reason FROM certificate_ending WHERE tenant_id = $1 AND certificate_id = $2"

UNTOLD = """
SELECT id, code, token_id, coalesce(ended, 'valid') FROM certificate
WHERE tenant_id = $1 AND state = 'published' AND told IS DISTINCT FROM coalesce(ended, 'valid')
"""

TOLD = "UPDATE certificate SET told = $3 WHERE tenant_id = $1 AND id = $2"

#: $2 case code, $3 paper
FILE = """
SELECT f.pdf_sealed, f.number, f.case_id, c.person_id FROM certificate f
JOIN case_file c ON c.tenant_id = $1 AND c.id = f.case_id AND c.code = $2
WHERE f.tenant_id = $1 AND f.id = $3 AND f.state = 'published'
"""

#: every paper of a case, the newest first. $2 case code
PAPERS = """
SELECT f.id, f.number, f.code, f.state, f.failed, f.issued_on, f.published_at, f.ended, f.countersign,
    f.countersigned_at, m.called_name AS by, e.reason, e.at AS ended_at, e.note_sealed, e.id AS ending_id,
    r.number AS replaced_by, w.called_name AS ended_by
FROM certificate f
JOIN case_file c ON c.tenant_id = $1 AND c.id = f.case_id AND c.code = $2
JOIN member m ON m.tenant_id = $1 AND m.id = f.by_id
LEFT JOIN certificate_ending e ON e.tenant_id = $1 AND e.certificate_id = f.id
LEFT JOIN certificate r ON r.tenant_id = $1 AND r.id = e.replaced_by
LEFT JOIN member w ON w.tenant_id = $1 AND w.id = e.by_id
WHERE f.tenant_id = $1 ORDER BY f.made_at DESC, f.running DESC
"""

#: who is certified by this doctor and waits for the signature. $2 the doctor
MINE = f"""{_QUEUE}
SELECT q.code, q.decision_id, p.called_name, p.family_name FROM queue q
JOIN case_file c ON c.tenant_id = $1 AND c.id = q.id JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id
WHERE q.place = 'reviewed' AND q.by_id = $2::uuid ORDER BY q.opened_on, q.code COLLATE "C" LIMIT 200
"""

#: what the public may know of a paper. $2 code
CHECKED = """
SELECT f.number, f.issued_on, f.initials, f.state, f.ended, f.token_id, f.token, f.pdf_hash,
    (e.at AT TIME ZONE 'Asia/Bangkok')::date AS ended_on
FROM certificate f LEFT JOIN certificate_ending e ON e.tenant_id = $1 AND e.certificate_id = f.id
WHERE f.tenant_id = $1 AND f.code = $2 AND f.state = 'published'
"""
