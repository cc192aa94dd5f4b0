"""Compiles the kitchen's MJCF files into a MuJoCo model."""

from __future__ import annotations

from importlib.resources import as_file, files

import mujoco

RIGHT_ARM_CONTACTS = 8
"""The contact group of the right arm; the model of an arm is written as the left one, group 4."""


def kitchen_spec() -> mujoco.MjSpec:
    """The kitchen's model before compilation, open to changes."""
    with as_file(files("drivers.sim.kitchen")) as folder:
        spec = mujoco.MjSpec.from_file(str(folder / "kitchen.xml"))
    _let_arms_touch(spec)
    return spec


def compile_kitchen() -> mujoco.MjModel:
    """The kitchen's model, ready for physics."""
    return kitchen_spec().compile()


def _let_arms_touch(spec: mujoco.MjSpec) -> None:
    """Tell the two copies of the arm apart, so that they collide with one another but neither with itself."""
    for geom in spec.body("right_mount").find_all("geom"):
        if geom.contype:
            geom.contype = RIGHT_ARM_CONTACTS
    for geom in spec.body("left_mount").find_all("geom"):
        if geom.contype:
            geom.conaffinity |= RIGHT_ARM_CONTACTS
