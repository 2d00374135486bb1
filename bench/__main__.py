"""`python -m bench`: every goal in one run, pairs interleaved, with the spread. See docs/performance.md."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from bench import board, goals, imports, messages, reminders, search
from bench import stage as stages
from bench.goals import Measured, Scene
from bench.stage import HOME, Stage

PARTS: dict[str, Callable[[Scene], Awaitable[list[Measured]]]] = {
    "pgbench": goals.share_of_pgbench,
    "board": goals.share_of_stand_in,
    "districts": lambda on: goals.many_against_one(on.stage, on),
    "column": goals.new_column,
    "batches": goals.batches,
    "aborted": goals.aborted,
    "imports": imports.import_and_undo,
    "search": search.search,
    "large": board.large_board,
    "reminders": reminders.sweep,
    "messages": messages.to_line,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="also P19: makes 8 million check-ins once (minutes, 4 GB)")
    parser.add_argument("--only", nargs="+", choices=[*PARTS, "full"], help="some parts instead of all")
    parser.add_argument("--seconds", type=float, default=4.0, help="of one run (4)")
    parser.add_argument("--home", type=Path, default=HOME, help="where the data lies between runs (bench/.data)")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    given = parser.parse_args()
    with stages.engines(given.home) as stage:
        stages.pin(stages.GENERATOR)
        found = uvloop.run(_measure(stage, given))
    if given.json:
        given.json.write_text(json.dumps([_plain(one) for one in found], ensure_ascii=False, indent=1))
    sys.exit(any(one.verdict == "NOT MET" for one in found))


async def _measure(stage: Stage, given: argparse.Namespace) -> list[Measured]:
    parts = given.only or list(PARTS)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, durable commits, data in {given.home}", flush=True)
    found: list[Measured] = []
    if set(parts) & set(PARTS):
        async with goals.scene(stage, "nation", goals.NATION, given.seconds) as on:
            for part in (part for part in PARTS if part in parts):
                lines = await PARTS[part](on)
                found += lines
                for line in lines:
                    _print(line)
    if given.full or "full" in parts or await stage.holds("eight_million", goals.FULL):
        for line in await goals.eight_million(stage):
            found.append(line)
            _print(line)
    else:
        print("P19  8 million check-ins: not measured; `python -m bench --full` makes the data once and measures it")
    return found


def _print(line: Measured) -> None:
    wanted = f"{'≤' if line.low else '≥'} {line.floor:g} ({line.reach:g})"
    digits = ".0f" if line.unit == "%" else ".2f"
    seen = f"{line.seen:{digits}} {line.unit}".rstrip()
    print(f"{line.goal:4} {line.what:50} {wanted:>14}  {seen:28} {line.verdict}", flush=True)
    for note in line.notes:
        print(f"       {note}", flush=True)


def _plain(line: Measured) -> dict[str, object]:
    return {
        "goal": line.goal,
        "what": line.what,
        "floor": line.floor,
        "reach": line.reach,
        "median": line.seen.middle,
        "values": line.seen.values,
        "unit": line.unit,
        "verdict": line.verdict,
        "notes": line.notes,
    }


if __name__ == "__main__":
    main()
