"""What each robot calls its cameras and numbers; what is missing or wrong is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from policy.presets import BACK, BASE, HIGH_LEVEL_CAMERAS, LEFT_WRIST, RIGHT_WRIST
from policy.transforms.embodiments.aloha import Aloha
from policy.transforms.embodiments.droid import Droid
from policy.transforms.embodiments.libero import Libero
from policy.transforms.embodiments.named import embodiment_named
from policy.transforms.embodiments.understudy import Understudy, delta_mask_of_units, observation_to_raw
from policy.types import Observation, RequestError

RANDOM = np.random.default_rng(0)


def image(*shape: int) -> np.ndarray:
    return RANDOM.integers(0, 256, size=shape or (6, 8, 3), dtype=np.uint8)


class TestAloha:
    def raw(self, **changes: Any) -> dict[str, Any]:
        images = {"cam_high": image(3, 6, 8), "cam_right_wrist": image(3, 6, 8), "cam_low": image(3, 6, 8)}
        return {"state": RANDOM.random(14), "images": images, "prompt": "fold"} | changes

    def test_the_missing_wrist_is_black_and_masked_and_the_low_camera_is_not_used(self) -> None:
        sample = Aloha().inputs(raw := self.raw())
        assert list(sample["image"]) == [BASE, LEFT_WRIST, RIGHT_WRIST]
        assert {name: bool(mask) for name, mask in sample["image_mask"].items()} == {
            BASE: True,
            LEFT_WRIST: False,
            RIGHT_WRIST: True,
        }
        assert not sample["image"][LEFT_WRIST].any()
        np.testing.assert_array_equal(sample["image"][BASE], raw["images"]["cam_high"].transpose(1, 2, 0))
        assert sample["prompt"] == "fold"

    def test_flips_and_grippers(self) -> None:
        state = np.arange(14) / 10
        state[[6, 13]] = [0.0, 1.0]
        sample = Aloha().inputs(self.raw(state=state))
        np.testing.assert_allclose(
            sample["state"][[0, 1, 2, 3, 7, 8, 9, 10]], [0, -0.1, -0.2, 0.3, 0.7, -0.8, -0.9, 1.0]
        )
        # By hand: a finger at 0.01844 m and at 0.058 m, with the linkage's law of cosines.
        for got, finger_m in zip(sample["state"][[6, 13]], (0.01844, 0.058), strict=True):
            sine = (0.022**2 + finger_m**2 - 0.036**2) / (2 * 0.022 * finger_m)
            np.testing.assert_allclose(
                got, (np.arcsin(min(1.0, max(-1.0, sine))) - 0.5476) / (1.6296 - 0.5476)
            )

    def test_single_precision_is_computed_in_double_as_in_openpi(self) -> None:
        state = RANDOM.random(14).astype(np.float32)
        np.testing.assert_array_equal(
            Aloha().inputs(self.raw(state=state))["state"],
            Aloha().inputs(self.raw(state=state.astype(np.float64)))["state"],
        )

    def test_actions_go_into_the_models_units_and_come_back(self) -> None:
        actions = RANDOM.random((5, 14))
        sample = Aloha().inputs(self.raw(actions=actions, actions_is_pad=np.arange(5) > 3))
        assert (sample["actions"][:, 1] == -actions[:, 1]).all()
        np.testing.assert_allclose(
            sample["actions"][:, 6], actions[:, 6] * (1.4910 + 0.6213) - 0.6213 - 0.5476
        )
        padded = np.pad(sample["actions"], [(0, 0), (0, 18)])
        np.testing.assert_allclose(Aloha().outputs(padded), actions)
        assert sample["actions_is_pad"].tolist() == [False] * 4 + [True]

    def test_without_adapting_numbers_stay(self) -> None:
        raw = self.raw(actions=RANDOM.random((5, 14)))
        sample = Aloha(adapt_to_pi=False).inputs(raw)
        np.testing.assert_array_equal(sample["state"], raw["state"])
        np.testing.assert_array_equal(sample["actions"], raw["actions"])
        np.testing.assert_array_equal(Aloha(adapt_to_pi=False).outputs(raw["actions"]), raw["actions"])

    def test_a_finger_at_zero_metres_raises_no_warning(self) -> None:
        state = np.zeros(14)
        state[6] = -0.01844 / (0.05800 - 0.01844)
        assert np.isfinite(Aloha().inputs(self.raw(state=state))["state"]).all()

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            (
                {"images": {"cam_left": image(3, 6, 8)}},
                "no camera 'cam_left'; its cameras are cam_high, cam_left_wrist",
            ),
            ({"images": {"cam_low": image(3, 6, 8)}}, "no image 'cam_high'"),
            ({"images": {}}, "no image 'cam_high'"),
            ({"images": [image(3, 6, 8)]}, "'images' is a map of names to values, not list"),
            ({"state": np.zeros(13)}, r"'state' must be \[14\] numbers, not \[13\]"),
            ({"state": np.zeros((1, 14))}, r"'state' must be \[14\] numbers, not \[1, 14\]"),
            ({"state": ["a"] * 14}, r"'state' must be \[14\] numbers, not <U1"),
            ({"state": [[1, 2], [3]]}, "'state' is no array of numbers"),
            ({"state": np.full(14, np.nan)}, r"'state' holds nan at \[0\]; send only finite numbers"),
            ({"state": None}, r"'state' must be \[14\] numbers, not object"),
            ({"prompt": 3}, "'prompt' is text, not int"),
            ({"prompt": "fold \ud800"}, "'prompt': .*surrogate"),
            ({"prompt": ["fold"]}, "'prompt' is text, not list"),
            ({"prompt": np.array(["fold"])}, "'prompt' is text, not ndarray"),
            ({"prompt": b"fold"}, "'prompt' is text, not bytes"),
            ({"actions": np.zeros((4, 7))}, r"'actions' must be \[T, 14\] numbers, not \[4, 7\]"),
            ({"actions": np.zeros((0, 14))}, "one step or more"),
            ({"state": np.full(14, 1e300)}, r"'state' holds 1e\+300 at \[0\]; .*1e\+30 at most"),
            ({"state": np.full(14, np.inf, np.float16)}, r"'state' holds inf at \[0\]"),
            ({"state": np.full(14, -1e31)}, r"'state' holds -1e\+31 at \[0\]"),
            (
                {"actions": np.zeros((2, 14)), "actions_is_pad": [[True], [False, True]]},
                "'actions_is_pad' is no array",
            ),
            ({"actions": np.full((2, 14), np.inf)}, r"holds inf at \[0, 0\]"),
            ({"actions": np.zeros((4, 14)), "actions_is_pad": [0, 0, 1, 1]}, r"\[4\] bool, not \[4\] int64"),
        ],
    )
    def test_what_is_wrong_is_said(self, changes: dict[str, Any], message: str) -> None:
        with pytest.raises(RequestError, match=message):
            Aloha().inputs(self.raw(**changes))

    def test_what_is_missing_is_said(self) -> None:
        with pytest.raises(RequestError, match="no 'state'; it has images, prompt"):
            Aloha().inputs({name: value for name, value in self.raw().items() if name != "state"})
        with pytest.raises(RequestError, match="no 'images'; it has nothing"):
            Aloha().inputs({})


class TestDroid:
    def raw(self, **changes: Any) -> dict[str, Any]:
        return {
            "observation/exterior_image_1_left": image(),
            "observation/wrist_image_left": image(),
            "observation/joint_position": RANDOM.random(7),
            "observation/gripper_position": RANDOM.random(1),
            "prompt": np.asarray("pick up the fork"),
        } | {f"observation/{name}": value for name, value in changes.items()}

    def test_the_right_wrist_is_always_black_and_masked(self) -> None:
        sample = Droid().inputs(raw := self.raw())
        assert [bool(mask) for mask in sample["image_mask"].values()] == [True, True, False]
        assert list(sample["image"]) == [BASE, LEFT_WRIST, RIGHT_WRIST]
        np.testing.assert_array_equal(sample["image"][LEFT_WRIST], raw["observation/wrist_image_left"])
        assert not sample["image"][RIGHT_WRIST].any()
        assert sample["prompt"] == "pick up the fork"
        assert type(sample["image_mask"][BASE]) is np.bool_

    def test_the_gripper_may_be_a_number(self) -> None:
        for gripper in (0.25, np.float32(0.25), np.array(0.25), [0.25]):
            state = Droid().inputs(self.raw(gripper_position=gripper, joint_position=np.arange(7.0)))["state"]
            np.testing.assert_array_equal(state, [*range(7), 0.25])

    def test_precision_is_that_of_what_was_sent(self) -> None:
        single = np.float32(RANDOM.random(8))
        sample = Droid().inputs(self.raw(joint_position=single[:7], gripper_position=single[7:]))
        assert sample["state"].dtype == np.float32
        assert Droid().inputs(self.raw(joint_position=single[:7]))["state"].dtype == np.float64

    def test_float_images_with_colours_first(self) -> None:
        floats = RANDOM.random((3, 6, 8)).astype(np.float32)
        sample = Droid().inputs(self.raw(exterior_image_1_left=floats))
        np.testing.assert_array_equal(
            sample["image"][BASE], (255 * floats).astype(np.uint8).transpose(1, 2, 0)
        )

    def test_fast_has_other_cameras_and_masks_none(self) -> None:
        sample = Droid(fast=True).inputs(raw := self.raw())
        assert list(sample["image"]) == ["base_0_rgb", "base_1_rgb", "wrist_0_rgb"]
        assert all(sample["image_mask"].values())
        np.testing.assert_array_equal(sample["image"]["wrist_0_rgb"], raw["observation/wrist_image_left"])
        assert not sample["image"]["base_1_rgb"].any()

    def test_an_action_has_8_numbers(self) -> None:
        assert Droid().outputs(np.zeros((15, 32))).shape == (15, 8)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"gripper_position": np.zeros(2)}, r"gripper_position' must be \[1\] numbers, not \[2\]"),
            ({"joint_position": np.zeros(8)}, r"joint_position' must be \[7\] numbers, not \[8\]"),
            ({"wrist_image_left": np.zeros((5, 5), np.uint8)}, "image 'observation/wrist_image_left' is"),
        ],
    )
    def test_what_is_wrong_is_said(self, changes: dict[str, Any], message: str) -> None:
        with pytest.raises(RequestError, match=message):
            Droid().inputs(self.raw(**changes))


class TestLibero:
    def raw(self) -> dict[str, Any]:
        return {
            "observation/image": image(),
            "observation/wrist_image": image(3, 6, 8),
            "observation/state": RANDOM.random(8).astype(np.float32),
        }

    def test_cameras_and_state(self) -> None:
        sample = Libero().inputs(raw := self.raw())
        assert [bool(mask) for mask in sample["image_mask"].values()] == [True, True, False]
        np.testing.assert_array_equal(sample["image"][BASE], raw["observation/image"])
        np.testing.assert_array_equal(
            sample["image"][LEFT_WRIST], raw["observation/wrist_image"].transpose(1, 2, 0)
        )
        assert sample["state"].dtype == np.float32
        assert "prompt" not in sample
        assert Libero().outputs(np.zeros((10, 32))).shape == (10, 7)

    def test_fast_masks_none(self) -> None:
        sample = Libero(fast=True).inputs(self.raw())
        assert list(sample["image"]) == [BASE, LEFT_WRIST, RIGHT_WRIST]
        assert all(sample["image_mask"].values())


UNITS = (*["rad"] * 6, "opening", *["rad"] * 6, "opening", "m/s", "m/s", "rad/s", "m")


class TestUnderstudy:
    def observation(self, *cameras: str) -> Observation:
        return Observation(images={name: image() for name in cameras}, state=RANDOM.random(18))

    def test_the_low_level_sees_front_and_wrists(self) -> None:
        observation = self.observation("back", "right_wrist", "front", "top")
        sample = Understudy(18).inputs(observation_to_raw(observation, "wipe the table"))
        assert list(sample["image"]) == [BASE, LEFT_WRIST, RIGHT_WRIST]
        assert [bool(mask) for mask in sample["image_mask"].values()] == [True, False, True]
        assert sample["image"][BASE] is observation.images["front"]
        np.testing.assert_array_equal(sample["state"], observation.state)
        assert sample["prompt"] == "wipe the table"

    def test_the_high_level_sees_the_back_too(self) -> None:
        observation = self.observation("back", "right_wrist", "left_wrist", "front")
        sample = Understudy(18, slots=HIGH_LEVEL_CAMERAS).inputs(observation_to_raw(observation, "tidy up"))
        assert tuple(sample["image"]) == HIGH_LEVEL_CAMERAS
        assert all(sample["image_mask"].values())
        assert sample["image"][BACK] is observation.images["back"]

    def test_any_camera_may_be_missing_but_not_all(self) -> None:
        sample = Understudy(18).inputs(observation_to_raw(self.observation("left_wrist"), "go"))
        assert [bool(mask) for mask in sample["image_mask"].values()] == [False, True, False]
        with pytest.raises(RequestError, match="none of the images front, left_wrist, right_wrist, wrist"):
            Understudy(18).inputs(observation_to_raw(self.observation("back"), "go"))

    def test_a_single_arms_wrist_is_the_left_one(self) -> None:
        sample = Understudy(18).inputs(observation_to_raw(self.observation("front", "wrist"), "go"))
        assert sample["image_mask"][LEFT_WRIST]
        with pytest.raises(
            RequestError, match="'wrist' and 'left_wrist' are both the model's left_wrist_0_rgb"
        ):
            Understudy(18).inputs(observation_to_raw(self.observation("front", "wrist", "left_wrist"), "go"))

    def test_an_unknown_camera_is_refused(self) -> None:
        with pytest.raises(RequestError, match="no camera 'ceiling'; it takes front, left_wrist"):
            Understudy(18).inputs(observation_to_raw(self.observation("front", "ceiling"), "go"))

    def test_a_state_of_another_robot_or_with_a_silent_bus_is_refused(self) -> None:
        with pytest.raises(RequestError, match=r"'state' must be \[14\] numbers, not \[18\]"):
            Understudy(14).inputs(observation_to_raw(self.observation("front"), "go"))
        silent = self.observation("front")
        silent.state[3] = np.nan
        with pytest.raises(RequestError, match=r"'state' holds nan at \[3\]"):
            Understudy(18).inputs(observation_to_raw(silent, "go"))

    def test_joints_and_lift_are_relative_grippers_and_speeds_are_not(self) -> None:
        assert delta_mask_of_units(UNITS) == (
            *[True] * 6,
            False,
            *[True] * 6,
            False,
            False,
            False,
            False,
            True,
        )
        with pytest.raises(
            ValueError, match="no rule whether actions in 'furlong' are relative; units are 1, m,"
        ):
            delta_mask_of_units(("rad", "furlong"))
        with pytest.raises(ValueError, match="is empty"):
            delta_mask_of_units(())

    def test_a_camera_that_nothing_fills_is_refused(self) -> None:
        with pytest.raises(
            ValueError, match="no camera of a robot is the model's 'base'; there are base_0_rgb,"
        ):
            Understudy(18, slots=(BASE, "base"))

    def test_a_crop_is_of_a_robots_camera_and_goes_with_the_models(self) -> None:
        shares = (0.375, 0.0, 1.0, 1.0)
        assert Understudy(18, crops={"front": shares}).slot_crops == {BASE: shares}
        with pytest.raises(
            ValueError, match="a crop of camera 'top', which no model looks at; there are front,"
        ):
            Understudy(18, crops={"top": shares})
        with pytest.raises(ValueError, match="crops of the cameras front; the pictures of aloha are not cut"):
            embodiment_named("aloha", crops={"front": shares})

    def test_a_robot_has_numbers(self) -> None:
        with pytest.raises(ValueError, match="one number or more, not 0"):
            Understudy(0)


def test_embodiments_by_name() -> None:
    assert embodiment_named("aloha") == Aloha()
    assert embodiment_named("droid", fast=True) == Droid(fast=True)
    assert embodiment_named("libero") == Libero()
    robot = embodiment_named("sim-kitchen", dim=18, slots=HIGH_LEVEL_CAMERAS)
    assert (robot.name, robot.state_dim, robot.action_dim) == ("sim-kitchen", 18, 18)
    with pytest.raises(ValueError, match="how many numbers robot 'sim-kitchen' has is not known"):
        embodiment_named("sim-kitchen")
