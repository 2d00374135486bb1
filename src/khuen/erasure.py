"""A person asks to be forgotten: the key is thrown away, what says who it was is blanked, the act stays on record.

The list of thrown-away keys lies outside the database and is written *before* COMMIT: what is on it will be erased. A
crash in between leaves a key that is on the list and still there, and `finish` or a restore throws it away. The other
order would leave an erased person whom an older backup brings back (docs/decisions/0004-sealed-data.md).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from uuid import UUID

from khuen import audit, tenancy, vault
from khuen.errors import NotFound
from khuen.tenancy import Here

_THEM = "= ANY ($2::uuid[])"
_OF_CASES = f"case_id IN (SELECT id FROM case_file WHERE tenant_id = $1 AND person_id {_THEM})"
#: Before that the case ends: nobody visits somebody whose name is gone, and no list waits for them.
CLOSE = (
    f"UPDATE visit_due SET state = 'ended' WHERE tenant_id = $1 AND state = 'open' AND {_OF_CASES}",
    f"""UPDATE assignment SET ended_at = $3, end_reason = 'erased'
       WHERE tenant_id = $1 AND ended_at IS NULL AND {_OF_CASES}""",
    f"""INSERT INTO case_step (tenant_id, id, case_id, stage, on_date, reason, recorded_at)
       SELECT $1, uuidv7(), id, 'closed', ($3 AT TIME ZONE 'Asia/Bangkok')::date, 'erased', $3 FROM case_file
       WHERE tenant_id = $1 AND person_id {_THEM} AND stage <> 'closed'""",
    f"""UPDATE case_file SET buddy_id = NULL, stage = 'closed'
       WHERE tenant_id = $1 AND person_id {_THEM} AND stage <> 'closed'""",
)
#: a row of `person` that says nothing about anybody: also what a merge leaves of the record that was given up
NOBODY = """prefix = '', given_name = '', family_name = '', called_name = '', sort_key = '', search_name = '',
    search_family = '', search_called = '', sound_name = '', sound_family = '', born_on = NULL, moo = NULL,
    national_id_sealed = NULL, national_id_index = NULL, national_id_last4_index = NULL, phone_sealed = NULL,
    phone_index = NULL, house_sealed = NULL"""
#: What tells who a person was and is not under the person's key, wherever it lies. $2 are the people.
#: Sex, year of birth and subdistrict stay for the figures. tests/test_erasure.py refuses a sealed column without place.
BLANK = (
    f"UPDATE person SET {NOBODY}, erased_at = coalesce(erased_at, $3) WHERE tenant_id = $1 AND id {_THEM}",
    f"DELETE FROM person_name WHERE tenant_id = $1 AND person_id {_THEM}",
    f"DELETE FROM enrolment_draft WHERE tenant_id = $1 AND {_OF_CASES}",
    f"""UPDATE import_batch SET source_sealed = NULL WHERE tenant_id = $1 AND id IN
       (SELECT batch_id FROM case_file WHERE tenant_id = $1 AND person_id {_THEM})""",
    f"DELETE FROM import_row WHERE tenant_id = $1 AND {_OF_CASES}",
    f"UPDATE certificate SET initials = '', token = '' WHERE tenant_id = $1 AND {_OF_CASES}",
    f"UPDATE acknowledgement SET note = '' WHERE tenant_id = $1 AND {_OF_CASES}",
    f"UPDATE slip SET withdrawn_why = NULL WHERE tenant_id = $1 AND {_OF_CASES}",
    f"UPDATE referral SET place = '' WHERE tenant_id = $1 AND {_OF_CASES}",
    f"UPDATE course_result SET certificate = '' WHERE tenant_id = $1 AND {_OF_CASES}",
    f"UPDATE occupation_grant SET what_for = '' WHERE tenant_id = $1 AND {_OF_CASES}",
    f"UPDATE attendance SET correction = '' WHERE tenant_id = $1 AND {_OF_CASES}",
    f"""UPDATE task_step SET reason = '' WHERE tenant_id = $1 AND decision_id IN
        (SELECT id FROM decision WHERE tenant_id = $1 AND {_OF_CASES})""",
    f"UPDATE decision SET text = '' WHERE tenant_id = $1 AND {_OF_CASES}",
    f"UPDATE agenda_item SET facts = '{{}}' WHERE tenant_id = $1 AND {_OF_CASES}",
    f"UPDATE case_file SET safety_note = '' WHERE tenant_id = $1 AND person_id {_THEM} AND safety_note <> ''",
    f"DELETE FROM pair_decision WHERE tenant_id = $1 AND pair_id IN"
    f" (SELECT id FROM duplicate_pair WHERE tenant_id = $1 AND (first_id {_THEM} OR second_id {_THEM}))",
    f"DELETE FROM duplicate_pair WHERE tenant_id = $1 AND (first_id {_THEM} OR second_id {_THEM})",
    f"UPDATE person_merge SET before_sealed = NULL WHERE tenant_id = $1 AND (kept_id {_THEM} OR merged_id {_THEM})",
    f"DELETE FROM vault.person_key WHERE tenant_id = $1 AND person_id {_THEM}",
)
#: that it was done: $2 the key's id, $3 the person, $4 when, $5 by whom
ERASED = """INSERT INTO erasure (tenant_id, id, person_id, key_id, at, by_id) VALUES ($1, $2, $3, $2, $4, $5)
    ON CONFLICT (tenant_id, id) DO NOTHING"""


async def erase_person(here: Here, person_id: UUID) -> bool:
    """Erase one person, in the open transaction. False when that was done before, NotFound for a stranger."""
    if not await tenancy.hot("SELECT id FROM person WHERE tenant_id = $1 AND id = $2", person_id):
        raise NotFound
    return await erase_people(here, [person_id]) == 1


async def erase_people(here: Here, person_ids: Collection[UUID]) -> int:
    """The same for many, also for an import that is taken back. Harmless twice; nothing that may fail should follow.

    Returns how many were erased now. Raises RuntimeError without KHUEN_ERASURES_FILE, and then nobody is erased.
    """
    path = vault.erasures_file()
    # Two erasures of one person wait for each other here, so that the second finds no key. Whatever was merged into
    # somebody goes with them: its key opens what older backups hold of the record that was given up.
    held = await tenancy.hot(
        f"SELECT id FROM person WHERE tenant_id = $1 AND (id {_THEM} OR merged_into {_THEM}) ORDER BY id FOR UPDATE",
        list(person_ids),
    )
    ids = [row["id"] for row in held]
    rows = await tenancy.hot(
        f"SELECT id, person_id FROM vault.person_key WHERE tenant_id = $1 AND person_id {_THEM}", ids
    )
    keys = {row["person_id"]: row["id"] for row in rows}
    gone: list[UUID] = []
    if keys:
        await blank(tenancy.hot, list(keys), here.now)
        await tenancy.many(ERASED, [(key, person, here.now, here.member_id) for person, key in keys.items()])
        # A record that was merged into somebody is no person more: it has no row of its own in the audit.
        gone = [person_id for person_id in person_ids if person_id in keys] or list(keys)
        await audit.record(here, "person:erased", gone[0] if len(gone) == 1 else None, count=len(gone))
        await asyncio.to_thread(append, path, *keys.values())  # last: what failed before is not on the list
    return len(gone)


async def finish(here: Here) -> int:
    """Erase whoever is on the list and still has a key, because a crash came between the two. Returns how many."""
    listed = await asyncio.to_thread(read, vault.erasures_file())
    rows = await tenancy.hot(
        "SELECT person_id FROM vault.person_key WHERE tenant_id = $1 AND id = ANY ($2::uuid[])", list(listed)
    )
    return await erase_people(here, [row["person_id"] for row in rows])


async def blank(run: audit.Run, person_ids: Collection[UUID], at: datetime) -> None:
    """The statements alone, without audit, list and `ERASED`: also how a restore erases again."""
    for statement in (*CLOSE, *BLANK):
        await run(statement, list(person_ids), *([at] if "$3" in statement else []))


def append(path: Path, *key_ids: UUID) -> None:
    """Add keys to the list and wait for the disk. Blocking."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        # The leading line break ends whatever a crash left half written.
        os.write(descriptor, "".join(["\n", *(f"{key_id}\n" for key_id in key_ids)]).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: Path) -> frozenset[UUID]:
    """The keys on the list; a half-written line counts for nothing. Blocking."""
    found = set()
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            found.add(UUID(line))
        except ValueError:
            continue
    return frozenset(found)
