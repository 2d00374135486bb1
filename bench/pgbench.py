"""The product's own check-in statement without the product: pgbench from the embedded PostgreSQL, as khuen_app.

The statement is the text of followups/queries.py with its placeholders replaced by pgbench's variables, between the
same `BEGIN; SET LOCAL` (one flight) and COMMIT. pgbench has no UUIDs and no clock, so keys are padded random numbers
and the times are those of the transaction; both cost less than a microsecond. What it writes into the audit table is
linked, but its digests are not those of its rows.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench.data import Phone
from bench.stage import Stage, cpu_seconds, postgres_pids
from khuen import district
from khuen.followups import queries, rules
from khuen.programs import find_client

_TAG = "('check-in' || chr(58) || 'logged')"  # pgbench would take `:logged` for a variable of its own
_UUID = "lpad(:{0}::text, 32, '0')::uuid"


@dataclass(frozen=True)
class Result:
    rate: float
    p50: float  #: seconds
    postgres_cpu: float  #: microseconds for each transaction


async def run(stage: Stage, database: str, scripts: list[Path], seconds: float = 4.0, clients: int = 8) -> Result:
    """So many seconds after one to warm up. Raises RuntimeError when a transaction fails."""
    with tempfile.TemporaryDirectory() as logs:
        command = [
            *(str(find_client("pgbench")), "-n", "-M", "prepared", "-c", str(clients), "-j", "1"),
            *("-T", str(round(seconds + 1)), "-l", "--log-prefix", f"{logs}/log"),
            *(part for script in scripts for part in ("-f", str(script))),
            database,
        ]
        env = {"PGHOST": str(stage.engines.run), "PGUSER": "khuen_app", "PGPASSWORD": stage.engines.passwords["app"]}
        pids = postgres_pids(stage)
        before = cpu_seconds(pids)
        process = await asyncio.create_subprocess_exec(
            *command, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, err = await process.communicate()
        if process.returncode or b"failed transactions: 0 " not in out:
            raise RuntimeError(f"pgbench: {(err or out).decode()[-500:]}")
        await asyncio.sleep(0.2)  # a backend's time counts once the postmaster has seen it end
        cpu = cpu_seconds(pids) - before
        lines = _log(Path(logs))
    ended = sorted((int(line[4]) + int(line[5]) / 1e6, int(line[2]) / 1e6) for line in lines)
    counted = [(at, wait) for at, wait in ended if at > ended[0][0] + 1.0]
    return Result(
        rate=len(counted) / (counted[-1][0] - counted[0][0]),
        p50=median(wait for _, wait in counted),
        postgres_cpu=cpu / len(ended) * 1e6,
    )


async def check_ins(connection: Any, phones: list[Phone], place: Path) -> list[Path]:
    """One script for each phone, of which pgbench draws. `connection` is a superuser's."""
    rows = await connection.fetch("SELECT tenant_id::text, id::text, content FROM pack")
    packs = {row["tenant_id"]: (row["id"], district.from_content(json.loads(row["content"])).visits) for row in rows}
    return _written(place, [_script(phone, *packs[phone.tenant_id]) for phone in phones])


def _written(place: Path, scripts: list[str]) -> list[Path]:
    place.mkdir(exist_ok=True)
    files = [place / f"{number:03}.sql" for number in range(len(scripts))]
    for file, script in zip(files, scripts, strict=True):
        file.write_text(script)
    return files


def _log(folder: Path) -> list[list[str]]:
    """Lines of pgbench's transaction log: client, number, microseconds, script, seconds and microseconds of the end."""
    return [line.split() for log in folder.glob("log*") for line in log.read_text().splitlines()]


def _script(phone: Phone, pack_id: str, visits: Any) -> str:
    today = datetime.now(UTC).date()
    window = rules.window(today, rules.How.WELL, visits)
    how, limit = rules.How.WELL, visits.not_found_limit
    values = [
        *(_quoted(phone.tenant_id, "uuid"), _quoted(phone.code, "text"), _quoted(phone.member_id, "uuid")),
        *(_UUID.format("key"), "'well'::text", "now()", "now()", "now()"),
        *(_quoted(f"{{{value}}}", kind + "[]") for value, kind in ((pack_id, "uuid"), (window.opens_on, "date"))),
        *(_quoted(f"{{{value}}}", "date[]") for value in (window.due_on, window.closes_on)),
        f"'{{{limit}}}'::integer[]",
        *(str(value) for value in (rules.priority(how, 0, visits), rules.priority(how, limit, visits))),
        *(str(value) for value in (rules.attention_rank(how, 0, visits), rules.attention_rank(how, limit, visits))),
        *("(now() + interval '60 seconds')", _UUID.format("entry"), "now()"),
        *(_quoted(phone.member_id, "uuid"), _TAG, "'{}'", "decode(repeat('5a', 32), 'hex')"),
    ]
    statement = re.sub(r"\$(\d+)", lambda found: values[int(found[1]) - 1], queries.LOG)
    return f"""\\set key random(1, 9000000000000000000)
\\set entry random(1, 9000000000000000000)
\\startpipeline
BEGIN;
SET LOCAL app.tenant_id = '{phone.tenant_id}';
\\endpipeline
{" ".join(statement.split())};
COMMIT;
"""


def _quoted(value: object, kind: str) -> str:
    return f"'{value}'::{kind}"
