"""A thousand phones that come back at once, each with answers that waited, every request sent twice, answers lost."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from bench import load
from bench.data import Phone, Size
from bench.stage import Site

PHONES, WAITED = 1_000, 20
#: every phone belongs to somebody else and visits one person
DISTRICTS = Size(tenants=20, cases=PHONES, check_ins=PHONES * 2, largest=PHONES // 20, phones=PHONES, practice=True)
LOST = 0.3  #: of all answers
AT_ONCE = 200  #: connections; the others knock again


class Crowd:
    """What each phone holds. An answer is forgotten only when the site has said that it stands."""

    def __init__(self, site: Site, phones: list[Phone], csrf: dict[str, str], chance: random.Random) -> None:
        self.site, self.chance, self.csrf = site, chance, csrf
        now = datetime.now(UTC)
        self.held: dict[str, list[dict[str, str]]] = {
            phone.token: [
                {"code": phone.code, "key": str(uuid4()), "how": "well", "happened_at": at.isoformat()}
                for at in (now - timedelta(minutes=WAITED - n) for n in range(WAITED))
            ]
            for phone in phones
        }
        self.phones = phones
        self.told: Counter[str] = Counter()
        self._doors = asyncio.Semaphore(AT_ONCE)

    def keys(self) -> list[UUID]:
        return [UUID(item["key"]) for held in self.held.values() for item in held]

    async def come_back(self) -> None:
        """Until each phone has heard of each of its answers. Raises AssertionError for any other answer."""
        await asyncio.gather(*(self._flush(phone) for phone in self.phones))

    async def _flush(self, phone: Phone) -> None:
        waiting = {item["key"]: item for item in self.held[phone.token]}
        while waiting:
            body = json.dumps(list(waiting.values()))
            heard = await asyncio.gather(self._send(phone, body), self._send(phone, body))
            for answer in heard:
                for item in answer:
                    assert item["outcome"] in ("saved", "repeat"), item
                    self.told[item["outcome"]] += waiting.pop(item["key"], None) is not None
            if waiting:
                await asyncio.sleep(self.chance.uniform(0.1, 0.5))

    async def _send(self, phone: Phone, body: str) -> list[dict[str, str]]:
        """What the site said; nothing when its answer was lost or it asked to come again."""
        request = load.post(phone, f"/{phone.slug}/b/check-ins", body, self.csrf[phone.token], "application/json")
        async with self._doors:
            try:
                answer = await asyncio.wait_for(load.ask(self.site, request, plain=True), 60)
            except OSError:
                self.told["line broke"] += 1
                return []
        status = int(answer[9:12] or 0)
        if status != 200:
            assert status in (0, 429, 503), answer[:200]
            self.told["later"] += 1
            return []
        if self.chance.random() < LOST:
            self.told["answer lost"] += 1
            return []
        said: list[dict[str, str]] = json.loads(answer[answer.index(b"\r\n\r\n") + 4 :])
        return said
