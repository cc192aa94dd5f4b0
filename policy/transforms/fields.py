"""What a request holds, checked once: every key, type and shape, and neither NaN nor absurd numbers past here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy.text.sentencepieces import refuse_unencodable
from policy.transforms.compose import Floats, Raw, Sample
from policy.types import RequestError

LARGEST = 1e30
"""What is larger is damaged. Normalising divides by 1e-6 at the least, and the model computes in float32."""


def take(raw: Raw, key: str) -> object:
    """`raw[key]`.

    Raises:
        RequestError: It is not there.
    """
    if key not in raw:
        there = ", ".join(sorted(map(str, raw))) or "nothing"
        raise RequestError(f"the observation has no {key!r}; it has {there}")
    return raw[key]


def take_map(raw: Raw, key: str) -> Mapping[str, object]:
    """`raw[key]`, a map.

    Raises:
        RequestError: It is not there, or something else.
    """
    value = take(raw, key)
    if not isinstance(value, Mapping):
        raise RequestError(f"{key!r} is a map of names to values, not {type(value).__name__}")
    return value


def take_vector(raw: Raw, key: str, width: int, *, scalar: bool = False) -> Floats:
    """`raw[key]` as [width] numbers; floats keep their dtype, since openpi computes in it.

    Args:
        raw: The request.
        key: Of the vector.
        width: Its length.
        scalar: A single number counts as a vector of one.

    Raises:
        RequestError: It is not there, not numbers, of another shape, not finite or past 1e30.
    """
    return _numbers(take(raw, key), key, (width,), scalar=scalar)


def take_actions(raw: Raw, width: int) -> Floats | None:
    """`raw["actions"]` as [T, width], or None: only samples for training have them.

    Raises:
        RequestError: Not numbers, of another shape, not finite or past 1e30.
    """
    if "actions" not in raw:
        return None
    actions = _numbers(raw["actions"], "actions", (None, width))
    if not len(actions):
        raise RequestError("'actions' is a chunk of one step or more, not of none")
    return actions


def take_prompt(raw: Raw) -> str | None:
    """`raw["prompt"]`, or None where there is none. An array that holds one string counts as that string.

    Raises:
        RequestError: Something else than text, or text that no encoding can express.
    """
    value = raw.get("prompt")
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if value is None:
        return None
    if isinstance(value, str):
        try:
            refuse_unencodable(value)
        except ValueError as error:
            raise RequestError(f"'prompt': {error}") from error
        return str(value)
    raise RequestError(f"'prompt' is text, not {type(value).__name__}")


def with_rest(sample: Sample, raw: Raw, action_dim: int) -> Sample:
    """`sample` with what every embodiment passes on: the prompt, and for training the actions and their padding.

    Raises:
        RequestError: One of them is wrong.
    """
    prompt, actions = take_prompt(raw), take_actions(raw, action_dim)
    if prompt is not None:
        sample["prompt"] = prompt
    if actions is not None:
        sample["actions"] = actions
        if "actions_is_pad" in raw:
            is_pad = _as_array(raw["actions_is_pad"], "actions_is_pad")
            if is_pad.dtype != np.bool_ or is_pad.shape != actions.shape[:1]:
                message = f"'actions_is_pad' is one truth value a step, [{len(actions)}] bool"
                raise RequestError(f"{message}, not {list(is_pad.shape)} {is_pad.dtype}")
            sample["actions_is_pad"] = is_pad
    return sample


def _numbers(value: object, key: str, shape: tuple[int | None, ...], *, scalar: bool = False) -> Floats:
    numbers = _as_array(value, key)
    if scalar and numbers.ndim == 0:
        numbers = numbers[None]
    wanted = "[" + ", ".join("T" if size is None else str(size) for size in shape) + "]"
    if numbers.dtype.kind not in "fiu":
        raise RequestError(f"{key!r} must be {wanted} numbers, not {numbers.dtype}")
    if numbers.ndim != len(shape) or any(
        wants is not None and wants != has for wants, has in zip(shape, numbers.shape, strict=True)
    ):
        raise RequestError(f"{key!r} must be {wanted} numbers, not {list(numbers.shape)}")
    if numbers.dtype.kind != "f":
        return numbers.astype(np.float64)
    wrong = ~(np.abs(numbers) <= np.float64(LARGEST))  # NaN included; 1e30 is no float16
    if wrong.any():
        where = tuple(int(index) for index in np.argwhere(wrong)[0])
        message = f"{key!r} holds {numbers[where]} at {list(where)}"
        raise RequestError(f"{message}; send only finite numbers, of {LARGEST:g} at most")
    return numbers


def _as_array(value: object, key: str) -> NDArray[Any]:
    try:
        return np.asarray(value)
    except ValueError as error:  # a list of lists of different lengths
        raise RequestError(f"{key!r} is no array of numbers: {error}") from error
