"""Whole policies: openpi's answers end to end from its folders, and both levels of one model."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file

from policy.checkpoints.infer_config import Known
from policy.inference.loading import CannotBeLoaded, load_policy
from policy.inference.policy import Pi05Policy
from policy.inference.subtask import Answer, SubtaskDecoder, Superseded
from policy.inference.techniques import FAST, PLAIN, Techniques
from policy.inference.untrained import random_policy
from policy.model.norms import RmsNorm
from policy.types import Committed, Observation, Policy, RequestError
from tests.policy.checkpoints.golden import lerobot_folder
from tests.policy.contract import PolicyContract
from tests.policy.inference.golden import GOLDEN

POLICIES = json.loads((GOLDEN / "policy.json").read_text())
NAMES = [name for name in POLICIES if (GOLDEN / f"policy_{name}.safetensors").exists()]
TINY = Known(vision_heads=4)
TOKENIZER = GOLDEN / "tiny_sp.model"


def request_of(name: str) -> dict[str, Any]:
    """The raw observation of a golden policy."""
    request: dict[str, Any] = {"prompt": POLICIES[name]["prompt"]}
    for key, value in load_file(GOLDEN / f"policy_{name}.safetensors").items():
        if key.startswith("in.obs."):
            *parents, leaf = key.removeprefix("in.obs.").split("|")
            node = request
            for parent in parents:
                node = node.setdefault(parent, {})
            node[leaf] = value
        elif key == "in.noise":
            request["noise"] = value
    return request


def golden_policy(name: str, **options: Any) -> Pi05Policy:
    options = {"tokenizer": TOKENIZER, "device": "cpu", "known": TINY, **options}
    return load_policy(GOLDEN / "ckpt" / name, config=POLICIES[name]["train_config"], **options)


@pytest.mark.parametrize("techniques", [FAST, PLAIN], ids=["fast", "plain"])
@pytest.mark.parametrize("name", NAMES)
def test_openpis_answer_from_its_folder(name: str, techniques: Techniques) -> None:
    expected = load_file(GOLDEN / f"policy_{name}.safetensors")["out.actions"]
    policy = golden_policy(name, techniques=techniques)
    # These vectors alone were made with the weights of Gemma's plain norms rounded to bfloat16.
    for module in policy.model.modules():
        if isinstance(module, RmsNorm):
            module.weight.copy_(module.weight.bfloat16())
    request = request_of(name)
    answer = policy.infer(request)
    assert answer["actions"].dtype == np.float64
    np.testing.assert_allclose(answer["actions"], expected, atol=1e-4, rtol=1e-4)
    assert answer["policy_timing"]["infer_ms"] > 0
    again = policy.infer({**request, "noise": request["noise"][None]})
    np.testing.assert_allclose(again["actions"], answer["actions"], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_bfloat16_is_as_close_as_openpis_own(name: str) -> None:
    """bfloat16 keeps 8 bits; what matters is that ours strays no further from float32 than openpi's does."""
    golden = load_file(GOLDEN / f"policy_{name}.safetensors")
    actions = golden_policy(name, dtype=torch.bfloat16).infer(request_of(name))["actions"]
    exact, theirs = golden["out.actions"], golden["out.actions_bfloat16"]
    scale = np.abs(exact).max()
    assert np.abs(actions - theirs).max() < 2e-2 * scale
    assert np.abs(actions - exact).max() < max(2 * np.abs(theirs - exact).max(), 1e-2 * scale)


def test_an_observation_gives_what_openpis_request_gives() -> None:
    policy = golden_policy("aloha_pi05")
    request = request_of("aloha_pi05")
    images = {name: image.transpose(1, 2, 0) for name, image in request["images"].items()}
    chunk = policy.actions(
        Observation(images=images, state=request["state"]), request["prompt"], noise=request["noise"]
    )
    np.testing.assert_allclose(chunk.actions, policy.infer(request)["actions"], atol=1e-6)
    assert chunk.target_ns[:2].tolist() == [0, 20_000_000]
    assert policy.metadata["reset_pose"] == [0, -1.5, 1.5, 0, 0, 0]


