"""The statements of the pathway. $1 is the tenant."""

from khuen.cases import consents
from khuen.cases.rules import ConsentKind

#: a row for each of these cases that has none; a stage that earlier records name is kept as `stated`. The case is
#: locked before its evidence, as by whoever counts its tests: else two rooms could wait for each other. $2 id, $3 case
BEGIN = """
INSERT INTO case_evidence (tenant_id, id, case_id, stated)
SELECT $1, $2::uuid, c.id, CASE WHEN c.stage IN ('in_treatment', 'awaiting_doctor', 'certified') THEN c.stage END
FROM case_file c WHERE c.tenant_id = $1 AND c.id = $3::uuid FOR NO KEY UPDATE
ON CONFLICT (tenant_id, case_id) DO NOTHING
"""

_KNOWN = f"""
SELECT c.id AS case_id, c.code, c.stage, c.pack_id, e.id, e.screened_on, e.started_on, e.sessions, e.missed, e.tests,
    e.negatives, e.best_negatives, e.broken_on, e.visits, e.courses, e.certified_on, e.ended_on, e.closed_on,
    e.stated, c.ready,
    {consents.stands(ConsentKind.TREATMENT, "c.id")} AS consents,
    (SELECT json_object_agg(s.condition, s.reason) FROM condition_skip s
        WHERE s.tenant_id = $1 AND s.case_id = c.id AND s.undone_at IS NULL) AS skipped
"""

#: what is known of these cases, held until COMMIT. $2 case ids
HELD = f"""
{_KNOWN} FROM case_file c JOIN case_evidence e ON e.tenant_id = $1 AND e.case_id = c.id
WHERE c.tenant_id = $1 AND c.id = ANY ($2::uuid[]) ORDER BY c.id
FOR NO KEY UPDATE OF c FOR UPDATE OF e
"""

#: the same to be read, also of a case of which nothing was told yet. $2 codes
READ = f"""
{_KNOWN} FROM case_file c LEFT JOIN case_evidence e ON e.tenant_id = $1 AND e.case_id = c.id
WHERE c.tenant_id = $1 AND c.code = ANY ($2::text[])
"""

#: one of them with whose it is, for its page. $2 code
READ_NAMED = f"""
{_KNOWN}, p.prefix, p.given_name, p.family_name
FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
LEFT JOIN case_evidence e ON e.tenant_id = $1 AND e.case_id = c.id
WHERE c.tenant_id = $1 AND c.code = $2
"""

#: the same of every open case of a district, for a rehearsal
READ_OPEN = f"""
{_KNOWN} FROM case_file c LEFT JOIN case_evidence e ON e.tenant_id = $1 AND e.case_id = c.id
WHERE c.tenant_id = $1 AND c.stage <> 'closed' ORDER BY c.code COLLATE "C"
"""

#: open cases with evidence after this one. $2 case or NULL, $3 the most
OPEN_AFTER = """
SELECT e.case_id FROM case_evidence e
JOIN case_file c ON c.tenant_id = $1 AND c.id = e.case_id AND c.stage <> 'closed'
WHERE e.tenant_id = $1 AND ($2::uuid IS NULL OR e.case_id > $2) ORDER BY e.case_id LIMIT $3::integer
"""

#: $2 key, $3 case, $4 condition, $5 reason, $6 at, $7 by
SKIP = """
INSERT INTO condition_skip (tenant_id, id, case_id, condition, reason, at, by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

#: every published pack with whose new cases start under it and how many open cases live under it
PUBLISHED = """
SELECT k.id, k.name, k.version, k.content, k.published_at, m.called_name AS by,
    (SELECT array_agg(j.name ORDER BY j.starts_on DESC) FROM project j
        WHERE j.tenant_id = $1 AND j.pack_id = k.id) AS projects,
    (SELECT count(*) FROM case_file c WHERE c.tenant_id = $1 AND c.pack_id = k.id AND c.stage <> 'closed') AS cases,
    k.version = max(k.version) OVER (PARTITION BY k.name) AS newest
FROM pack k LEFT JOIN member m ON m.tenant_id = $1 AND m.id = k.published_by
WHERE k.tenant_id = $1 ORDER BY k.name COLLATE "C", k.version DESC
"""

#: $2 one draft, or NULL for all
DRAFTS = """
SELECT d.id, d.base_id, d.content, d.changed_at, k.content AS base, m.called_name AS by
FROM pack_draft d
JOIN pack k ON k.tenant_id = $1 AND k.id = d.base_id
JOIN member m ON m.tenant_id = $1 AND m.id = d.changed_by
WHERE d.tenant_id = $1 AND ($2::uuid IS NULL OR d.id = $2) ORDER BY d.changed_at DESC, d.id
"""

#: $2 key, $3 base, $4 content, $5 at, $6 by
BEGIN_DRAFT = """
INSERT INTO pack_draft (tenant_id, id, base_id, content, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""

HOLD_DRAFT = "SELECT id FROM pack_draft WHERE tenant_id = $1 AND id = $2 FOR UPDATE"

#: a further version of the name; two at once meet at the unique (name, version). $2 id, $3 name, $4 content, $5 hash,
#: $6 at, $7 by
PUBLISH = """
INSERT INTO pack (tenant_id, id, name, version, content, content_hash, published_at, published_by)
SELECT $1, $2::uuid, $3::text, coalesce(max(k.version), 0) + 1, $4::text, $5::text, $6::timestamptz, $7::uuid
FROM pack k WHERE k.tenant_id = $1 AND k.name = $3
"""
