"""Chooses how pictures are made without a screen: EGL, or OSMesa where there is no EGL.

MuJoCo and PyOpenGL each read an environment variable, once, the first time they touch OpenGL; so one process has one
backend, and it is chosen here, before either looks.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any, Literal, Protocol, cast

Backend = Literal["egl", "osmesa"]

_EGL_PLATFORM_DEVICE_EXT = 0x313F
_EGL_TRUE = 1
_MAX_DEVICES = 16


class NoOffscreenRendering(Exception):
    """This machine cannot draw without a screen; the message says what to install."""


class GLContext(Protocol):
    """An OpenGL context without a window."""

    def make_current(self) -> None:
        """Let the calling thread draw with it."""
        ...

    def free(self) -> None:
        """Let it go."""
        ...


def open_context(*, width: int, height: int) -> tuple[GLContext, Backend]:
    """A new context, and which backend it is of.

    `MUJOCO_GL` set to `egl` or `osmesa` is obeyed. Mesa's software renderer is kept to the calling thread unless
    `LP_NUM_THREADS` says otherwise: on few cores its threads would take time from the control loop.

    Raises:
        NoOffscreenRendering: when neither backend works.
    """
    os.environ.setdefault("LP_NUM_THREADS", "0")
    backend = _choose()
    os.environ["MUJOCO_GL"] = backend
    os.environ["PYOPENGL_PLATFORM"] = backend
    try:
        if backend == "egl":
            from mujoco.egl import GLContext as Context
        else:
            from mujoco.osmesa import GLContext as Context
        return cast(GLContext, Context(width, height)), backend
    except (ImportError, AttributeError, RuntimeError) as error:
        raise NoOffscreenRendering(
            f"cannot draw without a screen by {backend} ({error}); "
            "install libegl1 and libgl1-mesa-dri, or libosmesa6, with the system's package manager"
        ) from error


def _choose() -> Backend:
    asked = os.environ.get("MUJOCO_GL", "").strip().lower()
    if asked in ("egl", "osmesa"):
        return cast(Backend, asked)
    return "egl" if _egl_opens_a_device() else "osmesa"


def _egl_opens_a_device() -> bool:
    """Whether EGL can initialise a display on a device, as MuJoCo's context wants it (EGL_EXT_platform_device)."""
    try:
        egl = ctypes.CDLL("libEGL.so.1")
    except OSError:
        return False
    egl.eglGetProcAddress.restype = ctypes.c_void_p
    query_at = egl.eglGetProcAddress(b"eglQueryDevicesEXT")
    display_at = egl.eglGetProcAddress(b"eglGetPlatformDisplayEXT")
    if not query_at or not display_at:
        return False
    pointer: Any = ctypes.c_void_p
    query = ctypes.CFUNCTYPE(
        ctypes.c_uint, ctypes.c_int, ctypes.POINTER(pointer), ctypes.POINTER(ctypes.c_int)
    )(query_at)
    display_of = ctypes.CFUNCTYPE(pointer, ctypes.c_uint, pointer, pointer)(display_at)
    egl.eglInitialize.argtypes = [pointer, pointer, pointer]
    devices, found = (pointer * _MAX_DEVICES)(), ctypes.c_int()
    if query(_MAX_DEVICES, devices, ctypes.byref(found)) != _EGL_TRUE:
        return False
    displays = (display_of(_EGL_PLATFORM_DEVICE_EXT, devices[i], None) for i in range(found.value))
    return any(display and egl.eglInitialize(display, None, None) == _EGL_TRUE for display in displays)
