"""Dresses the kitchen's model for pictures: its surfaces' textures, and soft shadows that cost next to nothing."""

from __future__ import annotations

import math

import mujoco
import numpy as np

from drivers.sim.kitchen import textures
from drivers.sim.kitchen.geometry import COUNTER, COUNTER_TOP_M, SINK, SINK_FLOOR_M
from drivers.sim.kitchen.model import kitchen_spec

SHADOWS = {
    "plate": (0.135, 0.135, 0.50),
    "cup": (0.068, 0.068, 0.55),
    "sponge": (0.082, 0.064, 0.50),
    "spoon": (0.125, 0.030, 0.40),
    "left_hand": (0.095, 0.095, 0.30),
    "right_hand": (0.095, 0.095, 0.30),
}
"""For each body that darkens the counter below it: half length and width of the spot in m, and its strength."""

_SPOT = "soft_shadow"
_ABOVE_SURFACE_M = 0.0012
_FADES_OUT_M = 0.5
_HAND_ABOVE_TIP_M = 0.10


def compile_dressed_kitchen() -> mujoco.MjModel:
    """The kitchen's model with its textures; its states are those of the model for physics."""
    spec = kitchen_spec()
    for name, picture in (
        ("floor", textures.planks()),
        ("tile", textures.tiles()),
        ("stone", textures.stone()),
    ):
        texture = spec.texture(name)
        texture.builtin = mujoco.mjtBuiltin.mjBUILTIN_NONE
        _fill(texture, picture)
    _fill(spec.add_texture(name=_SPOT, type=mujoco.mjtTexture.mjTEXTURE_2D), textures.blob())
    material = spec.add_material(name=_SPOT, rgba=[0.0, 0.0, 0.0, 0.99], specular=0.0)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = _SPOT
    return spec.compile()


def add_soft_shadows(model: mujoco.MjModel, data: mujoco.MjData, scene: mujoco.MjvScene) -> None:
    """Lay a spot on the counter, or on the sink's floor, under everything that is over it.

    One textured square each; a shadow map would cost three to five times the whole picture.
    """
    material = model.material(_SPOT).id
    for name, (length, width, strength) in SHADOWS.items():
        body = data.body(name)
        x, y, z = body.xpos
        over_sink = SINK.contains(x, y)
        height = z - COUNTER_TOP_M - (_HAND_ABOVE_TIP_M if name.endswith("_hand") else 0.0)
        if not COUNTER.contains(x, y) or height > _FADES_OUT_M or (height < -0.01 and not over_sink):
            continue
        height = max(height, 0.0)
        surface = SINK_FLOOR_M if over_sink else COUNTER_TOP_M
        spread = 1 + 1.2 * height
        yaw = 0.0 if name.endswith("_hand") else math.atan2(body.xmat[3], body.xmat[0])
        cos, sin = math.cos(yaw), math.sin(yaw)
        geom = scene.geoms[scene.ngeom]
        mujoco.mjv_initGeom(
            geom,
            mujoco.mjtGeom.mjGEOM_PLANE,
            np.array([length * spread, width * spread, 0.01]),
            np.array([x, y, surface + _ABOVE_SURFACE_M]),
            np.array([cos, -sin, 0.0, sin, cos, 0.0, 0.0, 0.0, 1.0]),
            np.array([0.0, 0.0, 0.0, strength / (1 + 6 * height)], np.float32),
        )
        geom.matid = material
        geom.specular = 0.0
        geom.category = mujoco.mjtCatBit.mjCAT_DECOR
        scene.ngeom += 1


def _fill(texture: mujoco.MjsTexture, picture: textures.Image) -> None:
    height, width, channels = picture.shape
    texture.width, texture.height, texture.nchannel = width, height, channels
    texture.data = picture.tobytes()
