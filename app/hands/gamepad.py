"""A gamepad as hands and feet: sticks drive the base while the left bumper is held, a hand while the right one is.

Its other buttons are triggers (`app.inputs`), told once for each press.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from app.hands.limits import FootLimits
from app.inputs.trigger import DEAD_MEN, PAD, PAD_BUTTONS
from app.messages import Jog

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS", "1")

import pygame
from pygame._sdl2 import controller

DEAD_ZONE = 0.12
HAND_M_S, HAND_RAD_S, GRIP_PER_S = 0.18, 0.8, 1.5
"""Of a simulated leader's hand, with the stick at its end: half as fast again as with keys, since a stick can be pushed
a little; the quadratic `_shape` leaves most of its way to less than a third of that. An opening takes 0.7 s."""

BOUNCE_S = 0.03
"""A worn button that opens for less than this has not been let go."""

_DRIVING_PAD = ("dpup", "dpdown", "dpleft", "dpright")
"""What the bumpers give another meaning: the lift, the hand's tilt, the other hand."""


@dataclass(frozen=True, slots=True)
class Sticks:
    """A gamepad's state: sticks and triggers in [-1, 1] or [0, 1], y up, and the buttons that matter here."""

    left_x: float = 0.0
    left_y: float = 0.0
    right_x: float = 0.0
    right_y: float = 0.0
    left_trigger: float = 0.0
    right_trigger: float = 0.0
    left_bumper: bool = False
    right_bumper: bool = False
    up: bool = False
    down: bool = False
    left: bool = False
    right: bool = False


def jog_of(sticks: Sticks, hand: str, limits: FootLimits, *, factor: float = 1.0) -> Jog | None:
    """What the sticks want, or None while neither bumper, the dead man's switches, is held.

    Args:
        sticks: the gamepad's state.
        hand: the leader that the right bumper moves.
        limits: of base and lift, reached with a stick at its end.
        factor: the speed in (0, 1], which slows the hand down. Base and lift are slowed down by the robot's process.
    """
    if not (sticks.left_bumper or sticks.right_bumper):
        return None
    now = time.monotonic_ns()
    ahead, left, turn = _shape(sticks.left_y), -_shape(sticks.left_x), -_shape(sticks.right_x)
    if sticks.left_bumper:
        lift = limits.lift_m_s * (sticks.up - sticks.down)
        speed_m_s, yaw_rad_s = limits.base_m_s, limits.yaw_rad_s
        return Jog(
            time_ns=now, base_twist=(speed_m_s * ahead, speed_m_s * left, yaw_rad_s * turn), lift_m_s=lift
        )
    hand_m_s, hand_rad_s = HAND_M_S * factor, HAND_RAD_S * factor
    return Jog(
        time_ns=now,
        hand=hand,
        linear_m_s=(hand_m_s * ahead, hand_m_s * left, hand_m_s * _shape(sticks.right_y)),
        angular_rad_s=(0.0, hand_rad_s * (sticks.down - sticks.up), hand_rad_s * turn),
        opening_rate=GRIP_PER_S * (sticks.left_trigger - sticks.right_trigger),
    )


def _shape(value: float) -> float:
    """No motion in the dead zone, fine motion near it, full motion at the end."""
    size = abs(value)
    if size < DEAD_ZONE:
        return 0.0
    reach = (size - DEAD_ZONE) / (1.0 - DEAD_ZONE)
    return reach * reach * (1.0 if value > 0 else -1.0)


class Buttons:
    """Presses out of the buttons' states: each once, however long it is held and however it bounces."""

    def __init__(self) -> None:
        self._down: set[str] = set()
        self._up_since_s: dict[str, float] = {}

    def step(self, down: set[str], now_s: float) -> tuple[str, ...]:
        """The triggers of buttons that went down.

        Args:
            down: SDL names of the buttons that are down now.
            now_s: monotonic.
        """
        driving = not down.isdisjoint(DEAD_MEN)
        pressed = []
        for name in sorted(down):
            self._up_since_s.pop(name, None)
            if name not in self._down:
                self._down.add(name)
                if name not in DEAD_MEN and not (driving and name in _DRIVING_PAD):
                    pressed.append(f"{PAD}:{name}")
        for name in self._down - down:
            if now_s - self._up_since_s.setdefault(name, now_s) >= BOUNCE_S:
                del self._up_since_s[name]
                self._down.discard(name)
        return tuple(pressed)


