"""Statements of this room that outgrow the ORM. $1 is the tenant in each."""

WRITE = """
    INSERT INTO message (tenant_id, id, kind, subject_id, recipient_id, day, urgent, count, state, due_at, made_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $9, $10)
    ON CONFLICT (tenant_id, kind, subject_id, recipient_id, day) DO NOTHING"""

CANCEL = """
    UPDATE message SET state = 'cancelled', reason = $4, settled_at = $5, leased_by = NULL, leased_until = NULL
    WHERE tenant_id = $1 AND kind = $2 AND subject_id = $3 AND state = 'waiting' RETURNING id"""
