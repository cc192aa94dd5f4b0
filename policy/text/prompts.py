"""Every form of prompt, in one table, and how a prompt becomes token ids.

A model answers only to the form it was trained with, to the letter: a space more or less changes the tokens.
Axis: L prompt tokens.
"""

from __future__ import annotations

import logging
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policy.text.sentencepieces import refuse_unencodable
from policy.text.tokenizer import BOS, EOS, PAD, TextTokenizer

ControlMode = Literal["joint", "end effector"]
"""What the actions mean. π0.5's training marks it in the prompt."""

STATE_BINS = 256

_log = logging.getLogger(__name__)


def _cleaned(text: str) -> str:
    return text.strip().replace("_", " ").replace("\n", " ")


def _cleaned_for_fast(text: str) -> str:
    return text.lower().strip().replace("_", " ")


def _as_sentence(text: str) -> str:
    """Lower case, and one full stop in place of the last punctuation mark, if any."""
    cleaned = _cleaned(text.lower())
    return (cleaned[:-1] if cleaned and cleaned[-1] in string.punctuation else cleaned) + "."


@dataclass(frozen=True)
class PromptFormat:
    r"""One form of prompt.

    Attributes:
        name: As checkpoints and recipes call it.
        level: `low` is answered by actions, `high` by the next subtask.
        parts: Texts, each encoded on its own, the first after BOS. `{task}` stands for the cleaned task (at the low
            level that is the subtask where there are two levels), `{state}` for the bins of the state.
        answer: Of the high level: the text that is taught after the prompt, ended by EOS; `{answer}` stands for the
            cleaned subtask with the boxes before it. None where actions are the answer.
        clean: What is done to task and subtask.
        source: Where the form is from.
    """

    name: str
    level: Literal["low", "high"]
    parts: tuple[str, ...]
    source: str
    answer: str | None = None
    clean: Callable[[str], str] = _cleaned

    @property
    def has_state(self) -> bool:
        """Whether the state is in the prompt."""
        return any("{state}" in part for part in self.parts)


OPENPI_PI0 = PromptFormat(
    name="openpi-pi0",
    level="low",
    parts=("{task}", "\n"),
    source="openpi, PaligemmaTokenizer.tokenize without state; the newline is encoded on its own",
)
OPENPI_PI05 = PromptFormat(
    name="openpi-pi05",
    level="low",
    parts=("Task: {task}, State: {state};\nAction: ",),
    source="openpi, PaligemmaTokenizer.tokenize with state",
)
OPENPI_PI05_STATELESS = PromptFormat(
    name="openpi-pi05-stateless",
    level="low",
    parts=OPENPI_PI0.parts,
    source="openpi with discrete_state_input=False, as its pi05_libero: the state reaches neither prompt nor model",
)
OPENPI_PI0_FAST = PromptFormat(
    name="openpi-pi0-fast",
    level="low",
    parts=("Task: {task}, State: {state};\n",),
    clean=_cleaned_for_fast,
    source="openpi, FASTTokenizer.tokenize; the only one in lower case, and it keeps newlines within the task",
)
SUBTASK = PromptFormat(
    name="subtask",
    level="high",
    parts=("Task: {task}, State: {state};\nSubtask: ",),
    answer="{answer}",
    source="this project's: the low level's form, asking for a subtask in place of an action",
)

FORMATS: Mapping[str, PromptFormat] = MappingProxyType(
    {form.name: form for form in (OPENPI_PI0, OPENPI_PI05, OPENPI_PI05_STATELESS, OPENPI_PI0_FAST, SUBTASK)}
)


@dataclass(frozen=True)
class PromptTokens:
    """A prompt as a model takes it.

    Attributes:
        ids_L: [L] int64, padded at the right with 0.
        mask_L: [L] bool, True on real tokens.
    """

    ids_L: NDArray[np.int64]
    mask_L: NDArray[np.bool_]

    def __len__(self) -> int:
        """Real tokens."""
        return int(self.mask_L.sum())


def state_to_bins(state: ArrayLike) -> NDArray[np.int64]:
    """Bins of a normalised state, 256 of equal width over [-1, 1).

    Args:
        state: [D] after normalisation, before padding: the robot's own dimensions.

    Returns:
        [D] int64 from -1 to 255: -1 for what lies below -1, 255 for what lies above, 128 for 0.

    Raises:
        ValueError: It is not one row of finite numbers.
    """
    values = np.asarray(state)
    if values.ndim != 1 or values.dtype.kind not in "fiu":
        message = f"state must be one row of numbers, not {values.dtype} of shape {values.shape}"
        raise ValueError(message)
    if not np.isfinite(values).all():
        wrong = int(np.flatnonzero(~np.isfinite(values))[0])
        message = f"state dimension {wrong} is {values[wrong]}: that device did not answer; hold, do not ask the policy"
        raise ValueError(message)
    edges = np.linspace(-1, 1, STATE_BINS + 1)[:-1]
    return np.digitize(values, bins=edges).astype(np.int64) - 1


def render(
    form: PromptFormat, *, task: str, state: ArrayLike | None = None, control_mode: ControlMode | None = None
) -> tuple[str, ...]:
    """The texts of a prompt, each to be encoded on its own.

    Args:
        form: Of the table above.
        task: What to do; at the low level the subtask, where there is one.
        state: [D] normalised, not padded; forms without a state leave it out.
        control_mode: Marked before the task where the model was trained with it.

    Raises:
        TypeError: `task` is no string.
        ValueError: The form needs a state and there is none, or it is no row of finite numbers.
    """
    refuse_unencodable(task)
    bins = ""
    if form.has_state:
        if state is None:
            message = f"prompt format {form.name!r} needs a state, and none was given"
            raise ValueError(message)
        bins = " ".join(map(str, state_to_bins(state)))
    marker = "" if control_mode is None else f"<control mode> {control_mode} <control mode> "
    return tuple(part.format(task=marker + form.clean(task), state=bins) for part in form.parts)


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
    """Token ids of a prompt.

    Args:
        form: Of the table above.
        tokenizer: The model's vocabulary.
        task: As for `render`.
        state: As for `render`.
        control_mode: As for `render`.
        max_tokens: A longer prompt is cut at its end, and a warning logged; None cuts nothing.
        pad: Fill up to `max_tokens` with padding.

    Raises:
        TypeError: As `render`.
        ValueError: As `render`.
    """
    ids: list[int] = []
    for index, text in enumerate(render(form, task=task, state=state, control_mode=control_mode)):
        ids += tokenizer.encode(text, bos=index == 0)
    if max_tokens is not None and len(ids) > max_tokens:
        _log.warning(
            "a prompt of %d tokens is cut to %d and loses its end, %r; shorten the task or allow more tokens",
            len(ids),
            max_tokens,
            tokenizer.decode(ids[max_tokens:]),
        )
        ids = ids[:max_tokens]
    length = max_tokens if pad and max_tokens is not None else len(ids)
    ids_L = np.full(length, PAD, dtype=np.int64)
    ids_L[: len(ids)] = ids
    return PromptTokens(ids_L=ids_L, mask_L=np.arange(length) < len(ids))


_ = (BOS, EOS, _as_sentence)
