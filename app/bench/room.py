"""A room made of a sound server: what is played into it, its microphone hears. To measure with, and to test."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drivers.microphone.capture import RATE_HZ

STARTS_WITHIN_S = 15.0
_ROOM = "module-null-sink sink_name=room rate=16000 channels=1"


class Room:
    """What is played into it, its microphone hears.

    Attributes:
        environment: variables by which programs find it.
    """

    def __init__(self, folder: Path) -> None:
        socket = folder / "native"
        self.environment = {
            "PULSE_SERVER": f"unix:{socket}",
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
        }
        self._modules = (f"module-native-protocol-unix auth-anonymous=1 socket={socket}", _ROOM)
        self.start()

    def start(self) -> None:
        """Plug in (again)."""
        self._server = subprocess.Popen(
            [
                "pulseaudio",
                "-n",
                "--daemonize=no",
                "--use-pid-file=no",
                "--exit-idle-time=-1",
                "--log-level=error",
            ]
            + [f"--load={module}" for module in self._modules],
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + STARTS_WITHIN_S
        while self.control("info", check=False).returncode:
            if time.monotonic() > deadline:
                self.close()
                raise TimeoutError(f"pulseaudio does not answer at {self.environment['PULSE_SERVER']}")
            time.sleep(0.05)

    def control(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        """Ask something of the sound server."""
        return subprocess.run(
            ["pactl", *arguments], env=os.environ | self.environment, capture_output=True, check=check
        )

    def unplug(self) -> None:
        """Take the microphone away; the sound server goes on without one."""
        self.control("unload-module", "module-null-sink")

    def plug(self) -> None:
        """Put the microphone back."""
        self.control("load-module", *_ROOM.split())

    def play(self, samples: NDArray[np.int16]) -> None:
        """Play (n,) samples at 16 kHz to their end."""
        format_ = ["--format=s16le", f"--rate={RATE_HZ}", "--channels=1", "--device=room"]
        subprocess.run(
            ["pacat", "--playback", *format_],
            env=os.environ | self.environment,
            input=samples.tobytes(),
            capture_output=True,
            check=True,
            timeout=30,
        )

    def close(self) -> None:
        """Pull the plug: the server ends, and with it every microphone."""
        self._server.terminate()
        self._server.wait(10)


@contextmanager
def room(folder: Path) -> Iterator[Room]:
    """A room for the length of a test."""
    made = Room(folder)
    try:
        yield made
    finally:
        made.close()
