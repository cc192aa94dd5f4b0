"""The table of tensors against openpi's own lists, forwards and backwards."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from policy.checkpoints.keys import Shape, part_of, pi0_shapes, read_axes, read_depth
from policy.presets import PI0, PI05, Pi0Config

GOLDEN = Path(__file__).parents[2] / "golden"


def openpi_shapes(kind: str) -> dict[str, Shape]:
    listed = json.loads((GOLDEN / f"full_keys_{kind}.json").read_text())["state_dict"]
    return {name: tuple(tensor["shape"]) for name, tensor in listed.items()}


@pytest.mark.parametrize("config", [PI0, PI05], ids=lambda config: config.kind)
def test_every_tensor_of_the_real_sizes_is_in_the_table(config: Pi0Config) -> None:
    assert pi0_shapes(config) == openpi_shapes(config.kind)


@pytest.mark.parametrize("kind", ["pi0", "pi05"])
def test_parameters_by_part_are_those_that_openpi_counts(kind: str) -> None:
    listed = json.loads((GOLDEN / f"full_keys_{kind}.json").read_text())
    counted: dict[str, int] = {}
    for name, shape in openpi_shapes(kind).items():
        if name.endswith("embed_tokens.weight"):
            continue  # the other name of the same tensor
        numbers = 1
        for length in shape:
            numbers *= length
        counted[part_of(name)] = counted.get(part_of(name), 0) + numbers
    assert sorted(counted.values()) == sorted(listed["groups"].values())
    assert sum(counted.values()) == listed["n_params"]


def test_one_mis_shaped_tensor_does_not_change_the_sizes_that_are_read() -> None:
    shapes = pi0_shapes(PI05)
    expected = read_axes(shapes)
    for name in list(shapes)[:: len(shapes) // 20]:
        assert read_axes({**shapes, name: (7, *shapes[name][1:])})["language_width"] == 2048
    assert expected["vision_mlp"] == 4304
    assert expected["queries"] == 2048
    assert expected["keys"] == 256


def test_an_absurd_layer_number_is_no_depth() -> None:
    shapes = pi0_shapes(replace(PI05, action_dim=8))
    prefix = "paligemma_with_expert.gemma_expert.model.layers."
    assert read_depth(shapes, "expert") == 18
    assert read_depth({**shapes, f"{prefix}999999999.mlp.up_proj.weight": (1,)}, "expert") == 18
