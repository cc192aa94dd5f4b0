"""Every form of prompt, in one table, and how a prompt becomes token ids.

A model answers only to the form it was trained with, to the letter: a space more or less changes the tokens.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policy.text.sentencepieces import refuse_unencodable
from policy.text.sequences import PromptTokens, TaughtTokens, prompt_tokens, taught_tokens
from policy.text.tokenizer import BOS, EOS, TextTokenizer

ControlMode = Literal["joint", "end effector"]
"""What the actions mean. π0.5's training says it in the prompt."""

CONTROL_MODES: tuple[ControlMode, ...] = ("joint", "end effector")
STATE_BINS = 256


def _as_given(text: str) -> str:
    return text


def _cleaned(text: str) -> str:
    return text.strip().replace("_", " ").replace("\n", " ")


def _cleaned_for_fast(text: str) -> str:
    return text.lower().strip().replace("_", " ")


def _as_sentence(text: str) -> str:
    """Lower case, and a full stop in place of the last punctuation mark, if there is one."""
    cleaned = _cleaned(text.lower())
    return (cleaned[:-1] if cleaned.endswith(tuple(string.punctuation)) else cleaned) + "."


@dataclass(frozen=True)
class PromptFormat:
    """One form of prompt.

    Attributes:
        name: As checkpoints and recipes call it.
        level: `low` is answered by actions, `high` by the next subtask.
        parts: The prompt after BOS. Each text is encoded on its own; a number is a token itself. `{task}` stands for
            the cleaned task (at the low level of two, the subtask), `{state}` for the bins of the state.
        source: Where the form is from.
        answer: What is taught after the prompt and ended by EOS; `{answer}` stands for the cleaned subtask with the
            boxes before it. None where actions are the answer, or where the form is only for reading models of others.
        clean: What is done to task and answer first.
        lowest_bin: States below the range fall into this one: openpi's rule gives -1, some others' 0.
        state_width: The state is padded with zeros to this width first; 0 leaves it as it is.
    """

    name: str
    level: Literal["low", "high"]
    parts: tuple[str | int, ...]
    source: str
    answer: str | None = None
    clean: Callable[[str], str] = _cleaned
    lowest_bin: int = -1
    state_width: int = 0

    @property
    def has_state(self) -> bool:
        """Whether the state is in the prompt."""
        return any(isinstance(part, str) and "{state}" in part for part in self.parts)


# -- the table ---------------------------------------------------------------------------------------------------------

OPENPI_PI0 = PromptFormat(
    name="openpi-pi0",
    level="low",
    parts=("{task}", "\n"),
    source="openpi 15a9616, PaligemmaTokenizer.tokenize without state; the newline is encoded on its own",
)
OPENPI_PI05 = PromptFormat(
    name="openpi-pi05",
    level="low",
    parts=("Task: {task}, State: {state};\nAction: ",),
    source="openpi 15a9616, PaligemmaTokenizer.tokenize with state",
)
OPENPI_PI05_STATELESS = PromptFormat(
    name="openpi-pi05-stateless",
    level="low",
    parts=OPENPI_PI0.parts,
    source="openpi with discrete_state_input=False, as in pi05_libero: the state reaches neither prompt nor model",
)
OPENPI_PI0_FAST = PromptFormat(
    name="openpi-pi0-fast",
    level="low",
    parts=("Task: {task}, State: {state};\n",),
    clean=_cleaned_for_fast,
    source="openpi 15a9616, FASTTokenizer.tokenize: the only one in lower case, and newlines in the task stay",
)
SUBTASK = PromptFormat(
    name="subtask",
    level="high",
    parts=("Task: {task}, State: {state};\nSubtask: ",),
    answer="{answer}",
    source=(
        "this project's: openpi's π0.5 form, asking for a subtask in place of an action. The same words as "
        "HybridTokenizer.tokenize_prompt of github.com/SgtVincent/openpi-comet at 013061b"
    ),
)
QUESTION = PromptFormat(
    name="question",
    level="high",
    parts=("Question: {task}\nAnswer: ",),
    answer="{answer}",
    source="this project's: what pictures with questions are trained with; no robot, so no state",
)
SUBTASK_SENTENCES = PromptFormat(
    name="openpi-subtask-generation",
    level="high",
    parts=("Task: {task} Subtask: ",),
    answer="{answer};\nAction: ",
    clean=_as_sentence,
    source=(
        "PaligemmaTokenizer.tokenize_high_low_prompt of github.com/BrunoFANG1/openpi_subtask_generation at 0f9d5b9, "
        "whose author reports subtasks from the released π0.5 base (openpi issues 670, 701). No state. Its prompt is "
        "causal in training"
    ),
)
LEROBOT_PI052 = PromptFormat(
    name="lerobot-pi052",
    level="high",
    parts=("User: {task}\nAssistant: ",),
    clean=_as_given,
    source=(
        "LeRobot pull request 3491, policies/pi052: _format_messages at 086db51 and PI052PolicyAdapter at 020dbab. "
        "No state; ends with EOS; its box answers put the label before the location tokens"
    ),
)
LEROBOT_HIGH_LEVEL_TASK = PromptFormat(
    name="lerobot-high-level-task",
    level="high",
    parts=("High level task: {task}; State: {state}; Subtask:",),
    state_width=32,
    source=(
        "LeRobot, a branch's policies/pi05/processor_pi05.py at 0f8aa7d (the question is LeRobot issue 2464): "
        "the state is padded to 32 before it is cut into bins, and no space follows the colon"
    ),
)
OPENTAU = PromptFormat(
    name="opentau",
    level="high",
    parts=("Task: {task}", EOS, "State: {state}", EOS, "Response:", BOS),
    clean=_as_given,
    lowest_bin=0,
    source=(
        "OpenTau, policies/pi05/modeling_pi05.py at 02e87ad, prepare_language with predict_response: EOS between the "
        "parts, and its answers begin after a BOS of their own. It pads the state before normalising: pass all 32"
    ),
)

