"""The statements of the board and the case page. $1 is the tenant; each page is one statement, its tab one more."""

from khuen import audit
from khuen.board.rules import BITS, MARKED, Lane
from khuen.cases.rules import Waits


#: how pressing a case is: the lane comes first, then the days. The least number is the most pressing
def _presses(lane: Lane, days: str) -> str:
    return f"{list(BITS).index(lane) * 1_000_000} + ({days})"


#: Who stands in which lanes, from one range of one index (docs/decisions/0018-the-board-reads-one-index.md). `lanes`
#: may hold the bit of today or of the rest beside those that come before it. Whoever stopped is in no lane, but for an
#: answer that calls for attention: it stays until somebody has looked after it. $2 today, $3 the bits asked for
_STANDS = f"""
    SELECT v.case_id, v.closes_on, v.last_how, v.seen_at, v.attention_id, v.attention_rank,
        CASE WHEN v.stopped THEN {BITS[Lane.URGENT]} ELSE
            v.waits | CASE WHEN v.attention_rank > 0 THEN {BITS[Lane.URGENT]} ELSE 0 END
            | CASE WHEN v.closes_on < $2 THEN {BITS[Lane.OVERDUE]} WHEN v.due_on <= $2 THEN {BITS[Lane.TODAY]}
                ELSE {BITS[Lane.ALL]} END
            | CASE WHEN v.test_on <= $2 THEN {BITS[Lane.TESTS]} ELSE 0 END END AS lanes,
        CASE WHEN v.attention_rank > 0
                THEN {_presses(Lane.URGENT, "v.closes_on - $2::date - 100000 * v.attention_rank")}
            WHEN v.closes_on < $2 THEN {_presses(Lane.OVERDUE, "v.closes_on - $2")}
            WHEN v.waits & {Waits.BUDDY:d} > 0 THEN {_presses(Lane.NO_BUDDY, "v.opened_on - $2")}
            WHEN v.waits & {Waits.SCREENING:d} > 0 THEN {_presses(Lane.TESTS, "v.opened_on - $2")}
            WHEN v.test_on <= $2 THEN {_presses(Lane.TESTS, "v.test_on - $2")}
            WHEN v.waits & {Waits.DOCTOR:d} > 0 THEN {_presses(Lane.READY, "v.opened_on - $2")}
            WHEN v.due_on <= $2 THEN {_presses(Lane.TODAY, "v.closes_on - $2")}
            ELSE {_presses(Lane.ALL, "v.closes_on - $2")} END AS press
    FROM visit_due v WHERE v.tenant_id = $1 AND v.state = 'open'
        AND v.wakes_on <= CASE WHEN $3::integer & {BITS[Lane.ALL]} > 0 THEN '9999-12-31'::date ELSE $2::date END
"""
#: the lanes under which a row counts: as `rules.counts`
_BITS = f"CASE WHEN r.lanes & {MARKED} > 0 THEN r.lanes & {MARKED} ELSE r.lanes END"

_PLACED = f"WITH placed AS MATERIALIZED ({_STANDS})"
#: the case breaks a tie, only so that every page finds the same order
_BY_PRESSURE = "r.press, r.case_id"

#: $6 tambon, $7 village number, $8 project, $9 buddy (NULL: no filter), $10 codes or NULL, $11 the order.
#: Every case has its row and its person; LEFT JOIN keeps PostgreSQL from beginning with the filters, of which it thinks
#: that they leave nobody, and from looking through all lanes for each case of the district
_NARROWED = f"""
WITH placed AS MATERIALIZED (
    SELECT g.*, CASE $11::text WHEN 'name' THEN h.sort_key WHEN 'opened' THEN f.opened_on::text
        WHEN 'buddy' THEN o.sort_key END COLLATE "C" AS key
    FROM ({_STANDS}) g
    LEFT JOIN case_file f ON f.tenant_id = $1 AND f.id = g.case_id
    LEFT JOIN person h ON h.tenant_id = $1 AND h.id = f.person_id
    LEFT JOIN member o ON o.tenant_id = $1 AND o.id = f.buddy_id
    WHERE ($6::text IS NULL OR h.subdistrict_code = $6) AND ($7::text IS NULL OR h.moo = $7)
        AND ($8::uuid IS NULL OR f.project_id = $8) AND ($9::uuid IS NULL OR f.buddy_id = $9)
        AND ($10::text[] IS NULL OR f.code = ANY ($10))
)"""
#: $12 whether the first lane comes before the order that was asked for
_BY_KEY = f"CASE WHEN $12::boolean THEN ({_BITS}) & -({_BITS}) END, r.key, {_BY_PRESSURE}"


