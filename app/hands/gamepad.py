"""A gamepad as hands and feet: sticks drive the base while the left bumper is held, a hand while the right one is."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from app.messages import Jog

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS", "1")

import pygame
from pygame._sdl2 import controller

DEAD_ZONE = 0.12
BASE_M_S, BASE_RAD_S, LIFT_M_S = 0.35, 0.9, 0.12
HAND_M_S, HAND_RAD_S, GRIP_PER_S = 0.18, 0.8, 1.5


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


def jog_of(sticks: Sticks, hand: str) -> Jog | None:
    """What the sticks want, or None while neither bumper, the dead man's switches, is held.

    Args:
        sticks: the gamepad's state.
        hand: the leader that the right bumper moves.
    """
    if not (sticks.left_bumper or sticks.right_bumper):
        return None
    now = time.monotonic_ns()
    ahead, left, turn = _shape(sticks.left_y), -_shape(sticks.left_x), -_shape(sticks.right_x)
    if sticks.left_bumper:
        lift = LIFT_M_S * (sticks.up - sticks.down)
        return Jog(
            time_ns=now, base_twist=(BASE_M_S * ahead, BASE_M_S * left, BASE_RAD_S * turn), lift_m_s=lift
        )
    return Jog(
        time_ns=now,
        hand=hand,
        linear_m_s=(HAND_M_S * ahead, HAND_M_S * left, HAND_M_S * _shape(sticks.right_y)),
        angular_rad_s=(0.0, HAND_RAD_S * (sticks.down - sticks.up), HAND_RAD_S * turn),
        opening_rate=GRIP_PER_S * (sticks.left_trigger - sticks.right_trigger),
    )


def _shape(value: float) -> float:
    """No motion in the dead zone, fine motion near it, full motion at the end."""
    size = abs(value)
    if size < DEAD_ZONE:
        return 0.0
    reach = (size - DEAD_ZONE) / (1.0 - DEAD_ZONE)
    return reach * reach * (1.0 if value > 0 else -1.0)


class Gamepad:
    """The first gamepad that is plugged in, also while the app runs.

    Args:
        hands: the leaders a gamepad may move; its left and right d-pad choose among them.
    """

    def __init__(self, hands: tuple[str, ...]) -> None:
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
        if self._pad is None:
            return None
        sticks = self._read(self._pad)
        if self._hands and not sticks.left_bumper and (sticks.left or sticks.right):
            self._chosen = 0 if sticks.left else len(self._hands) - 1
        return jog_of(sticks, self._hands[self._chosen] if self._hands else "")

    def close(self) -> None:
        """Let go of the gamepad."""
        controller.quit()
        pygame.display.quit()

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