FORMATS: Mapping[str, PromptFormat] = MappingProxyType(
    {
        form.name: form
        for form in (
            OPENPI_PI0,
            OPENPI_PI05,
            OPENPI_PI05_STATELESS,
            OPENPI_PI0_FAST,
            SUBTASK,
            QUESTION,
            SUBTASK_SENTENCES,
            LEROBOT_PI052,
            LEROBOT_HIGH_LEVEL_TASK,
            OPENTAU,
        )
    }
)
"""Every form by its name."""


def format_named(name: str) -> PromptFormat:
    """The form of this name.

    Raises:
        ValueError: There is none; the message lists those there are.
    """
    try:
        return FORMATS[name]
    except KeyError as error:
        message = f"no prompt format {name!r}; there are {', '.join(FORMATS)}"
        raise ValueError(message) from error


# -- from values to text -----------------------------------------------------------------------------------------------


def state_to_bins(state: ArrayLike) -> NDArray[np.int64]:
    """Bins of a normalised state, 256 of equal width over [-1, 1), as openpi numbers them.

    Args:
        state: [D] after normalisation, before padding: the robot's own dimensions.

    Returns:
        [D] int64 from -1 to 255: -1 for what lies below -1, 255 for 1 and above, 128 for 0.

    Raises:
        ValueError: It is not one row of finite numbers.
    """
    values = np.asarray(state)
    if values.ndim != 1 or values.dtype.kind not in "fiu":
        message = f"state must be one row of numbers, not {values.dtype} of shape {values.shape}"
        raise ValueError(message)
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        message = (
            f"state dimension {wrong[0]} is {values[wrong[0]]} ({len(wrong)} of {len(values)} are not finite); "
            "ask the policy only when every device has answered"
        )
        raise ValueError(message)
    edges = np.linspace(-1, 1, STATE_BINS + 1)[:-1]
    return np.digitize(values, bins=edges).astype(np.int64) - 1


def control_mode_marker(mode: ControlMode) -> str:
    """What π0.5's training adds to the prompt to tell joint targets from end-effector targets.

    The paper gives the marker and not its place; here it stands before the task.

    Raises:
        ValueError: There is no such mode.
    """
    if mode not in CONTROL_MODES:
        message = f"no control mode {mode!r}; there are {', '.join(CONTROL_MODES)}"
        raise ValueError(message)
    return f"<control mode> {mode} <control mode>"