def _page(placed: str, order: str, *, whole: bool) -> str:
    """How many stand in which lanes (`counted` and `numbers`, side by side) and a page of one lane. $4 and $5 limit and
    offset. `whole`: with the number of all in care, which the list that is asked for every minute goes without.
    """
    everybody = "(SELECT count(*) FROM visit_due e WHERE e.tenant_id = $1 AND e.state = 'open' AND NOT e.stopped)"
    return f"""{placed}, counted AS (
    SELECT array_agg(g.lanes) AS counted, array_agg(g.n) AS numbers
    FROM (SELECT r.lanes, count(*) AS n FROM placed r GROUP BY r.lanes) g
), chosen AS (
    SELECT * FROM placed r WHERE ({_BITS}) & $3 > 0 ORDER BY {order} LIMIT $4::integer OFFSET $5::integer
)
SELECT k.*, EXISTS (SELECT FROM visit_due s WHERE s.tenant_id = $1 AND s.state = 'open') AS somebody,
    {everybody if whole else "NULL"} AS everybody,
    CASE WHEN c.buddy_id IS NULL THEN (SELECT (d.content::json -> 'enrolment' ->> 'buddy_within_hours')::integer
        FROM district_settings d WHERE d.tenant_id = $1
        ORDER BY d.number DESC, d.set_at DESC, d.id DESC LIMIT 1) END AS within_hours,
    c.code, c.stage, c.colour, c.opened_on, c.made_at, c.test_on, c.ready AS all_there, p.called_name, p.family_name,
    p.subdistrict_code, p.moo, m.called_name AS buddy, r.case_id, r.closes_on, r.last_how, r.seen_at, r.attention_id,
    r.attention_rank AS rank, r.press, {_BITS} AS bits,
    CASE WHEN c.buddy_id IS NULL THEN (SELECT max(x.ended_at) FROM assignment x
        WHERE x.tenant_id = $1 AND x.case_id = c.id) END AS left_at
FROM counted k
LEFT JOIN (chosen r
    JOIN case_file c ON c.tenant_id = $1 AND c.id = r.case_id
    JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id
    LEFT JOIN member m ON m.tenant_id = $1 AND m.id = c.buddy_id) ON true
"""


#: the whole district by what presses: the counts and one page of a lane. The page's rows come in any order (`press`,
#: then `case_id`), since a second sort costs more than sorting them where they are shown
LIST, WHOLE = (_page(_PLACED, _BY_PRESSURE, whole=whole) for whole in (False, True))

#: the same, narrowed or in another order
LIST_NARROWED, WHOLE_NARROWED = (
    f"{_page(_NARROWED, _BY_KEY, whole=whole)} ORDER BY {_BY_KEY}" for whole in (False, True)
)

#: what the filters offer. $2 tambon and $3 village number (NULL: everywhere) in which the buddies visit, $4 the buddy
#: who is chosen, $5 the most
CHOICES = """
WITH cared AS MATERIALIZED (
    SELECT u.buddy_id, i.subdistrict_code, i.moo FROM case_file u
    JOIN person i ON i.tenant_id = $1 AND i.id = u.person_id WHERE u.tenant_id = $1 AND u.stage <> 'closed'
)
SELECT (SELECT json_agg(json_build_array(j.id, j.name) ORDER BY j.starts_on DESC, j.id) FROM project j
        WHERE j.tenant_id = $1) AS projects,
    (SELECT json_agg(json_build_array(b.id, b.called_name) ORDER BY b.sort_key COLLATE "C", b.id)
        FROM member b WHERE b.tenant_id = $1 AND b.id IN (
            SELECT e.buddy_id FROM (SELECT DISTINCT w.buddy_id FROM cared w
                WHERE w.buddy_id IS NOT NULL AND ($2::text IS NULL OR w.subdistrict_code = $2)
                    AND ($3::text IS NULL OR w.moo = $3)
                LIMIT $5::integer) e UNION ALL SELECT $4::uuid)) AS buddies,
    (SELECT json_agg(json_build_array(y.subdistrict_code, y.moo)) FROM (
        SELECT DISTINCT w.subdistrict_code, w.moo FROM cared w WHERE w.subdistrict_code IS NOT NULL) y) AS places
"""

