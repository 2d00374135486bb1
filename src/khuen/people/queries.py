"""Statements that look for people. Names are compared by `^@` only: LIKE cannot use an index behind the walls."""

FOUND = """
SELECT p.id, p.given_name, p.family_name, p.called_name, p.subdistrict_code, p.moo, p.born_year, p.born_on
FROM person p
WHERE p.tenant_id = $1 AND p.erased_at IS NULL AND (
    ($2::text IS NOT NULL AND (p.search_name ^@ $2 OR p.search_family ^@ $2))
    OR p.national_id_index = $3 OR p.national_id_last4_index = $4 OR p.phone_index = $5)
ORDER BY p.sort_key, p.id
LIMIT $6
"""

#: three looks into three indexes; one condition with OR reads the whole district for each chunk of an import
LIKELY_SAME = """
SELECT p.id, p.called_name, p.given_name, p.family_name, p.subdistrict_code, p.moo,
    p.national_id_index, p.phone_index, p.search_name
FROM person p
WHERE p.tenant_id = $1 AND p.erased_at IS NULL AND p.id = ANY (ARRAY(
    SELECT i.id FROM person i WHERE i.tenant_id = $1 AND i.national_id_index = ANY ($2::bytea[])
    UNION SELECT t.id FROM person t WHERE t.tenant_id = $1 AND t.phone_index = ANY ($3::bytea[])
    UNION SELECT n.id FROM person n WHERE n.tenant_id = $1 AND n.search_name = ANY ($4::text[])))
ORDER BY p.sort_key, p.id
"""

REGISTER = """
INSERT INTO person (tenant_id, id, prefix, given_name, family_name, called_name, sort_key, search_name, search_family,
    sex, born_on, born_year, national_id_sealed, national_id_index, national_id_last4_index, phone_sealed, phone_index,
    house_sealed, subdistrict_code, moo, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
ON CONFLICT (tenant_id, id) DO NOTHING
"""
