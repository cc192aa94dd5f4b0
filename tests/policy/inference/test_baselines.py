"""π0-FAST and π0-small behind the interface of π0.5: made of random weights, and loaded from a folder."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from app.cli import servable, serve
from policy.actions.fast import FastTokenizer
from policy.checkpoints.kinds import ModelConfig, kind_of
from policy.checkpoints.manifest import MANIFEST_FILE, Manifest, format_manifest, read_manifest
from policy.checkpoints.save import save
from policy.inference.assemble import assemble
from policy.inference.loading import CannotBeLoaded, load_policy
from policy.inference.pi0_fast_policy import Pi0FastPolicy
from policy.inference.pi0_small_policy import Pi0SmallPolicy
from policy.inference.techniques import PLAIN
from policy.inference.untrained import random_fast, random_model, random_policy, random_vocabulary
from policy.presets import TextEncoderConfig
from policy.serving.client import PolicyClient
from policy.serving.remote import NotOffered, RemotePolicy
from policy.transforms.norm_stats import NormStats
from policy.types import Committed, Observation, Policy, RequestError
from tests.policy.contract import PolicyContract
from tests.policy.model import tiny
from tests.policy.serving.conftest import running

DIM, HORIZON, WIDTH = 18, 8, 24
FAST_SIZES = replace(
    tiny.PI0_FAST_TINY, vocab_size=1300, action_horizon=HORIZON, max_prompt_tokens=64, max_action_tokens=48
)
SMALL_SIZES = replace(
    tiny.PI0_SMALL_TINY,
    text=TextEncoderConfig(width=16, depth=2, mlp_width=32, heads=2, vocab_size=700, max_tokens=48),
    action_dim=WIDTH,
    action_horizon=HORIZON,
    max_prompt_tokens=48,
)
SIZES: dict[str, ModelConfig] = {"pi0-fast": FAST_SIZES, "pi0-small": SMALL_SIZES}
KINDS = list(SIZES)


def observed(seed: int = 1) -> Observation:
    rng = np.random.default_rng(seed)
    images = {
        name: rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)
        for name in ("front", "back", "left_wrist", "right_wrist")
    }
    return Observation(images=images, state=rng.uniform(-1, 1, DIM))


def saved(path: Path, kind: str, **changes: Any) -> Path:
    """A folder of random weights, whole in itself."""
    sizes = SIZES[kind]
    if kind == "pi0-fast":
        sizes = replace(FAST_SIZES, action_dim=DIM)
    rng = np.random.default_rng(2)
    low, width = rng.uniform(-2, -1, DIM), rng.uniform(1, 3, DIM)
    stats = NormStats(mean=low + width / 2, std=width, q01=low, q99=low + width)
    manifest = Manifest(
        embodiment="sim-kitchen",
        asset_id="sim",
        normalization="quantile",
        prompt_low="openpi-pi0-fast" if kind == "pi0-fast" else "openpi-pi0",
        rate_hz=20.0,
        execute_steps=3,
        delta_mask=(True,) * 6,
    )
    fast = random_fast(sizes.action_horizon, DIM) if kind == "pi0-fast" else None
    vocabulary = path.with_suffix(".model")
    random_vocabulary(sizes, fast_tokens=0 if fast is None else fast.vocab_size).save(vocabulary)
    if fast is not None:
        fast.save(path.with_suffix(".fast"))
    save(
        path,
        random_model(sizes, seed=3),
        msgspec.structs.replace(manifest, **changes),
        config=sizes,
        stats={"state": stats, "actions": stats},
        tokenizer=vocabulary,
        fast=None if fast is None else path.with_suffix(".fast"),
    )
    return path


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """One of each kind; only to be read."""
    return {kind: saved(tmp_path_factory.mktemp(kind) / "policy", kind) for kind in KINDS}


class TestPi0Fast(PolicyContract):
    """The contract, on actions written as tokens."""

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls, folders: Mapping[str, Path]) -> Policy:
        return load_policy(folders["pi0-fast"], device="cpu")

    @pytest.fixture
    def policy(self, made: Policy) -> Policy:
        return made

    @pytest.fixture
    def observation(self) -> Observation:
        return observed()


class TestPi0Small(PolicyContract):
    """The contract, on the model without a vision-language model."""

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls, folders: Mapping[str, Path]) -> Policy:
        return load_policy(folders["pi0-small"], device="cpu")

    @pytest.fixture
    def policy(self, made: Policy) -> Policy:
        return made

    @pytest.fixture
    def observation(self) -> Observation:
        return observed()


def like(policy: Pi0FastPolicy, **options: Any) -> Pi0FastPolicy:
    """The same model, asked otherwise."""
    unit = NormStats(mean=np.zeros(DIM), std=np.ones(DIM), q01=-np.ones(DIM), q99=np.ones(DIM))
    fast = policy.grammar.fast
    vocabulary = random_vocabulary(policy.model.config, fast_tokens=fast.vocab_size)
    made = assemble(
        policy.model, policy.facts, {"state": unit, "actions": unit}, vocabulary, fast=fast, **options
    )
    assert isinstance(made, Pi0FastPolicy)
    return made


def test_scores_that_are_no_numbers_give_no_chunk(folders: Mapping[str, Path]) -> None:
    policy = load_policy(folders["pi0-fast"], device="cpu")
    assert isinstance(policy, Pi0FastPolicy)
    policy.model.paligemma.projector.weight.fill_(np.nan)
    with pytest.raises(ValueError, match=r"score of token \d+ is nan; its weights or its images are broken"):
        policy.actions(observed(), "pick up the cup")


# -- both --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_openpis_way_of_asking_gives_the_same(folders: Mapping[str, Path], kind: str) -> None:
    policy = load_policy(folders[kind], device="cpu")
    observation = observed()
    sizes = policy.model.config
    noise = None
    if kind == "pi0-small":
        noise = np.random.default_rng(0).standard_normal((sizes.action_horizon, sizes.action_dim))
        noise = noise.astype(np.float32)
    request = {"images": observation.images, "state": observation.state, "prompt": "pick up the cup"}
    answer = policy.infer(request if noise is None else {**request, "noise": noise})
    chunk = policy.actions(observation, "pick up the cup", noise=noise)
    np.testing.assert_allclose(answer["actions"], chunk.actions, atol=1e-6)
    assert chunk.actions.shape == (sizes.action_horizon, DIM)
    assert policy.metadata["kind"] == kind
    assert policy.metadata["rate_hz"] == 20.0
    assert policy.metadata["levels"] == ["low"]
    assert np.diff(chunk.target_ns).tolist() == [50_000_000] * (sizes.action_horizon - 1)


@pytest.mark.parametrize("kind", KINDS)
def test_it_names_no_subtasks_whatever_its_folder_says(tmp_path: Path, kind: str) -> None:
    path = saved(
        tmp_path / kind, kind, prompt_high="subtask", cameras_high=("base_0_rgb", "left_wrist_0_rgb")
    )
    policy = load_policy(path, device="cpu")
    assert policy.metadata["levels"] == ["low"]
    assert policy.metadata["prompt_high"] is None
    with pytest.raises(RequestError, match=f"{kind} policy, names no subtasks; give it the subtask itself"):
        policy.subtask(observed(), "set the table")
    with pytest.raises(CannotBeLoaded, match="leave out `prompt_high`"):
        load_policy(path, device="cpu", prompt_high="subtask")


@pytest.mark.parametrize("kind", KINDS)
def test_images_text_and_state_have_an_effect(kind: str) -> None:
    policy = random_policy(SIZES[kind], device="cpu")
    observation = observed()
    dark = {name: image // 8 for name, image in observation.images.items()}

    def asked(observation: Observation, subtask: str) -> NDArray[np.float64]:
        if isinstance(policy, Pi0FastPolicy):
            # With the same draws; what is most probable may well be the same.
            return like(policy, temperature=1.0, seed=1).actions(observation, subtask).actions
        return policy.actions(observation, subtask, noise=np.zeros((HORIZON, WIDTH), np.float32)).actions

    chunk = asked(observation, "pick up the cup")
    np.testing.assert_allclose(asked(observation, "pick up the cup"), chunk, atol=1e-6)
    others = (
        asked(observation, "open the drawer"),
        asked(replace(observation, images=dark), "pick up the cup"),
        asked(replace(observation, state=-observation.state), "pick up the cup"),
    )
    assert all(np.abs(other - chunk).max() > 1e-5 for other in others)


@pytest.mark.parametrize("kind", KINDS)
def test_short_cuts_and_half_precision_change_little(folders: Mapping[str, Path], kind: str) -> None:
    path = folders[kind]
    noise = None if kind == "pi0-fast" else np.ones((HORIZON, WIDTH), np.float32)
    fast, plain = (
        load_policy(path, device="cpu", **options).actions(observed(), "pick up the cup", noise=noise).actions
        for options in ({}, {"techniques": PLAIN})
    )
    np.testing.assert_allclose(fast, plain, atol=1e-4)
    half = load_policy(path, device="cpu", dtype=torch.bfloat16)
    assert half.metadata["dtype"] == "bfloat16"
    near = half.actions(observed(), "pick up the cup", noise=noise).actions
    assert near.shape == plain.shape
    if kind == "pi0-small":
        assert np.abs(near - plain).mean() < 0.05 * np.abs(plain).mean()


@pytest.mark.parametrize("kind", KINDS)
def test_missing_cameras_are_masked(kind: str) -> None:
    policy = random_policy(SIZES[kind], device="cpu")
    observation = observed()
    front = replace(observation, images={"front": observation.images["front"]})
    assert np.isfinite(policy.actions(front, "pick up the cup").actions).all()


@pytest.mark.parametrize("kind", KINDS)
def test_callers_that_come_at_once_get_their_own(kind: str) -> None:
    policy = random_policy(SIZES[kind], device="cpu")
    noise = None if kind == "pi0-fast" else np.zeros((HORIZON, WIDTH), np.float32)
    expected = [policy.actions(observed(seed), "pick up the cup", noise=noise).actions for seed in range(4)]
    found: dict[int, NDArray[np.float64]] = {}

    def ask(seed: int) -> None:
        found[seed] = policy.actions(observed(seed), "pick up the cup", noise=noise).actions

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, actions in enumerate(expected):
        np.testing.assert_allclose(found[seed], actions, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_serves_it(folders: Mapping[str, Path], kind: str) -> None:
    parser = argparse.ArgumentParser()
    serve.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["serve", str(folders[kind]), "--device", "cpu"])
    served = servable.load_servable(arguments)
    assert f"policy ({kind}, for sim-kitchen, chunks of {HORIZON} × {DIM}" in served.what
    observation = observed()
    with running(served.policy) as server, RemotePolicy(lambda: PolicyClient(server.url)) as remote:
        chunk = remote.actions(
            observation, "pick up the cup", committed=Committed(np.zeros((5, DIM)), frozen=2)
        )
        assert chunk.actions.shape == (HORIZON, DIM)
        assert not chunk.actions[:2].any()
        assert remote.metadata["kind"] == kind
        with pytest.raises(NotOffered, match="names no subtasks"):
            remote.subtask(observation, "set the table")
        noise = np.zeros((HORIZON, WIDTH), np.float32)
        if kind == "pi0-fast":
            with pytest.raises(NotOffered, match="takes no 'noise'"):
                remote.actions(observation, "pick up the cup", noise=noise)
        else:
            one, two = (remote.actions(observation, "pick up the cup", noise=noise) for _ in range(2))
            np.testing.assert_allclose(one.actions, two.actions, atol=1e-6)


# -- π0-FAST -----------------------------------------------------------------------------------------------------------


def test_tokens_are_drawn_by_the_seed() -> None:
    policy = random_policy(FAST_SIZES, device="cpu")
    assert isinstance(policy, Pi0FastPolicy)
    one, again, other = (
        like(policy, temperature=1.0, seed=seed).actions(observed(), "pick up the cup").actions
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 1e-3
    for temperature in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="temperature is"):
            like(policy, temperature=temperature)


def test_near_temperature_0_it_draws_what_is_most_probable() -> None:
    policy = random_policy(FAST_SIZES, device="cpu")
    assert isinstance(policy, Pi0FastPolicy)
    greedy = policy.actions(observed(), "pick up the cup").actions
    cold = like(policy, temperature=1e-6).actions(observed(), "pick up the cup").actions
    np.testing.assert_array_equal(cold, greedy)


def test_a_chunk_is_whole_however_few_tokens_it_may_take() -> None:
    for most in (1, 3, 10):
        policy = random_policy(replace(FAST_SIZES, max_action_tokens=most), device="cpu")
        chunk = policy.actions(observed(), "pick up the cup").actions
        assert chunk.shape == (HORIZON, DIM)
        assert np.isfinite(chunk).all()


def test_what_follows_frozen_steps_is_planned_without_them() -> None:
    policy = random_policy(FAST_SIZES, device="cpu")
    free = policy.actions(observed(), "pick up the cup").actions
    plan = np.full((5, DIM), 0.25)
    chunk = policy.actions(observed(), "pick up the cup", committed=Committed(plan, frozen=2)).actions
    np.testing.assert_array_equal(chunk[:2], plan[:2])
    np.testing.assert_array_equal(chunk[2:], free[2:])
    assert policy.metadata["real_time_chunking"] == "none"


def test_a_folder_without_its_action_tokenizer(tmp_path: Path) -> None:
    path = saved(tmp_path / "policy", "pi0-fast")
    config, manifest = read_manifest(path / MANIFEST_FILE)
    without = msgspec.structs.replace(manifest, fast=None)
    (path / MANIFEST_FILE).write_bytes(format_manifest(config, without))
    with pytest.raises(CannotBeLoaded, match="has no FAST tokenizer"):
        load_policy(path, device="cpu")
    (path / MANIFEST_FILE).write_bytes(format_manifest(config, manifest))
    (path / "fast" / "tokenizer.json").write_text("{")
    with pytest.raises(
        CannotBeLoaded, match=r"the FAST tokenizer cannot be used: .*tokenizer\.json is no JSON"
    ):
        load_policy(path, device="cpu")


def test_an_action_tokenizer_of_another_robot(tmp_path: Path) -> None:
    path = saved(tmp_path / "policy", "pi0-fast")
    other = FastTokenizer.load(path / "fast", horizon=HORIZON, action_dim=7)
    other.save(path / "fast")
    with pytest.raises(CannotBeLoaded, match="spells chunks of 8 × 7, and those of policy are 8 × 18"):
        load_policy(path, device="cpu")


def test_a_vocabulary_that_would_put_actions_elsewhere(folders: Mapping[str, Path]) -> None:
    smaller = random_vocabulary(replace(FAST_SIZES, vocab_size=1299), fast_tokens=512)
    with pytest.raises(CannotBeLoaded, match=r"the text vocabulary has 1299 tokens and the model in .* 1300"):
        load_policy(folders["pi0-fast"], device="cpu", tokenizer=smaller)


# -- π0-small ----------------------------------------------------------------------------------------------------------


def test_the_seed_decides_pi0_smalls_noise(folders: Mapping[str, Path]) -> None:
    path = folders["pi0-small"]
    one, again, other = (
        load_policy(path, device="cpu", seed=seed).actions(observed(), "go").actions for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 1e-3


def test_guidance_leads_pi0_small_on_from_a_chunk() -> None:
    policy = random_policy(SMALL_SIZES, device="cpu")
    assert isinstance(policy, Pi0SmallPolicy)
    plan = np.zeros((HORIZON, DIM))
    noise = np.random.default_rng(1).standard_normal((HORIZON, WIDTH)).astype(np.float32)
    free = policy.actions(observed(), "go", noise=noise).actions
    led = policy.actions(
        observed(), "go", noise=noise, committed=Committed(plan, frozen=2, execute=1)
    ).actions
    assert np.abs(led[2]).mean() < np.abs(free[2]).mean()
    assert policy.metadata["real_time_chunking"] == "guided"


def test_a_camera_too_many(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "policy",
        "pi0-small",
        cameras_low=("base_0_rgb", "back_0_rgb", "left_wrist_0_rgb", "right_wrist_0_rgb"),
    )
    with pytest.raises(CannotBeLoaded, match=r"has 4 cameras .* an encoder for each of 3"):
        load_policy(path, device="cpu")


def test_every_kind_has_its_policy() -> None:
    for kind, sizes in SIZES.items():
        assert kind_of(sizes).name == kind
        assert random_policy(sizes, device="cpu").metadata["random_weights"] is True
