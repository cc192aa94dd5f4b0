"""The robot's lines and servos as views, made anew only when the robot process has made new figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.session.compose import bus_view, servo_view
from app.session.view import BusView, ServoView


class RobotViews:
    """The heartbeat repeats its figures ten times a second, and they are new once: what is known of them is kept.

    Attributes:
        buses, servos: the views by the newest figures; empty while there are none.
    """

    def __init__(self) -> None:
        self.buses: tuple[BusView, ...] = ()
        self.servos: tuple[ServoView, ...] = ()
        self._made_ns = 0

    def take(self, figures: Mapping[str, Any]) -> None:
        """Learn from the figures in the robot's newest heartbeat, empty while it is starting or lost."""
        made_ns = figures.get("health_ns", 0)
        if made_ns == self._made_ns:
            return
        self._made_ns = made_ns
        faults = figures.get("faults", ())
        self.buses = tuple(bus_view(name, bus, faults) for name, bus in figures.get("buses", {}).items())
        self.servos = tuple(servo_view(servo, faults) for servo in figures.get("servos", ()))
