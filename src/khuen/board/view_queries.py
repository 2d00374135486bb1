"""Statements about the views that a member saved, and what else stands beside a board. $1 is the tenant."""

from khuen.people.queries import waiting_pairs

#: the changes of a view that stand; the newest says the name
_NAMED = """(SELECT n.id FROM view_change n WHERE n.tenant_id = $1 AND n.view_id = v.id AND n.kind = 'named'
    AND n.undone_at IS NULL ORDER BY n.at DESC, n.id DESC LIMIT 1)"""
_REMOVED = """EXISTS (SELECT FROM view_change r WHERE r.tenant_id = $1 AND r.view_id = v.id AND r.kind = 'removed'
    AND r.undone_at IS NULL)"""

#: $2 member: whose views, with the one that they begin with
_MINE = f"""
SELECT v.id, v.query, c.id AS name_id, c.name_sealed, v.id = (
    SELECT CASE b.kind WHEN 'started' THEN b.view_id END FROM view_change b
    WHERE b.tenant_id = $1 AND b.by_id = $2 AND b.kind IN ('started', 'stopped') AND b.undone_at IS NULL
    ORDER BY b.at DESC, b.id DESC LIMIT 1) AS starts, v.made_at
FROM saved_view v
JOIN view_change c ON c.tenant_id = $1 AND c.id = {_NAMED}
WHERE v.tenant_id = $1 AND v.member_id = $2 AND NOT {_REMOVED}
"""
MINE = f"{_MINE} ORDER BY v.made_at, v.id"

#: the same beside a board, and how many pairs of records wait to be compared. $3 today, $4 whether they are asked for
BESIDE = f"""
SELECT k.pairs, m.* FROM (SELECT CASE WHEN $4::boolean THEN ({waiting_pairs("$3")}) END AS pairs) k
LEFT JOIN ({_MINE}) m ON true ORDER BY m.made_at, m.id
"""

#: $2 id, $3 member, $4 query, $5 now
SAVE = """
INSERT INTO saved_view (tenant_id, id, member_id, query, made_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id
"""
SAVED = "SELECT v.member_id, v.query FROM saved_view v WHERE v.tenant_id = $1 AND v.id = $2"

#: one's own view that is not removed. $2 id, $3 member
OWN = f"SELECT v.id FROM saved_view v WHERE v.tenant_id = $1 AND v.id = $2 AND v.member_id = $3 AND NOT {_REMOVED}"

#: $2 key, $3 view, $4 kind, $5 name or NULL, $6 now, $7 member
CHANGE = """
INSERT INTO view_change (tenant_id, id, view_id, kind, name_sealed, at, by_id) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
#: $2 key, $3 member
CHANGED = """
SELECT c.view_id, c.kind, c.name_sealed FROM view_change c WHERE c.tenant_id = $1 AND c.id = $2 AND c.by_id = $3
"""
#: $2 key, $3 member, $4 now
UNDO = """
UPDATE view_change SET undone_at = $4 WHERE tenant_id = $1 AND id = $2 AND by_id = $3 AND undone_at IS NULL
RETURNING id
"""