#: the same rows for a file: all of the lane, with the project; $4 the most that a file holds
EXPORT = f"""{_NARROWED}
SELECT c.code, c.stage, c.colour, c.opened_on, c.test_on, p.called_name, p.family_name, p.subdistrict_code, p.moo,
    r.closes_on, r.last_how, r.seen_at, {_BITS} AS bits, m.called_name AS buddy, j.name AS project
FROM placed r
JOIN case_file c ON c.tenant_id = $1 AND c.id = r.case_id
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id
JOIN project j ON j.tenant_id = $1 AND j.id = c.project_id
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = c.buddy_id
WHERE ({_BITS}) & $3 > 0 ORDER BY {_BY_KEY} LIMIT $4::integer OFFSET $5::integer
"""

#: one case with all that stands at the head of its page, and the audit row of having been seen. $2 code, $3 to $8 entry
CASE = f"""
WITH found AS (
    SELECT c.id, c.code, c.person_id, c.stage, c.colour, c.legal_basis, c.proposed_by, c.agreed_on, c.opened_on,
        c.made_at, c.test_on, c.safety_note, p.prefix, p.given_name, p.family_name, p.called_name, p.sex, p.born_on,
        p.born_year, p.subdistrict_code, p.moo, j.name AS project, a.member_id, a.started_at, m.called_name AS buddy,
        m.phone_sealed AS buddy_phone, v.opens_on, v.closes_on, coalesce(v.attention_rank, 0) AS rank, v.attention_id,
        v.last_how, v.seen_at,
        (SELECT max(x.ended_at) FROM assignment x WHERE x.tenant_id = $1 AND x.case_id = c.id) AS left_at,
        (SELECT json_agg(json_build_array(y.kind, y.decision, y.version, y.decided_on) ORDER BY y.kind)
            FROM (SELECT DISTINCT ON (o.kind) o.kind, o.decision, o.version, o.decided_on FROM consent o
                WHERE o.tenant_id = $1 AND o.case_id = c.id ORDER BY o.kind, o.recorded_at DESC, o.id DESC) y)
            AS consents
    FROM case_file c
    JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
    JOIN project j ON j.tenant_id = $1 AND j.id = c.project_id
    LEFT JOIN assignment a ON a.tenant_id = $1 AND a.case_id = c.id AND a.ended_at IS NULL
    LEFT JOIN member m ON m.tenant_id = $1 AND m.id = a.member_id
    LEFT JOIN visit_due v ON v.tenant_id = $1 AND v.case_id = c.id AND v.state = 'open'
    WHERE c.tenant_id = $1 AND c.code = $2
), {audit.cte(3, "found.id", of="found")}
SELECT f.*, (SELECT seq FROM audited) AS audit_seq FROM found f
"""

