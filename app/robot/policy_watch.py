"""Whether there is a policy to hand the robot to, by the heartbeat of its process."""

from __future__ import annotations

import time

import msgspec

from app.dataplane import DataPlane
from app.dataplane.layouts import status_topic
from app.messages import Status

SILENT_S = 1.5
"""Without a heartbeat for this long, there is none; a busy machine may take most of a second."""

_decode_status = msgspec.json.Decoder(Status).decode


class PolicyWatch:
    """Follows the policy process.

    Args:
        plane: of the robot process.
    """

    def __init__(self, plane: DataPlane) -> None:
        self._port = plane.subscriber(status_topic("policy"))
        self._seen_ns = 0
        self._state = ""
        self._detail = ""
        self._rested_ns = 0

    @property
    def rested_ns(self) -> int:
        """When it said, monotonic, that no subtask is in force, if that is the last that was heard of it; else 0."""
        return self._rested_ns

    def trouble(self) -> str:
        """Why the policy cannot move the robot now, in words; empty when it can."""
        payload = self._port.newest()
        if payload is not None:
            status = _decode_status(payload.tobytes())
            self._seen_ns = status.time_ns
            # While it runs, its state is what it says of the policy, not of the process.
            self._state = str(status.detail.get("state", status.state))
            self._detail = str(status.detail.get("detail", ""))
            self._rested_ns = status.time_ns if status.detail.get("subtask") == "" else 0
        if not self._seen_ns:
            return "no policy is loaded; load one first"
        if time.monotonic_ns() - self._seen_ns > SILENT_S * 1e9:
            return "the policy process is lost; it is started again by itself"
        if self._state == "ready":
            return ""
        if self._state == "failed":
            return f"the policy has failed: {self._detail}"
        return f"the policy is not ready yet: {self._detail or self._state}"
