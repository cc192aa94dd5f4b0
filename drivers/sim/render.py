"""Draws the kitchen from its integration state, by any of its cameras, at any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivers.sim.gl import open_context
from drivers.sim.kitchen.lighting import Lighting, Look
from drivers.sim.kitchen.looks import add_soft_shadows, compile_dressed_kitchen

Quality = Literal["live", "offline"]

_MAX_GEOMS = 1000


class NoSuchCamera(Exception):
    """The kitchen has no camera of that name; the message lists those it has."""


class StateOfAnotherWorld(Exception):
    """An integration state of another length than this kitchen's; it was recorded with another model."""


class KitchenRenderer:
    """A model of its own, an off-screen OpenGL context, and the pictures they make.

    Everything happens on the thread that made it. `live` has soft spots for shadows and no antialiasing, about 6 ms of
    processor time for 224×224; `offline` has real shadows, antialiasing and reflections, and about 90 ms.

    Args:
        max_width_px, max_height_px: the largest picture that will be asked for.
        quality: `live` or `offline`.

    Raises:
        NoOffscreenRendering: when this machine cannot draw without a screen.
    """

    def __init__(
        self, *, max_width_px: int = 640, max_height_px: int = 480, quality: Quality = "live"
    ) -> None:
        self.model = compile_dressed_kitchen()
        self._data = mujoco.MjData(self.model)
        self._max_size = (max_width_px, max_height_px)
        self._live = quality == "live"
        visual = self.model.vis
        visual.global_.offwidth, visual.global_.offheight = self._max_size
        visual.quality.shadowsize = 0 if self._live else 4096
        visual.quality.offsamples = 0 if self._live else 8
        self._context, self.backend = open_context(width=max_width_px, height=max_height_px)
        self._context.make_current()
        self._gpu = mujoco.MjrContext(self.model, mujoco.mjtFontScale.mjFONTSCALE_100.value)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._gpu)
        self._scene = mujoco.MjvScene(self.model, maxgeom=_MAX_GEOMS)
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = not self._live
        self._scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = not self._live
        self._options = mujoco.MjvOption()
        self._lighting = Lighting(self.model)
        self._viewpoints = {name: self._viewpoint(name) for name in self.cameras}
        mujoco.mj_forward(self.model, self._data)

    @property
    def cameras(self) -> Sequence[str]:
        """The names of the kitchen's cameras."""
        return [self.model.camera(index).name for index in range(self.model.ncam)]

    def dress(self, look: Look) -> None:
        """Light and colour the kitchen so from now on."""
        self._lighting.put_on(look)

    def show(self, state: ArrayLike) -> None:
        """Draw this state from now on.

        Args:
            state: (N,) MuJoCo's integration state, as `KitchenWorld.integration_state` gives it.

        Raises:
            StateOfAnotherWorld: when its length is not this model's.
        """
        values = np.asarray(state, dtype=np.float64)
        size = mujoco.mj_stateSize(self.model, mujoco.mjtState.mjSTATE_INTEGRATION)
        if values.shape != (size,):
            raise StateOfAnotherWorld(f"a state of shape {values.shape}; this kitchen's has {size} numbers")
        mujoco.mj_setState(self.model, self._data, values, mujoco.mjtState.mjSTATE_INTEGRATION)
        mujoco.mj_kinematics(self.model, self._data)
        mujoco.mj_comPos(self.model, self._data)
        mujoco.mj_camlight(self.model, self._data)

    def picture(self, camera: str, *, width_px: int, height_px: int) -> NDArray[np.uint8]:
        """What a camera sees.

        Returns:
            (height_px, width_px, 3) uint8, RGB.

        Raises:
            NoSuchCamera: when the kitchen has none of that name.
            ValueError: when the picture is larger than the renderer was made for.
        """
        self._look(camera, width_px=width_px, height_px=height_px)
        if self._live:
            add_soft_shadows(self.model, self._data, self._scene)
        return self._draw(width_px, height_px)

    def geoms(self, camera: str, *, width_px: int, height_px: int) -> NDArray[np.int32]:
        """Which part of the model each pixel of a camera's picture shows: what is hidden behind another is not there.

        Returns:
            (height_px, width_px) int32, the model's geom, or -1 where there is nothing.

        Raises:
            NoSuchCamera: when the kitchen has none of that name.
            ValueError: when the picture is larger than the renderer was made for, or the renderer is one for `offline`,
                whose antialiasing mixes what lies side by side.
        """
        if not self._live:
            raise ValueError("an offline renderer mixes neighbouring parts; make one with quality='live'")
        self._look(camera, width_px=width_px, height_px=height_px)
        flags = self._scene.flags
        kept = flags.copy()
        flags[mujoco.mjtRndFlag.mjRND_SHADOW] = flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = 0
        flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = 1
        try:
            red, green, blue = self._draw(width_px, height_px).astype(np.int32).transpose(2, 0, 1)
        finally:
            flags[:] = kept
        # By the number that a colour stands for; 0 is nothing.
        geom_of = np.full(self._scene.ngeom + 1, -1, np.int32)
        for drawn in self._scene.geoms[: self._scene.ngeom]:
            if drawn.segid >= 0 and drawn.objtype == mujoco.mjtObj.mjOBJ_GEOM.value:
                geom_of[drawn.segid + 1] = drawn.objid
        shown: NDArray[np.int32] = geom_of[red + (green << 8) + (blue << 16)]
        return shown

    def close(self) -> None:
        """Free what OpenGL holds. Closing twice is harmless."""
        if self._gpu is not None:
            self._context.make_current()
            self._gpu.free()
            self._gpu = None
            self._context.free()

    def _look(self, camera: str, *, width_px: int, height_px: int) -> None:
        """Lay out the scene before a camera."""
        if camera not in self._viewpoints:
            raise NoSuchCamera(f"no camera {camera!r}; the kitchen has {', '.join(self.cameras)}")
        if width_px > self._max_size[0] or height_px > self._max_size[1]:
            raise ValueError(f"{width_px}×{height_px} is larger than {self._max_size[0]}×{self._max_size[1]}")
        mujoco.mjv_updateScene(
            self.model,
            self._data,
            self._options,
            None,
            self._viewpoints[camera],
            mujoco.mjtCatBit.mjCAT_ALL.value,
            self._scene,
        )

    def _draw(self, width_px: int, height_px: int) -> NDArray[np.uint8]:
        self._context.make_current()  # another renderer on this thread may have drawn meanwhile
        area = mujoco.MjrRect(0, 0, width_px, height_px)
        image = np.empty((height_px, width_px, 3), np.uint8)
        mujoco.mjr_render(area, self._scene, self._gpu)
        mujoco.mjr_readPixels(image, None, area, self._gpu)
        return np.ascontiguousarray(image[::-1])  # OpenGL counts rows from the bottom

    def _viewpoint(self, name: str) -> mujoco.MjvCamera:
        viewpoint = mujoco.MjvCamera()
        viewpoint.type = mujoco.mjtCamera.mjCAMERA_FIXED
        viewpoint.fixedcamid = self.model.camera(name).id
        return viewpoint
