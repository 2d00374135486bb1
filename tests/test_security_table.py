"""docs/security.md names proofs that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (\d+) \|.*\|([^|]*)\|$", re.MULTILINE)


#: what stands so far; 15, 17 and 36 belong to rooms that are still to come
NUMBERS = {*range(1, 15), 16, *range(18, 33), 35, 37, 38, 33, 34}


def test_each_threat_has_its_row_and_its_named_test() -> None:
    rows = ROW.findall((ROOT / "docs/security.md").read_text())
    assert sorted(NUMBERS) == [int(number) for number, _ in rows]
    for number, proof in rows:
        files = re.findall(r"`(tests/[^`]+\.py)`", proof)
        named = re.compile(rf"threat_(\d\d_and_)?{int(number):02}_")
        assert any(named.search((ROOT / file).read_text()) for file in files), f"threat {number} names no test"
        for file in files:
            assert (ROOT / file).exists(), (number, file)
