"""Statements of screening. The tenant is $1 in each."""

from khuen import audit
from khuen.cases import consents
from khuen.cases.rules import ConsentKind

#: the case that a form is for, held until COMMIT so that forms, withdrawals and decisions of a case take turns
HOLD = f"""
SELECT c.id, c.person_id, {consents.stands(ConsentKind.TREATMENT, "c.id")} AS consents
FROM case_file c WHERE c.tenant_id = $1 AND c.code = $2 FOR NO KEY UPDATE OF c
"""

#: $2 code, $3 to $8 the audit row of having been seen
HEAD = f"""
WITH found AS (
    SELECT c.id, c.code, c.person_id, c.colour, p.prefix, p.given_name, p.family_name,
        k.id AS key_id, k.wrapped, {consents.stands(ConsentKind.TREATMENT, "c.id")} AS consents
    FROM case_file c
    JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
    JOIN vault.person_key k ON k.tenant_id = $1 AND k.person_id = c.person_id
    WHERE c.tenant_id = $1 AND c.code = $2
), {audit.cte(3, "found.id", of="found")}
SELECT f.*, (SELECT seq FROM audited) AS audit_seq FROM found f
"""

#: every form of a case, the newest first; $3 is one of them or NULL
FORMS = """
SELECT s.id, s.instrument, s.version, s.taken_on, s.recorded_at, s.replaces_id, s.content_sealed, m.called_name AS by,
    w.id AS withdrawal_id, w.reason_sealed, r.id AS replaced_by
FROM screening s
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = s.by_id
LEFT JOIN screening_withdrawal w ON w.tenant_id = $1 AND w.screening_id = s.id
LEFT JOIN screening r ON r.tenant_id = $1 AND r.replaces_id = s.id
WHERE s.tenant_id = $1 AND s.case_id = $2 AND ($3::uuid IS NULL OR s.id = $3)
ORDER BY s.taken_on DESC, s.recorded_at DESC, s.id DESC
"""

DECISIONS = """
SELECT d.id, d.colour, d.content_sealed, d.decided_at, m.called_name AS by
FROM colour_decision d LEFT JOIN member m ON m.tenant_id = $1 AND m.id = d.by_id
WHERE d.tenant_id = $1 AND d.case_id = $2 ORDER BY d.decided_at DESC, d.id DESC
"""

KEEP = """
INSERT INTO screening (tenant_id, id, case_id, instrument, version, taken_on, replaces_id, content_sealed, recorded_at,
    by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

DECIDE = """
INSERT INTO colour_decision (tenant_id, id, case_id, colour, content_sealed, decided_at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: the newest day of each instrument of these cases, of forms that stand
TAKEN_ON = """
SELECT s.case_id, s.instrument, max(s.taken_on) AS taken_on FROM screening s
WHERE s.tenant_id = $1 AND s.case_id = ANY ($2::uuid[])
    AND NOT EXISTS (SELECT 1 FROM screening r WHERE r.tenant_id = $1 AND r.replaces_id = s.id)
    AND NOT EXISTS (SELECT 1 FROM screening_withdrawal w WHERE w.tenant_id = $1 AND w.screening_id = s.id)
GROUP BY s.case_id, s.instrument
"""

#: the facts that alerts speak of: which case, and whether they still stand
ALERTED = """
SELECT f.id, c.code, f.stands FROM (
    SELECT s.id, s.case_id, NOT EXISTS (SELECT 1 FROM screening r WHERE r.tenant_id = $1 AND r.replaces_id = s.id)
        AND NOT EXISTS (SELECT 1 FROM screening_withdrawal w WHERE w.tenant_id = $1 AND w.screening_id = s.id) AS stands
    FROM screening s WHERE s.tenant_id = $1 AND s.id = ANY ($2::uuid[])
    UNION ALL
    SELECT d.id, d.case_id, true FROM colour_decision d WHERE d.tenant_id = $1 AND d.id = ANY ($2::uuid[])
) f JOIN case_file c ON c.tenant_id = $1 AND c.id = f.case_id
"""
