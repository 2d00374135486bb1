"""A check-in that is cut off in the middle: nothing stays busy, and sending it again makes one row."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from khuen.database import DB
from khuen.ids import uuid7
from khuen.tenancy import Here
from tests.care import Site

WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO check_in%'"


async def blocked(site: Site, root: Any, path: str, data: dict[str, str]) -> tuple[asyncio.Task[Any], int]:
    """A check-in that waits for a row lock which `root` holds, and its backend."""
    await root.execute("BEGIN; SELECT FROM visit_due FOR UPDATE")
    task = asyncio.create_task(site.clients["somchai"].post(path, data=data))
    for _ in range(200):
        await asyncio.sleep(0.02)
        await root.execute("SELECT pg_stat_clear_snapshot()")
        if pid := await root.fetchval(WAITING):
            return task, pid
    raise AssertionError("the check-in never waited")


def idle() -> bool:
    assert DB.pool is not None
    return DB.pool.get_idle_size() == DB.pool.get_size()


@pytest.mark.parametrize("how", ["killed", "cancelled"])
async def test_a_cut_check_in_leaves_nothing_busy(site: Site, root: Any, how: str) -> None:
    code = await site.case()
    path, data = f"/chatturat/cases/{code}/check-ins", {"key": str(uuid7()), "how": "urgent"}
    for _ in range(6):
        task, pid = await blocked(site, root, path, data)
        if how == "killed":
            await root.execute("SELECT pg_terminate_backend($1)", pid)
            assert (await task).status_code == 503
        else:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await root.execute("ROLLBACK")
        assert idle() and DB.current_transaction.get() is None
    assert await root.fetchval("SELECT count(*) FROM check_in") == 0
    for _ in range(2):
        assert (await site.clients["somchai"].post(path, data=data)).status_code == 303
    for table in ("check_in", "message"):
        assert await root.fetchval(f"SELECT count(*) FROM {table}") == 1


async def test_an_answer_lost_after_commit_is_a_repeat(site: Site, root: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection dies between COMMIT and its answer: the phone sees an error, the row is there."""
    code = await site.case()
    path, data = f"/chatturat/cases/{code}/check-ins", {"key": str(uuid7()), "how": "urgent"}
    end = "khuen.tenancy.within._end"
    real: Any = __import__("khuen.tenancy", fromlist=["within"]).within._end

    async def lost(self: Any, *, failed: bool) -> None:
        await real(self, failed=failed)
        self.connection.terminate()
        raise ConnectionError("lost")

    with monkeypatch.context() as patch:
        patch.setattr(end, lost)
        assert (await site.clients["somchai"].post(path, data=data)).status_code == 503
    assert await root.fetchval("SELECT count(*) FROM check_in") == 1
    assert (await site.clients["somchai"].post(path, data=data)).status_code == 303
    assert await root.fetchval("SELECT count(*) FROM check_in") == 1 and idle()


async def test_no_check_in_is_read_or_written_outside_a_transaction(site: Site) -> None:
    from khuen.followups import mine, service
    from khuen.followups.rules import How

    code = await site.case()
    here: Here = site.chatturat.here("somchai")
    with pytest.raises(RuntimeError):
        await mine.people(here)
    with pytest.raises(RuntimeError):
        await service.log_check_in(here, service.Sent(code, uuid7(), How.WELL))
