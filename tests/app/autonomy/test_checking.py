"""A choice that cannot work is refused before anything is loaded, with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.autonomy.checking import ChoiceError, check_choice
from app.autonomy.choice import HighLevel, PolicyChoice, PolicyKind, read_choice, write_choice
from drivers.profile import load_profile

KITCHEN, ARM = load_profile("sim-kitchen"), load_profile("single-arm")
SCRIPTED = PolicyChoice(kind=PolicyKind.SCRIPTED)
REMOTE = {"high_level": HighLevel.REMOTE, "remote_address": "http://h:1/v1", "remote_model": "m"}


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"kind": PolicyKind.CHECKPOINT}, "no checkpoint was chosen; choose its folder"),
        ({"kind": PolicyKind.CHECKPOINT, "source": "/not/there"}, "no folder /not/there; choose"),
        ({"kind": PolicyKind.CHECKPOINT, "source": "/", "tokenizer": "/not"}, "no file /not; choose"),
        ({"kind": PolicyKind.SERVER}, "no address was given; it looks like ws://"),
        ({"kind": PolicyKind.SERVER, "source": "http://h:8000"}, "'http://h:8000' is no address"),
        ({"kind": PolicyKind.SERVER, "source": "h:port"}, "'h:port' is no address"),
        ({"kind": PolicyKind.RANDOM, "source": "pi05-smal"}, "did you mean 'pi05-small'"),
        ({"device": "tpu"}, "no device 'tpu'; choose auto, cpu, cuda"),
        ({"action_space": "tool"}, "no action space 'tool'; choose joint or end_effector"),
        ({"action_space": "end_effector"}, "joint targets"),
        ({"execute_steps": 129}, "129 steps"),
        ({"known": ("pick up the cup", " ")}, "empty; leave it out"),
        ({**REMOTE, "remote_address": "h:1"}, "'h:1' is no address of a server; it looks like http://"),
        ({**REMOTE, "remote_model": ""}, "no model; give the name"),
    ],
)
def test_what_cannot_work(wanted: dict[str, Any], why: str) -> None:
    with pytest.raises(ChoiceError, match=why):
        check_choice(msgspec.structs.replace(SCRIPTED, **wanted), KITCHEN)


def test_the_scripted_policy_is_for_a_simulated_world_only() -> None:
    check_choice(SCRIPTED, KITCHEN)
    with pytest.raises(ChoiceError, match="simulated world, and single-arm is none; choose a checkpoint"):
        check_choice(SCRIPTED, ARM)


@pytest.mark.parametrize(
    "wanted",
    [
        {"kind": PolicyKind.SERVER, "source": "robot:8000"},
        {"kind": PolicyKind.SERVER, "source": "wss://robot.example/policy"},
        {"kind": PolicyKind.RANDOM},
        {"kind": PolicyKind.RANDOM, "source": "pi05-small", "action_space": "end_effector"},
        {"kind": PolicyKind.CHECKPOINT, "source": "~"},
        REMOTE,
    ],
)
def test_what_may_work(wanted: dict[str, Any]) -> None:
    check_choice(msgspec.structs.replace(SCRIPTED, **wanted), KITCHEN)


def test_it_is_left_for_a_process_that_starts_later(tmp_path: Path) -> None:
    assert read_choice(tmp_path) is None
    choice = msgspec.structs.replace(SCRIPTED, known=("pick up the cup",), seed=4)
    write_choice(tmp_path, choice)
    assert read_choice(tmp_path) == choice
