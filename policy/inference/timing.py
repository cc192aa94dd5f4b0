"""How long a policy takes, part by part, and what each short cut is worth; with random weights, which take as long.

Fast and plain take turns, so that whatever else the machine does falls on both; figures are medians.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor

from policy.inference.policy import Pi05Policy
from policy.inference.sampler import Sampler
from policy.inference.techniques import FAST, NAMES, PLAIN, Techniques
from policy.inference.untrained import preset_named, random_policy
from policy.model.flow import STEPS
from policy.model.inputs import ModelInputs
from policy.presets import PI05, Pi0Config
from policy.text.fitted import fit_tokenizer
from policy.text.tokenizer import TextTokenizer
from policy.transforms.to_tensors import to_tensors
from policy.types import Observation

SUBTASK = "put the plate into the sink"
CAMERAS = ("front", "left_wrist", "right_wrist")
CAMERAS_HIGH = ("front", "back", "left_wrist", "right_wrist")
EACH_REPEATS = 5
"""Of every technique left out; fewer than of the whole, for there are many."""


@dataclass(frozen=True)
class Timings:
    """Milliseconds, medians unless said otherwise.

    Attributes:
        actions_ms: A whole call for actions, from an observation of three cameras to the robot's units.
        actions_p99_ms: 99th percentile of it.
        plain_ms: The same by the plain path.
        speedup: How many times faster than the plain path, end to end: the median over calls that took turns.
        speedup_cpu: The same in processor time, which other work on the machine hardly moves.
        prefix_ms: Images and prompt.
        denoise_step_ms: One step of the walk.
        subtask_ms: A whole call for a subtask, in free words, of four cameras.
        subtask_tokens_per_s: Of its decoding, once images and prompt are read.
        phrases_ms: A whole call for one of ten phrases, on frames that are encoded already.
        max_abs_deviation: Of actions by the fast path from those by the plain one.
        largest_action: Magnitude that this is to be seen against.
        prompt_tokens: Without padding.
        without_ms: A chunk with one technique left out, by its name; `nothing` is with all of them.
        slower_without: How many times as long it takes then: the median over rounds, in processor time where the
            processor computes, for other work on the machine hardly moves that.
    """

    actions_ms: float
    actions_p99_ms: float
    plain_ms: float
    speedup: float
    speedup_cpu: float
    prefix_ms: float
    denoise_step_ms: float
    subtask_ms: float
    subtask_tokens_per_s: float
    phrases_ms: float
    max_abs_deviation: float
    largest_action: float
    prompt_tokens: int
    without_ms: Mapping[str, float] = field(default_factory=dict)
    slower_without: Mapping[str, float] = field(default_factory=dict)


def measure(
    preset: str,
    *,
    dtype: torch.dtype,
    device: torch.device | str = "auto",
    repeats: int = 9,
    seed: int = 0,
    each: bool = True,
) -> Timings:
    """Time a policy of random weights.

    Args:
        preset: Sizes, a name of `policy.presets.PRESETS`.
        dtype: `torch.float32` or `torch.bfloat16`.
        device: `auto` is the GPU where there is one.
        repeats: Of every measurement.
        seed: Of weights, noise and observations.
        each: Also leave out one technique at a time.

    Raises:
        ValueError: There is no such preset, it is of another kind than π0 and π0.5, or nothing is to be repeated.
    """
    if repeats < 1:
        raise ValueError(f"{repeats} repeats; at least 1 is needed")
    fast, plain = (
        _policy(preset, seed=seed, device=device, dtype=dtype, techniques=techniques)
        for techniques in (FAST, PLAIN)
    )
    rng = np.random.default_rng(seed)
    config = fast.model.config
    fast.warm_up()
    turns = [("fast", fast), ("plain", plain)]
    whole: dict[str, list[float]] = {"fast": [], "plain": []}
    busy: dict[str, list[float]] = {"fast": [], "plain": []}
    deviation = largest = 0.0
    for repeat in range(-1, repeats):  # the first is not counted
        observation = observation_of(rng, CAMERAS)
        noise = rng.standard_normal((config.action_horizon, config.action_dim)).astype(np.float32)
        chunks = {}
        turns.reverse()
        for name, policy in turns:
            began, began_busy = time.perf_counter(), time.process_time()
            chunks[name] = policy.actions(observation, SUBTASK, noise=noise).actions
            if repeat >= 0:
                whole[name].append((time.perf_counter() - began) * 1e3)
                busy[name].append(time.process_time() - began_busy)
        deviation = max(deviation, float(np.abs(chunks["fast"] - chunks["plain"]).max()))
        largest = max(largest, float(np.abs(chunks["plain"]).max()))
    prefix_ms, step_ms = _parts(fast, rng, repeats)
    subtask_ms, tokens_per_s = _subtask(fast, rng, repeats)
    without_ms, slower_without = _each(fast, plain, rng) if each else ({}, {})
    return Timings(
        actions_ms=float(np.median(whole["fast"])),
        actions_p99_ms=float(np.percentile(whole["fast"], 99)),
        plain_ms=float(np.median(whole["plain"])),
        speedup=_ratio(whole["plain"], whole["fast"]),
        speedup_cpu=_ratio(busy["plain"], busy["fast"]),
        prefix_ms=prefix_ms,
        denoise_step_ms=step_ms,
        subtask_ms=subtask_ms,
        subtask_tokens_per_s=tokens_per_s,
        phrases_ms=_phrases(fast, rng, repeats),
        max_abs_deviation=deviation,
        largest_action=largest,
        prompt_tokens=fast.prompt_tokens(observation_of(rng, CAMERAS), SUBTASK),
        without_ms=without_ms,
        slower_without=slower_without,
    )


def vocabulary(sizes: Pi0Config) -> TextTokenizer:
    """One with which prompts are about as long as they would be in use.

    Large models have PaliGemma's, which spells the state digit by digit. Those with less room for a prompt have one
    fitted on their recordings, in which each bin of the state is one token.
    """
    fitted = sizes.max_prompt_tokens < PI05.max_prompt_tokens
    return fit_tokenizer(
        [SUBTASK, "set the table", "pick up the cup"], vocab_size=2048, state_numbers=fitted, locations=True
    )


def _policy(
    preset: str, *, seed: int, device: torch.device | str, dtype: torch.dtype, techniques: Techniques
) -> Pi05Policy:
    _, sizes = preset_named(preset)
    if not isinstance(sizes, Pi0Config):
        raise ValueError(f"preset {preset!r} has none of the parts that are timed; choose one of π0 or π0.5")
    policy = random_policy(
        preset, seed=seed, device=device, dtype=dtype, tokenizer=vocabulary(sizes), techniques=techniques
    )
    if not isinstance(policy, Pi05Policy):
        raise TypeError(f"preset {preset!r} made a {type(policy).__name__}")
    return policy


def observation_of(rng: np.random.Generator, cameras: tuple[str, ...]) -> Observation:
    """Pictures of noise, 640 × 480, and always the same 18 numbers, so that prompts are equally long."""
    images = {name: rng.integers(0, 256, (480, 640, 3), dtype=np.uint8) for name in cameras}
    return Observation(images=images, state=np.linspace(-0.9, 0.9, 18))


def _parts(policy: Pi05Policy, rng: np.random.Generator, repeats: int) -> tuple[float, float]:
    """Prefix, and one step."""
    sampler, config = policy.sampler, policy.model.config
    sample = policy.sample_of(observation_of(rng, CAMERAS), SUBTASK)
    inputs = to_tensors([sample], cameras=policy.facts.cameras_low)
    noise_BTA = torch.randn((1, config.action_horizon, config.action_dim))
    if sampler.techniques.cuda_graph:
        # Parts of a graph cannot be timed from outside: one step and ten differ by nine.
        one = _median(lambda: sampler.sample(inputs, noise_BTA, steps=1).cpu(), repeats)
        ten = _median(lambda: sampler.sample(inputs, noise_BTA, steps=STEPS).cpu(), repeats)
        step = (ten - one) / (STEPS - 1)
        return one - step, step
    _, shape, batch = sampler.prepared(inputs, noise_BTA)
    action_pass, batch = sampler.made(shape), batch.to(sampler.device)
    _, prefix = action_pass.read(batch)
    prefix_ms = _median(lambda: action_pass.read(batch)[0].cpu(), repeats)
    return prefix_ms, _median(lambda: action_pass.walk(prefix, batch).cpu(), repeats) / STEPS


def _subtask(policy: Pi05Policy, rng: np.random.Generator, repeats: int) -> tuple[float, float]:
    """A whole call, and tokens a second of its decoding."""
    calls, rates = list[float](), list[float]()
    for _ in range(repeats):
        moments: list[float] = []

        def asked(moments: list[float] = moments) -> bool:
            """Note the time: before images and prompt are read, and before each token but the first."""
            moments.append(time.perf_counter())
            return False

        observation = observation_of(rng, CAMERAS_HIGH)
        began = time.perf_counter()
        policy.subtask(observation, "set the table", cancelled=asked)
        ended = time.perf_counter()
        calls.append((ended - began) * 1e3)
        if len(moments) > 1:
            rates.append((len(moments) - 1) / (ended - moments[1]))
    return float(np.median(calls)), float(np.median(rates)) if rates else 0.0


def _phrases(policy: Pi05Policy, rng: np.random.Generator, repeats: int) -> float:
    observation = observation_of(rng, CAMERAS_HIGH)
    phrases = [f"put the {thing} into the {place}" for thing in THINGS for place in ("sink", "drawer")]
    policy.subtask(observation, "set the table", allowed=phrases)
    return _median(lambda: policy.subtask(observation, "set the table", allowed=phrases), repeats)


THINGS = ("plate", "cup", "fork", "knife", "spoon")


def _each(
    fast: Pi05Policy, plain: Pi05Policy, rng: np.random.Generator
) -> tuple[dict[str, float], dict[str, float]]:
    """A chunk with one technique left out at a time, in turns: milliseconds, and how many times as long."""
    config = fast.model.config
    sample = fast.sample_of(observation_of(rng, CAMERAS), SUBTASK)
    inputs = to_tensors([sample], cameras=fast.facts.cameras_low)
    noise_BTA = torch.randn((1, config.action_horizon, config.action_dim))
    samplers = {"nothing": fast.sampler}
    for name in NAMES:
        if name == "state_once" and config.kind != "pi0":
            continue
        if name == "cuda_graph" and not fast.sampler.techniques.cuda_graph:
            continue
        # Whether projections are joined is in the model: the plain one's are not.
        model = plain.model if name == "fused_projections" else fast.model
        samplers[name] = Sampler(model, techniques=FAST.without(name))
    times: dict[str, list[float]] = {name: [] for name in samplers}
    busy: dict[str, list[float]] = {name: [] for name in samplers}
    for repeat in range(-1, EACH_REPEATS):
        for name, sampler in samplers.items():
            began_busy = time.process_time()
            elapsed = _elapsed_ms(partial(_sample, sampler, inputs, noise_BTA))
            if repeat >= 0:
                times[name].append(elapsed)
                busy[name].append(time.process_time() - began_busy)
    compared = busy if fast.sampler.device.type == "cpu" else times
    return (
        {name: float(np.median(values)) for name, values in times.items()},
        {name: _ratio(values, compared["nothing"]) for name, values in compared.items() if name != "nothing"},
    )


def _ratio(slow: list[float], fast: list[float]) -> float:
    return float(np.median(np.array(slow) / np.array(fast)))


def _sample(sampler: Sampler, inputs: ModelInputs, noise_BTA: Tensor) -> Tensor:
    return sampler.sample(inputs, noise_BTA).cpu()


def _median(call: Callable[[], object], repeats: int) -> float:
    call()
    return float(np.median([_elapsed_ms(call) for _ in range(repeats)]))


def _elapsed_ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e3
