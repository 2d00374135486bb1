"""Statements that look for people. Names are compared by `^@` only: LIKE cannot use an index behind the walls."""

from __future__ import annotations

#: $2 beginning of a name, $3 national id, $4 its last four, $5 phone (blind indexes), $6 limit, $7 how it sounds, $8 so
#: many by their letters are enough. Each branch is one index; an OR over two tables would read all rows
FOUND = """
WITH hits AS (
    SELECT p.id FROM person p WHERE p.tenant_id = $1 AND p.search_name ^@ $2
    UNION SELECT p.id FROM person p WHERE p.tenant_id = $1 AND p.search_family ^@ $2
    UNION SELECT p.id FROM person p WHERE p.tenant_id = $1 AND p.search_called ^@ $2
    UNION SELECT n.person_id FROM person_name n WHERE n.tenant_id = $1 AND n.search_name ^@ $2
    UNION SELECT n.person_id FROM person_name n WHERE n.tenant_id = $1 AND n.search_family ^@ $2
    UNION SELECT p.id FROM person p WHERE p.tenant_id = $1 AND p.national_id_index = $3
    UNION SELECT p.id FROM person p WHERE p.tenant_id = $1 AND p.national_id_last4_index = $4
    UNION SELECT p.id FROM person p WHERE p.tenant_id = $1 AND p.phone_index = $5
), alike AS (
    SELECT x.id FROM (
        SELECT p.id FROM person p WHERE p.tenant_id = $1 AND p.sound_name ^@ $7
        UNION SELECT p.id FROM person p WHERE p.tenant_id = $1 AND p.sound_family ^@ $7
        UNION SELECT n.person_id FROM person_name n WHERE n.tenant_id = $1 AND n.sound_name ^@ $7
    ) x WHERE (SELECT count(*) FROM hits) < $8::integer AND x.id NOT IN (SELECT h.id FROM hits h)
)
SELECT p.id, p.given_name, p.family_name, p.called_name, p.subdistrict_code, p.moo, p.born_year, p.born_on, f.alike
FROM (SELECT id, false AS alike FROM hits UNION ALL SELECT id, true FROM alike) f
JOIN person p ON p.tenant_id = $1 AND p.id = f.id AND p.erased_at IS NULL AND p.merged_into IS NULL
ORDER BY f.alike, p.sort_key, p.id
LIMIT $6
"""

#: four looks into four indexes; one condition with OR reads the whole district for each chunk of an import
LIKELY_SAME = """
SELECT p.id, p.called_name, p.given_name, p.family_name, p.subdistrict_code, p.moo,
    p.national_id_index, p.phone_index, p.search_name, p.sound_name, p.born_on, p.born_year
FROM person p
WHERE p.tenant_id = $1 AND p.erased_at IS NULL AND p.merged_into IS NULL AND p.id = ANY (ARRAY(
    SELECT i.id FROM person i WHERE i.tenant_id = $1 AND i.national_id_index = ANY ($2::bytea[])
    UNION SELECT t.id FROM person t WHERE t.tenant_id = $1 AND t.phone_index = ANY ($3::bytea[])
    UNION SELECT n.id FROM person n WHERE n.tenant_id = $1 AND n.search_name = ANY ($4::text[])
    UNION SELECT s.id FROM person s WHERE s.tenant_id = $1 AND s.sound_name = ANY ($5::text[])))
ORDER BY p.sort_key, p.id
"""

REGISTER = """
INSERT INTO person (tenant_id, id, prefix, given_name, family_name, sort_key, search_name, search_family, sound_name,
    sound_family, sound_version, called_name, search_called, sex, born_on, born_year, national_id_sealed,
    national_id_index, national_id_last4_index, phone_sealed, phone_index, house_sealed, subdistrict_code, moo,
    created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
    $25, $26)
ON CONFLICT (tenant_id, id) DO NOTHING
"""

LIVING = "SELECT p.id, p.merged_into FROM person p WHERE p.tenant_id = $1 AND p.id = ANY ($2::uuid[]) FOR KEY SHARE"

#: a person as it stands, for whoever is about to change it; held until COMMIT
HELD = """
SELECT p.* FROM person p WHERE p.tenant_id = $1 AND p.id = $2 AND p.erased_at IS NULL AND p.merged_into IS NULL
FOR UPDATE OF p
"""

