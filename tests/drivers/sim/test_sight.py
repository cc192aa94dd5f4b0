"""What a camera sees of named things, held against the pictures themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from drivers.sim.kitchen.placement import upright_pose
from drivers.sim.render import KitchenRenderer
from drivers.sim.sight import Sight
from drivers.sim.world import KitchenWorld
from tests.drivers.sim.kitchen_driver import profile

SIZE = {"width_px": 320, "height_px": 240}


@pytest.fixture(scope="module")
def renderer() -> Iterator[KitchenRenderer]:
    renderer = KitchenRenderer(max_width_px=320, max_height_px=240)
    yield renderer
    renderer.close()


@pytest.fixture
def world() -> KitchenWorld:
    world = KitchenWorld(profile(), seed=0)
    for row, name in enumerate(("plate", "sponge", "spoon")):
        world.place(name, upright_pose(0.62, -0.3 - 0.25 * row, yaw_rad=0.0))
    world.place("cup", upright_pose(0.60, 0.0, yaw_rad=0.0))
    return world


def test_the_box_of_the_red_cup_is_where_the_picture_is_red(
    renderer: KitchenRenderer, world: KitchenWorld
) -> None:
    state = world.integration_state()
    seen = Sight(renderer).look(state, "front", **SIZE)["cup"]
    red, green, blue = renderer.picture("front", **SIZE).astype(int).transpose(2, 0, 1)
    rows, columns = np.nonzero((red > 90) & (green < 0.5 * red) & (blue < 0.5 * red))
    assert seen.left * 320 == pytest.approx(columns.min(), abs=2)
    assert seen.right * 320 == pytest.approx(columns.max() + 1, abs=2)
    assert seen.top * 240 == pytest.approx(rows.min(), abs=2)
    assert seen.bottom * 240 == pytest.approx(rows.max() + 1, abs=2)
    assert seen.pixels == pytest.approx(len(rows), rel=0.1)


def test_what_is_hidden_is_not_seen(renderer: KitchenRenderer, world: KitchenWorld) -> None:
    sight = Sight(renderer)
    free = sight.look(world.integration_state(), "front", **SIZE)
    # The plate held right over the cup, towards the camera.
    world.place("plate", upright_pose(0.52, 0.0, yaw_rad=0.0, z_m=1.05))
    hidden = sight.look(world.integration_state(), "front", **SIZE)
    assert "cup" in free
    assert "cup" not in hidden or hidden["cup"].pixels < 0.5 * free["cup"].pixels


def test_sink_drawer_and_hands_are_seen_and_the_counter_is_not_named(
    renderer: KitchenRenderer, world: KitchenWorld
) -> None:
    sight = Sight(renderer)
    state = world.integration_state()
    front = sight.look(state, "front", **SIZE)
    assert set(front) >= {"sink", "drawer", "left hand", "right hand", "cup", "plate"}
    assert front["left hand"].middle < 0.5 < front["right hand"].middle
    assert front["sink"].middle < front["drawer"].middle  # the sink is on the robot's left
    assert sum(seen.pixels for seen in front.values()) < 0.5 * 320 * 240
    assert not sight.look(state, "back", **SIZE)


def test_only_the_part_that_is_looked_at_counts(renderer: KitchenRenderer, world: KitchenWorld) -> None:
    sight, state = Sight(renderer), world.integration_state()
    cup = sight.look(state, "front", **SIZE)["cup"]
    cut = sight.look(state, "front", **SIZE, within=(0.0, 0.0, 1.0, cup.middle))["cup"]
    assert (cut.left, cut.right) == pytest.approx((cup.left, cup.middle), abs=0.005)
    assert cut.pixels < cup.pixels
    assert "plate" not in sight.look(state, "front", **SIZE, within=(0.9, 0.0, 1.0, 0.1))


def test_looking_for_parts_leaves_the_pictures_as_they_were(
    renderer: KitchenRenderer, world: KitchenWorld
) -> None:
    renderer.show(world.integration_state())
    before = renderer.picture("front", **SIZE)
    renderer.geoms("front", **SIZE)
    np.testing.assert_array_equal(renderer.picture("front", **SIZE), before)


def test_a_renderer_with_antialiasing_refuses_to_tell_parts_apart() -> None:
    renderer = KitchenRenderer(max_width_px=64, max_height_px=64, quality="offline")
    try:
        with pytest.raises(ValueError, match="mixes neighbouring parts"):
            renderer.geoms("front", width_px=64, height_px=64)
    finally:
        renderer.close()
