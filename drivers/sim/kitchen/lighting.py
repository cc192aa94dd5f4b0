"""Light and colours of the kitchen, drawn from a seed: as another hour of the day, or other paint, would have them."""

from __future__ import annotations

import msgspec
import mujoco
import numpy as np

Factors = tuple[float, float, float]

SURFACES = ("stone", "cabinet", "steel", "floor", "tile", "wall", "wall_sage", "cupboard", "rug")
"""Materials that may be of another colour; those of the robot and of the things to tidy stay."""
LAMPS = ("sun", "fill", "lamp")

_TURN_RAD = 0.25
_BRIGHT = (0.75, 1.15)
_WARM = 0.08
_TINT = 0.12


class Look(msgspec.Struct, frozen=True):
    """How the kitchen looks, against how it was built.

    Attributes:
        ambient: factor of the light that comes from everywhere.
        lights: for each lamp, factors of its red, green and blue.
        turns_rad: for each lamp, how far the direction of its light is turned about x and y.
        tints: factors of red, green and blue by material.
    """

    ambient: float = 1.0
    lights: dict[str, Factors] = {}
    turns_rad: dict[str, tuple[float, float]] = {}
    tints: dict[str, Factors] = {}


AS_BUILT = Look()


def draw_look(rng: np.random.Generator) -> Look:
    """Draw another light and other colours, all within what the kitchen is recognised by."""

    def factors(spread: float, bright: float) -> Factors:
        red, green, blue = bright * (1.0 + rng.uniform(-spread, spread, 3))
        return (float(red), float(green), float(blue))

    return Look(
        ambient=float(rng.uniform(*_BRIGHT)),
        lights={lamp: factors(_WARM, rng.uniform(*_BRIGHT)) for lamp in LAMPS},
        turns_rad={
            lamp: (float(rng.uniform(-_TURN_RAD, _TURN_RAD)), float(rng.uniform(-_TURN_RAD, _TURN_RAD)))
            for lamp in LAMPS
        },
        tints={surface: factors(_TINT, rng.uniform(0.88, 1.05)) for surface in SURFACES},
    )


class Lighting:
    """Light and colours of a model, as it was built, and with looks put on.

    Args:
        model: that is drawn; its lights and materials are changed in place.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        self._ambient = np.array(model.vis.headlight.ambient)
        self._diffuse = model.light_diffuse.copy()
        self._direction = model.light_dir.copy()
        self._rgba = model.mat_rgba.copy()

    def put_on(self, look: Look) -> None:
        """Look like this from now on.

        Raises:
            KeyError: when the model has no such lamp or material.
        """
        model = self._model
        model.vis.headlight.ambient[:] = self._ambient * look.ambient
        model.light_diffuse[:] = self._diffuse
        model.light_dir[:] = self._direction
        model.mat_rgba[:] = self._rgba
        for lamp, factors in look.lights.items():
            model.light(lamp).diffuse[:] *= factors
        for lamp, (about_x, about_y) in look.turns_rad.items():
            x, y, z = model.light(lamp).dir
            turned = np.array([x + about_y * abs(z), y + about_x * abs(z), z])
            model.light(lamp).dir[:] = turned / np.linalg.norm(turned)
        for material, factors in look.tints.items():
            rgba = model.material(material).rgba
            rgba[:3] = np.clip(rgba[:3] * factors, 0.0, 1.0)
