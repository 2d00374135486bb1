"""docs/security.md names proofs that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (\d+) \|.*\|([^|]*)\|$", re.MULTILINE)


def test_each_proof_named_in_the_table_exists() -> None:
    rows = ROW.findall((ROOT / "docs/security.md").read_text())
    assert len(rows) > 20
    for number, proof in rows:
        files = re.findall(r"`(tests/[^`]+\.py)`", proof)
        assert files, f"threat {number} names no test"
        for file in files:
            text = (ROOT / file).read_text()
            assert f"def test_threat_{int(number):02}_" in text or not proof.strip().startswith("`"), (number, file)
