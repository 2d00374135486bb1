"""Who may enter: accounts, sessions and memberships. Read by khuen_auth alone; no district's rows are here."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import opened

ID = "2026-11-24T08:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "sign-in"

SQL = """
CREATE SCHEMA auth;
GRANT USAGE ON SCHEMA auth TO khuen_auth, khuen_backup;

CREATE TABLE auth.tenant (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{1,30}$'),
    name text NOT NULL,
    short_name text NOT NULL,
    area_path text NOT NULL,
    practice boolean NOT NULL,
    as_of date CHECK (as_of IS NULL OR practice),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended')),
    created_at timestamptz NOT NULL
);
CREATE TABLE auth.account (
    id uuid PRIMARY KEY,
    called_name text NOT NULL,
    login text UNIQUE,
    password_hash text,
    totp_sealed bytea,
    totp_confirmed_at timestamptz,
    totp_last_step bigint,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
    practice_tenant_id uuid,
    lang text NOT NULL DEFAULT 'th' CHECK (lang IN ('th', 'en')),
    created_at timestamptz NOT NULL
);
CREATE TABLE auth.identity (
    provider text NOT NULL,
    subject text NOT NULL,
    account_id uuid NOT NULL REFERENCES auth.account (id),
    linked_at timestamptz NOT NULL,
    PRIMARY KEY (provider, subject)
);
CREATE TABLE auth.membership (
    account_id uuid NOT NULL REFERENCES auth.account (id),
    tenant_id uuid NOT NULL REFERENCES auth.tenant (id),
    member_id uuid NOT NULL,
    called_name text NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (account_id, tenant_id),
    UNIQUE (tenant_id, member_id)
);
CREATE TABLE auth.membership_role (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    role text NOT NULL,
    granted_at timestamptz NOT NULL,
    granted_by uuid,
    ended_at timestamptz,
    FOREIGN KEY (account_id, tenant_id) REFERENCES auth.membership (account_id, tenant_id)
);
CREATE UNIQUE INDEX membership_role_once ON auth.membership_role (account_id, tenant_id, role) WHERE ended_at IS NULL;
CREATE TABLE auth.passkey (
    id bytea PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES auth.account (id),
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    removed_at timestamptz
);
CREATE INDEX passkey_of_account ON auth.passkey (account_id);
CREATE TABLE auth.device (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES auth.account (id),
    token_hash bytea NOT NULL UNIQUE,
    name text NOT NULL,
    pin_hash text,
    pin_misses integer NOT NULL DEFAULT 0,
    bound_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE TABLE auth.session (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    account_id uuid NOT NULL REFERENCES auth.account (id),
    device_id uuid REFERENCES auth.device (id),
    practice_tenant_id uuid REFERENCES auth.tenant (id),
    practice_role text,
    scope text NOT NULL DEFAULT 'full' CHECK (scope IN ('full', 'check-in')),
    method text NOT NULL,
    agent text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    idle_seconds integer NOT NULL,
    expires_at timestamptz NOT NULL,
    stepped_up_at timestamptz,
    ended_at timestamptz,
    ended_by uuid
);
CREATE INDEX session_of_account ON auth.session (account_id) WHERE ended_at IS NULL;
CREATE TABLE auth.invitation (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    account_id uuid NOT NULL REFERENCES auth.account (id),
    tenant_id uuid REFERENCES auth.tenant (id),
    purpose text NOT NULL CHECK (purpose IN ('device', 'password')),
    created_at timestamptz NOT NULL,
    created_by uuid,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE TABLE auth.flow (
    state_hash bytea PRIMARY KEY,
    provider text NOT NULL,
    verifier text NOT NULL,
    nonce text NOT NULL,
    goes_to text NOT NULL,
    account_id uuid REFERENCES auth.account (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE TABLE auth.challenge (
    id uuid PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('register', 'sign-in', 'step-up')),
    account_id uuid REFERENCES auth.account (id),
    challenge bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE TABLE auth.attempt (
    bucket bytea NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX attempt_by_time ON auth.attempt (bucket, at);
CREATE TABLE auth.event (
    seq bigint PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    account_id uuid,
    tenant_id uuid,
    tag text NOT NULL,
    detail text NOT NULL,
    hash bytea NOT NULL
);
CREATE TABLE auth.event_head (one integer PRIMARY KEY CHECK (one = 1), seq bigint NOT NULL, hash bytea NOT NULL);
INSERT INTO auth.event_head VALUES (1, 0, decode(repeat('00', 32), 'hex'));

GRANT SELECT, INSERT, UPDATE ON auth.tenant, auth.account, auth.membership, auth.membership_role, auth.passkey,
    auth.device, auth.session, auth.invitation, auth.event_head TO khuen_auth;
GRANT SELECT, INSERT ON auth.identity, auth.event TO khuen_auth;
GRANT SELECT, INSERT, DELETE ON auth.flow, auth.challenge, auth.attempt TO khuen_auth;
GRANT DELETE ON auth.session TO khuen_auth;
GRANT SELECT ON ALL TABLES IN SCHEMA auth TO khuen_backup;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        await (await opened()).run(SQL)

    manager.add_raw(run)
    return manager
