"""From a choice to a policy that is ready to be asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.autonomy.checking import ChoiceError, check_choice
from app.autonomy.choice import HighLevel, PolicyChoice, PolicyKind
from app.autonomy.end_effector import end_effector_width
from app.autonomy.gentle import GentlePolicy
from app.autonomy.remote_high_level import RemoteHighLevel
from app.autonomy.scripted import ScriptedPolicy
from drivers.profile import RobotProfile
from drivers.sim.remote import SimRemote
from policy.serving.access import read_api_key
from policy.serving.adapter import ALOHA, DROID, LIBERO, OWN, Layout
from policy.serving.calls import EXTENSION
from policy.serving.client import PolicyClient
from policy.serving.remote import RemotePolicy
from policy.transforms.embodiments.understudy import CAMERA_SLOTS
from policy.types import Policy

DEFAULT_PRESET = "pi05-small"
LOW_REPLY_S, HIGH_REPLY_S = 3.0, 20.0
"""How long a server may take for a chunk, older than which the robot believes none, and for a subtask."""
CONNECT_S = 3.0
WORLD_ANSWERS_S = 1.0
SPARE_CORES = 1
"""Left to everybody else where a policy computes on the processor; of two cores it takes one for each level."""
MOST_THREADS = 8

LAYOUTS: Mapping[str, Layout] = {"aloha": ALOHA, "droid": DROID, "libero": LIBERO}


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A policy that is ready, and what is to be known of it.

    Attributes:
        choice: what was asked for.
        policy: both levels, or the low one.
        remote: another high level, where one was chosen.
        name: for people.
        horizon: steps in a chunk; 0 where it does not tell.
        rate_hz: steps a second.
        execute_steps: of a chunk, before the next.
        cameras_low, cameras_high: of the robot, that the levels look at.
        takes_committed: whether it goes on from a chunk in progress.
        names_subtasks: whether it has a high level itself.
        known: the subtasks that it, or the person who chose it, knows.
        close: ends what it holds open.
    """

    choice: PolicyChoice
    policy: Policy
    remote: RemoteHighLevel | None
    name: str
    horizon: int
    rate_hz: float
    execute_steps: int
    cameras_low: tuple[str, ...]
    cameras_high: tuple[str, ...]
    takes_committed: bool
    names_subtasks: bool
    known: tuple[str, ...]
    close: Callable[[], None]


def load(choice: PolicyChoice, profile: RobotProfile, runtime_dir: Path) -> Loaded:
    """Load, connect and warm up. Takes long, and may be called on any thread.

    Raises:
        ChoiceError: it cannot be used with this robot.
        CheckpointError, FileNotFoundError: the checkpoint cannot be loaded.
        ClientError: the server is not there, or is none.
        SimRemoteError: the simulated world does not answer.
    """
    check_choice(choice, profile)
    remote = _remote(choice)
    policy, close = _opened(choice, profile, runtime_dir)
    try:
        policy.warm_up()
        return describe(choice, profile, policy, remote=remote, close=close)
    except BaseException:
        close()
        raise


def _opened(
    choice: PolicyChoice, profile: RobotProfile, runtime_dir: Path
) -> tuple[Policy, Callable[[], None]]:
    match choice.kind:
        case PolicyKind.SCRIPTED:
            return _scripted(choice, profile, runtime_dir)
        case PolicyKind.SERVER:
            return _served(choice, profile)
        case PolicyKind.CHECKPOINT:
            from policy.inference.loading import load_policy

            _use_threads()
            policy = load_policy(
                choice.source.strip(),
                config=choice.config or None,
                tokenizer=choice.tokenizer.strip() or None,
                device=choice.device,
            )
            return policy, _nothing
        case PolicyKind.RANDOM:
            from policy.inference.untrained import random_policy

            _use_threads()
            made = random_policy(
                choice.source.strip() or DEFAULT_PRESET, seed=choice.seed, device=choice.device
            )
            return GentlePolicy(made, profile), _nothing


def _scripted(
    choice: PolicyChoice, profile: RobotProfile, runtime_dir: Path
) -> tuple[Policy, Callable[[], None]]:
    # An eye for each level, for two threads must not share one.
    low, high = (SimRemote(runtime_dir, timeout_s=WORLD_ANSWERS_S) for _ in range(2))

    def close() -> None:
        low.close()
        high.close()

    try:
        low.truth()
    except BaseException:
        close()
        raise
    return ScriptedPolicy(profile, low.truth, see_high=high.truth, seed=choice.seed), close


