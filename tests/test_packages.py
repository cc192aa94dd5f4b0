"""What the import contract and the installed package rest on."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("package", ["app", "drivers", "policy", "recordings"])
def test_every_folder_of_modules_is_a_package(package: str) -> None:
    """A folder without `__init__.py` is left out of the wheel, and the import contract does not see it."""
    folders = {path.parent for path in (ROOT / package).rglob("*.py")}
    without = sorted(
        str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()
    )
    assert without == []
