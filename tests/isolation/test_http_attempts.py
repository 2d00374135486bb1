"""Threat 1 over HTTP: two thousand random requests of one district's members for what is another's."""

from __future__ import annotations

import random
import re
from typing import Any
from uuid import UUID

from khuen.ids import uuid7
from tests import matrix
from tests.town import Town, town  # noqa: F401 — the fixture

ATTEMPTS = 2_000
TABLES = (
    "case_file",
    "check_in",
    "assignment",
    "message",
    "consent",
    "case_step",
    "enrolment_draft",
    "import_batch",
    "undo",
    "screening",
    "colour_decision",
    "session",
    "attendance",
    "absence_task",
    "urine_test",
    "home_visit",
    "doctor_presence",
    "saved_view",
    "view_change",
)


async def test_threat_01_random_requests_across_districts_find_nothing(town: Town, root: Any) -> None:  # noqa: F811
    chance = random.Random(20261124)
    code = await town.case("strange_buddy")
    strange = [await town.case("strange_buddy", urgent=False) for _ in range(3)]
    theirs = {
        "code": code,
        "token": await town.token("stranger", strange[0]),
        "message_id": await town.message("stranger", "strange_buddy"),
        "check_in_id": await town.check_in("strange_buddy", strange[1]),
        "batch_id": await town.batch("stranger", "checked"),
        "member_id": str(town.foreign.people["strange_buddy"][0]),
        "d": await town.draft("stranger"),
        "session_id": await town.session("stranger", strange[0]),
        "task_id": await town.absence("stranger", strange[0]),
        "test_id": await town.test("stranger", strange[0]),
        "word": await town.word("stranger", code),
        "view_id": await town.view("stranger"),
    }
    secrets = [code, "Strange_buddy", "Stranger"]  # an id may come to stand for something of one's own as well
    lines = matrix.lines()
    before = await _foreign_rows(root, town.foreign.tenant_id)
    for _ in range(ATTEMPTS):
        line = chance.choice(lines)
        role = chance.choice([name for name in town.own.people])
        slug = chance.choice(["chatturat", "phon"])
        answer = await _ask(town, chance, line, role, slug, theirs)
        assert answer.status_code < 500, (line, role, slug, answer.status_code)
        if slug == "phon":
            assert answer.status_code in (404, 401, 403) or answer.status_code in (302, 303, 307), (
                line,
                answer.status_code,
            )
        leaked = [secret for secret in secrets if secret in answer.text and secret not in _sent(answer)]
        assert not leaked, (line, role, slug, leaked)
    assert await _foreign_rows(root, town.foreign.tenant_id) == before


async def _ask(town: Town, chance: random.Random, line: Any, role: str, slug: str, theirs: dict[str, str]) -> Any:  # noqa: F811
    path = line.path.replace("{tenant}", slug)
    path = re.sub(r"\{(\w+)\}", lambda m: theirs.get(m[1], str(uuid7())), path)
    params = {line.query: theirs.get(line.query, theirs["code"])} if line.query else {}
    fields = {
        name: chance.choice(list(theirs.values())) for name in ("key", "member_id", "code", "codes", "case_id", "d")
    }
    client = town.clients[role]
    if line.method == "GET":
        return await client.get(path, params=params)
    return await client.post(path, params=params, data={**fields, "how": "well", "reason": "ทดสอบ", "note": "ทดสอบ"})


def _sent(answer: Any) -> str:
    """What the request itself brought along, which an answer may show again."""
    return str(answer.request.url) + answer.request.content.decode()


async def _foreign_rows(root: Any, tenant_id: UUID) -> dict[str, list[Any]]:
    return {
        table: await root.fetch(f"SELECT * FROM {table} WHERE tenant_id = $1 ORDER BY id", tenant_id)
        for table in TABLES
    }