#: everything that happened, newest first. $2 code, $3 the most
TIMELINE = """
SELECT e.kind, e.what, e.at, e.own_at, e.more, e.undone, m.called_name AS by FROM case_file c CROSS JOIN LATERAL (
    SELECT 'step' AS kind, s.stage AS what, s.recorded_at AS at, NULL::timestamptz AS own_at, s.reason AS more,
        false AS undone, s.by_id FROM case_step s WHERE s.tenant_id = $1 AND s.case_id = c.id
    UNION ALL
    SELECT 'check_in', i.how, i.received_at, i.happened_at, NULL, w.id IS NOT NULL, i.member_id FROM check_in i
    LEFT JOIN check_in_withdrawal w ON w.tenant_id = $1 AND w.check_in_id = i.id
    WHERE i.tenant_id = $1 AND i.case_id = c.id
    UNION ALL
    SELECT 'consent', o.decision, o.recorded_at, NULL, o.kind, false, o.by_id FROM consent o
    WHERE o.tenant_id = $1 AND o.case_id = c.id
    UNION ALL
    SELECT 'buddy', b.called_name, a.started_at, NULL, NULL, false, a.made_by FROM assignment a
    JOIN member b ON b.tenant_id = $1 AND b.id = a.member_id WHERE a.tenant_id = $1 AND a.case_id = c.id
    UNION ALL
    SELECT 'buddy_ended', b.called_name, a.ended_at, NULL, a.end_reason, false, NULL FROM assignment a
    JOIN member b ON b.tenant_id = $1 AND b.id = a.member_id
    WHERE a.tenant_id = $1 AND a.case_id = c.id AND a.ended_at IS NOT NULL
    UNION ALL
    SELECT 'acknowledged', NULL, k.at, NULL, k.note, k.undone_at IS NOT NULL, k.by_id FROM acknowledgement k
    WHERE k.tenant_id = $1 AND k.case_id = c.id
) e
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = e.by_id
WHERE c.tenant_id = $1 AND c.code = $2
ORDER BY e.at DESC, e.kind LIMIT $3::integer
"""

#: the visits with what was told about them, sealed. $2 code, $3 the most
VISITS = """
SELECT i.how, i.happened_at AS own_at, i.received_at AS at, w.id IS NOT NULL AS undone, m.called_name AS by,
    n.id AS note_id, n.note_sealed, c.person_id, k.id AS key_id, k.wrapped
FROM case_file c
JOIN check_in i ON i.tenant_id = $1 AND i.case_id = c.id
JOIN member m ON m.tenant_id = $1 AND m.id = i.member_id
LEFT JOIN check_in_withdrawal w ON w.tenant_id = $1 AND w.check_in_id = i.id
LEFT JOIN check_in_note n ON n.tenant_id = $1 AND n.check_in_id = i.id
LEFT JOIN vault.person_key k ON k.tenant_id = $1 AND k.person_id = c.person_id
WHERE c.tenant_id = $1 AND c.code = $2
ORDER BY i.planned_at DESC, i.id DESC, n.written_at, n.id LIMIT $3::integer
"""

#: $2 code, $3 the most
BUDDIES = """
SELECT m.called_name AS buddy, a.started_at, a.ended_at, a.end_reason, a.extra_reason, b.called_name AS by
FROM case_file c
JOIN assignment a ON a.tenant_id = $1 AND a.case_id = c.id
JOIN member m ON m.tenant_id = $1 AND m.id = a.member_id
LEFT JOIN member b ON b.tenant_id = $1 AND b.id = a.made_by
WHERE c.tenant_id = $1 AND c.code = $2
ORDER BY a.started_at DESC, a.id DESC LIMIT $3::integer
"""

#: who opened the file. $2 code, $3 the most, $4 the tags
OPENED = """
SELECT u.at, u.tag, u.detail, m.called_name AS by
FROM case_file c
JOIN audit u ON u.tenant_id = $1 AND u.subject_id = c.id AND u.tag = ANY ($4::text[])
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = u.member_id
WHERE c.tenant_id = $1 AND c.code = $2
ORDER BY u.seq DESC LIMIT $3::integer
"""

#: $2 codes: the cases that were ticked, with who visits
CHOSEN = """
SELECT c.id, c.code, c.stage, p.called_name, p.family_name, p.subdistrict_code, p.moo, m.id AS member_id,
    m.called_name AS buddy
FROM case_file c
JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
LEFT JOIN assignment a ON a.tenant_id = $1 AND a.case_id = c.id AND a.ended_at IS NULL
LEFT JOIN member m ON m.tenant_id = $1 AND m.id = a.member_id
WHERE c.tenant_id = $1 AND c.code = ANY ($2::text[])
ORDER BY p.sort_key COLLATE "C", c.id
"""

#: $2 code: what an edit in place starts from, held until COMMIT so that nobody changes it in between
HELD = """
SELECT c.id, c.person_id, c.safety_note, p.prefix, p.given_name, p.family_name
FROM case_file c JOIN person p ON p.tenant_id = $1 AND p.id = c.person_id AND p.erased_at IS NULL
WHERE c.tenant_id = $1 AND c.code = $2
FOR UPDATE OF c, p
"""
