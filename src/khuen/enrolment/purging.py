"""What nobody needs any more of drafts and imports goes: they hold people who may never have joined."""

from __future__ import annotations

from datetime import timedelta

from khuen import audit
from khuen.enrolment import queries
from khuen.enrolment.committing import UNDO_HOURS
from khuen.tenancy import Here, hot


async def purge(here: Here, rows_after: timedelta, drafts_after: timedelta) -> tuple[int, int]:
    """Delete old rows of imports with the names of their files, and drafts that nobody touched for so long.

    A batch counts from the last thing that happened to it, and never goes while it is going in or may be undone;
    its figures stay, and so do its cases. Returns (rows, drafts) that went. Harmless twice.
    """
    before = here.now - max(rows_after, timedelta(hours=UNDO_HOURS))
    batches = [row["id"] for row in await hot(queries.OLD_BATCHES, before)]
    rows = (await hot(queries.PURGE_ROWS, batches))[0]["n"] if batches else 0
    if batches:
        await hot(queries.PURGE_BATCHES, batches, here.now)
    drafts = (await hot(queries.PURGE_DRAFTS, here.now - drafts_after))[0]["n"]
    if batches:
        await audit.record(here, "import:purged", count=rows)
    if drafts:
        await audit.record(here, "enrolment:purged", count=drafts)
    return rows, drafts
