"""The nightly look at the counts of treatment: each district apart, said when something was wrong."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from khuen.treatment import service
from tests.care import Site, site
from tests.treatment import room
from workers import treatment

__all__ = ["site"]


async def test_a_wrong_count_is_put_right_and_said(site: Site, root: Any, caplog: pytest.LogCaptureFixture) -> None:
    code, it = await room.person(site), await room.plan(site)
    await room.mark(site, it, (code, room.CAME))
    await room.close(site, it, service.Kind.OTHER)
    assert await treatment.recompute() == 0 and not caplog.records
    await root.execute("UPDATE treatment_tally SET missed = 4")
    with caplog.at_level(logging.ERROR):
        assert await treatment.recompute() == 0
    assert "1 counts of treatment in chatturat were wrong" in caplog.text
    assert (await room.count(site, code)).missed == 0


async def test_one_districts_failure_does_not_stop_the_others(
    site: Site, root: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = await room.person(site)
    it = await room.plan(site)
    await room.mark(site, it, (code, room.CAME))
    await room.close(site, it, service.Kind.OTHER)
    await root.execute("UPDATE treatment_tally SET missed = 4")
    real = service.recompute_part

    async def fails(here: Any, after: Any) -> Any:
        if here.tenant_id == site.phon.tenant_id:
            raise RuntimeError("broken")
        return await real(here, after)

    monkeypatch.setattr(service, "recompute_part", fails)
    assert await treatment.recompute() == 1
    assert (await room.count(site, code)).missed == 0
