"""Statements of cases that outgrow the ORM, and the bulk writes that an import and a single form share."""

from khuen import audit
from khuen.cases import consents, standing
from khuen.cases.rules import ConsentKind

#: takes $3 numbers at once; the row stays locked until COMMIT, so nobody else opens cases in between
TAKE_NUMBERS = """
INSERT INTO counter (tenant_id, id, name, value) VALUES ($1, $2, 'case', $3)
ON CONFLICT (tenant_id, name) DO UPDATE SET value = counter.value + EXCLUDED.value
RETURNING value
"""

CODES = "SELECT id, code, person_id FROM case_file WHERE tenant_id = $1 AND id = ANY ($2::uuid[])"

OPEN = """
INSERT INTO case_file (tenant_id, id, code, person_id, project_id, pack_id, legal_basis, proposed_by, agreed_on,
    opened_on, stage, safety_note, batch_id, made_at, made_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'enrolled', $11, $12, $13, $14)
"""

STEP = """
INSERT INTO case_step (tenant_id, id, case_id, stage, on_date, reason, recorded_at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: $2 cases, $3 stage
STAGE = standing.changed("UPDATE case_file c SET stage = $3 WHERE c.tenant_id = $1 AND c.id = ANY ($2::uuid[])")

#: $2 case in each, and $3 colour, day, or whether all is there
COLOUR = standing.changed("UPDATE case_file c SET colour = $3 WHERE c.tenant_id = $1 AND c.id = $2")
TEST_DAY = standing.changed("UPDATE case_file c SET test_on = $3 WHERE c.tenant_id = $1 AND c.id = $2")
READY = standing.changed("UPDATE case_file c SET ready = $3 WHERE c.tenant_id = $1 AND c.id = $2")

CONSENT = f"""
WITH said AS (
    INSERT INTO consent (tenant_id, id, case_id, kind, decision, version, decided_on, guardian_sealed, recorded_at,
        by_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant_id, id) DO NOTHING
    RETURNING id, case_id, kind, decision, recorded_at
), {standing.STOPS}
SELECT id FROM said
"""

CONSENT_OF = "SELECT case_id, kind, decision FROM consent WHERE tenant_id = $1 AND id = $2"

LATEST_CONSENTS = """
SELECT DISTINCT ON (o.kind) o.id, o.kind, o.decision, o.version, o.decided_on, o.guardian_sealed, c.person_id
FROM consent o JOIN case_file c ON c.tenant_id = $1 AND c.id = o.case_id
WHERE o.tenant_id = $1 AND o.case_id = $2
ORDER BY o.kind, o.recorded_at DESC, o.id DESC
"""

#: newest first: the cases of these people, and the one with this code
OF_PEOPLE = """
SELECT c.id, c.code, c.person_id, c.stage, c.opened_on, p.given_name, p.family_name, p.called_name,
    p.subdistrict_code, p.moo, p.born_on, p.born_year
FROM case_file c JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
WHERE c.tenant_id = $1 AND (c.person_id = ANY ($2::uuid[]) OR c.code = $3)
ORDER BY p.sort_key, c.opened_on DESC, c.id
LIMIT $4
"""

#: open cases for a list that is handed to police or administration, those that are left out behind the others.
#: $2 codes or NULL for all
TO_HAND = f"""
SELECT x.shares, CASE WHEN x.shares THEN p.prefix || p.given_name || ' ' || p.family_name END AS name,
    CASE WHEN x.shares THEN p.subdistrict_code END AS subdistrict_code, CASE WHEN x.shares THEN p.moo END AS moo,
    CASE WHEN x.shares THEN c.opened_on END AS opened_on
FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
CROSS JOIN LATERAL (SELECT {consents.stands(ConsentKind.SHARING, "c.id")}
    AND {consents.stands(ConsentKind.TREATMENT, "c.id")} AS shares) x
WHERE c.tenant_id = $1 AND c.stage <> 'closed' AND ($2::text[] IS NULL OR c.code = ANY ($2))
ORDER BY x.shares DESC, p.sort_key COLLATE "C", c.id
"""

#: every decision about the consents of a case, each kind from the newest back, and the audit row of having looked.
#: $2 code, $3 to $8 the entry
DECIDED = f"""
WITH found AS (
    SELECT c.id, c.person_id, c.pack_id, p.prefix, p.given_name, p.family_name, p.born_on, p.born_year
    FROM case_file c
    JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
    WHERE c.tenant_id = $1 AND c.code = $2
), {audit.cte(3, "found.id", of="found")}
SELECT f.id AS case_id, f.person_id, f.pack_id, f.prefix, f.given_name, f.family_name, f.born_on, f.born_year, o.id,
    o.kind, o.decision, o.version, o.decided_on, o.guardian_sealed, o.recorded_at, m.called_name AS by,
    (SELECT seq FROM audited) AS audit_seq
FROM found f
LEFT JOIN consent o ON o.tenant_id = $1 AND o.case_id = f.id
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = o.by_id
ORDER BY array_position(ARRAY['treatment', 'sharing', 'contact'], o.kind), o.recorded_at DESC, o.id DESC
"""
