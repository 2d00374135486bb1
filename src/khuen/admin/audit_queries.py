"""Statements that read the audit of a district and the checks of its chain. $1 is the tenant in each.

Each list is led by the filter that an index is made for; what is left of the filters is looked at row by row.
$2 and $3 the moments from and until, $4 member, $5 tags, $6 ids of subjects (NULL: no filter), $7 and $8 the moment
and the place behind which the page begins, $9 rows.
"""

_LINE = """
SELECT a.seq, a.at, a.tag, a.detail, b.called_name AS who, a.member_id, c.code"""
_NAMED = """
LEFT JOIN member b ON b.tenant_id = $1 AND b.id = a.member_id
LEFT JOIN case_file c ON c.tenant_id = $1 AND c.id = a.subject_id"""
_ROWS = f"""{_LINE}
FROM audit a {_NAMED}
WHERE a.tenant_id = $1 AND a.at >= $2 AND a.at < $3 AND (a.at, a.seq) < ($7, $8::bigint)"""
_MEMBER = "($4::uuid IS NULL OR a.member_id = $4)"
_TAGS = "($5::text[] IS NULL OR a.tag = ANY ($5))"
_SUBJECT = "($6::uuid[] IS NULL OR a.subject_id = ANY ($6))"
_NEWEST = "ORDER BY a.at DESC, a.seq DESC LIMIT $9"

ALL = f"{_ROWS} AND {_MEMBER} AND {_TAGS} AND {_SUBJECT} {_NEWEST}"
OF_MEMBER = f"{_ROWS} AND a.member_id = $4 AND {_TAGS} AND {_SUBJECT} {_NEWEST}"
OF_SUBJECT = f"{_ROWS} AND a.subject_id = ANY ($6::uuid[]) AND {_MEMBER} AND {_TAGS} {_NEWEST}"
#: each tag by itself: of a rare act nothing else is read, and of a common one no more than a page
OF_TAGS = f"""{_LINE}
FROM unnest($5::text[]) AS asked(tag) CROSS JOIN LATERAL (
    SELECT l.seq, l.at, l.tag, l.detail, l.member_id, l.subject_id FROM audit l
    WHERE l.tenant_id = $1 AND l.tag = asked.tag AND l.at >= $2 AND l.at < $3 AND (l.at, l.seq) < ($7, $8::bigint)
        AND ($4::uuid IS NULL OR l.member_id = $4) AND ($6::uuid[] IS NULL OR l.subject_id = ANY ($6))
    ORDER BY l.at DESC, l.seq DESC LIMIT $9) a {_NAMED}
{_NEWEST}"""

#: everybody who works or worked here, for the choice
MEMBERS = "SELECT m.id, m.called_name FROM member m WHERE m.tenant_id = $1 ORDER BY m.sort_key, m.id"

#: $2 a code: the ids under which the audit knows the case and its person
SUBJECTS = "SELECT c.id, c.person_id FROM case_file c WHERE c.tenant_id = $1 AND c.code = $2"

#: the check begun last
LAST_CHECK = """
SELECT k.id, k.begun_at, k.by_id, k.seq, k.link, k.target, k.sealed, k.ended_at, k.broken_seq, k.reason
FROM audit_check k WHERE k.tenant_id = $1 ORDER BY k.begun_at DESC, k.id DESC LIMIT 1
"""

#: $2 the check; whoever goes on with it waits for the one before
HOLD_CHECK = """
SELECT k.id, k.begun_at, k.by_id, k.seq, k.link, k.target, k.sealed, k.ended_at, k.broken_seq, k.reason
FROM audit_check k WHERE k.tenant_id = $1 AND k.id = $2 FOR UPDATE
"""

#: $2 the check, $3 now, $4 who, $5 the first link: as far as the chain goes now
BEGIN_CHECK = """
INSERT INTO audit_check (tenant_id, id, begun_at, by_id, seq, link, target)
SELECT $1, $2, $3, $4, 0, $5, h.seq FROM audit_head h WHERE h.tenant_id = $1
ON CONFLICT (tenant_id, id) DO NOTHING
"""

#: $2 the place reached, $3 rows
PIECE = """
SELECT a.seq, a.id, a.at, a.member_id AS actor, a.tag, a.subject_id AS subject, a.detail, a.hash FROM audit a
WHERE a.tenant_id = $1 AND a.seq > $2 ORDER BY a.seq LIMIT $3
"""

#: the head and the last row, as one statement sees them
END = """
SELECT h.seq, h.hash, (SELECT max(a.seq) FROM audit a WHERE a.tenant_id = $1) AS last
FROM audit_head h WHERE h.tenant_id = $1
"""

#: $2 the check, $3 place and $4 link reached, $5 seals that agree, $6 ended at, $7 broken at, $8 why
WRITE_CHECK = """
UPDATE audit_check SET seq = $3, link = $4, sealed = $5, ended_at = $6, broken_seq = $7, reason = $8
WHERE tenant_id = $1 AND id = $2
"""
