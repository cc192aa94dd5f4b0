"""Pictures of the kitchen: from a state, by any camera, always the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from drivers.sim.gl import NoOffscreenRendering, open_context
from drivers.sim.kitchen import textures
from drivers.sim.kitchen.placement import upright_pose
from drivers.sim.render import KitchenRenderer, NoSuchCamera, StateOfAnotherWorld
from drivers.sim.world import KitchenWorld
from tests.drivers.sim.kitchen_driver import profile

SIZE = {"width_px": 160, "height_px": 120}


@pytest.fixture(scope="module")
def renderer() -> Iterator[KitchenRenderer]:
    renderer = KitchenRenderer(max_width_px=320, max_height_px=240)
    yield renderer
    renderer.close()


@pytest.fixture
def world() -> KitchenWorld:
    return KitchenWorld(profile(), seed=0)


def test_every_camera_of_the_profile_shows_something(renderer: KitchenRenderer, world: KitchenWorld) -> None:
    renderer.show(world.integration_state())
    assert {*profile().cameras, "overview"} <= set(renderer.cameras)
    for name in renderer.cameras:
        picture = renderer.picture(name, **SIZE)
        assert picture.shape == (120, 160, 3)
        assert picture.dtype == np.uint8
        assert picture.flags.c_contiguous
        assert picture.std() > 20, f"{name} sees next to nothing"


def test_the_picture_is_upright_and_in_rgb(renderer: KitchenRenderer, world: KitchenWorld) -> None:
    renderer.show(world.integration_state())
    floor = renderer.picture("back", **SIZE)[-15:].mean(axis=(0, 1))
    assert floor[0] > floor[2] + 20  # the floor is below, and of wood: more red than blue
    world.place("cup", upright_pose(0.60, 0.0, yaw_rad=0.0))
    renderer.show(world.integration_state())
    front = renderer.picture("front", **SIZE).astype(int)
    red = (front[..., 0] > 110) & (front[..., 1] < 80) & (front[..., 2] < 80)
    assert red.sum() > 20
    assert 40 < np.argwhere(red)[:, 1].mean() < 120  # the cup in front of the robot is in the middle


def test_a_picture_follows_the_state_alone(renderer: KitchenRenderer, world: KitchenWorld) -> None:
    first = world.integration_state()
    renderer.show(first)
    before = renderer.picture("front", **SIZE)
    np.testing.assert_array_equal(renderer.picture("front", **SIZE), before)
    world.place("plate", upright_pose(0.60, 0.05, yaw_rad=0.0))
    renderer.show(world.integration_state())
    assert np.abs(renderer.picture("front", **SIZE).astype(int) - before).max() > 50
    renderer.picture("back", width_px=64, height_px=64)
    renderer.show(first)
    np.testing.assert_array_equal(renderer.picture("front", **SIZE), before)


def test_any_size_up_to_the_largest_is_the_same_view(renderer: KitchenRenderer, world: KitchenWorld) -> None:
    renderer.show(world.integration_state())
    small = renderer.picture("front", **SIZE).astype(float)
    large = renderer.picture("front", width_px=320, height_px=240).astype(float)
    shrunk = large.reshape(120, 2, 160, 2, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - small).mean() < 8
    with pytest.raises(ValueError, match="640×480 is larger than 320×240"):
        renderer.picture("front", width_px=640, height_px=480)


def test_objects_darken_the_counter_below_them(renderer: KitchenRenderer, world: KitchenWorld) -> None:
    world.place("cup", upright_pose(0.62, 0.0, yaw_rad=0.0))
    renderer.show(world.integration_state())
    with_cup = renderer.picture("front", **SIZE).astype(int).sum(axis=2)
    world.place("cup", upright_pose(-1.0, 0.0, yaw_rad=0.0, z_m=0.0))
    renderer.show(world.integration_state())
    without = renderer.picture("front", **SIZE).astype(int).sum(axis=2)
    assert (without - with_cup > 30).sum() > (without != with_cup).sum() * 0.5


def test_offline_pictures_have_shadows_and_soft_edges(renderer: KitchenRenderer, world: KitchenWorld) -> None:
    state = world.integration_state()
    renderer.show(state)
    live = renderer.picture("front", **SIZE).astype(int)
    offline = KitchenRenderer(max_width_px=160, max_height_px=120, quality="offline")
    try:
        offline.show(state)
        fine = offline.picture("front", **SIZE).astype(int)
    finally:
        offline.close()
    assert np.abs(fine - live).mean() > 2
    assert np.corrcoef(fine.ravel(), live.ravel())[0, 1] > 0.8  # the same scene all the same


def test_mistakes_are_named(renderer: KitchenRenderer) -> None:
    with pytest.raises(NoSuchCamera, match=r"top.*front"):
        renderer.picture("top", **SIZE)
    with pytest.raises(StateOfAnotherWorld, match=r"\(3,\)"):
        renderer.show(np.zeros(3))


def test_closing_twice_is_harmless() -> None:
    renderer = KitchenRenderer(max_width_px=32, max_height_px=32)
    assert renderer.backend in ("egl", "osmesa")
    renderer.close()
    renderer.close()


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={k: v for k, v in os.environ.items() if k not in ("MUJOCO_GL", "PYOPENGL_PLATFORM")}
        | environment,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_without_egl_it_draws_by_osmesa_and_says_so() -> None:
    code = (
        "import mujoco\n"  # even after MuJoCo was imported
        "import drivers.sim.gl as gl\n"
        "gl._egl_opens_a_device = lambda: False\n"
        "from drivers.sim.render import KitchenRenderer\n"
        "renderer = KitchenRenderer(max_width_px=64, max_height_px=64)\n"
        "print(renderer.backend, int(renderer.picture('front', width_px=64, height_px=64).std()) > 20)\n"
        "renderer.close()\n"
    )
    done = run_python(code)
    if "cannot draw without a screen by osmesa" in done.stderr:
        pytest.skip("no OSMesa on this machine")
    assert done.stdout.split() == ["osmesa", "True"], done.stderr


def test_a_machine_that_cannot_draw_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setenv("PYOPENGL_PLATFORM", "osmesa")
    monkeypatch.setitem(sys.modules, "mujoco.osmesa", None)
    with pytest.raises(NoOffscreenRendering, match="install libegl1"):
        open_context(width=8, height=8)


def test_surfaces_come_out_the_same_every_time() -> None:
    for make in (textures.planks, textures.tiles, textures.stone, textures.blob):
        first = make()
        np.testing.assert_array_equal(first, make())
        assert first.dtype == np.uint8
        assert first.shape[0] == first.shape[1]
    spot = textures.blob()[..., 3]
    assert spot[0, 0] == 0
    assert spot[32, 32] > 100
