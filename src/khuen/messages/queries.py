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
    SELECT id, kind, subject_id, recipient_id, day, urgent, count, state, tries, made_at FROM message
    WHERE tenant_id = $1 AND state IN ('waiting', 'sending') AND due_at <= $2
      AND (leased_until IS NULL OR leased_until < $2)
    ORDER BY urgent DESC, due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED"""

TRIED = """
    SELECT message_id, id, channel, outcome FROM message_attempt
    WHERE tenant_id = $1 AND message_id = ANY ($2::uuid[]) ORDER BY started_at"""

CLOSE_ATTEMPT = """
    UPDATE message_attempt SET ended_at = $3, outcome = $4, reason = $5
    WHERE tenant_id = $1 AND id = $2 AND (outcome IS NULL OR outcome = 'unknown')"""

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
        SELECT $1, $6, id, $5, $7 FROM mine ON CONFLICT (tenant_id, id) DO NOTHING)
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
