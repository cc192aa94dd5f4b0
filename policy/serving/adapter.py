"""Between `Policy` and the wire: the one place that knows how observations, subtasks and chunks look as maps.

A request for actions is openpi's ALOHA one: `images` by camera name, `state`, `prompt`. Ours adds, only to servers
that announce it, the keys below; a reply has entries of ours only where the request had.

    understudy/call        "actions" or "subtask"
    understudy/committed   {actions [T, D], frozen, execute}: the chunk in progress, see `policy.types.Committed`
    understudy/noise       [T, A] float32: where the flow starts, instead of the policy's own random numbers
    understudy/timed       true: the reply has `understudy/target_ns`, [T] ns after the observation for each step
    task, allowed          with "subtask": what it is a part of, and the phrases to choose from
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from policy.serving.calls import ACTIONS, CALL, EXTENSION, SUBTASK
from policy.serving.client_errors import BadReply
from policy.transforms.images import as_image
from policy.types import ActionChunk, Box, Committed, Observation, Policy, RequestError, Servable, Subtask

COMMITTED, NOISE = "understudy/committed", "understudy/noise"
OURS, HIGH = f"{EXTENSION}/", "high"
TIMED, TARGETS = "understudy/timed", "understudy/target_ns"

IMAGES, STATE, PROMPT, TASK, ALLOWED = "images", "state", "prompt", "task", "allowed"
ACTIONS_KEYS = frozenset({IMAGES, STATE, PROMPT, COMMITTED, NOISE, TIMED})
SUBTASK_KEYS = frozenset({IMAGES, STATE, TASK, ALLOWED})


@runtime_checkable
class _AnswersItself(Servable, Protocol):
    """A policy that can be told at run time to have openpi's `infer` as well."""


class ServedPolicy:
    """A `Policy` as a server takes it: `SubtaskServable`, maps in and maps out.

    A policy that has openpi's `infer` as well answers openpi's requests itself, in the keys of its robot.
    """

    def __init__(self, policy: Policy, *, default_prompt: str | None = None) -> None:
        """Serve a policy.

        Args:
            policy: Both levels. Each is asked by one thread at a time; the two may be asked at the same time.
            default_prompt: The subtask of requests that have no `prompt`.
        """
        self._policy = policy
        self._stock = policy if isinstance(policy, _AnswersItself) else None
        self._default_prompt = default_prompt

    @property
    def calls(self) -> tuple[str, ...]:
        """`subtask` is among them unless the policy's metadata says that its `levels` lack the `high` one."""
        return (ACTIONS, SUBTASK) if HIGH in self._policy.metadata.get("levels", [HIGH]) else (ACTIONS,)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The policy's own, and what a request may hold beyond openpi's keys."""
        metadata = dict(self._policy.metadata)
        own = metadata.get(EXTENSION)
        options = {"options": ["committed", *(["noise"] if metadata.get("takes_noise", True) else [])]}
        metadata[EXTENSION] = {**own, **options} if isinstance(own, Mapping) else options
        return metadata

    def infer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Actions that follow `prompt`.

        Raises:
            RequestError: Something is missing, unknown or wrong; the message names it.
        """
        if self._stock is not None and not any(key.startswith(OURS) for key in request):
            defaults = {} if self._default_prompt is None else {PROMPT: self._default_prompt}
            return self._stock.infer({**defaults, **request})
        _refuse_unknown(request, ACTIONS_KEYS)
        chunk = self._policy.actions(
            observation_of(request),
            _text(request, PROMPT, default=self._default_prompt),
            committed=_committed_of(request[COMMITTED]) if COMMITTED in request else None,
            noise=_matrix(request[NOISE], NOISE).astype(np.float32) if NOISE in request else None,
        )
        reply: dict[str, Any] = {
            "actions": np.asarray(chunk.actions, np.float64),
            "policy_timing": {"infer_ms": float(chunk.inference_ms)},
        }
        if request.get(TIMED) is True:
            reply[TARGETS] = np.asarray(chunk.target_ns, np.int64)
        return reply

    def infer_subtask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The next subtask of `task`.

        Raises:
            RequestError: Something is missing, unknown or wrong; the message names it.
        """
        _refuse_unknown(request, SUBTASK_KEYS)
        allowed = request.get(ALLOWED, [])
        if not isinstance(allowed, list) or not all(isinstance(phrase, str) and phrase for phrase in allowed):
            raise RequestError(f"{ALLOWED!r} is {allowed!r:.80}; it must be a list of phrases")
        subtask = self._policy.subtask(
            observation_of(request), _text(request, TASK, default=None), allowed=tuple(allowed)
        )
        return {
            "text": subtask.text,
            "probability": float(subtask.probability),
            "boxes": [
                {"label": b.label, **{edge: float(getattr(b, edge)) for edge in EDGES}} for b in subtask.boxes
            ],
            "cut": bool(subtask.cut),
            "policy_timing": {"infer_ms": float(subtask.inference_ms)},
        }


EDGES = ("y_min", "x_min", "y_max", "x_max")


# -- requests ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layout:
    """Where a server wants the parts of an observation. The default is our own servers'.

    Attributes:
        cameras: The robot's camera to the key of its image; None puts all under `images` by their own names. Cameras
            that are not named here are not sent.
        state: Key and width of each part of the state, in the state's order; one part of width None is the whole.
        channels_first: Images go as [3, Y, X] instead of [Y, X, 3].
    """

    cameras: Mapping[str, str] | None = None
    state: tuple[tuple[str, int | None], ...] = ((STATE, None),)
    channels_first: bool = False

    def request(self, observation: Observation) -> dict[str, Any]:
        """The observation as a request without its text.

        Raises:
            RequestError: An image is none, or the state does not have the layout's width.
        """
        images = {name: _observed(image, name) for name, image in observation.images.items()}
        if self.channels_first:
            images = {name: np.ascontiguousarray(image.transpose(2, 0, 1)) for name, image in images.items()}
        if self.cameras is None:
            return {IMAGES: images, **self._state(observation)}
        named = {key: images[camera] for camera, key in self.cameras.items() if camera in images}
        return {**named, **self._state(observation)}

    def _state(self, observation: Observation) -> dict[str, Any]:
        state = _vector(observation.state, STATE)
        widths = [len(state) if width is None else width for _, width in self.state]
        if sum(widths) != len(state):
            raise RequestError(f"the state has {len(state)} numbers; this server wants {sum(widths)}")
        ends = np.cumsum(widths)
        return {
            key: state[end - width : end]
            for (key, _), width, end in zip(self.state, widths, ends, strict=True)
        }


OWN = Layout()
ALOHA = Layout(channels_first=True)
DROID = Layout(
    cameras=MappingProxyType(
        {
            "exterior_image_1_left": "observation/exterior_image_1_left",
            "wrist_image_left": "observation/wrist_image_left",
        }
    ),
    state=(("observation/joint_position", 7), ("observation/gripper_position", 1)),
)
LIBERO = Layout(
    cameras=MappingProxyType({"image": "observation/image", "wrist_image": "observation/wrist_image"}),
    state=(("observation/state", 8),),
)
"""What openpi's own servers of these robots want; for other camera names, `dataclasses.replace` `cameras`."""


