"""Real channels: a district's LINE account and what is left of its month, who is linked to it, phones that take push."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import FULL, STATE, Migration, opened

ID = "2026-11-24T18:21:00:000021"
VERSION = "1.38.0"
DESCRIPTION = "channels: LINE accounts, links, events, quota; web push"

_OF_MEMBER = "FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id)"


async def accounts(m: Migration) -> None:
    """One account counts at a time; what an ended one held is wiped."""
    await m.tenant_table(
        "line_account",
        "token_sealed bytea, secret_sealed bytea, basic_id text NOT NULL, bot_id text NOT NULL,"
        " set_at timestamptz NOT NULL, set_by uuid NOT NULL, ended_at timestamptz,"
        " FOREIGN KEY (tenant_id, set_by) REFERENCES member (tenant_id, id)",
        grants=STATE,
        indexes=("CREATE UNIQUE INDEX line_account_now ON line_account (tenant_id) WHERE ended_at IS NULL",),
    )
    # how many messages the month allows (NULL: no limit) and how many went, as LINE said when it was last asked
    await m.tenant_table(
        "line_quota",
        "month date NOT NULL, allowed integer, used integer NOT NULL, read_at timestamptz NOT NULL,"
        " UNIQUE (tenant_id, month)",
        grants=STATE,
    )


async def links(m: Migration) -> None:
    await m.tenant_table(
        "line_code",
        f"member_id uuid NOT NULL, code_index bytea NOT NULL, made_at timestamptz NOT NULL,"
        f" expires_at timestamptz NOT NULL, used_at timestamptz, UNIQUE (tenant_id, code_index), {_OF_MEMBER}",
        grants=STATE,
        indexes=("CREATE INDEX line_code_of_member ON line_code (tenant_id, member_id, made_at DESC)",),
    )
    await m.tenant_table(
        "line_link",
        "member_id uuid NOT NULL, user_sealed bytea, user_index bytea, linked_at timestamptz NOT NULL,"
        " ended_at timestamptz, ended_why text CHECK (ended_why IN ('member', 'unfollowed', 'replaced', 'account')),"
        f" {_OF_MEMBER}",
        grants=STATE,
        indexes=(
            "CREATE UNIQUE INDEX line_link_of_member ON line_link (tenant_id, member_id) WHERE ended_at IS NULL",
            "CREATE UNIQUE INDEX line_link_of_user ON line_link (tenant_id, user_index) WHERE ended_at IS NULL",
        ),
    )
    # what LINE told us once: the id is made from its own event id
    await m.tenant_table(
        "line_event",
        "seen_at timestamptz NOT NULL",
        grants=FULL,
        indexes=("CREATE INDEX line_event_by_time ON line_event (tenant_id, seen_at)",),
    )


async def push(m: Migration) -> None:
    await m.tenant_table(
        "push_subscription",
        "member_id uuid NOT NULL, endpoint_sealed bytea, made_at timestamptz NOT NULL, ended_at timestamptz,"
        f" {_OF_MEMBER}",
        grants=STATE,
        indexes=("CREATE UNIQUE INDEX push_now ON push_subscription (tenant_id, member_id) WHERE ended_at IS NULL",),
    )


async def tries(m: Migration) -> None:
    """A service that takes one key once is asked again under the same key: one row, so many calls."""
    await m.run("ALTER TABLE message_attempt ADD COLUMN calls integer NOT NULL DEFAULT 1")


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        m = await opened()
        for part in (accounts, links, push, tries):
            await part(m)

    manager.add_raw(run)
    return manager