#: people whose keys are of another version, and former names; $2 the version, $3 how many
OLD_KEYS = """
SELECT p.id, p.given_name, p.family_name, p.called_name FROM person p
WHERE p.tenant_id = $1 AND p.sound_version <> $2 AND p.erased_at IS NULL AND p.merged_into IS NULL LIMIT $3
"""
OLD_NAME_KEYS = """
SELECT n.id, n.given_name, n.family_name FROM person_name n WHERE n.tenant_id = $1 AND n.sound_version <> $2 LIMIT $3
"""
SET_KEYS = """
UPDATE person SET sort_key = $3, search_name = $4, search_family = $5, sound_name = $6, sound_family = $7,
    sound_version = $8, search_called = $9 WHERE tenant_id = $1 AND id = $2
"""
SET_NAME_KEYS = """
UPDATE person_name SET search_name = $3, search_family = $4, sound_name = $5, sound_version = $6
WHERE tenant_id = $1 AND id = $2
"""

#: records that look alike, each pair once and only if nobody has seen it: $2 the most.
#: A phone that a whole family shares, or a name that a whole village has, says nothing: groups over $3 are left out
LOOK_ALIKE = """
WITH living AS (
    SELECT p.id, p.search_name, p.sound_name, p.phone_index FROM person p
    WHERE p.tenant_id = $1 AND p.erased_at IS NULL AND p.merged_into IS NULL AND p.search_name <> ''
), alike AS (
    SELECT 'name' AS by, array_agg(id) AS ids FROM living GROUP BY search_name HAVING count(*) BETWEEN 2 AND $3::integer
    UNION ALL SELECT 'sound', array_agg(id) FROM living WHERE sound_name <> ''
        GROUP BY sound_name HAVING count(*) BETWEEN 2 AND $3
    UNION ALL SELECT 'phone', array_agg(id) FROM living WHERE phone_index IS NOT NULL
        GROUP BY phone_index HAVING count(*) BETWEEN 2 AND $3
), looked AS (
    SELECT k.by, a.id AS one, b.id AS other, a.given_name, b.given_name AS given_other,
        a.phone_index = b.phone_index AS same_phone, a.search_name = b.search_name AS same_name,
        coalesce(extract(year FROM a.born_on)::integer, a.born_year) AS born,
        coalesce(extract(year FROM b.born_on)::integer, b.born_year) AS born_other
    FROM alike k CROSS JOIN unnest(k.ids) first (id) CROSS JOIN unnest(k.ids) second (id)
    JOIN person a ON a.tenant_id = $1 AND a.id = first.id
    JOIN person b ON b.tenant_id = $1 AND b.id = second.id
    WHERE second.id > first.id
)
SELECT q.by, q.one, q.other, q.born, q.born_other, q.same_phone, q.given_name, q.given_other FROM looked q
WHERE (q.by <> 'sound' OR NOT q.same_name AND q.born = q.born_other)
    AND NOT EXISTS (
        SELECT FROM duplicate_pair d WHERE d.tenant_id = $1 AND d.first_id = q.one AND d.second_id = q.other)
LIMIT $2
"""

#: one pair, the smaller id first; one that is known stays as it is
KEEP_PAIR = """
INSERT INTO duplicate_pair (tenant_id, id, first_id, second_id, reason, strength, found_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, first_id, second_id) DO NOTHING
"""

#: "two people" that was said of records which have been merged since counts for what they became
SAID_APART = """
SELECT DISTINCT coalesce(a.merged_into, a.id) AS one, coalesce(b.merged_into, b.id) AS other
FROM pair_decision k
JOIN duplicate_pair d ON d.tenant_id = $1 AND d.id = k.pair_id
JOIN person a ON a.tenant_id = $1 AND a.id = d.first_id
JOIN person b ON b.tenant_id = $1 AND b.id = d.second_id
WHERE k.tenant_id = $1 AND k.kind = 'apart' AND k.undone_at IS NULL
"""

#: two people and all that was merged into them, to be looked at
FAMILY_SEEN = """
SELECT p.id, p.merged_into, p.erased_at, to_jsonb(p)::text AS image FROM person p
WHERE p.tenant_id = $1 AND (p.id = ANY ($2::uuid[]) OR p.merged_into = ANY ($2::uuid[])) ORDER BY p.id
"""

