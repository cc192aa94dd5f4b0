"""What is asked about a picture: only what it shows for certain, and the right answers."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from app.demonstrations.glimpse import Glimpse, Place, glimpse_of, place_of
from app.demonstrations.questions import KINDS, ask, caption
from app.demonstrations.recognisable import LEAST_PIXELS
from drivers.sim.kitchen.geometry import SINK_FLOOR_M
from drivers.sim.kitchen.placement import upright_pose
from drivers.sim.sight import Seen
from drivers.sim.world import KitchenWorld
from tests.drivers.sim.kitchen_driver import profile

PIXELS = 320 * 240


def seen(middle: float, *, pixels: int = 500) -> Seen:
    return Seen(pixels, middle - 0.05, 0.4, middle + 0.05, 0.5)


def glimpse(
    places: dict[str, tuple[Place, float]], *, unsure: frozenset[str] = frozenset(), **facts: object
) -> Glimpse:
    """Objects by name with where they are and where in the picture their middle is."""
    whole: dict[str, object] = {
        "seen": {name: seen(middle) for name, (_, middle) in places.items()} | {"sink": seen(0.2)},
        "unsure": unsure,
        "place": {name: place for name, (place, _) in places.items()},
        "hand_seen": True,
        "held": "",
        "opening": 0.9,
        "drawer_open": None,
    }
    return Glimpse(**(whole | facts))  # type: ignore[arg-type]


def everything_asked(shown: Glimpse) -> dict[str, str]:
    return {question: answer for kind in KINDS.values() for question, answer in kind(shown)}


KITCHEN = glimpse(
    {
        "plate": (Place.COUNTER, 0.8),
        "cup": (Place.SINK, 0.2),
        "sponge": (Place.HAND, 0.5),
    },
    held="sponge",
    drawer_open=True,
)


def test_every_question_has_the_answer_that_the_kitchen_gives() -> None:
    asked = everything_asked(KITCHEN)
    assert asked["is the cup in the sink?"] == "yes"
    assert asked["has the plate been put in the sink?"] == "no"
    assert asked["is the sponge in the hand?"] == "yes"
    assert asked["what is in the hand?"] == "sponge"
    assert asked["how many things are on the counter?"] == "1"
    assert asked["how many things are in the sink?"] == "1"
    assert asked["where is the plate?"] == "on the counter"
    assert asked["where is the cup?"] == "in the sink"
    assert asked["where is the sponge?"] == "in the hand"
    assert asked["is there a spoon?"] == "no"
    assert asked["is the drawer open?"] == "yes"
    assert asked["is the drawer closed?"] == "no"
    assert asked["what is left of the sponge?"] == "cup"
    assert asked["what is right of the sponge?"] == "plate"
    assert asked["what is left of the cup?"] == "nothing"
    assert "is the hand open?" not in asked  # it holds something


def test_nothing_is_asked_that_the_picture_does_not_tell() -> None:
    half_hidden = glimpse({"cup": (Place.COUNTER, 0.5)}, unsure=frozenset({"plate"}), opening=0.4)
    asked = everything_asked(half_hidden)
    assert not any(
        "plate" in question or "how many" in question or "left of" in question for question in asked
    )
    assert not any("drawer" in question or "hand open" in question for question in asked)
    unseen_in_hand = glimpse({"cup": (Place.COUNTER, 0.5)}, held="spoon")
    assert "what is in the hand?" not in everything_asked(unseen_in_hand)
    no_hand = glimpse({"cup": (Place.COUNTER, 0.5)}, hand_seen=False)
    assert not any(
        "what is in the hand" in question or "hand open" in question for question in everything_asked(no_hand)
    )


def test_things_level_with_one_another_are_not_told_left_from_right() -> None:
    level = glimpse(
        {"cup": (Place.COUNTER, 0.50), "plate": (Place.COUNTER, 0.52), "spoon": (Place.COUNTER, 0.9)}
    )
    asked = everything_asked(level)
    assert "what is left of the cup?" not in asked
    assert "what is left of the spoon?" not in asked  # cup or plate: both as near
    assert asked["what is right of the spoon?"] == "nothing"


def test_a_thing_of_which_nobody_can_say_where_it_is_lies_beside_another_all_the_same() -> None:
    falling = glimpse(
        {"cup": (Place.COUNTER, 0.5)}, seen={"cup": seen(0.5), "sponge": seen(0.3), "sink": seen(0.2)}
    )
    asked = everything_asked(falling)
    assert asked["what is left of the cup?"] == "sponge"
    assert asked["what is right of the sponge?"] == "cup"
    assert "where is the sponge?" not in asked


def test_questions_are_of_different_kinds_and_yes_comes_as_often_as_no() -> None:
    rng = np.random.default_rng(0)
    answers: Counter[str] = Counter()
    for _ in range(300):
        asked = ask(KITCHEN, rng, count=4)
        assert len({question for question, _ in asked}) == 4
        answers.update(answer for _, answer in asked)
    assert 0.7 < answers["yes"] / answers["no"] < 1.4
    assert len(ask(KITCHEN, rng, count=99)) == len(KINDS) - 1


def test_captions_say_what_is_where() -> None:
    rng = np.random.default_rng(1)
    captions = {caption(KITCHEN, rng) for _ in range(60)}
    assert len(captions) > 10
    for words in captions:
        assert set(words.split(", ")) == {
            "the plate is on the counter",
            "the cup is in the sink",
            "the sponge is in the hand",
            "the drawer is open",
        }
    both = glimpse({"cup": (Place.SINK, 0.2), "plate": (Place.SINK, 0.3)}, hand_seen=False)
    assert caption(both, rng) in (
        "the cup and the plate are in the sink",
        "the plate and the cup are in the sink",
    )
    assert caption(glimpse({}, hand_seen=False), rng) == "a room without anything to tidy away"


def test_a_glimpse_is_of_what_the_world_truly_is() -> None:
    world = KitchenWorld(profile(), seed=0)
    world.place("cup", upright_pose(0.74, 0.41, yaw_rad=0.0, z_m=SINK_FLOOR_M))
    world.place("sponge", upright_pose(0.60, -0.2, yaw_rad=0.0, z_m=1.05))
    world.place("spoon", upright_pose(-1.0, -0.2, yaw_rad=0.0, z_m=0.0))
    world.arrange(drawer_m=0.3, opening={"right": 0.5})
    truth = world.truth()
    assert [place_of(truth, name) for name in ("plate", "cup", "sponge", "spoon")] == [
        Place.COUNTER,
        Place.SINK,
        Place.HAND,
        None,
    ]
    looked = {"cup": seen(0.2), "plate": seen(0.5, pixels=LEAST_PIXELS - 1), "drawer": seen(0.5, pixels=2000)}
    shown = glimpse_of(truth, looked, pixels=PIXELS)
    assert shown.place == {"cup": Place.SINK}
    assert shown.unsure == {"plate"}
    assert (shown.held, shown.hand_seen, shown.drawer_open) == ("sponge", False, True)
    assert shown.opening == pytest.approx(0.5)
    world.arrange(drawer_m=0.05)
    assert glimpse_of(world.truth(), looked, pixels=PIXELS).drawer_open is None  # neither open nor shut
    world.arrange(drawer_m=0.0)
    assert glimpse_of(world.truth(), looked, pixels=PIXELS).drawer_open is False
