"""Statements over many rows of a batch, and reads across the rooms below. Each takes the tenant as $1."""

#: one row of a file, as it came
ADD_ROW = """
INSERT INTO import_row (tenant_id, id, batch_id, number, content_sealed, state, problems)
VALUES ($1, $2, $3, $4, $5, 'raw', '[]') ON CONFLICT (tenant_id, id) DO NOTHING
"""

#: what the check found, for a row that is not in yet
CHECKED = """
UPDATE import_row SET state = $3, problems = $4, content_sealed = $5
WHERE tenant_id = $1 AND id = $2 AND state IN ('raw', 'good', 'bad', 'duplicate', 'left_out')
"""

DONE = "UPDATE import_row SET state = 'done', problems = '[]', case_id = $3 WHERE tenant_id = $1 AND id = $2"

TALLY = "SELECT state, count(*) AS n FROM import_row WHERE tenant_id = $1 AND batch_id = $2 GROUP BY state"

#: the problems of the rows that wait for somebody, to be counted by kind
WAITING = """
SELECT number, state, problems FROM import_row
WHERE tenant_id = $1 AND batch_id = $2 AND state IN ('bad', 'duplicate') ORDER BY number
"""

#: the first rows in these states, as the file has them. $3 states, $4 the most
ROWS = """
SELECT id, number, state, problems, content_sealed, case_id FROM import_row
WHERE tenant_id = $1 AND batch_id = $2 AND state = ANY ($3::text[]) ORDER BY number LIMIT $4
"""

#: one page of them. $4 and $5 are marks of a field and of a kind of problem in the JSON [["phone","phone",null], …], or
#: empty; $6 the fields by whose order rows are grouped after that of their first problem, or none; $7 size, $8 offset
PAGE = """
SELECT id, number, state, problems, content_sealed, case_id, count(*) OVER () AS total FROM import_row
WHERE tenant_id = $1 AND batch_id = $2 AND state = ANY ($3::text[])
    AND position($4 IN problems) > 0 AND position($5 IN problems) > 0
ORDER BY array_position($6::text[], split_part(problems, '"', 2)), number LIMIT $7 OFFSET $8
"""

#: who of these people has an open case, and which import opened it
OPEN_OF = """
SELECT c.person_id, c.batch_id FROM case_file c
WHERE c.tenant_id = $1 AND c.person_id = ANY ($2::uuid[]) AND c.stage <> 'closed'
"""

#: people of this name, phone or id may be one and the same: what is shown of them side by side
CASES_OF = """
SELECT DISTINCT ON (c.person_id) c.person_id, c.code, c.stage, c.opened_on FROM case_file c
WHERE c.tenant_id = $1 AND c.person_id = ANY ($2::uuid[]) ORDER BY c.person_id, c.opened_on DESC, c.id DESC
"""

#: the cases that a batch opened; `made_here` when their person came with it
OF_BATCH = """
SELECT c.id, c.code, c.person_id, c.stage, p.created_at >= b.made_at AS made_here
FROM case_file c
JOIN import_batch b ON b.tenant_id = $1 AND b.id = $2
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id
WHERE c.tenant_id = $1 AND c.batch_id = $2
ORDER BY c.code
"""

#: which of these cases a buddy has visited. Arrays instead of joins: a plan that holds for ten rows and for 20,000
VISITED = """
SELECT DISTINCT k.case_id FROM check_in k
WHERE k.tenant_id = $1 AND k.case_id = ANY ($2::uuid[])
    AND NOT EXISTS (SELECT 1 FROM check_in_withdrawal w WHERE w.tenant_id = $1 AND w.check_in_id = k.id)
"""

#: which of these people have a case that is not among these
KNOWN = """
SELECT DISTINCT c.person_id FROM case_file c
WHERE c.tenant_id = $1 AND c.person_id = ANY ($2::uuid[]) AND NOT c.id = ANY ($3::uuid[])
"""

#: which of these cases have a buddy now
PAIRED = """
SELECT a.case_id FROM assignment a
WHERE a.tenant_id = $1 AND a.case_id = ANY ($2::uuid[]) AND a.ended_at IS NULL
"""

UNDONE = """
UPDATE import_row SET state = 'undone' WHERE tenant_id = $1 AND batch_id = $2 AND case_id = ANY ($3::uuid[])
"""

#: one more who did not wish to join: a figure by fiscal year, and no name
COUNT_REFUSAL = """
INSERT INTO counter (tenant_id, id, name, value) VALUES ($1, $2, $3, 1)
ON CONFLICT (tenant_id, name) DO UPDATE SET value = counter.value + EXCLUDED.value
"""

REFUSALS = "SELECT value FROM counter WHERE tenant_id = $1 AND name = $2"

REMEMBER_MAPPING = """
INSERT INTO import_mapping (tenant_id, id, signature, mapping, used_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, signature) DO UPDATE SET mapping = EXCLUDED.mapping, used_at = EXCLUDED.used_at
"""

STAGE_OF = "SELECT code, stage FROM case_file WHERE tenant_id = $1 AND id = $2"

#: imports to which nothing happened since $2 and that are not on their way in
OLD_BATCHES = """
SELECT b.id FROM import_batch b
WHERE b.tenant_id = $1 AND b.purged_at IS NULL AND b.state <> 'committing'
    AND greatest(b.made_at, b.committed_at, b.undone_at) < $2
ORDER BY b.id FOR UPDATE
"""

PURGE_ROWS = """
WITH gone AS (DELETE FROM import_row WHERE tenant_id = $1 AND batch_id = ANY ($2::uuid[]) RETURNING id)
SELECT count(*) AS n FROM gone
"""

PURGE_BATCHES = """
UPDATE import_batch SET source_sealed = NULL, purged_at = $3 WHERE tenant_id = $1 AND id = ANY ($2::uuid[])
"""

PURGE_DRAFTS = """
WITH gone AS (DELETE FROM enrolment_draft WHERE tenant_id = $1 AND changed_at < $2 RETURNING id)
SELECT count(*) AS n FROM gone
"""