def _served(choice: PolicyChoice, profile: RobotProfile) -> tuple[Policy, Callable[[], None]]:
    key = read_api_key(None)
    patience_s = iter((LOW_REPLY_S, HIGH_REPLY_S))

    def connect(reply_s: float | None = None) -> PolicyClient:
        return PolicyClient(
            choice.source.strip(),
            api_key=None if key is None else key.text,
            connect_timeout_s=CONNECT_S,
            reply_timeout_s=next(patience_s) if reply_s is None else reply_s,
        )

    with connect(LOW_REPLY_S) as asked:
        layout = LAYOUTS.get(str(asked.metadata.get("embodiment", "")), OWN)
    policy = RemotePolicy(connect, layout=layout, rate_hz=profile.control_rate_hz)
    return policy, policy.close


def _remote(choice: PolicyChoice) -> RemoteHighLevel | None:
    if choice.high_level is not HighLevel.REMOTE:
        return None
    variable = choice.remote_key_variable.strip()
    key = os.environ.get(variable, "") if variable else ""
    if variable and not key:
        raise ChoiceError(f"the environment variable {variable} is empty; set it to the key, or name none")
    return RemoteHighLevel(choice.remote_address.strip(), choice.remote_model.strip(), key=key)


def describe(
    choice: PolicyChoice,
    profile: RobotProfile,
    policy: Policy,
    *,
    remote: RemoteHighLevel | None = None,
    close: Callable[[], None] = lambda: None,
) -> Loaded:
    """What is to be known of a policy, by what it tells of itself.

    Args:
        choice: what was asked for.
        profile: the robot.
        policy: ready.
        remote: another high level.
        close: ends what the policy holds open.

    Raises:
        ChoiceError: it cannot be used with this robot.
    """
    told = policy.metadata
    horizon = int(told.get("action_horizon", told.get("horizon", 0)) or 0)
    width = end_effector_width(profile) if choice.action_space == "end_effector" else profile.dof
    made_for = told.get("action_dim")
    if isinstance(made_for, int) and made_for != width:
        raise ChoiceError(
            f"{told.get('name', 'the policy')} makes actions of {made_for} numbers, and {profile.name} takes {width}"
            f" ({choice.action_space}); choose a policy that was made for this robot"
        )
    own = int(told.get("execute_steps", 0) or 0)
    execute = (
        choice.execute_steps or own or max(1, horizon // 2) if horizon or own else choice.execute_steps or 25
    )
    if horizon and execute > horizon:
        raise ChoiceError(f"{execute} steps to run of a chunk of {horizon}; choose at most {horizon}")
    levels = told.get("levels")
    return Loaded(
        choice=choice,
        policy=policy,
        remote=remote,
        name=str(told.get("name", choice.source or choice.kind.value)),
        horizon=horizon,
        rate_hz=float(told.get("rate_hz", profile.control_rate_hz)),
        execute_steps=execute,
        cameras_low=_cameras(told.get("cameras_low"), profile),
        cameras_high=_cameras(told.get("cameras_high") or told.get("cameras_low"), profile),
        takes_committed=_takes_committed(choice, told),
        names_subtasks="high" in levels if isinstance(levels, list | tuple) else _has_call(told),
        known=tuple(dict.fromkeys((*choice.known, *map(str, told.get("subtasks", ()))))),
        close=close,
    )


def _cameras(slots: object, profile: RobotProfile) -> tuple[str, ...]:
    """The robot's cameras that fill the model's; all that a model may know where it does not tell."""
    known = [name for name in profile.cameras if name in CAMERA_SLOTS]
    if not isinstance(slots, list | tuple):
        return tuple(known)
    return tuple(name for name in known if CAMERA_SLOTS[name] in slots)


def _takes_committed(choice: PolicyChoice, told: Mapping[str, Any]) -> bool:
    if choice.kind is PolicyKind.SERVER:
        extension = told.get(EXTENSION)
        options = extension.get("options") if isinstance(extension, Mapping) else None
        return isinstance(options, list) and "committed" in options
    return bool(told.get("real_time_chunking", "none") != "none")


def _has_call(told: Mapping[str, Any]) -> bool:
    extension = told.get(EXTENSION)
    calls = extension.get("calls") if isinstance(extension, Mapping) else None
    return isinstance(calls, list) and "subtask" in calls


def _use_threads() -> None:
    from policy.inference.runtime import runtime

    runtime("cpu", threads=max(1, min(MOST_THREADS, ((os.cpu_count() or 1) - SPARE_CORES) // 2 or 1)))


def _nothing() -> None:
    """A policy in this process holds nothing open."""
