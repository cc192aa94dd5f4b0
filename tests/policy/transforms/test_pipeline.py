"""Whole pipelines of every known policy, on made-up statistics and with a tokenizer that shows what it was given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from policy.text.prompts import OPENPI_PI0, SUBTASK
from policy.text.sentencepieces import SentencePieceTokenizer
from policy.transforms.compose import DefaultPrompt, Repack, Sample
from policy.transforms.configs import KNOWN_CONFIGS, TrainedConfig, UnknownConfig, known_config, pi05
from policy.transforms.embodiments.aloha import Aloha
from policy.transforms.embodiments.understudy import Understudy, observation_to_raw
from policy.transforms.norm_stats import NormStats, NormStatsError
from policy.transforms.pipeline import Pipeline, build_pipeline
from policy.transforms.tokenize import PromptTokenizer, prompt_format, prompt_tokenizer
from policy.types import Observation, RequestError
from tests.policy.transforms.golden import GOLDEN

RANDOM = np.random.default_rng(0)


def stats_for(config: TrainedConfig, width: int | None = None) -> dict[str, NormStats]:
    def some(size: int) -> NormStats:
        q01 = RANDOM.normal(size=size)
        return NormStats(
            RANDOM.normal(size=size), 0.1 + RANDOM.random(size), q01, q01 + 0.5 + RANDOM.random(size)
        )

    robot = config.embodiment
    return {"state": some(width or robot.state_dim), "actions": some(width or robot.action_dim)}


def request_for(config: TrainedConfig, **changes: Any) -> dict[str, Any]:
    image = RANDOM.integers(0, 256, size=(40, 60, 3), dtype=np.uint8)
    by_robot: dict[str, dict[str, Any]] = {
        "aloha": {"images": {"cam_high": image}, "state": RANDOM.random(14)},
        "droid": {
            "observation/exterior_image_1_left": image,
            "observation/wrist_image_left": image,
            "observation/joint_position": RANDOM.random(7),
            "observation/gripper_position": 0.5,
        },
        "libero": {
            "observation/image": image,
            "observation/wrist_image": image,
            "observation/state": RANDOM.random(8),
        },
    }
    return by_robot[config.embodiment.name] | {"prompt": "do it"} | changes


class Seen:
    """A tokenizer that keeps what it was given."""

    def __init__(self) -> None:
        self.prompt: str | None = None
        self.state: Any = None

    def __call__(self, prompt: str, state: Any) -> tuple[np.ndarray, np.ndarray]:
        self.prompt, self.state = prompt, state
        return np.array([2, 7, 0]), np.array([True, True, False])


def pipeline_for(config: TrainedConfig, tokenizer: PromptTokenizer | None = None, **options: Any) -> Pipeline:
    return build_pipeline(config, stats_for(config), tokenizer or Seen(), **options)


@pytest.mark.parametrize("config", KNOWN_CONFIGS.values(), ids=lambda config: config.name)
class TestEveryKnownPolicy:
    def test_inputs_have_the_models_shapes(self, config: TrainedConfig) -> None:
        seen = Seen()
        sample = pipeline_for(config, seen, image_size=112).inputs(request_for(config))
        assert {image.shape for image in sample["image"].values()} == {(112, 112, 3)}
        assert sample["image"].keys() == sample["image_mask"].keys()
        assert sample["state"].shape == (32 if config.pads else config.embodiment.state_dim,)
        assert sample["state"].dtype == np.float64
        assert seen.prompt == "do it"
        assert "prompt" not in sample
        if config.discrete_state:  # normalised, and not padded
            np.testing.assert_array_equal(seen.state, sample["state"][: config.embodiment.state_dim])
        else:
            assert seen.state is None

    def test_actions_of_training_come_back_as_they_were(self, config: TrainedConfig) -> None:
        pipeline = pipeline_for(config)
        actions = RANDOM.random((config.action_horizon, config.embodiment.action_dim))
        sample = pipeline.inputs(request_for(config, actions=actions))
        if config.pads:
            assert sample["actions"].shape == (config.action_horizon, 32)
            assert not sample["actions"][:, config.embodiment.action_dim :].any()
        answer = pipeline.outputs(sample["actions"], sample)
        assert answer.keys() == {"actions"}
        np.testing.assert_allclose(answer["actions"], actions, atol=1e-9)
        assert answer["actions"].dtype == np.float64

    def test_its_prompts_are_of_its_form_and_length(self, config: TrainedConfig) -> None:
        vocabulary = SentencePieceTokenizer(GOLDEN / "tiny_sp.model")
        sample = pipeline_for(config, prompt_tokenizer(config, vocabulary)).inputs(request_for(config))
        assert (
            sample["tokenized_prompt"].shape
            == sample["tokenized_prompt_mask"].shape
            == (config.max_prompt_tokens,)
        )
        ids = sample["tokenized_prompt"][sample["tokenized_prompt_mask"]].tolist()
        text = vocabulary.decode(ids)
        assert ("State:" in text) == config.discrete_state
        assert prompt_format(config).has_state == config.discrete_state

    def test_statistics_of_another_robot_are_refused(self, config: TrainedConfig) -> None:
        narrow = stats_for(config, width=config.embodiment.action_dim - 1)
        with pytest.raises(NormStatsError, match="are they another robot's"):
            build_pipeline(config, narrow, Seen())
        wide = stats_for(config, width=33)
        with pytest.raises(NormStatsError, match=f"have 33 numbers; {config.name} needs"):
            build_pipeline(config, wide, Seen())


def test_statistics_as_wide_as_the_model_are_fine() -> None:
    config = known_config("pi05_droid")
    pipeline = build_pipeline(config, stats_for(config, width=32), Seen())
    actions = RANDOM.random((15, 8))
    sample = pipeline.inputs(request_for(config, actions=actions))
    np.testing.assert_allclose(pipeline.outputs(sample["actions"], sample)["actions"], actions, atol=1e-9)


def test_deltas_are_relative_to_the_state_of_the_robot() -> None:
    config = known_config("pi05_aloha")
    pipeline = pipeline_for(config)
    raw = request_for(config)
    stay = Aloha().outputs(np.tile(Aloha().inputs(raw)["state"], (2, 1)))
    sample = pipeline.inputs(raw | {"actions": stay})
    stats = pipeline.out_of.transforms[0].stats["actions"]  # type: ignore[attr-defined]
    zero = -stats.q01 / (stats.q99 - stats.q01 + 1e-6) * 2 - 1
    np.testing.assert_allclose(sample["actions"][:, :6], np.tile(zero[:6], (2, 1)), atol=1e-9)


class TestPrompts:
    def test_the_policys_own_is_used_where_the_request_has_none(self) -> None:
        config, seen = known_config("pi0_aloha_towel"), Seen()
        pipeline = pipeline_for(config, seen)
        raw = request_for(config)
        del raw["prompt"]
        pipeline.inputs(raw)
        assert seen.prompt == "fold the towel"
        pipeline.inputs(raw | {"prompt": "hands up"})
        assert seen.prompt == "hands up"
        pipeline.inputs(raw | {"prompt": None})
        assert seen.prompt == "fold the towel"

    def test_without_any_the_request_is_refused(self) -> None:
        config = known_config("pi0_aloha")
        raw = request_for(config)
        del raw["prompt"]
        with pytest.raises(RequestError, match="no 'prompt', and this policy has no prompt of its own"):
            pipeline_for(config).inputs(raw)

    def test_odd_space_and_control_mode(self) -> None:
        vocabulary = SentencePieceTokenizer(GOLDEN / "tiny_sp.model")
        marked = TrainedConfig(
            name="ours",
            kind="pi05",
            embodiment=Understudy(2),
            asset_id="ours",
            action_horizon=50,
            normalization="quantile",
            discrete_state=True,
            max_prompt_tokens=96,
            control_mode="joint",
        )
        ids, mask = prompt_tokenizer(marked, vocabulary)("  pick_up\nit ", np.zeros(2))
        expected = "Task: <control mode> joint <control mode> pick up it, State: 128 128;\nAction: "
        assert ids[mask].tolist() == vocabulary.encode(expected, bos=True)

    def test_the_high_levels_form_goes_in_its_place(self) -> None:
        vocabulary = SentencePieceTokenizer(GOLDEN / "tiny_sp.model")
        config = known_config("pi05_aloha")
        ids, mask = prompt_tokenizer(config, vocabulary, form=SUBTASK)("tidy", np.zeros(1))
        assert ids[mask].tolist() == vocabulary.encode("Task: tidy, State: 128;\nSubtask: ", bos=True)
        with pytest.raises(
            ValueError, match="'openpi-pi0' has no state in it, and discrete_state of pi05_aloha is True"
        ):
            prompt_tokenizer(config, vocabulary, form=OPENPI_PI0)


class TestOwnRobots:
    CONFIG = pi05("sim-kitchen", Understudy(4), "sim-kitchen", delta=(True, False, False, True))

    def test_observation_to_inputs_and_model_to_actions(self) -> None:
        pipeline = pipeline_for(self.CONFIG)
        images = {"front": RANDOM.integers(0, 256, size=(48, 64, 3), dtype=np.uint8)}
        observation = Observation(images=images, state=RANDOM.random(4))
        sample = pipeline.inputs(observation_to_raw(observation, "open the drawer"))
        actions = pipeline.outputs(RANDOM.normal(size=(50, 32)).astype(np.float32), sample)["actions"]
        assert actions.shape == (50, 4)
        assert actions.dtype == np.float64

    def test_a_robot_beyond_the_clipped_range_starts_from_where_it_is(self) -> None:
        pipeline = pipeline_for(replace(self.CONFIG, clip=1.5))
        stats = pipeline.out_of.transforms[0].stats  # type: ignore[attr-defined]
        far = stats["state"].q99 + 10.0
        image = RANDOM.integers(0, 256, size=(48, 64, 3), dtype=np.uint8)
        sample = pipeline.inputs({"images": {"front": image}, "state": far, "prompt": "stay"})
        assert sample["state"][:4].tolist() == [1.5] * 4
        stay = (0 - stats["actions"].q01) / (stats["actions"].q99 - stats["actions"].q01 + 1e-6) * 2 - 1
        answer = pipeline.outputs(np.pad(stay, (0, 28))[None], sample)["actions"]
        np.testing.assert_allclose(answer[0, [0, 3]], far[[0, 3]], atol=1e-9)

    def test_an_answer_that_is_not_finite_never_reaches_a_robot(self) -> None:
        pipeline = pipeline_for(self.CONFIG)
        answer = np.zeros((50, 32))
        answer[7, 30] = np.nan
        with pytest.raises(ValueError, match="step 7 of the model's answer is not finite"):
            pipeline.outputs(answer, Sample(state=np.zeros(32)))
        with pytest.raises(ValueError, match=r"is \[T, A\], not \[1, 50, 32\]"):
            pipeline.outputs(np.zeros((1, 50, 32)), Sample(state=np.zeros(32)))


class TestTable:
    def test_facts_that_no_golden_file_holds(self) -> None:
        assert known_config("pi0_droid").action_horizon == 10
        assert known_config("pi0_libero").delta == (*[True] * 6, False)
        assert known_config("pi05_libero").delta is None
        fast = known_config("pi0_fast_libero")
        assert (fast.max_prompt_tokens, fast.action_dim, fast.normalization) == (180, 7, "quantile")
        assert dict(known_config("pi0_aloha_towel").metadata) == {"reset_pose": [0, -1.5, 1.5, 0, 0, 0]}
        assert [name for name, config in KNOWN_CONFIGS.items() if config.name != name] == []

    def test_an_unknown_name_is_refused_with_the_nearest(self) -> None:
        with pytest.raises(UnknownConfig, match="no configuration 'pi05_aloa'; did you mean 'pi05_aloha'"):
            known_config("pi05_aloa")
        with pytest.raises(UnknownConfig, match="no configuration 'zzz'; there are pi0_aloha, "):
            known_config("zzz")

    def test_what_cannot_be_run_is_refused(self) -> None:
        with pytest.raises(ValueError, match="robot has 33 numbers and the model takes 32"):
            pi05("wide", Understudy(33), "wide")
        with pytest.raises(ValueError, match="mask has 3 dimensions and the robot 2"):
            pi05("mask", Understudy(2), "mask", delta=(True,) * 3)
        with pytest.raises(ValueError, match="action_horizon is at least 1, not 0"):
            pi05("short", Understudy(2), "short", horizon=0)
        with pytest.raises(ValueError, match="no kind of model 'pi06'; there are pi0, pi05, pi0-fast"):
            replace(pi05("new", Understudy(2), "new"), kind="pi06")  # type: ignore[arg-type]


class TestRepacking:
    def test_columns_of_a_dataset_get_the_robots_names(self) -> None:
        config = known_config("pi05_aloha")
        repack = Repack(
            {
                "images": {"cam_high": "observation/images/top"},
                "state": "observation.state",
                "actions": "action",
                "prompt": "task",
            }
        )
        raw = request_for(config)
        row = {
            "observation": {"images": {"top": raw["images"]["cam_high"]}},
            "observation.state": raw["state"],
            "action": RANDOM.random((50, 14)),
            "task": "fold",
        }
        seen = Seen()
        sample = pipeline_for(config, seen, repack=repack).inputs(row)
        assert sample["actions"].shape == (50, 32)
        assert seen.prompt == "fold"

    def test_a_column_that_is_not_there_is_named(self) -> None:
        with pytest.raises(RequestError, match="no 'action' in the sample, which has a/b, c"):
            Repack({"actions": "action"})({"a": {"b": 1}, "c": 2})
        with pytest.raises(RequestError, match="no 'action' in the sample, which has 0, c"):
            Repack({"actions": "action"})({"c": 1, 0: 2})  # type: ignore[dict-item]

    def test_the_default_prompt_changes_no_request(self) -> None:
        raw: dict[str, object] = {}
        assert DefaultPrompt("go")(raw) == {"prompt": "go"}
        assert raw == {}
        assert DefaultPrompt(None)(raw) is raw
