"""What is known of somebody who was here before. $1 is the tenant."""

#: the person of a case, and whether a case of theirs is open. $2 code
FORMER = """
SELECT c.id, c.project_id, c.person_id, p.prefix, p.given_name, p.family_name, p.called_name, p.sex, p.born_on,
    p.born_year, p.subdistrict_code, p.moo, EXISTS (
        SELECT FROM case_file o WHERE o.tenant_id = $1 AND o.person_id = c.person_id AND o.stage <> 'closed') AS open
FROM case_file c JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
WHERE c.tenant_id = $1 AND c.code = $2
"""

#: who visited the person last. $2 person
FORMER_BUDDY = """
SELECT a.member_id FROM assignment a JOIN case_file c ON c.tenant_id = $1 AND c.id = a.case_id
WHERE a.tenant_id = $1 AND c.person_id = $2 ORDER BY a.started_at DESC, a.id DESC LIMIT 1
"""
