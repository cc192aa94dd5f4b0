"""What a session was started with, written once by its owner and read by each of its processes."""

from __future__ import annotations

from pathlib import Path

import msgspec

CONFIG_NAME = "session.json"


class SessionConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a session was started.

    Attributes:
        profile: path of the robot's profile.
        data_dir: the dataset that episodes are recorded to.
        seed: of the simulated world's object placement.
        operator: who drives.
        owner_pid: the process whose end ends the session.
    """

    profile: str
    data_dir: str
    seed: int = 0
    operator: str = ""
    owner_pid: int


def write_config(runtime_dir: Path, config: SessionConfig) -> None:
    """Leave the configuration where the session's processes will look for it."""
    (runtime_dir / CONFIG_NAME).write_bytes(msgspec.json.encode(config))


def read_config(runtime_dir: Path) -> SessionConfig:
    """The configuration of a session.

    Raises:
        FileNotFoundError: when there is no session in this directory.
    """
    return msgspec.json.decode((runtime_dir / CONFIG_NAME).read_bytes(), type=SessionConfig)
