"""Reads that put people beside their cases. $1 is the tenant."""

#: the cases of these people, the newest first
CASES = """
SELECT c.id, c.person_id, c.code, c.stage, c.opened_on FROM case_file c
WHERE c.tenant_id = $1 AND c.person_id = ANY ($2::uuid[]) ORDER BY c.stage = 'closed', c.opened_on DESC, c.id
"""

#: whose case this is
OF_CODE = """
SELECT c.id, c.person_id, c.code, p.prefix, p.given_name, p.family_name
FROM case_file c JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
WHERE c.tenant_id = $1 AND c.code = $2
"""

#: two people as they are compared
SIDES = """
SELECT p.id, p.born_on, p.born_year, p.sex, p.created_at,
    (SELECT count(*) FROM person q WHERE q.tenant_id = $1 AND q.merged_into = p.id) AS behind
FROM person p WHERE p.tenant_id = $1 AND p.id = ANY ($2::uuid[]) AND p.merged_into IS NULL
"""

#: merges, the newest first; what they were called is said only where it still is a name
MERGES = """
SELECT g.id, g.at, g.undone_at, g.before_sealed IS NULL AS forgotten, m.called_name AS by, u.called_name AS undone_by,
    p.prefix || p.given_name || ' ' || p.family_name AS name,
    (SELECT c.code FROM case_file c WHERE c.tenant_id = $1 AND c.person_id = p.id
        ORDER BY c.opened_on DESC, c.id LIMIT 1) AS code, count(*) OVER () AS total
FROM person_merge g
JOIN person k ON k.tenant_id = $1 AND k.id = g.kept_id
JOIN person p ON p.tenant_id = $1 AND p.id = coalesce(k.merged_into, k.id)
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = g.by_id
LEFT JOIN member u ON u.tenant_id = $1 AND u.id = g.undone_by
WHERE g.tenant_id = $1 ORDER BY g.at DESC, g.id LIMIT $2 OFFSET $3
"""
