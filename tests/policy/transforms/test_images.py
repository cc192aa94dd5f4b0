from __future__ import annotations

import numpy as np
import pytest

from policy.transforms.compose import Sample
from policy.transforms.images import ImageTooThin, ResizeImages, as_image, crop, fit, resize_with_pad
from policy.types import RequestError
from tests.policy.transforms.golden import vectors

RESIZE = vectors("preproc_resize")
CASES = sorted(name.split(".")[0] for name in RESIZE if name.endswith(".in_u8"))
RANDOM = np.random.default_rng(0)


def image(*shape: int) -> np.ndarray:
    return RANDOM.integers(0, 256, size=shape, dtype=np.uint8)


@pytest.mark.parametrize("case", CASES)
def test_openpis_pixels(case: str) -> None:
    got = resize_with_pad(RESIZE[f"{case}.in_u8"], height=224, width=224)
    np.testing.assert_array_equal(got, RESIZE[f"{case}.pil_u8"])


def test_every_vector_of_the_golden_file_has_a_test() -> None:
    assert {name.split(".")[0] for name in RESIZE} == set(CASES)


def test_images_of_the_right_size_are_left_alone() -> None:
    given = image(224, 224, 3)
    assert resize_with_pad(given, height=224, width=224) is given


def test_stacks_are_resized_one_by_one() -> None:
    stack = image(2, 3, 40, 60, 3)
    resized = resize_with_pad(stack, height=32, width=48)
    assert resized.shape == (2, 3, 32, 48, 3)
    np.testing.assert_array_equal(resized[1, 2], resize_with_pad(stack[1, 2], height=32, width=48))
    assert resize_with_pad(image(0, 40, 60, 3), height=32, width=48).shape == (0, 32, 48, 3)


def test_views_and_read_only_images_are_fine() -> None:
    upright = image(3, 50, 70).transpose(1, 2, 0)
    copy = np.ascontiguousarray(upright)
    copy.flags.writeable = False
    np.testing.assert_array_equal(
        resize_with_pad(upright, height=20, width=20), resize_with_pad(copy, height=20, width=20)
    )


def test_the_odd_pixel_of_padding_is_right_and_below() -> None:
    white = np.full((10, 20, 3), 255, np.uint8)
    padded = resize_with_pad(white, height=21, width=20)
    assert padded[:, 0, 0].tolist() == [0] * 5 + [255] * 10 + [0] * 6


@pytest.mark.parametrize(("height", "width"), [(1, 300), (300, 1), (2, 1000), (0, 5), (5, 0)])
def test_an_image_that_would_vanish_is_refused(height: int, width: int) -> None:
    with pytest.raises(ImageTooThin, match=f"{width} × {height} pixels"):
        resize_with_pad(np.zeros((height, width, 3), np.uint8), height=224, width=224)


def test_the_thinnest_image_that_leaves_a_pixel() -> None:
    assert resize_with_pad(np.zeros((1, 224, 3), np.uint8), height=224, width=224).shape == (224, 224, 3)


def test_only_uint8_colour_images_are_resized() -> None:
    with pytest.raises(RequestError, match="uint8, not float32"):
        resize_with_pad(np.zeros((5, 5, 3), np.float32), height=4, width=4)
    with pytest.raises(RequestError, match=r"\[5, 5, 4\]"):
        resize_with_pad(np.zeros((5, 5, 4), np.uint8), height=4, width=4)


def test_a_masked_camera_stays_black() -> None:
    sample = Sample(
        image={"a": image(30, 40, 3), "b": np.zeros((1, 900, 3), np.uint8)},
        image_mask={"b": np.False_},  # a mask that is not there means that the camera is
    )
    resized = ResizeImages(20, 24)(sample)["image"]
    np.testing.assert_array_equal(resized["a"], resize_with_pad(sample["image"]["a"], height=20, width=24))
    assert resized["a"].shape == resized["b"].shape == (20, 24, 3)
    assert not resized["b"].any()


