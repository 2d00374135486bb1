"""A danger is told at once: to those whom the district named, by every channel that reaches them, once for each fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from khuen import channels, clock, packs, registry
from khuen.channels import GiveUp, Outgoing, Receipt, Retry
from khuen.ids import uuid7
from khuen.messages import rules as message_rules
from khuen.screening import alerts, service
from khuen.screening.rules import Colour, Tool
from khuen.settings import Settings
from khuen.tenancy import hot, within
from tests.care import Site
from tests.screening.filling import filled
from tests.screening.test_decide import decide
from tests.screening.test_record import record, wipa
from workers import messages

TODAY = clock.day(clock.now())


class Way:
    """A channel that reaches everybody and answers as its mood says."""

    EXACTLY_ONCE = False

    def __init__(self, name: str, mood: type[Exception] | None = None) -> None:
        self.name, self.mood, self.calls = name, mood, 0
        self.sent: list[str] = []

    def address(self, contact: Any) -> str:
        return self.name

    def ready(self, settings: Any) -> bool:
        return True

    async def send(self, outgoing: Outgoing, settings: Any) -> Receipt:
        self.calls += 1
        if self.mood:
            raise self.mood("moody")
        self.sent.append(outgoing.texts.sms)
        return Receipt("x")


def two_ways(monkeypatch: pytest.MonkeyPatch, first: Way, second: Way) -> None:
    for way in (first, second):
        monkeypatch.setitem(channels.CHANNELS, way.name, way)
    monkeypatch.setattr(channels, "ORDER", (first.name, second.name))


async def deliver(pools: Settings, times: int = 1) -> None:
    [district] = [one for one in await registry.active() if one.slug == "chatturat"]
    for _ in range(times):
        await messages.deliver(pools, district)


async def states(root: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await root.fetch("SELECT state, reason, tries FROM message WHERE kind = 'alert'")]


async def test_every_danger_is_told_once_and_a_calm_form_never(site: Site, root: Any) -> None:
    code = await site.case()
    calm = (filled(Tool.OAS, 2, TODAY), filled(Tool.EIGHT_Q, 16, TODAY), filled(Tool.V2, 39, TODAY))
    assert [saved.told for saved in await record(site, code, *calm)] == [None] * 3
    assert (await decide(site, code, Colour.ORANGE)).told is None
    danger = (filled(Tool.OAS, 3, TODAY), filled(Tool.EIGHT_Q, 17, TODAY))
    assert [saved.told for saved in await record(site, code, *danger)] == [("Nok",)] * 2
    key = uuid7()
    assert (await decide(site, code, Colour.RED, key=key)).told == ("Nok",)
    rows = await root.fetch("SELECT subject_id, recipient_id, urgent, state, due_at, made_at FROM message")
    assert {row["subject_id"] for row in rows} == {danger[0].id, danger[1].id, key}
    assert {row["recipient_id"] for row in rows} == {site.chatturat.people["nok"][0]}
    assert all(row["urgent"] and row["state"] == "waiting" and row["due_at"] == row["made_at"] for row in rows)


async def test_a_district_names_whose_duty_it_is(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    code, here = await site.case(), wipa(site)
    async with within(here):
        chosen = await packs.settings_of(here)

    async def other(*roles: str) -> tuple[str, ...] | None:
        named = replace(chosen, escalation=replace(chosen.escalation, urgent_to=roles))

        async def settings_of(_: Any) -> Any:
            return named

        monkeypatch.setattr("khuen.screening.alerts.packs.settings_of", settings_of)
        return (await record(site, code, filled(Tool.OAS, 3, TODAY)))[0].told

    assert await other("coordinator", "doctor", "clinic") == ("Nok", "Wipa")  # who holds two roles hears once
    assert await other("chair") == ()


async def test_an_alert_goes_by_every_channel(
    site: Site, pools: Settings, monkeypatch: pytest.MonkeyPatch, root: Any
) -> None:
    line, sms = Way("line"), Way("sms")
    two_ways(monkeypatch, line, sms)
    code = await site.case()
    await record(site, code, filled(Tool.OAS, 3, TODAY))
    await deliver(pools, 4)
    assert len(line.sent) == len(sms.sent) == 1 and line.sent[0].startswith(f"{code} เปิดดูด่วน ")
    assert await states(root) == [("sent", None, 2)]


@pytest.mark.parametrize("mood", [Retry, GiveUp])
async def test_a_channel_that_does_not_take_it_holds_up_no_other(
    site: Site, pools: Settings, monkeypatch: pytest.MonkeyPatch, root: Any, mood: type[Exception]
) -> None:
    line, sms = Way("line", mood), Way("sms")
    two_ways(monkeypatch, line, sms)
    await record(site, await site.case(), filled(Tool.EIGHT_Q, 20, TODAY))
    await deliver(pools, 2)
    assert (line.calls, len(sms.sent)) == (1, 1)  # at once, although the first one failed
    for _ in range(message_rules.MAX_TRIES + 2):
        await root.execute("UPDATE message SET due_at = $1 WHERE state = 'waiting'", clock.now() - timedelta(seconds=1))
        await deliver(pools)
    assert len(sms.sent) == 1
    [(state, reason, _tries)] = await states(root)
    assert (state, reason) == ("sent", None)  # one of them took it


async def test_it_is_given_up_only_when_every_channel_failed(
    site: Site, pools: Settings, monkeypatch: pytest.MonkeyPatch, root: Any
) -> None:
    line, sms = Way("line", Retry), Way("sms", Retry)
    two_ways(monkeypatch, line, sms)
    await record(site, await site.case(), filled(Tool.OAS, 3, TODAY))
    for _ in range(message_rules.MAX_TRIES + 2):
        await root.execute("UPDATE message SET due_at = $1 WHERE state = 'waiting'", clock.now() - timedelta(seconds=1))
        await deliver(pools)
    assert line.calls == sms.calls == message_rules.MAX_TRIES / 2
    assert await states(root) == [("given_up", "too_many_tries", message_rules.MAX_TRIES)]


async def test_what_was_wrong_is_not_sent_any_more(
    site: Site, pools: Settings, monkeypatch: pytest.MonkeyPatch, root: Any
) -> None:
    line, sms = Way("line"), Way("sms")
    two_ways(monkeypatch, line, sms)
    code, form, here = await site.case(), filled(Tool.OAS, 3, TODAY), wipa(site)
    await record(site, code, form)
    await deliver(pools)  # by the first channel
    async with within(here):
        await service.withdraw(here, code, form.id, uuid7(), "คนละคน")
        await hot("UPDATE message SET state = 'waiting' WHERE tenant_id = $1")  # as if it had been under way
        assert (await alerts.alerted(here, [form.id, uuid7()])) == {form.id: alerts.Alerted(code, False)}
    await deliver(pools, 2)
    assert (len(line.sent), len(sms.sent)) == (1, 0)
    assert [state[:2] for state in await states(root)] == [("cancelled", "no_longer_due")]
