"""Whole policies as openpi ran them: everything but the model, from a raw observation and back to the robot."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from policy.text.sentencepieces import SentencePieceTokenizer
from policy.transforms.compose import Sample
from policy.transforms.configs import known_config
from policy.transforms.norm_stats import load_norm_stats
from policy.transforms.pipeline import Pipeline, build_pipeline
from policy.transforms.tokenize import prompt_tokenizer
from tests.policy.transforms.golden import GOLDEN, vectors

POLICIES = json.loads((GOLDEN / "policy.json").read_text())
NAMES = [name for name in POLICIES if (GOLDEN / f"policy_{name}.safetensors").exists()]


def pipeline_of(name: str) -> Pipeline:
    facts = POLICIES[name]
    config = known_config(facts["train_config"])
    stats = load_norm_stats(GOLDEN / "ckpt" / name / "assets", config.asset_id)
    return build_pipeline(
        config, stats, prompt_tokenizer(config, SentencePieceTokenizer(GOLDEN / "tiny_sp.model"))
    )


def nested(flat: dict[str, Any], prefix: str) -> dict[str, Any]:
    """`images|cam_high` and the like as maps in maps."""
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        if key.startswith(prefix):
            *parents, leaf = key.removeprefix(prefix).split("|")
            node = tree
            for parent in parents:
                node = node.setdefault(parent, {})
            node[leaf] = value
    return tree


def test_there_are_policies_to_compare_with() -> None:
    assert {"aloha_pi0", "aloha_pi05"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_inputs_are_openpis_to_the_last_bit(name: str) -> None:
    golden, facts = vectors(f"policy_{name}"), POLICIES[name]
    observation = nested(golden, "in.obs.") | {"prompt": facts["prompt"]}
    for value in golden.values():
        value.flags.writeable = False  # as decoded messages are

    sample: Any = pipeline_of(name).inputs(observation)

    expected = nested(golden, "mid.inputs.")
    assert sorted(sample) == sorted(expected)
    dtypes = {}
    for key, value in expected.items():
        for path, array, wanted in (
            ((f"{key}|{inner}", sample[key][inner], leaf) for inner, leaf in value.items())
            if isinstance(value, dict)
            else ((key, sample[key], value),)
        ):
            np.testing.assert_array_equal(array, wanted, err_msg=path)
            dtypes[path] = f"{array.dtype}[{', '.join(map(str, array.shape))}]"
    assert dtypes == facts["input_dtypes"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("suffix", ["", "_bfloat16"])
def test_outputs_are_openpis(name: str, suffix: str) -> None:
    golden, facts = vectors(f"policy_{name}"), POLICIES[name]
    sample = Sample(state=golden["mid.inputs.state"].astype(np.float64))
    actions = pipeline_of(name).outputs(golden[f"mid.model_actions{suffix}"][0], sample)["actions"]
    np.testing.assert_allclose(actions, golden[f"out.actions{suffix}"], rtol=0, atol=1e-9)
    assert actions.dtype == facts["out_actions_dtype"]
    assert list(actions.shape) == facts["out_actions_shape"]


@pytest.mark.parametrize("name", POLICIES)
def test_the_table_of_configurations_agrees(name: str) -> None:
    facts = POLICIES[name]
    config = known_config(facts["train_config"])
    assert config.kind == {"ModelType.PI0": "pi0", "ModelType.PI05": "pi05"}[facts["model_type"]]
    assert config.asset_id == facts["asset_id"]
    assert config.action_horizon == facts["action_horizon"]
    assert config.discrete_state == facts["discrete_state_input"]
    assert config.max_prompt_tokens == facts["max_token_len"]
    assert config.normalization == ("quantile" if facts["use_quantile_norm"] else "z-score")
    assert dict(config.metadata) == facts["metadata"]
    assert config.embodiment.action_dim == facts["out_actions_shape"][1]
    assert (config.delta is not None) == ("DeltaActions" in facts["input_transforms"])