class TestParsing:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
    def test_floats_are_cut_not_rounded(self, dtype: type[np.floating]) -> None:
        floats = RANDOM.random((4, 5, 3)).astype(dtype)
        np.testing.assert_array_equal(as_image(floats, name="a"), (255 * floats).astype(np.uint8))
        assert as_image(np.full((1, 1, 3), 0.999, dtype), name="a").max() == 254

    def test_colours_may_come_first(self) -> None:
        given = image(3, 7, 9)
        np.testing.assert_array_equal(as_image(given, name="a"), given.transpose(1, 2, 0))
        assert as_image(image(7, 9, 3), name="a").shape == (7, 9, 3)

    def test_rounding_errors_about_0_and_1_are_let_through(self) -> None:
        floats = np.array([-1e-7, 1 + 1e-7, 0.5] * 4).reshape(2, 2, 3)
        np.testing.assert_array_equal(as_image(floats, name="a")[0, 0], [0, 255, 127])

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (np.full((2, 2, 3), 255.0), "reaches from 255 to 255; it must lie in 0 to 1, or be uint8"),
            (np.full((2, 2, 3), 300, np.float16), "reaches from 300 to 300"),
            (np.full((2, 2, 3), -0.5), "reaches from -0.5 to -0.5"),
            (np.full((2, 2, 3), np.nan), "reaches from nan to nan"),
            (np.zeros((2, 2, 3), np.int64), "uint8, or floats from 0 to 1, not int64"),
            (np.zeros((2, 2, 3), bool), "not bool"),
            (np.zeros((2, 2), np.uint8), r"\[2, 2\]"),
            (np.zeros((2, 2, 4), np.uint8), r"\[2, 2, 4\]"),
            (np.zeros((1, 2, 2, 3), np.uint8), r"\[1, 2, 2, 3\]"),
            ("cat.png", "not "),
            (None, "not "),
            ([[1, 2], [3]], "front"),
        ],
    )
    def test_anything_else_is_refused(self, value: object, message: str) -> None:
        with pytest.raises(RequestError, match=message) as error:
            as_image(value, name="front")
        assert "'front'" in str(error.value)


def test_a_crop_is_a_view_with_its_edges_on_the_nearest_pixels() -> None:
    image = np.arange(10 * 20 * 3, dtype=np.uint8).reshape(10, 20, 3)
    cut = crop(image, (0.0, 0.125, 0.96, 0.875))
    assert np.shares_memory(cut, image)
    np.testing.assert_array_equal(cut, image[:10, 2:18])
    np.testing.assert_array_equal(crop(image, (0.0, 0.0, 1.0, 1.0)), image)


def test_a_crop_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(RequestError, match="leaves nothing of an image of 4 × 3 pixels"):
        crop(np.zeros((3, 4, 3), np.uint8), (0.5, 0.5, 0.55, 0.6))


def test_what_is_cut_out_fills_the_models_picture_and_what_is_whole_is_padded() -> None:
    picture = image(30, 40, 3)
    whole = fit(picture, height=16, width=16)
    np.testing.assert_array_equal(whole, resize_with_pad(picture, height=16, width=16))
    assert not whole[0].any()
    picture[:15] = 0  # above the crop
    picture[15:] = 200
    cut = fit(picture, height=16, width=16, shares=(0.5, 0.25, 1.0, 1.0))
    assert cut.shape == (16, 16, 3)
    assert (cut == 200).all()
    same = fit(picture, height=15, width=30, shares=(0.5, 0.25, 1.0, 1.0))
    np.testing.assert_array_equal(same, picture[15:, 10:])


def test_a_sample_is_cut_by_the_models_cameras() -> None:
    sample = Sample(image={"a": image(30, 40, 3), "b": image(30, 40, 3)}, image_mask={})
    shares = (0.2, 0.0, 1.0, 0.5)
    resized = ResizeImages(20, 24, {"a": shares})(sample)["image"]
    np.testing.assert_array_equal(resized["a"], fit(sample["image"]["a"], height=20, width=24, shares=shares))
    np.testing.assert_array_equal(resized["b"], resize_with_pad(sample["image"]["b"], height=20, width=24))
