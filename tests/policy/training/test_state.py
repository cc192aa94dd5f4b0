"""What a run keeps to go on: whole or not at all, the newest first, and never another run's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from policy.model.initialise import initialise
from policy.model.pi0 import Pi0
from policy.presets import Pi0Config
from policy.training.ema import averaged_copy
from policy.training.optimiser import make_optimiser, set_rate
from policy.training.state import CannotGoOn, Learner, Position, load_state, save_state, states
from tests.policy.training.synthetic import POST, TINY


def learner(seed: int, config: Pi0Config = TINY, *, muon: bool = False) -> Learner:
    model = Pi0(config)
    initialise(model, generator=torch.Generator().manual_seed(seed))
    return Learner(model, averaged_copy(model), make_optimiser(model, muon=muon))


def stepped(own: Learner) -> Learner:
    """After one step, so that there are moments; half of the weights had no gradient."""
    set_rate(own.optimiser, POST, 0)
    for index, weight in enumerate(own.model.parameters()):
        weight.grad = torch.ones_like(weight) if index % 2 else None
    own.optimiser.step()
    return own


def position(total: int, recipe: str = "abc") -> Position:
    return Position(stage=0, step=total, total=total, recipe=recipe)


@pytest.mark.parametrize("muon", [False, True])
def test_a_state_comes_back_to_the_bit(tmp_path: Path, muon: bool) -> None:
    saved = stepped(learner(0, muon=muon))
    save_state(tmp_path, saved, position(7))
    found = stepped(learner(1, muon=muon))
    assert load_state(tmp_path, found, recipe="abc") == position(7)
    one, other = saved.tensors(), found.tensors()
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert any(name.startswith("exp_avg_sq/") for name in one)
    assert any(name.startswith("momentum_buffer/") for name in one) == muon


def test_everything_comes_back_to_the_device_of_the_model() -> None:
    with torch.device("meta"):
        model = Pi0(TINY)
    found = Learner(model, averaged_copy(model), make_optimiser(model))
    found.take(stepped(learner(0)).tensors())
    assert any(name.startswith("exp_avg/") for name in found.tensors())
    assert {tensor.device.type for tensor in found.tensors().values()} == {"meta"}


def test_nothing_is_gone_on_with_where_nothing_was(tmp_path: Path) -> None:
    assert load_state(tmp_path / "resume", learner(0), recipe="abc") is None


@pytest.mark.expects_log("is damaged")
def test_the_newest_whole_state_wins(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    own = stepped(learner(0))
    for total in (10, 20, 30):
        save_state(tmp_path, own, position(total))
    assert [path.stem for path in states(tmp_path)] == ["00000030", "00000020"]
    newest = states(tmp_path)[0]
    newest.write_bytes(newest.read_bytes()[:1000])
    (tmp_path / "00000040.draft").write_bytes(b"a kill came while it was written")
    found = load_state(tmp_path, learner(1), recipe="abc")
    assert found == position(20)
    assert "00000030.safetensors is damaged" in caplog.text


def test_another_recipes_or_models_state_is_refused(tmp_path: Path) -> None:
    save_state(tmp_path, stepped(learner(0)), position(1))
    with pytest.raises(CannotGoOn, match="another recipe; choose another folder with --run"):
        load_state(tmp_path, learner(0), recipe="other")
    with pytest.raises(CannotGoOn, match="weights are of another model"):
        load_state(tmp_path, learner(0, replace(TINY, vocab_size=1800)), recipe="abc")