class Gamepad:
    """The first gamepad that is plugged in, also while the app runs.

    Args:
        hands: the leaders a gamepad may move; with the right bumper, its left and right d-pad choose among them.
        limits: of base and lift.

    Attributes:
        factor: the speed in (0, 1].
        presses: triggers of the buttons that the last `poll` saw go down.
    """

    def __init__(self, hands: tuple[str, ...], limits: FootLimits) -> None:
        self.factor = 1.0
        self.presses: tuple[str, ...] = ()
        self._buttons = Buttons()
        self._limits = limits
        self._hands = hands
        self._chosen = len(hands) - 1
        self._pad: controller.Controller | None = None
        pygame.display.init()
        controller.init()

    @property
    def name(self) -> str:
        """The gamepad's name; empty when none is plugged in."""
        return str(self._pad.name) if self._pad is not None else ""

    def poll(self) -> Jog | None:
        """What the gamepad wants now; None without a gamepad or while no dead man is held."""
        for event in pygame.event.get():
            if event.type == pygame.CONTROLLERDEVICEADDED and self._pad is None:
                self._pad = controller.Controller(event.device_index)
            elif (
                event.type == pygame.CONTROLLERDEVICEREMOVED
                and self._pad is not None
                and not self._pad.attached()
            ):
                self._pad = None
        down = self._pressed(self._pad) if self._pad is not None else set()
        self.presses = self._buttons.step(down, time.monotonic())
        if self._pad is None:
            return None
        sticks = self._read(self._pad)
        if self._hands and sticks.right_bumper and not sticks.left_bumper and (sticks.left or sticks.right):
            self._chosen = 0 if sticks.left else len(self._hands) - 1
        hand = self._hands[self._chosen] if self._hands else ""
        return jog_of(sticks, hand, self._limits, factor=self.factor)

    def close(self) -> None:
        """Let go of the gamepad."""
        controller.quit()
        pygame.display.quit()

    @staticmethod
    def _pressed(pad: controller.Controller) -> set[str]:
        """SDL names of the buttons that are down; SDL numbers them in the order of `PAD_BUTTONS`."""
        return {name for number, name in enumerate(PAD_BUTTONS) if pad.get_button(number)}

    def _read(self, pad: controller.Controller) -> Sticks:
        def axis(which: int) -> float:
            return max(-1.0, min(1.0, pad.get_axis(which) / 32767.0))

        def pressed(which: int) -> bool:
            return bool(pad.get_button(which))

        return Sticks(
            left_x=axis(pygame.CONTROLLER_AXIS_LEFTX),
            left_y=-axis(pygame.CONTROLLER_AXIS_LEFTY),
            right_x=axis(pygame.CONTROLLER_AXIS_RIGHTX),
            right_y=-axis(pygame.CONTROLLER_AXIS_RIGHTY),
            left_trigger=axis(pygame.CONTROLLER_AXIS_TRIGGERLEFT),
            right_trigger=axis(pygame.CONTROLLER_AXIS_TRIGGERRIGHT),
            left_bumper=pressed(pygame.CONTROLLER_BUTTON_LEFTSHOULDER),
            right_bumper=pressed(pygame.CONTROLLER_BUTTON_RIGHTSHOULDER),
            up=pressed(pygame.CONTROLLER_BUTTON_DPAD_UP),
            down=pressed(pygame.CONTROLLER_BUTTON_DPAD_DOWN),
            left=pressed(pygame.CONTROLLER_BUTTON_DPAD_LEFT),
            right=pressed(pygame.CONTROLLER_BUTTON_DPAD_RIGHT),
        )
