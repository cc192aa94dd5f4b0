"""Which policy moves a simulated robot when nobody has chosen one."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.kitchen_policy import (
    KNOWN,
    NoKitchenPolicy,
    default_choice,
    first_checkpoint,
    kitchen_choice,
    shipped_policy,
)
from app.kitchen_trials.bench import Bench, told_orders
from drivers.profile import load_profile
from policy.checkpoints.folder import load

SCRIPTED = PolicyChoice(kind=PolicyKind.SCRIPTED)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the policy's package is; no kitchen policy came with it."""
    monkeypatch.setattr("policy.__file__", str(tmp_path / "__init__.py"))
    return tmp_path


@pytest.fixture
def leads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.kitchen_policy.LEADS", True)


@pytest.mark.usefixtures("leads")
def test_without_a_learned_one_the_scripted_policy_is_the_default(installed: Path) -> None:
    with pytest.raises(NoKitchenPolicy, match="train one with `understudy train`"):
        shipped_policy()
    assert default_choice("sim-kitchen") == SCRIPTED


@pytest.mark.usefixtures("leads")
def test_a_folder_that_is_half_there_counts_for_nothing(installed: Path) -> None:
    (installed / "kitchen").mkdir()
    assert default_choice("sim-kitchen") == SCRIPTED


@pytest.mark.usefixtures("leads")
def test_the_learned_one_is_the_default_of_the_robot_that_it_was_made_for(installed: Path) -> None:
    (installed / "kitchen").mkdir()
    (installed / "kitchen" / "policy.json").write_text("{}")
    choice = default_choice("sim-kitchen")
    assert (choice.kind, choice.source) == (PolicyKind.CHECKPOINT, str(installed / "kitchen"))
    assert choice.known == KNOWN
    assert {"pick up the cup", "done"} <= set(choice.known)
    assert default_choice("bimanual") == SCRIPTED


def test_choosing_a_checkpoint_begins_with_it_for_its_robot_alone(installed: Path) -> None:
    assert first_checkpoint("sim-kitchen").source == ""
    (installed / "kitchen").mkdir()
    (installed / "kitchen" / "policy.json").write_text("{}")
    assert first_checkpoint("sim-kitchen").source == str(installed / "kitchen")
    assert first_checkpoint("bimanual").source == ""


def test_until_it_is_reliable_the_scripted_policy_leads() -> None:
    assert default_choice("sim-kitchen") == SCRIPTED


def test_what_comes_along_is_made_for_this_robot_and_names_subtasks() -> None:
    checkpoint = load(shipped_policy())
    assert checkpoint.manifest is not None
    assert checkpoint.manifest.embodiment == "sim-kitchen"
    assert checkpoint.manifest.vector_names == load_profile("sim-kitchen").vector_names
    assert checkpoint.manifest.prompt_high is not None
    assert sum(path.stat().st_size for path in checkpoint.path.rglob("*") if path.is_file()) < 25e6


@pytest.mark.timeout(240)
def test_told_to_raise_the_lift_it_raises_the_lift() -> None:
    with Bench(kitchen_choice(shipped_policy())) as bench:
        trials = [bench.run(order) for order in told_orders(["raise the lift"], range(3))]
    assert sum(trial.succeeded for trial in trials) >= 2
