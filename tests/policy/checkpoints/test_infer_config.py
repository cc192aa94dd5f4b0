"""A model's sizes from its file: what shapes tell is read, the real sizes are known, the rest must be given."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.checkpoints.errors import SizesNotInFile
from policy.checkpoints.infer_config import Known, infer_config, known_of
from policy.checkpoints.keys import pi0_shapes
from policy.checkpoints.weights import open_weights
from policy.presets import (
    PI0,
    PI05,
    PI05_KITCHEN,
    PI05_MEDIUM,
    PI05_SMALL,
    GemmaConfig,
    Pi0Config,
    VisionConfig,
)

GOLDEN = Path(__file__).parents[2] / "golden"
SOURCE = Path("model.safetensors")


@pytest.mark.parametrize("config", [PI0, PI05, PI05_MEDIUM, PI05_SMALL, PI05_KITCHEN])
def test_a_config_is_read_back_from_its_shapes(config: Pi0Config) -> None:
    assert infer_config(pi0_shapes(config), source=SOURCE, known=known_of(config)) == config


@pytest.mark.parametrize("config", [PI0, PI05], ids=["pi0", "pi05"])
def test_of_the_real_sizes_only_chunk_and_prompt_need_be_given(config: Pi0Config) -> None:
    known = Known(action_horizon=config.action_horizon, max_prompt_tokens=config.max_prompt_tokens)
    assert infer_config(pi0_shapes(config), source=SOURCE, known=known) == config


@pytest.mark.parametrize("kind", ["pi0", "pi05"])
def test_the_small_models_of_openpis_code(kind: str) -> None:
    path = GOLDEN / f"{kind}_asym_weights.safetensors"
    known = Known(vision_heads=4, action_horizon=7, max_prompt_tokens=60)
    config = infer_config(open_weights(path).shapes, source=path, known=known)
    assert config == Pi0Config(
        kind="pi0" if kind == "pi0" else "pi05",
        vision=VisionConfig(width=48, depth=2, mlp_width=80, heads=4),
        language=GemmaConfig(width=72, depth=3, mlp_width=144, head_dim=16),
        expert=GemmaConfig(width=40, depth=3, mlp_width=96, head_dim=16),
        vocab_size=512,
        action_horizon=7,
        max_prompt_tokens=60,
    )


def test_everything_that_is_not_known_is_named_at_once() -> None:
    with pytest.raises(SizesNotInFile) as raised:
        infer_config(pi0_shapes(PI05_SMALL), source=SOURCE)
    for name in ("vision_heads", "give heads", "action_horizon", "max_prompt_tokens", "128 wide"):
        assert name in str(raised.value)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (Known(vision_heads=5), "multiple"),
        (Known(heads=3), "do not fit"),
        (Known(heads=0), "do not fit"),
        (Known(action_horizon=0), "at least 1"),
        (Known(vision_heads=-4), "at least 1"),
        (Known(vision_heads=5, action_horizon=0), "(?s)multiple.*at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(known: Known, said: str) -> None:
    with pytest.raises(SizesNotInFile, match=said):
        infer_config(pi0_shapes(PI05_SMALL), source=SOURCE, known=known.or_else(known_of(PI05_SMALL)))


def test_a_real_size_that_lacks_its_last_layers_is_no_shallower_model() -> None:
    shapes = {name: shape for name, shape in pi0_shapes(PI05).items() if ".layers.17." not in name}
    assert infer_config(shapes, source=SOURCE, known=known_of(PI05)) == PI05


def test_other_weights_are_not_taken_for_a_policy() -> None:
    with pytest.raises(SizesNotInFile, match="neither π0 nor"):
        infer_config({"encoder.weight": (4, 4)}, source=SOURCE)
