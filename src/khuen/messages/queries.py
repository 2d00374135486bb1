"""Statements of this room that outgrow the ORM. $1 is the tenant in each."""

WRITE = """
    INSERT INTO message (tenant_id, id, kind, subject_id, recipient_id, day, urgent, count, state, due_at, made_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $9, $10)
    ON CONFLICT (tenant_id, kind, subject_id, recipient_id, day) DO NOTHING"""

CANCEL = """
    UPDATE message SET state = 'cancelled', reason = $4, settled_at = $5, leased_by = NULL, leased_until = NULL
    WHERE tenant_id = $1 AND kind = $2 AND subject_id = $3 AND state = 'waiting' RETURNING id"""

# Rows that nobody holds: due, or left behind by a worker whose lease has ended.
DUE = """
    SELECT id, kind, subject_id, recipient_id, day, urgent, count, state, tries, made_at, channel FROM message
    WHERE tenant_id = $1 AND state IN ('waiting', 'sending') AND due_at <= $2
      AND (leased_until IS NULL OR leased_until < $2)
    ORDER BY urgent DESC, due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED"""

TRIED = """
    SELECT a.message_id, a.id, a.channel, a.outcome, a.reason, a.calls, a.started_at FROM message_attempt a
    JOIN message m ON m.tenant_id = $1 AND m.id = a.message_id
    WHERE a.tenant_id = $1 AND a.message_id = ANY ($2::uuid[])
      AND (m.retried_at IS NULL OR a.started_at >= m.retried_at)
    ORDER BY a.started_at"""

CLOSE_ATTEMPT = """
    UPDATE message_attempt SET ended_at = $3, outcome = $4, reason = $5
    WHERE tenant_id = $1 AND id = $2 AND (outcome IS NULL OR outcome = 'unknown')"""

# What is still in doubt of a message that another channel took, or that is given up.
CLOSE_OTHERS = """
    UPDATE message_attempt SET ended_at = $4, outcome = 'unknown'
    WHERE tenant_id = $1 AND message_id = $2 AND id <> $3 AND outcome IS NULL"""

# Put back, put off or put an end to, while the claim's row lock is held.
DECIDE = """
    UPDATE message SET state = $3, reason = $4, due_at = coalesce($5, due_at), settled_at = $6, count = $7,
        leased_by = $8, leased_until = $9 WHERE tenant_id = $1 AND id = $2"""

RENEW = """
    UPDATE message SET leased_until = $3
    WHERE tenant_id = $1 AND leased_by = $2 AND state = 'waiting' RETURNING id"""

# Committed before the call: from here on a message may have gone.
BEGIN = """
    WITH mine AS (
        UPDATE message SET state = 'sending', leased_until = $4, channel = $5, tries = tries + 1
        WHERE tenant_id = $1 AND id = $2 AND leased_by = $3 AND state = 'waiting' RETURNING id),
    tried AS (
        INSERT INTO message_attempt (tenant_id, id, message_id, channel, started_at)
        SELECT $1, $6, id, $5, $7 FROM mine ON CONFLICT (tenant_id, id)
        DO UPDATE SET calls = message_attempt.calls + 1, outcome = NULL, ended_at = NULL)
    SELECT id FROM mine"""

# A worker that was taken for dead may still learn that its message was accepted.
SETTLE = """
    UPDATE message SET state = $4, reason = $5, due_at = coalesce($6, due_at), settled_at = $7,
        tries = tries + $8, leased_by = NULL, leased_until = NULL
    WHERE tenant_id = $1 AND id = $2
      AND (leased_by = $3 AND state IN ('waiting', 'sending') OR $4 = 'sent' AND state = 'uncertain')"""

RELEASE = """
    UPDATE message SET leased_by = NULL, leased_until = NULL
    WHERE tenant_id = $1 AND leased_by = $2 AND state = 'waiting'"""

MEASURE = """
    SELECT (SELECT count(*) FROM message m WHERE m.tenant_id = $1 AND m.state IN ('waiting', 'sending')
              AND m.due_at <= $2) AS waiting,
        (SELECT min(m.due_at) FROM message m WHERE m.tenant_id = $1 AND m.state IN ('waiting', 'sending')
              AND m.due_at <= $2) AS oldest,
        (SELECT count(*) FROM message m WHERE m.tenant_id = $1 AND m.made_at > $3 AND m.state = 'given_up')
              AS given_up"""

#: $2 since
COUNTS = """
    SELECT state, kind, reason, count(*) AS messages FROM message
    WHERE tenant_id = $1 AND made_at > $2 GROUP BY state, kind, reason"""

#: $2 since, $3 to $5 state, kind and reason or NULL, $6 and $7 the page
LIST = """
    SELECT m.id, m.kind, m.day, m.urgent, m.count, m.state, m.due_at, m.channel, m.reason, m.made_at, m.settled_at,
        b.called_name AS recipient
    FROM message m JOIN member b ON b.tenant_id = $1 AND b.id = m.recipient_id
    WHERE m.tenant_id = $1 AND m.made_at > $2 AND ($3::text IS NULL OR m.state = $3)
      AND ($4::text IS NULL OR m.kind = $4) AND ($5::text IS NULL OR m.reason = $5)
    ORDER BY m.made_at DESC, m.id LIMIT $6 OFFSET $7"""

ONE = """
    SELECT m.id, m.kind, m.day, m.urgent, m.count, m.state, m.due_at, m.channel, m.reason, m.made_at, m.settled_at,
        b.called_name AS recipient
    FROM message m JOIN member b ON b.tenant_id = $1 AND b.id = m.recipient_id
    WHERE m.tenant_id = $1 AND m.id = $2"""

ATTEMPTS = """
    SELECT channel, started_at, outcome FROM message_attempt
    WHERE tenant_id = $1 AND message_id = $2 ORDER BY started_at DESC, id DESC"""

RETRY = """
    UPDATE message SET state = 'waiting', reason = NULL, due_at = $3, tries = 0, settled_at = NULL, retried_at = $3
    WHERE tenant_id = $1 AND id = $2 AND state IN ('given_up', 'uncertain') RETURNING id"""

#: $2 members: what they linked
LINKED = """
    SELECT 'line' AS channel, l.id, l.member_id, l.user_sealed AS sealed FROM line_link l
    WHERE l.tenant_id = $1 AND l.ended_at IS NULL AND l.member_id = ANY ($2::uuid[])
    UNION ALL
    SELECT 'push', p.id, p.member_id, p.endpoint_sealed FROM push_subscription p
    WHERE p.tenant_id = $1 AND p.ended_at IS NULL AND p.member_id = ANY ($2::uuid[])"""

TAKE_PUSH = """
    INSERT INTO push_subscription (tenant_id, id, member_id, endpoint_sealed, made_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id"""
PUSH_BY_KEY = "SELECT member_id FROM push_subscription WHERE tenant_id = $1 AND id = $2"

END_PUSH = """
    UPDATE push_subscription SET ended_at = $3, endpoint_sealed = NULL
    WHERE tenant_id = $1 AND member_id = $2 AND ended_at IS NULL"""
