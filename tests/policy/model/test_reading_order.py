"""The documents lead through the whole model."""

from __future__ import annotations

import re
from pathlib import Path

import policy.model

ROOT = Path(__file__).parents[3]


def test_every_file_of_the_model_has_its_place_in_the_reading_order() -> None:
    text = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+?`) \|", text.partition("Read it in this order")[2], re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    files = {path.stem for path in Path(policy.model.__path__[0]).glob("*.py")} - {"__init__"}
    assert sorted(named) == sorted(files)
