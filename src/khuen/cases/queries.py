"""Statements of cases that outgrow the ORM, and the bulk writes that an import and a single form share."""

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

CONSENT = """
INSERT INTO consent (tenant_id, id, case_id, kind, decision, version, decided_on, guardian_sealed, recorded_at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
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
