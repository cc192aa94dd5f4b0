"""What a request asks for: openpi's one call, and ours beside it under keys that a stock client never sends.

A request without `understudy/call` is openpi's: observation in, actions out. With `understudy/call` it may ask for the
next subtask as well, where the policy can name one; only then does the metadata mention any of this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from policy.types import RequestError, Servable

EXTENSION = "understudy"
CALL = "understudy/call"
ACTIONS, SUBTASK = "actions", "subtask"
PROTOCOL_VERSION = 1


class PolicyFault(RuntimeError):
    """The policy answered something that must not reach a robot, or is no answer."""


@runtime_checkable
class SubtaskServable(Servable, Protocol):
    """A policy that knows our calls, and may be asked for the next subtask as well.

    A server asks it for subtasks in a thread of their own, also while it is answering with actions.
    """

    @property
    def calls(self) -> Sequence[str]:
        """What it can be asked: `actions`, and `subtask` if it names them."""
        ...

    def infer_subtask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `{text, probability, boxes, ...}` to an observation with `task` and, optionally, `allowed`."""
        ...


def served_metadata(policy: Servable) -> dict[str, Any]:
    """What clients get first: the policy's own metadata, and the calls beyond openpi's where there are any.

    Entries that the policy itself has under `understudy` are kept.
    """
    metadata = dict(policy.metadata)
    if isinstance(policy, SubtaskServable):
        own = metadata.get(EXTENSION, {})
        metadata[EXTENSION] = {"protocol": PROTOCOL_VERSION, "calls": list(policy.calls), **own}
    return metadata


def names_a_subtask(request: Mapping[str, Any]) -> bool:
    """Whether a request is one to the high level."""
    call = request.get(CALL)
    return isinstance(call, str) and call == SUBTASK


def answer(policy: Servable, request: Mapping[str, Any]) -> dict[str, Any]:
    """Let the policy answer one request, whichever call it is.

    Raises:
        RequestError: The call is unknown or this policy does not have it, or a number in the request is not finite.
        PolicyFault: The answer is no map, or its numbers are not finite.
    """
    asked = {key: value for key, value in request.items() if key != CALL}
    call = request.get(CALL, ACTIONS)
    _refuse_non_finite(asked, "", RequestError)
    calls = policy.calls if isinstance(policy, SubtaskServable) else (ACTIONS,)
    if not isinstance(call, str) or call not in calls:
        raise RequestError(f"{CALL} is {call!r:.60}; this policy answers {' and '.join(calls)}")
    if names_a_subtask(request) and isinstance(policy, SubtaskServable):
        reply = policy.infer_subtask(asked)
    else:
        reply = policy.infer(asked)
    if not isinstance(reply, dict):
        raise PolicyFault(f"the policy answered a {type(reply).__name__}; it must answer a map")
    _refuse_non_finite(reply, "the policy's answer", PolicyFault)
    return reply


def _refuse_non_finite(value: object, path: str, error: type[RequestError] | type[PolicyFault]) -> None:
    """NaN and infinity never reach a policy, nor a robot."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_non_finite(item, f"{path}[{key!r:.60}]", error)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _refuse_non_finite(item, f"{path}[{index}]", error)
    elif isinstance(value, (float, np.floating, np.ndarray)):
        array = np.asarray(value)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            wrong = array[~np.isfinite(array)]
            where = f", in {wrong.size} of {array.size} places" if array.size > 1 else ""
            raise error(f"{path} is {float(wrong.flat[0])}{where}; every number must be finite")