def actions_request(
    observation: Observation,
    prompt: str,
    *,
    layout: Layout = OWN,
    extended: bool = False,
    committed: Committed | None = None,
    noise: NDArray[np.float32] | None = None,
) -> dict[str, Any]:
    """A request for actions; `extended` says that the server knows our keys."""
    request = {**layout.request(observation), PROMPT: prompt}
    if extended:
        request |= {CALL: ACTIONS, TIMED: True}
    if committed is not None:
        actions = np.asarray(committed.actions, np.float64)
        request[COMMITTED] = {"actions": actions, "frozen": committed.frozen, "execute": committed.execute}
    if noise is not None:
        request[NOISE] = np.asarray(noise, np.float32)
    return request


def subtask_request(observation: Observation, task: str, allowed: Sequence[str]) -> dict[str, Any]:
    """A request for the next subtask.

    Raises:
        RequestError: The observation or the phrases are not what they should be.
    """
    if isinstance(allowed, str) or not all(isinstance(phrase, str) for phrase in allowed):
        raise RequestError(f"{ALLOWED!r} is {allowed!r:.80}; it must be a list of phrases")
    request = {CALL: SUBTASK, **OWN.request(observation), TASK: task}
    return {**request, ALLOWED: list(allowed)} if allowed else request


def _observed(image: object, name: str) -> NDArray[np.uint8]:
    """An image of an `Observation`, which is bytes already: floats are what requests may have."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        kind = getattr(image, "dtype", type(image).__name__)
        raise RequestError(f"image {name!r} is {kind}; an observation's images are [Y, X, 3] uint8")
    return as_image(image, name=name)


def observation_of(request: Mapping[str, Any]) -> Observation:
    """The observation in a request of our own layout, with no time: there is no common clock.

    Raises:
        RequestError: Something is missing or wrong; the message names it.
    """
    images = request.get(IMAGES, {})
    if not isinstance(images, Mapping):
        raise RequestError(
            f"{IMAGES!r} is {type(images).__name__}; it must be a map of camera names to images"
        )
    if STATE not in request:
        raise RequestError(
            f"the request has no {STATE!r}; it has {', '.join(map(repr, request)) or 'nothing'}"
        )
    return Observation(
        images={name: as_image(image, name=name) for name, image in images.items()},
        state=_vector(request[STATE], STATE),
    )


def _committed_of(value: object) -> Committed:
    keys = {"actions", "frozen", "execute"}
    if not isinstance(value, Mapping) or set(value) != keys:
        raise RequestError(f"{COMMITTED!r} must be a map of {', '.join(sorted(keys))}")
    actions = _matrix(value["actions"], f"{COMMITTED}.actions")
    frozen, execute = (_integer(value[name], f"{COMMITTED}.{name}") for name in ("frozen", "execute"))
    if not 0 <= frozen <= len(actions) or execute < 1:
        raise RequestError(
            f"{COMMITTED!r} has {frozen} frozen steps of {len(actions)} and {execute} to execute; frozen steps are 0 to"
            " those given, and at least one is executed"
        )
    return Committed(actions=actions, frozen=frozen, execute=execute)


# -- replies -----------------------------------------------------------------------------------------------------------


def chunk_of(
    reply: Mapping[str, Any], *, subtask: str, captured_ns: int, step_ns: int | None, inference_ms: float
) -> ActionChunk:
    """The chunk in a reply.

    Args:
        reply: Of a server.
        subtask: That was asked for.
        captured_ns: When the observation was made, on this machine's clock.
        step_ns: Between two steps, where the reply does not tell their times.
        inference_ms: Wall time it took.

    Raises:
        BadReply: It has no actions, or they are none, or nothing tells their times.
    """
    try:
        actions = _matrix(reply["actions"], "actions")
    except KeyError as error:
        raise BadReply(
            f"the reply has no 'actions'; it has {', '.join(map(repr, reply)) or 'nothing'}"
        ) from error
    except RequestError as error:
        raise BadReply(f"the reply cannot be used: {error}") from error
    after = reply.get(TARGETS)
    if after is None and step_ns is not None:
        after = step_ns * np.arange(len(actions), dtype=np.int64)
    if not isinstance(after, np.ndarray) or after.shape != actions.shape[:1] or after.dtype.kind != "i":
        raise BadReply(
            f"the reply tells no times for its {len(actions)} steps; give the rate that they are meant for"
        )
    return ActionChunk(
        actions=actions,
        target_ns=captured_ns + after.astype(np.int64),
        subtask=subtask,
        inference_ms=inference_ms,
    )


def subtask_of(reply: Mapping[str, Any], *, inference_ms: float) -> Subtask:
    """The subtask in a reply.

    Raises:
        BadReply: It is none.
    """
    try:
        boxes = tuple(
            Box(label=str(box["label"]), **{edge: float(box[edge]) for edge in EDGES})
            for box in reply["boxes"]
        )
        text, probability, cut = reply["text"], float(reply["probability"]), reply.get("cut", False)
    except (KeyError, TypeError, ValueError) as error:
        raise BadReply(f"the reply is no subtask: {type(error).__name__}: {error}") from error
    if not isinstance(text, str) or not 0 <= probability <= 1 or not isinstance(cut, bool):
        raise BadReply(
            f"the reply is no subtask: text {text!r:.60}, probability {probability}, cut {cut!r:.20}"
        )
    return Subtask(text=text, probability=probability, boxes=boxes, inference_ms=inference_ms, cut=cut)


# -- fields ------------------------------------------------------------------------------------------------------------


def _refuse_unknown(request: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = [key for key in request if key not in known]
    if unknown:
        raise RequestError(
            f"the request has {unknown[0]!r:.60}; this policy knows {', '.join(sorted(known))}"
        )


def _text(request: Mapping[str, Any], key: str, *, default: str | None) -> str:
    text = request.get(key, default)
    if text is None:
        raise RequestError(f"the request has no {key!r}, and the server has no default")
    if not isinstance(text, str):
        raise RequestError(f"{key!r} is {text!r:.60}; it must be a text")
    return text


def _integer(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise RequestError(f"{name!r} is {value!r:.40}; it must be an integer")
    return value


def _vector(value: object, name: str) -> NDArray[np.float64]:
    return _numbers(value, name, dimensions=1)


def _matrix(value: object, name: str) -> NDArray[np.float64]:
    return _numbers(value, name, dimensions=2)


def _numbers(value: object, name: str, *, dimensions: int) -> NDArray[np.float64]:
    """Finite numbers of the given number of dimensions, as a copy.

    Raises:
        RequestError: They are not.
    """
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        array = np.asarray(None)
    if array.dtype.kind not in "iuf" or array.ndim != dimensions or array.size == 0:
        shape = f"{list(array.shape)} of {array.dtype}" if array.dtype.kind != "O" else type(value).__name__
        raise RequestError(f"{name!r} is {shape}; it must be numbers in {dimensions} dimension(s)")
    if not np.isfinite(array).all():
        raise RequestError(f"{name!r} has {int((~np.isfinite(array)).sum())} numbers that are not finite")
    return array.astype(np.float64)
