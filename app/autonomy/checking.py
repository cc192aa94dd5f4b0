"""Whether a policy can be used at all, found before it is loaded."""

from __future__ import annotations

import difflib
from pathlib import Path
from urllib.parse import urlsplit

from app.autonomy.choice import HighLevel, PolicyChoice, PolicyKind
from drivers.profile import RobotProfile

ACTION_SPACES = ("joint", "end_effector")
DEVICES = ("auto", "cpu", "cuda")
MOST_STEPS = 128


class ChoiceError(ValueError):
    """A choice of policy that cannot be used: what, the value seen, what to do."""


def check_choice(choice: PolicyChoice, profile: RobotProfile) -> None:
    """Refuse a choice that cannot work with this robot on this machine.

    Only what is known without loading anything; a checkpoint may still turn out to be none.

    Raises:
        ChoiceError: the first thing that is wrong with it.
    """
    _check_source(choice, profile)
    if choice.device not in DEVICES and not choice.device.startswith("cuda:"):
        raise ChoiceError(f"no device {choice.device!r}; choose {', '.join(DEVICES)}")
    if choice.action_space not in ACTION_SPACES:
        raise ChoiceError(f"no action space {choice.action_space!r}; choose {' or '.join(ACTION_SPACES)}")
    if choice.action_space == "end_effector":
        bare = [name for name, arm in profile.arms.items() if arm.chain is None]
        if bare:
            raise ChoiceError(
                f"end-effector actions need the measures of arm {bare[0]}; add [arms.{bare[0]}.chain] to the profile"
            )
        if choice.kind is PolicyKind.SCRIPTED:
            raise ChoiceError(
                "the scripted policy's actions are joint targets; choose the action space joint"
            )
    if not 0 <= choice.execute_steps <= MOST_STEPS:
        raise ChoiceError(
            f"{choice.execute_steps} steps of a chunk to run; 1 to {MOST_STEPS}, or 0 for the policy's own number"
        )
    blank = [phrase for phrase in choice.known if not phrase.strip()]
    if blank:
        raise ChoiceError("one of the known subtasks is empty; leave it out")
    if choice.high_level is HighLevel.REMOTE:
        _check_remote(choice)


def _check_source(choice: PolicyChoice, profile: RobotProfile) -> None:
    source = choice.source.strip()
    match choice.kind:
        case PolicyKind.SCRIPTED:
            if profile.simulation is None:
                raise ChoiceError(
                    f"the scripted policy sees the true state of a simulated world, and {profile.name} is none; choose"
                    " a checkpoint or a server"
                )
        case PolicyKind.CHECKPOINT:
            if not source:
                raise ChoiceError("no checkpoint was chosen; choose its folder")
            if not Path(source).expanduser().is_dir():
                raise ChoiceError(f"no folder {source}; choose the folder that holds the checkpoint")
            tokenizer = choice.tokenizer.strip()
            if tokenizer and not Path(tokenizer).expanduser().is_file():
                raise ChoiceError(f"no file {tokenizer}; choose the text vocabulary, or leave it empty")
        case PolicyKind.SERVER:
            _check_address(source, ("ws", "wss"), example="ws://127.0.0.1:8000", may_be_bare=True)
        case PolicyKind.RANDOM:
            _check_preset(source)


def _check_preset(source: str) -> None:
    from policy.presets import BASELINES, PRESETS

    presets = [*PRESETS, *BASELINES]
    if source and source not in presets:
        near = difflib.get_close_matches(source, presets, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ChoiceError(f"no preset {source!r}{hint} There are {', '.join(presets)}")


def _check_remote(choice: PolicyChoice) -> None:
    _check_address(
        choice.remote_address.strip(),
        ("http", "https"),
        example="http://127.0.0.1:8000/v1",
        may_be_bare=False,
    )
    if not choice.remote_model.strip():
        raise ChoiceError("the remote high level has no model; give the name that its server knows")


def _check_address(address: str, schemes: tuple[str, ...], *, example: str, may_be_bare: bool) -> None:
    if not address:
        raise ChoiceError(f"no address was given; it looks like {example}")
    given = address if "://" in address or not may_be_bare else f"{schemes[0]}://{address}"
    parts = urlsplit(given)
    try:
        usable = parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number
        usable = False
    if not usable:
        raise ChoiceError(f"{address!r} is no address of a server; it looks like {example}")
