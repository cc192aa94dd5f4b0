"""Which policy the policy process loads and who names its subtasks, left in the session's directory.

A process that is started again finds it there.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec

from app.runtime_files import leave

CHOICE_NAME = "policy.json"


class PolicyKind(StrEnum):
    """Where actions come from."""

    SCRIPTED = "scripted"
    """The scripted operator's motions as chunks; only in the simulated kitchen, whose true state it sees."""
    CHECKPOINT = "checkpoint"
    """A folder on this machine."""
    SERVER = "server"
    """`understudy serve`, or one of openpi's."""
    RANDOM = "random"
    """A preset with random weights, its motions made small: for timing, and to try the way from pictures to servos."""


class HighLevel(StrEnum):
    """Who names subtasks in autonomous mode: the variants that the π0.5 paper compares."""

    MODEL = "model"
    """The policy itself: hierarchical."""
    IMPLICIT = "implicit"
    """Nobody: the task goes straight to the low level."""
    HUMAN = "human"
    """A person, as in verbal mode."""
    REMOTE = "remote"
    """A vision-language model behind an OpenAI-style HTTP address."""


class PolicyChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy and how it is used.

    Attributes:
        kind: where actions come from.
        source: the checkpoint's folder, the server's address (`ws://host:8000`) or the preset's name.
        config: name of a checkpoint's configuration, where it does not say itself.
        tokenizer: path of the text vocabulary, where the checkpoint brings none.
        device: `auto`, `cpu` or `cuda`.
        high_level: who names subtasks in autonomous mode.
        remote_address: of the remote high level, such as `http://host:8000/v1`.
        remote_model: the model's name there.
        remote_key_variable: the environment variable that holds the key for it; the key itself is stored nowhere.
        action_space: what chunks hold: `joint` targets, or `end_effector` poses that become joint targets through the
            profile's kinematics.
        execute_steps: steps of a chunk that are run before the next; 0 for the policy's own number.
        known: the subtasks that the high level may choose from; none for whatever it says.
        seed: of what the scripted policy's eye, or random weights, are drawn from.
    """

    kind: PolicyKind
    source: str = ""
    config: str = ""
    tokenizer: str = ""
    device: str = "auto"
    high_level: HighLevel = HighLevel.MODEL
    remote_address: str = ""
    remote_model: str = ""
    remote_key_variable: str = ""
    action_space: str = "joint"
    execute_steps: int = 0
    known: tuple[str, ...] = ()
    seed: int = 0


def write_choice(runtime_dir: Path, choice: PolicyChoice) -> None:
    """Leave it for the policy process, in one step: never half a file."""
    leave(runtime_dir / CHOICE_NAME, choice)


def read_choice(runtime_dir: Path) -> PolicyChoice | None:
    """What was left last; None before anything was."""
    path = runtime_dir / CHOICE_NAME
    return msgspec.json.decode(path.read_bytes(), type=PolicyChoice) if path.is_file() else None