#: the same, held in one order, so that overlapping merges wait for each other
FAMILY = f"{FAMILY_SEEN} FOR UPDATE"

#: the pairs that somebody may still decide about, and those that were told apart. $2 today, $3 'open' or 'apart', $4
#: one pair or NULL, $5 the most, $6 how many before
QUEUE = f"""
WITH apart AS ({SAID_APART})
SELECT d.id, d.reason, d.strength, d.found_at, d.first_id, d.second_id,
    a.prefix || a.given_name || ' ' || a.family_name AS first_name,
    b.prefix || b.given_name || ' ' || b.family_name AS second_name, count(*) OVER () AS total,
    k.reason AS apart_reason, k.note, k.at AS decided_at, k.kind, m.called_name AS by
FROM duplicate_pair d
JOIN person a ON a.tenant_id = $1 AND a.id = d.first_id AND a.erased_at IS NULL AND a.merged_into IS NULL
JOIN person b ON b.tenant_id = $1 AND b.id = d.second_id AND b.erased_at IS NULL AND b.merged_into IS NULL
LEFT JOIN LATERAL (
    SELECT e.kind, e.reason, e.note, e.at, e.by_id FROM pair_decision e
    WHERE e.tenant_id = $1 AND e.pair_id = d.id AND e.undone_at IS NULL
        AND (e.until_on IS NULL OR e.until_on > $2::date)
    ORDER BY e.kind, e.at DESC LIMIT 1) k ON true
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = k.by_id
WHERE d.tenant_id = $1 AND ($4::uuid IS NULL OR d.id = $4) AND CASE $3::text WHEN 'apart' THEN k.kind = 'apart'
    WHEN 'open' THEN k.kind IS NULL AND NOT EXISTS (SELECT FROM apart s WHERE (s.one, s.other)
        IN ((d.first_id, d.second_id), (d.second_id, d.first_id))) ELSE true END
ORDER BY CASE WHEN $3 = 'apart' THEN k.at END DESC, d.strength DESC, d.found_at, d.id
LIMIT $5 OFFSET $6
"""


def waiting_pairs(today: str) -> str:
    """How many of them are open, for a statement in which `today` is the placeholder of the day."""
    return f"""
WITH apart AS ({SAID_APART})
SELECT count(*) FROM duplicate_pair d
JOIN person a ON a.tenant_id = $1 AND a.id = d.first_id AND a.erased_at IS NULL AND a.merged_into IS NULL
JOIN person b ON b.tenant_id = $1 AND b.id = d.second_id AND b.erased_at IS NULL AND b.merged_into IS NULL
WHERE d.tenant_id = $1 AND NOT EXISTS (
    SELECT FROM pair_decision e WHERE e.tenant_id = $1 AND e.pair_id = d.id AND e.undone_at IS NULL
        AND (e.until_on IS NULL OR e.until_on > {today}::date))
    AND NOT EXISTS (SELECT FROM apart s WHERE (s.one, s.other)
        IN ((d.first_id, d.second_id), (d.second_id, d.first_id)))"""


#: $2 today
WAITING_PAIRS = waiting_pairs("$2")

CORRECTIONS = """
SELECT k.id, k.field, k.before_sealed, k.after_sealed, k.note_sealed, k.reason, k.at, k.reverts_id,
    m.called_name AS by,
    EXISTS (SELECT FROM person_correction b WHERE b.tenant_id = $1 AND b.reverts_id = k.id) AS undone
FROM person_correction k LEFT JOIN member m ON m.tenant_id = $1 AND m.id = k.by_id
WHERE k.tenant_id = $1 AND k.person_id = $2 ORDER BY k.at DESC, k.id DESC LIMIT $3
"""

#: the pairs of one person. $2 the person, $3 the others
PAIRS_WITH = """
SELECT d.id FROM duplicate_pair d WHERE d.tenant_id = $1 AND (
    d.first_id = $2 AND d.second_id = ANY ($3::uuid[]) OR d.second_id = $2 AND d.first_id = ANY ($3))
"""

#: $2 key, $3 pair, $4 reason, $5 at, $6 by
TELL_APART = """
INSERT INTO pair_decision (tenant_id, id, pair_id, kind, reason, at, by_id) VALUES ($1, $2, $3, 'apart', $4, $5, $6)
"""