def test_the_seed_decides() -> None:
    request = {key: value for key, value in request_of("aloha_pi05").items() if key != "noise"}
    one, two, other = (golden_policy("aloha_pi05", seed=seed).infer(request)["actions"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert np.abs(one - other).max() > 1e-3


def test_what_a_folder_does_not_say_has_to_be_given(tmp_path: Path) -> None:
    with pytest.raises(CannotBeLoaded, match=r"give `config`, one of pi05_aloha, pi05_aloha_pen_uncap"):
        load_policy(
            GOLDEN / "ckpt" / "aloha_pi05",
            tokenizer=TOKENIZER,
            known=Known(vision_heads=4, action_horizon=50, max_prompt_tokens=200),
        )
    with pytest.raises(FileNotFoundError, match="give `tokenizer`"):
        golden_policy("aloha_pi05", tokenizer=None)
    with pytest.raises(CannotBeLoaded, match="has kind pi0, and the model pi05"):
        load_policy(GOLDEN / "ckpt" / "aloha_pi05", config="pi0_aloha", tokenizer=TOKENIZER, known=TINY)
    with pytest.raises(ValueError, match=r"no preset 'huge'; there are pi05, .*, pi0-fast, pi0-small"):
        random_policy("huge")


def test_lerobots_folder(tmp_path: Path) -> None:
    """A LeRobot folder says sizes, normalisation and statistics; the robot has to be said."""
    from dataclasses import replace

    from policy.transforms.configs import known_config
    from policy.transforms.embodiments.understudy import Understudy

    folder = lerobot_folder(tmp_path / "lerobot", "pi05")
    config = replace(
        known_config("pi05_aloha"),
        embodiment=Understudy(6),
        action_horizon=7,
        max_prompt_tokens=60,
        delta=None,
        metadata={},
    )
    policy = load_policy(folder, config=config, tokenizer=TOKENIZER, known=TINY)
    image = np.full((48, 64, 3), 90, np.uint8)
    chunk = policy.actions(Observation({"front": image}, np.zeros(6)), "pick up the cup")
    assert chunk.actions.shape == (7, 6)


class TestOpenPisPolicy(PolicyContract):
    """The contract, on a checkpoint of openpi's, which has no high level."""

    @pytest.fixture(scope="class")
    @classmethod
    def loaded(cls) -> Policy:
        return golden_policy("aloha_pi05")

    @pytest.fixture
    def policy(self, loaded: Policy) -> Policy:
        return loaded

    @pytest.fixture
    def observation(self) -> Observation:
        request = request_of("aloha_pi05")
        images = {name: image.transpose(1, 2, 0).copy() for name, image in request["images"].items()}
        return Observation(images=images, state=request["state"])


class TestRandomPolicy(PolicyContract):
    """The contract, on both levels of one small model."""

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls) -> Pi05Policy:
        return random_policy("pi05-small", device="cpu")

    @pytest.fixture
    def policy(self, made: Pi05Policy) -> Pi05Policy:
        return made

    @pytest.fixture
    def observation(self) -> Observation:
        return observation_of(seed=1)

    def test_frames_are_encoded_once_for_both_levels(self, policy: Pi05Policy) -> None:
        sizes: list[int] = []
        hook = policy.model.paligemma.vision.register_forward_hook(
            lambda _, inputs, __: sizes.append(len(inputs[0]))
        )
        try:
            observation = observation_of(seed=2)
            noise = self.noise(policy)
            policy.subtask(observation, "set the table", allowed=["a", "b"])
            assert sizes == [4]
            shared = policy.actions(observation, "pick up the cup", noise=noise).actions
            assert sizes == [4], "the low level encoded what the high level had"
            policy.features.forget()
            alone = policy.actions(observation, "pick up the cup", noise=noise).actions
            assert sizes == [4, 3]
            np.testing.assert_allclose(shared, alone, atol=1e-5)
            policy.subtask(observation, "set the table", allowed=["a", "b"])
            assert sizes == [4, 3, 1], "of what the low level had, the high level needs only the back camera"
            front = observation.images["front"]
            front[0, 0] = 255 - front[0, 0]
            front[100:] = 255 - front[100:]
            moved = policy.actions(observation, "pick up the cup", noise=noise).actions
            assert sizes == [4, 3, 1, 1], "a buffer that was written to again is another frame"
            assert np.abs(moved - shared).max() > 1e-4
        finally:
            hook.remove()

    def test_levels_may_be_asked_at_once(self, policy: Pi05Policy) -> None:
        observation = observation_of(seed=3)
        noise = self.noise(policy)
        expected = policy.actions(observation, "pick up the cup", noise=noise).actions
        named = policy.subtask(observation, "set the table")
        answers: list[Any] = []
        talking = threading.Thread(
            target=lambda: answers.extend(policy.subtask(observation, "set the table") for _ in range(3))
        )
        talking.start()
        for _ in range(3):
            actual = policy.actions(observation, "pick up the cup", noise=noise).actions
            np.testing.assert_allclose(actual, expected, atol=1e-5)
        talking.join()
        assert [(answer.text, answer.boxes) for answer in answers] == [(named.text, named.boxes)] * 3

    @pytest.mark.parametrize("ended", [True, False])
    def test_text_that_broke_off_says_so(
        self, policy: Pi05Policy, monkeypatch: pytest.MonkeyPatch, ended: bool
    ) -> None:
        monkeypatch.setattr(SubtaskDecoder, "decode", lambda *_, **__: Answer((50, 51), 0.5, ended=ended))
        assert policy.subtask(observation_of(seed=1), "set the table").cut == (not ended)
        assert not policy.subtask(observation_of(seed=1), "set the table", allowed=["a", "b"]).cut

    def test_phrases_that_are_none(self, policy: Pi05Policy) -> None:
        for allowed in ("pick up the cup", [["pick"]], [1, 2]):
            with pytest.raises(RequestError, match="it must be a list of phrases"):
                policy.subtask(observation_of(seed=1), "set the table", allowed=allowed)  # type: ignore[arg-type]

    def test_a_newer_request_ends_it(self, policy: Pi05Policy) -> None:
        with pytest.raises(Superseded):
            policy.subtask(observation_of(seed=4), "set the table", cancelled=lambda: True)

    def test_it_says_that_it_knows_nothing(self, policy: Pi05Policy) -> None:
        assert policy.metadata["random_weights"] is True
        assert policy.metadata["levels"] == ["low", "high"]

    def test_a_task_that_says_nothing(self, policy: Pi05Policy) -> None:
        with pytest.raises(RequestError, match="the task is '  '"):
            policy.subtask(observation_of(seed=1), "  ")

    def test_a_plan_that_is_no_number(self, policy: Pi05Policy) -> None:
        plan = np.zeros((5, 18))
        plan[1, 1] = np.nan
        with pytest.raises(RequestError, match="finite"):
            policy.actions(observation_of(seed=1), "go", committed=Committed(plan, frozen=1))


def observation_of(seed: int) -> Observation:
    rng = np.random.default_rng(seed)
    images: dict[str, NDArray[np.uint8]] = {
        name: rng.integers(0, 255, (120, 160, 3), dtype=np.uint8)
        for name in ("front", "back", "left_wrist", "right_wrist")
    }
    return Observation(images=images, state=rng.uniform(-1, 1, 18))
