"""Which policy moves a simulated robot when nobody has chosen one."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.kitchen_policy import KNOWN, NoKitchenPolicy, default_choice, shipped_policy

SCRIPTED = PolicyChoice(kind=PolicyKind.SCRIPTED)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the policy's package is; no kitchen policy came with it."""
    monkeypatch.setattr("policy.__file__", str(tmp_path / "__init__.py"))
    return tmp_path


def test_without_a_learned_one_the_scripted_policy_is_the_default(installed: Path) -> None:
    with pytest.raises(NoKitchenPolicy, match="train one with `understudy train`"):
        shipped_policy()
    assert default_choice("sim-kitchen") == SCRIPTED


def test_a_folder_that_is_half_there_counts_for_nothing(installed: Path) -> None:
    (installed / "kitchen").mkdir()
    assert default_choice("sim-kitchen") == SCRIPTED


def test_the_learned_one_is_the_default_of_the_robot_that_it_was_made_for(installed: Path) -> None:
    (installed / "kitchen").mkdir()
    (installed / "kitchen" / "policy.json").write_text("{}")
    choice = default_choice("sim-kitchen")
    assert (choice.kind, choice.source) == (PolicyKind.CHECKPOINT, str(installed / "kitchen"))
    assert choice.known == KNOWN
    assert {"pick up the cup", "done"} <= set(choice.known)
    assert default_choice("bimanual") == SCRIPTED
