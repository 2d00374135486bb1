"""Certificates: what the doctor decided, batches that are signed at once, the papers and how they ended.

What the public may ask for lies in schema auth and tells of nobody: a code, whose district, whether it still holds.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import APPEND, STATE, Migration, opened

ID = "2026-11-24T18:23:00:000023"
VERSION = "1.38.0"
DESCRIPTION = "certificates"

_OF_CASE = "FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id)"


def _by(name: str = "by_id") -> str:
    return f"FOREIGN KEY (tenant_id, {name}) REFERENCES member (tenant_id, id)"


def _of(table: str, name: str) -> str:
    return f"FOREIGN KEY (tenant_id, {name}) REFERENCES {table} (tenant_id, id)"


async def decisions(m: Migration) -> None:
    """Under which name and licence somebody signs; what was decided of a case, with what was seen then."""
    await m.tenant_table(
        "signer",
        f"member_id uuid NOT NULL, full_name text NOT NULL, licence text NOT NULL, at timestamptz NOT NULL,"
        f" {_by('member_id')}",
        grants=APPEND,
        indexes=("CREATE INDEX signer_of_member ON signer (tenant_id, member_id, at)",),
    )
    await m.tenant_table(
        "assessment",
        "case_id uuid NOT NULL, kind text NOT NULL CHECK (kind IN ('certified', 'declined', 'asked', 'answered')),"
        " seen_hash bytea, seen_sealed bytea, said_sealed bytea, replaces_id uuid, why text,"
        " at timestamptz NOT NULL, by_id uuid NOT NULL, undone_at timestamptz, undone_by uuid,"
        " CHECK ((kind = 'answered') = (seen_hash IS NULL)), CHECK ((replaces_id IS NULL) = (why IS NULL)),"
        f" CHECK ((undone_at IS NULL) = (undone_by IS NULL)), {_OF_CASE}, {_by()}",
        grants=STATE,
        indexes=("CREATE INDEX assessment_of_case ON assessment (tenant_id, case_id, at)",),
    )


async def batches(m: Migration) -> None:
    """A batch is what somebody agreed to with one proof: the challenge covers the ordered records."""
    await m.tenant_table(
        "signing_batch",
        "kind text NOT NULL CHECK (kind IN ('sign', 'countersign')), by_id uuid NOT NULL, nonce bytea NOT NULL,"
        " challenge bytea NOT NULL, made_at timestamptz NOT NULL, signed_at timestamptz,"
        " method text CHECK (method IN ('passkey', 'code', 'practice')), assertion text, public_key bytea,"
        " CHECK ((signed_at IS NULL) = (method IS NULL)),"
        f" CHECK (method <> 'passkey' OR (assertion IS NOT NULL AND public_key IS NOT NULL)), {_by()}",
        grants=STATE,
        indexes=("CREATE INDEX batches_by_day ON signing_batch (tenant_id, by_id, made_at)",),
    )
    await m.tenant_table(
        "certificate",
        "case_id uuid NOT NULL, assessment_id uuid NOT NULL, batch_id uuid NOT NULL, hospital_code text NOT NULL,"
        " fiscal_year integer NOT NULL, running integer NOT NULL CHECK (running > 0), number text NOT NULL,"
        " code text NOT NULL, state text NOT NULL CHECK (state IN ('numbered', 'signed', 'published')),"
        " countersign boolean NOT NULL, countersigned_at timestamptz, countersigned_by uuid, countersign_batch_id uuid,"
        " issued_on date NOT NULL, initials text NOT NULL, claims_sealed bytea NOT NULL, pdf_sealed bytea,"
        " pdf_hash bytea, token text, token_id uuid NOT NULL, replaces_id uuid, tries integer NOT NULL DEFAULT 0,"
        " failed text, leased_until timestamptz, made_at timestamptz NOT NULL, by_id uuid NOT NULL,"
        " signed_at timestamptz, published_at timestamptz, ended text CHECK (ended IN ('replaced', 'revoked')),"
        " told text CHECK (told IN ('valid', 'replaced', 'revoked')),"
        " CHECK ((state = 'numbered') = (signed_at IS NULL)), CHECK ((state = 'published') = (published_at IS NOT NULL)),"
        " CHECK (state = 'numbered' OR (pdf_hash IS NOT NULL AND token IS NOT NULL)),"
        " CHECK (state = 'numbered' OR NOT countersign OR countersigned_at IS NOT NULL),"
        " CHECK ((countersigned_at IS NULL) = (countersigned_by IS NULL)),"
        " UNIQUE (tenant_id, hospital_code, fiscal_year, running), UNIQUE (tenant_id, code),"
        " UNIQUE (tenant_id, assessment_id),"
        f" {_OF_CASE}, {_of('assessment', 'assessment_id')}, {_of('signing_batch', 'batch_id')},"
        f" {_of('signing_batch', 'countersign_batch_id')}, {_of('certificate', 'replaces_id')}, {_by()},"
        f" {_by('countersigned_by')}",
        grants=STATE,
        indexes=(
            "CREATE UNIQUE INDEX certificate_once ON certificate (tenant_id, case_id)"
            " WHERE replaces_id IS NULL AND ended IS NULL",
            "CREATE UNIQUE INDEX certificate_replaced_once ON certificate (tenant_id, replaces_id)",
            "CREATE INDEX certificates_of_case ON certificate (tenant_id, case_id, made_at)",
            "CREATE INDEX certificates_to_do ON certificate (tenant_id, made_at) WHERE state <> 'published'"
            " OR told IS NULL OR told <> coalesce(ended, 'valid')",
        ),
    )
    await m.tenant_table(
        "signing_item",
        "batch_id uuid NOT NULL, place integer NOT NULL, case_id uuid NOT NULL, assessment_id uuid NOT NULL,"
        " record_hash bytea NOT NULL, certificate_id uuid, refused text, UNIQUE (tenant_id, batch_id, place),"
        f" {_of('signing_batch', 'batch_id')}, {_OF_CASE}, {_of('assessment', 'assessment_id')},"
        f" {_of('certificate', 'certificate_id')}",
        grants=STATE,
        indexes=("CREATE INDEX item_of_assessment ON signing_item (tenant_id, assessment_id)",),
    )
    await m.tenant_table(
        "certificate_ending",
        "certificate_id uuid NOT NULL, kind text NOT NULL CHECK (kind IN ('replaced', 'revoked')),"
        " reason text NOT NULL, note_sealed bytea, replaced_by uuid, at timestamptz NOT NULL, by_id uuid NOT NULL,"
        " CHECK ((kind = 'replaced') = (replaced_by IS NOT NULL)), UNIQUE (tenant_id, certificate_id),"
        f" {_of('certificate', 'certificate_id')}, {_of('certificate', 'replaced_by')}, {_by()}",
        grants=APPEND,
    )


REGISTER = """
CREATE TABLE auth.paper (
    code text PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES auth.tenant (id),
    token_id uuid NOT NULL UNIQUE,
    state text NOT NULL CHECK (state IN ('valid', 'replaced', 'revoked')),
    practice boolean NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX paper_ended ON auth.paper (changed_at) WHERE state <> 'valid';
CREATE TABLE auth.paper_key (
    id text PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES auth.tenant (id),
    jwk text NOT NULL,
    hospital text NOT NULL,
    practice boolean NOT NULL,
    first_used_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON auth.paper TO khuen_auth;
GRANT SELECT, INSERT ON auth.paper_key TO khuen_auth;
GRANT SELECT ON auth.paper, auth.paper_key TO khuen_backup;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        m = await opened()
        await decisions(m)
        await batches(m)
        await m.run(REGISTER)

    manager.add_raw(run)
    return manager