def render(
    form: PromptFormat, *, task: str, state: ArrayLike | None = None, control_mode: ControlMode | None = None
) -> tuple[str | int, ...]:
    """A prompt as texts, each to be encoded on its own, and tokens between them.

    Args:
        form: Of the table above.
        task: What to do; at the low level of two, the subtask.
        state: [D] normalised, not padded. Forms without a state leave it out.
        control_mode: Marked before the task where the model was trained with such marks.

    Raises:
        TypeError: `task` is no string.
        ValueError: The form needs a state and there is none, the state is no row of finite numbers, or there is no
            such control mode.
    """
    refuse_unencodable(task)
    bins = _bins_text(form, state) if form.has_state else ""
    marker = "" if control_mode is None else f"{control_mode_marker(control_mode)} "
    values = {"task": marker + form.clean(task), "state": bins}
    return tuple(part.format(**values) if isinstance(part, str) else part for part in form.parts)


def _bins_text(form: PromptFormat, state: ArrayLike | None) -> str:
    if state is None:
        message = (
            f"prompt format {form.name!r} needs a state; pass the normalised state, or choose a form without"
        )
        raise ValueError(message)
    bins = np.maximum(state_to_bins(state), form.lowest_bin)
    padding = max(0, form.state_width - len(bins))
    return " ".join(map(str, [*bins, *[STATE_BINS // 2] * padding]))


# -- from text to tokens -----------------------------------------------------------------------------------------------


def tokenize(
    form: PromptFormat,
    tokenizer: TextTokenizer,
    *,
    task: str,
    state: ArrayLike | None = None,
    control_mode: ControlMode | None = None,
    max_tokens: int | None = None,
    pad: bool = True,
) -> PromptTokens:
    """Token ids of a prompt. Task, state and control mode are as for `render`, which raises what is wrong with them.

    Args:
        form: Of the table above.
        tokenizer: The model's vocabulary.
        task: What to do.
        state: [D] normalised, not padded.
        control_mode: Marked before the task.
        max_tokens: A longer prompt is cut at its end, and a warning logged. None cuts nothing.
        pad: Fill up to `max_tokens`.
    """
    ids = prompt_ids(form, tokenizer, task=task, state=state, control_mode=control_mode)
    return prompt_tokens(ids, max_tokens=max_tokens, pad=pad)


def tokenize_with_answer(
    form: PromptFormat,
    tokenizer: TextTokenizer,
    *,
    task: str,
    answer: str,
    state: ArrayLike | None = None,
    control_mode: ControlMode | None = None,
    max_tokens: int | None = None,
    pad: bool = True,
) -> TaughtTokens:
    """Token ids of a prompt and the answer that is taught after it; otherwise as `tokenize`.

    Args:
        form: Of the high level, with an answer.
        tokenizer: The model's vocabulary.
        task: What to do.
        answer: The subtask, after `boxes.format_answer` where boxes come first.
        state: [D] normalised, not padded.
        control_mode: Marked before the task.
        max_tokens: A longer sequence is cut at its end, and a warning logged. None cuts nothing.
        pad: Fill up to `max_tokens`.
    """
    prompt = prompt_ids(form, tokenizer, task=task, state=state, control_mode=control_mode)
    return taught_tokens(prompt, answer_ids(form, tokenizer, answer), max_tokens=max_tokens, pad=pad)


def answer_ids(form: PromptFormat, tokenizer: TextTokenizer, answer: str) -> list[int]:
    """Token ids of a taught answer, EOS last.

    Raises:
        TypeError: `answer` is no string.
        ValueError: The form teaches no text, or `answer` holds half of a surrogate pair.
    """
    refuse_unencodable(answer)
    if form.answer is None:
        taught = ", ".join(other.name for other in FORMATS.values() if other.answer is not None)
        message = f"prompt format {form.name!r} teaches no text; those that do are {taught}"
        raise ValueError(message)
    return tokenizer.encode(form.answer.format(answer=form.clean(answer)), eos=True)


def read_answer(form: PromptFormat, decoded: str) -> str:
    """The subtask, with the boxes before it, in what a model answered; never raises for what it may be."""
    _, _, ending = (form.answer or "").partition("{answer}")
    return (decoded.partition(ending.rstrip())[0] if ending else decoded).strip()


def prompt_ids(
    form: PromptFormat,
    tokenizer: TextTokenizer,
    *,
    task: str,
    state: ArrayLike | None = None,
    control_mode: ControlMode | None = None,
) -> list[int]:
    """Token ids of a prompt, BOS first, as long as it is; arguments and errors are those of `render`."""
    ids: list[int] = []
    for index, part in enumerate(render(form, task=task, state=state, control_mode=control_mode)):
        ids += tokenizer.encode(part, bos=index == 0) if isinstance(part, str) else [part]
    return ids
