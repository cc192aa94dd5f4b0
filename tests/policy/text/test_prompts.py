"""Prompts are openpi's to the letter: texts, ids, masks, state bins. The other forms are as their sources have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.text.prompts import (
    FORMATS,
    LEROBOT_HIGH_LEVEL_TASK,
    LEROBOT_PI052,
    OPENPI_PI0,
    OPENPI_PI0_FAST,
    OPENPI_PI05,
    OPENPI_PI05_STATELESS,
    OPENTAU,
    SUBTASK,
    SUBTASK_SENTENCES,
    answer_ids,
    format_named,
    read_answer,
    render,
    state_to_bins,
    tokenize,
    tokenize_with_answer,
)
from policy.text.tokenizer import EOS
from tests.policy.text.vocabulary import TINY, UNHURRIED, VECTORS, Recording

CUT = pytest.mark.expects_log(r"a prompt of \d+ tokens is cut to 40 and loses its end:")


@pytest.mark.parametrize("case", VECTORS["state_discretisation"])
def test_state_bins_are_openpis(case: dict[str, Any]) -> None:
    state = np.array([float.fromhex(value) for value in case["state_hex"]]).astype(case["dtype"])
    assert np.array_equal(state, np.array(case["state"], dtype=case["dtype"]))
    bins = state_to_bins(state)
    assert bins.tolist() == case["bins"]
    assert render(OPENPI_PI05, task="", state=state) == (f"Task: , State: {case['string']};\nAction: ",)


@CUT
@pytest.mark.parametrize("case", VECTORS["paligemma"])
def test_prompts_are_openpis(case: dict[str, Any]) -> None:
    forms = (OPENPI_PI0, OPENPI_PI05_STATELESS) if case["state"] is None else (OPENPI_PI05,)
    state = None if case["state"] is None else np.array(case["state"], dtype=case["state_dtype"])
    for form in forms:
        tokenizer = Recording()
        tokens = tokenize(form, tokenizer, task=case["prompt"], state=state, max_tokens=case["max_len"])
        assert tokenizer.calls == case["encode_calls"]
        assert tokens.ids_L.tolist() == case["tokens"]
        assert tokens.mask_L.tolist() == case["mask"]
        assert (str(tokens.ids_L.dtype), str(tokens.mask_L.dtype)) == (
            case["tokens_dtype"],
            case["mask_dtype"],
        )
        assert tokens.mask_L.sum() == case["n_valid"]


@pytest.mark.parametrize("case", [case for case in VECTORS["paligemma"] if case["n_valid"] < case["max_len"]])
def test_unpadded_is_the_real_part(case: dict[str, Any]) -> None:
    form = OPENPI_PI0 if case["state"] is None else OPENPI_PI05
    unlimited = tokenize(form, TINY, task=case["prompt"], state=case["state"])
    unpadded = tokenize(
        form, TINY, task=case["prompt"], state=case["state"], max_tokens=case["max_len"], pad=False
    )
    assert unlimited.ids_L.tolist() == unpadded.ids_L.tolist() == case["tokens"][: case["n_valid"]]
    assert unlimited.mask_L.all()


def test_a_cut_prompt_is_reported_and_not_padded(caplog: pytest.LogCaptureFixture) -> None:
    tokens = tokenize(OPENPI_PI05, TINY, task="fold the towel", state=[0.5] * 7, max_tokens=10, pad=False)
    assert len(tokens.ids_L) == 10
    assert tokens.mask_L.all()
    assert "is cut to 10" in caplog.text


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (SUBTASK, ("Task: Clean the bed room!, State: -1 128 255;\nSubtask: ",)),
        (SUBTASK_SENTENCES, ("Task: clean the bed room. Subtask: ",)),
        (LEROBOT_PI052, ("User:  Clean the bed_room!\nAssistant: ",)),
        (
            LEROBOT_HIGH_LEVEL_TASK,
            (f"High level task: Clean the bed room!; State: -1 128 255{' 128' * 29}; Subtask:",),
        ),
        (OPENTAU, ("Task:  Clean the bed_room!", 1, "State: 0 128 255", 1, "Response:", 2)),
        (OPENPI_PI0_FAST, ("Task: clean the bed room!, State: -1 128 255;\n",)),
    ],
)
def test_forms(form: Any, expected: tuple[str | int, ...]) -> None:
    assert render(form, task=" Clean the bed_room!", state=[-1.5, 0.0, 1.0]) == expected
    ids = tokenize(form, TINY, task=" Clean the bed_room!", state=[-1.5, 0.0, 1.0]).ids_L
    assert ids[0] == 2
    assert TINY.decode(ids.tolist()) == "".join(part for part in expected if isinstance(part, str))


def test_every_form_is_in_the_table_under_its_name_and_says_where_it_is_from() -> None:
    assert all(
        format_named(name) is form and form.name == name and form.source for name, form in FORMATS.items()
    )
    assert {form.name for form in FORMATS.values() if form.level == "high"} == {
        "subtask", "question", "openpi-subtask-generation", "lerobot-pi052", "lerobot-high-level-task", "opentau",
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"no prompt format 'pi05'; there are openpi-pi0, openpi-pi05"):
        format_named("pi05")


def test_control_mode_is_marked_before_the_task() -> None:
    assert render(OPENPI_PI05, task="wipe", state=[0.0], control_mode="end effector") == (
        "Task: <control mode> end effector <control mode> wipe, State: 128;\nAction: ",
    )
    assert render(OPENPI_PI0, task="wipe", control_mode="joint") == (
        "<control mode> joint <control mode> wipe",
        "\n",
    )
    with pytest.raises(ValueError, match="no control mode 'torque'; there are joint, end effector"):
        render(OPENPI_PI0, task="wipe", control_mode="torque")  # type: ignore[arg-type]


def test_a_taught_answer_is_causal_counts_and_ends_with_eos() -> None:
    tokens = tokenize_with_answer(
        SUBTASK, TINY, task="clean", state=[0.0], answer=" pick up_the fork\n", max_tokens=64
    )
    prompt = tokenize(SUBTASK, TINY, task="clean", state=[0.0]).ids_L.tolist()
    answer = TINY.encode("pick up the fork", eos=True)
    length = len(prompt) + len(answer)
    assert tokens.ids_L.tolist() == prompt + answer + [0] * (64 - length)
    assert tokens.mask_L.tolist() == [True] * length + [False] * (64 - length)
    assert np.flatnonzero(tokens.causal_L).tolist() == list(range(len(prompt), length))
    assert np.array_equal(tokens.taught_L, tokens.causal_L)


def test_an_answer_is_read_in_its_form() -> None:
    ids = answer_ids(SUBTASK_SENTENCES, TINY, "Pick up the fork")
    assert TINY.decode(ids) == "pick up the fork.;\nAction: "
    assert read_answer(SUBTASK_SENTENCES, TINY.decode(ids)) == "pick up the fork."
    assert read_answer(SUBTASK_SENTENCES, " pick up ") == "pick up"
    assert read_answer(SUBTASK, " pick up; then wait ") == "pick up; then wait"
    assert read_answer(LEROBOT_PI052, "") == ""
    assert ids[-1] == EOS


@pytest.mark.parametrize("form", [OPENPI_PI05, LEROBOT_PI052])
def test_a_form_without_a_taught_answer_says_so(form: Any) -> None:
    with pytest.raises(
        ValueError, match=r"teaches no text; those that do are subtask, question, openpi-subtask-generation"
    ):
        answer_ids(form, TINY, "pick up")


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ([0.0, float("nan"), float("inf")], r"state dimension 1 is nan \(2 of 3 are not finite\)"),
        ([[0.0]], r"one row of numbers, not float64 of shape \(1, 1\)"),
        (0.5, r"of shape \(\)"),
        (["a"], "not <U1"),
        ([True], "not bool"),
        ([1j], "not complex128"),
        (None, "prompt format 'openpi-pi05' needs a state"),
    ],
)
def test_a_bad_state_is_refused(state: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tokenize(OPENPI_PI05, TINY, task="wipe", state=state)


def test_a_bad_task_or_length_is_refused() -> None:
    with pytest.raises(TypeError, match="text must be a string, not bytes: b'wipe'"):
        render(OPENPI_PI0, task=b"wipe")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="half a surrogate pair at position 2"):
        tokenize(OPENPI_PI0, TINY, task="ab\ud800")
    with pytest.raises(ValueError, match="max_tokens must be at least 1, not 0"):
        tokenize(OPENPI_PI0, TINY, task="wipe", max_tokens=0)


def test_an_empty_state_has_no_bins() -> None:
    assert render(OPENPI_PI05, task="wipe", state=[]) == ("Task: wipe, State: ;\nAction: ",)


@UNHURRIED
@given(task=st.text(), state=st.lists(st.floats(-2, 2), max_size=8))
def test_any_text_makes_a_prompt_in_every_form(task: str, state: list[float]) -> None:
    for form in FORMATS.values():
        tokens = tokenize(form, TINY, task=task, state=state)
        texts = [part for part in render(form, task=task, state=state) if isinstance(part, str)]
        assert TINY.decode(tokens.ids_L.tolist()) == "".join(texts).replace("▁", " ")


@UNHURRIED
@given(st.floats(-1, 1, exclude_max=True))
def test_a_state_lies_in_its_bin(value: float) -> None:
    (bin_of_value,) = state_to_bins([value])
    assert -1 + bin_of_value / 128 <= value < -1 + (bin_of_value + 1) / 128
