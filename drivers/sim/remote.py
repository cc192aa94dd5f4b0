"""The channel by which tests, evaluation and the scripted operator see and arrange the simulated world.

Drivers never use it: what they know of the world comes over the serial lines and from the cameras.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, get_origin

import msgspec
import numpy as np
import zmq
from numpy.typing import ArrayLike

from drivers.sim.faults import Faults
from drivers.sim.interface import Truth

SOCKET_NAME: Final = "sim.sock"
Pose = tuple[float, float, float, float, float, float, float]


class SimRemoteError(Exception):
    """The simulated world did not answer, or refused; the message says which and why."""


class Reset(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Put the objects to a start drawn from the seed, and the robot too where `robot`."""

    seed: int
    robot: bool


class SetFaults(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Make these the present faults."""

    faults: Faults


class Place(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Put an object to a pose, x y z qw qx qy qz in the world frame, m."""

    name: str
    pose: Pose


class GetTruth(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Ask for the state of the world."""


Wish = Reset | SetFaults | Place | GetTruth


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The world's answer: an error, or none and the truth where it was asked for."""

    error: str = ""
    truth: Truth | None = None


def _encode_array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise NotImplementedError(f"{type(value).__name__} has no place in a message of the simulated world")


def _decode_array(kind: type, value: Any) -> Any:
    if get_origin(kind) is np.ndarray:
        return np.asarray(value, dtype=np.float64)
    raise NotImplementedError(f"{kind} has no place in a message of the simulated world")


_encode: Final = msgspec.json.Encoder(enc_hook=_encode_array).encode
_decode_wish: Final = msgspec.json.Decoder(Wish).decode
_decode_answer: Final = msgspec.json.Decoder(Answer, dec_hook=_decode_array).decode


def address(runtime_dir: Path) -> str:
    """Where the simulated world of a session listens."""
    return f"ipc://{runtime_dir / SOCKET_NAME}"


class SimRemote:
    """Talks to the simulated world of a session. Not to be shared between threads.

    Args:
        runtime_dir: the session's directory.
        timeout_s: how long an answer may take.
    """

    def __init__(self, runtime_dir: Path, *, timeout_s: float = 3.0) -> None:
        self._address = address(runtime_dir)
        self._timeout_s = timeout_s
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._connect()

    def reset(self, seed: int, *, robot: bool) -> None:
        """Put the objects to a start drawn from the seed, and the robot and its leaders too where `robot`.

        A robot that was moved holds its new place until the next goal comes.

        Raises:
            SimRemoteError: when the world refuses or does not answer.
        """
        self._ask(Reset(seed, robot))

    def set_faults(self, faults: Faults) -> None:
        """Make these the present faults; `Faults()` heals everything but errors that need a reboot.

        Raises:
            SimRemoteError: when a name is not the profile's, or the world does not answer.
        """
        self._ask(SetFaults(faults))

    def place(self, name: str, pose: ArrayLike) -> None:
        """Put an object to a pose, (7,) x y z qw qx qy qz in the world frame, m.

        Raises:
            SimRemoteError: when there is no such object, or the world does not answer.
            ValueError: when the pose has not seven numbers.
        """
        x, y, z, qw, qx, qy, qz = np.asarray(pose, dtype=np.float64).tolist()
        self._ask(Place(name, (x, y, z, qw, qx, qy, qz)))

    def truth(self) -> Truth:
        """The state of the world now.

        Raises:
            SimRemoteError: when the world does not answer.
        """
        truth = self._ask(GetTruth()).truth
        if truth is None:
            raise SimRemoteError(
                "the simulated world answered without its state; both ends are not of one version"
            )
        return truth

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
        self._context.term()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connect(self) -> zmq.Socket[bytes]:
        socket = self._context.socket(zmq.REQ)
        socket.linger = 0
        socket.connect(self._address)
        return socket

    def _ask(self, wish: Wish) -> Answer:
        self._socket.send(_encode(wish))
        if not self._socket.poll(round(self._timeout_s * 1000)):
            # A request socket that was left without an answer cannot ask again.
            self._socket.close()
            self._socket = self._connect()
            raise SimRemoteError(
                f"the simulated world at {self._address} did not answer {type(wish).__name__} "
                f"in {self._timeout_s:g} s; is its process running?"
            )
        answer = _decode_answer(self._socket.recv())
        if answer.error:
            raise SimRemoteError(answer.error)
        return answer


class RemoteServer:
    """The world's end of the channel, polled by its loop.

    Args:
        runtime_dir: the session's directory.
        act: does what is asked, giving the truth where that is asked for; `ValueError` and `KeyError` are refusals.
    """

    def __init__(self, runtime_dir: Path, act: Callable[[Wish], Truth | None]) -> None:
        self._act = act
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.REP)
        self._socket.linger = 0
        self._socket.bind(address(runtime_dir))

    def poll(self) -> None:
        """Answer whoever asked; returns at once when nobody did."""
        while self._socket.poll(0):
            self._socket.send(_encode(self._answer(self._socket.recv())))

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        self._context.term()

    def _answer(self, request: bytes) -> Answer:
        try:
            return Answer(truth=self._act(_decode_wish(request)))
        except msgspec.MsgspecError as error:
            return Answer(error=f"the simulated world does not understand this request: {error}")
        except KeyError as error:
            return Answer(error=str(error.args[0]))
        except ValueError as error:
            return Answer(error=str(error))
