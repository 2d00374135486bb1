"""Statements about a district's account on LINE and who is linked to it. $1 is the tenant in each."""

ACCOUNT = """
    SELECT id, basic_id, set_at, set_by FROM line_account WHERE tenant_id = $1 AND ended_at IS NULL"""

#: $2 the first day of the month
KEYS = """
    SELECT a.id, a.bot_id, a.token_sealed, a.secret_sealed, q.allowed, q.used FROM line_account a
    LEFT JOIN line_quota q ON q.tenant_id = $1 AND q.month = $2
    WHERE a.tenant_id = $1 AND a.ended_at IS NULL"""

METER = """
    SELECT q.allowed, q.used, q.read_at FROM line_quota q
    JOIN line_account a ON a.tenant_id = $1 AND a.ended_at IS NULL WHERE q.tenant_id = $1 AND q.month = $2"""

READ_METER = """
    INSERT INTO line_quota (tenant_id, id, month, allowed, used, read_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (tenant_id, month) DO UPDATE SET allowed = $4, used = $5, read_at = $6"""

# Two administrators who connect at once take turns.
HELD = "SELECT id, bot_id FROM line_account WHERE tenant_id = $1 AND ended_at IS NULL FOR UPDATE"
BY_KEY = "SELECT ended_at FROM line_account WHERE tenant_id = $1 AND id = $2"

CONNECT = """
    INSERT INTO line_account (tenant_id, id, token_sealed, secret_sealed, basic_id, bot_id, set_at, set_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""

END_ACCOUNT = """
    UPDATE line_account SET ended_at = $2, token_sealed = NULL, secret_sealed = NULL
    WHERE tenant_id = $1 AND ended_at IS NULL RETURNING id"""

#: $3 why
END_LINKS = """
    UPDATE line_link SET ended_at = $2, ended_why = $3, user_sealed = NULL, user_index = NULL
    WHERE tenant_id = $1 AND ended_at IS NULL"""

#: $2 the member, $3 now: one row
OWN = """
    SELECT a.basic_id, l.linked_at, c.id AS code_id, c.expires_at, p.made_at AS push_at FROM member m
    LEFT JOIN line_account a ON a.tenant_id = $1 AND a.ended_at IS NULL
    LEFT JOIN line_link l ON l.tenant_id = $1 AND l.member_id = m.id AND l.ended_at IS NULL
    LEFT JOIN line_code c ON c.tenant_id = $1 AND c.member_id = m.id AND c.used_at IS NULL AND c.expires_at > $3
    LEFT JOIN push_subscription p ON p.tenant_id = $1 AND p.member_id = m.id AND p.ended_at IS NULL
    WHERE m.tenant_id = $1 AND m.id = $2 ORDER BY c.made_at DESC LIMIT 1"""

CODE_BY_KEY = "SELECT member_id FROM line_code WHERE tenant_id = $1 AND id = $2"

END_CODES = """
    UPDATE line_code SET expires_at = $3 WHERE tenant_id = $1 AND member_id = $2 AND expires_at > $3"""

NEW_CODE = """
    INSERT INTO line_code (tenant_id, id, member_id, code_index, made_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, id) DO NOTHING"""

# Only one of two who send the same code finds it unused; the member must still work here.
USE_CODE = """
    UPDATE line_code c SET used_at = $3 FROM member m
    WHERE c.tenant_id = $1 AND c.code_index = $2 AND c.used_at IS NULL AND c.expires_at > $3
      AND m.tenant_id = $1 AND m.id = c.member_id AND m.left_at IS NULL RETURNING c.member_id"""

LINK = """
    INSERT INTO line_link (tenant_id, id, member_id, user_sealed, user_index, linked_at)
    VALUES ($1, $2, $3, $4, $5, $6)"""

END_BY_MEMBER = """
    UPDATE line_link SET ended_at = $3, ended_why = $4, user_sealed = NULL, user_index = NULL
    WHERE tenant_id = $1 AND member_id = $2 AND ended_at IS NULL RETURNING member_id"""

END_BY_USER = """
    UPDATE line_link SET ended_at = $3, ended_why = $4, user_sealed = NULL, user_index = NULL
    WHERE tenant_id = $1 AND user_index = $2 AND ended_at IS NULL RETURNING member_id"""

MEMBER_OF = """
    SELECT l.member_id, ARRAY(SELECT r.role FROM member_role r WHERE r.tenant_id = $1 AND r.member_id = l.member_id
        AND r.ended_at IS NULL) AS roles
    FROM line_link l JOIN member m ON m.tenant_id = $1 AND m.id = l.member_id AND m.left_at IS NULL
    WHERE l.tenant_id = $1 AND l.user_index = $2 AND l.ended_at IS NULL"""

SEE_EVENT = """
    INSERT INTO line_event (tenant_id, id, seen_at) VALUES ($1, $2, $3)
    ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id"""

FORGET_EVENTS = "DELETE FROM line_event WHERE tenant_id = $1 AND seen_at < $2"
