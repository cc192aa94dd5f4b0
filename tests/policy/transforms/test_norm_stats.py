from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from policy.transforms.norm_stats import (
    NormStats,
    NormStatsError,
    format_norm_stats,
    load_norm_stats,
    norm_stats_path,
    parse_norm_stats,
    save_norm_stats,
)
from tests.policy.transforms.golden import GOLDEN

FILES = sorted(GOLDEN.rglob("norm_stats.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.parent.relative_to(GOLDEN)))
def test_openpis_files_are_read_and_written_again_byte_for_byte(path: Path, tmp_path: Path) -> None:
    stats = load_norm_stats(path.parent.parent, path.parent.name)
    written = save_norm_stats(tmp_path, "a/b-c/d", stats)
    assert written == tmp_path / "a" / "b-c" / "d" / "norm_stats.json"
    assert written.read_bytes() == path.read_bytes()
    assert [file.name for file in written.parent.iterdir()] == ["norm_stats.json"]


def test_numbers_are_written_as_openpis_writer_writes_them() -> None:
    # Those of pydantic's `model_dump_json`, which differ from Python's: 0.00001 and 1e-6, not 1e-05 and 1e-06.
    numbers = [1e-4, 1e-5, 1.5e-5, 9.999e-6, 1e-6, 1.5e-7, 0.0, -0.0, 1e15, 5e-324, 100.0]
    expected = "0.0001 0.00001 0.000015 9.999e-6 1e-6 1.5e-7 0.0 -0.0 1000000000000000.0 5e-324 100.0"
    text = format_norm_stats({"state": NormStats(np.array(numbers), np.ones(len(numbers)))})
    lines = [line.strip().rstrip(",") for line in text.splitlines()]
    assert lines[lines.index('"mean": [') + 1 : lines.index("]")] == expected.split()
    assert '      "q01": null,\n      "q99": null\n    }' in text
    assert not text.endswith("\n")


def test_what_is_written_is_what_was_there(tmp_path: Path) -> None:
    stats = {
        "state": NormStats(np.zeros(2), np.ones(2)),
        "actions": NormStats(*np.arange(12.0).reshape(4, 3)),
    }
    save_norm_stats(tmp_path, "droid", stats)
    again = load_norm_stats(tmp_path, "droid")
    assert list(again) == ["state", "actions"]
    assert again["state"].q01 is None
    np.testing.assert_array_equal(again["actions"].quantiles("actions"), [[6, 7, 8], [9, 10, 11]])
    assert again["actions"].width == 3


def test_a_missing_file_says_which_there_are(tmp_path: Path) -> None:
    save_norm_stats(tmp_path, "physical-intelligence/libero", {})
    with pytest.raises(
        NormStatsError, match=r"those of physical-intelligence/libero; copy the checkpoint's assets"
    ):
        load_norm_stats(tmp_path, "droid")
    with pytest.raises(NormStatsError, match=r"has those of nothing"):
        load_norm_stats(tmp_path / "none", "droid")


@pytest.mark.parametrize("asset_id", ["", "/etc", "../up", "a//b", "a/../b", "./a", "a\\b", "a/"])
def test_an_asset_id_stays_within_the_assets(asset_id: str, tmp_path: Path) -> None:
    with pytest.raises(NormStatsError, match="names joined by '/'"):
        norm_stats_path(tmp_path, asset_id)


VECTOR = '{"mean": [0.0, 1], "std": [1.0, 1.0], "q01": [0.0, 0.0], "q99": [1.0, 1.0]}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a file of statistics"),
        ("{", "not a file of statistics"),
        ("[]", "not a file of statistics"),
        ('{"state": {}}', "missing required field `norm_stats`"),
        ('{"norm_stats": {"state": {"mean": [1.0]}}}', "missing required field `std`"),
        ('{"norm_stats": {"state": {"mean": [NaN], "std": [1.0]}}}', "not a file of statistics"),
        ('{"norm_stats": {"state": {"mean": [1e999], "std": [1.0]}}}', "not a file of statistics"),
        (
            '{"norm_stats": {"state": {"mean": ["1"], "std": [1.0]}}}',
            r"Expected `float`, got `str`.*mean\[0\]",
        ),
        ('{"norm_stats": {"state": {"mean": [[1.0]], "std": [1.0]}}}', "Expected `float`, got `array`"),
        (
            '{"norm_stats": {"state": {"mean": [], "std": []}}}',
            "state: mean is a vector of one number or more",
        ),
        (
            '{"norm_stats": {"state": {"mean": [1.0], "std": [1.0, 2.0]}}}',
            "state: std has 2 numbers and mean 1",
        ),
        ('{"norm_stats": {"state": {"mean": [1.0], "std": [-1.0]}}}', "std of dimension 0 is negative"),
        (
            VECTOR.replace('"q99": [1.0, 1.0]', '"q99": null').join(['{"norm_stats": {"a": ', "}}"]),
            "come together",
        ),
        (
            VECTOR.replace("[1.0, 1.0]}", "[1.0, -1.0]}").join(['{"norm_stats": {"a": ', "}}"]),
            "q99 of dimension 1 is b",
        ),
    ],
)
def test_what_is_no_such_file_is_refused_with_a_reason(text: str, message: str, tmp_path: Path) -> None:
    path = norm_stats_path(tmp_path, "robot")
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(NormStatsError, match=message) as error:
        load_norm_stats(tmp_path, "robot")
    assert str(path) in str(error.value)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(NormStatsError, match=r"not a file of statistics: .*(?i:utf-8)"):
        parse_norm_stats(b'{"norm_stats": {"\xff": {}}}')


def test_keys_of_other_writers_are_passed_over() -> None:
    stats = parse_norm_stats('{"version": 2, "norm_stats": {"state": ' + VECTOR[:-1] + ', "count": 7}}}')
    np.testing.assert_array_equal(stats["state"].mean, [0.0, 1.0])


def test_statistics_do_not_change_once_made() -> None:
    mean = np.zeros(2)
    stats = NormStats(mean, np.ones(2))
    mean[0] = 5.0
    assert stats.mean[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        stats.mean[0] = 1.0


def test_not_finite_statistics_are_refused() -> None:
    with pytest.raises(NormStatsError, match="std of dimension 1 is not finite"):
        NormStats(np.zeros(2), np.array([1.0, np.inf]))


def test_widening_leaves_wide_dimensions_alone_and_grows_others_about_their_middle() -> None:
    stats = NormStats(np.zeros(2), np.array([1.0, 0.0]), np.array([-2.0, 3.0]), np.array([2.0, 3.5]))
    wide = stats.widened(1.0)
    np.testing.assert_array_equal(wide.q01, [-2.0, 2.75])
    np.testing.assert_array_equal(wide.q99, [2.0, 3.75])
    np.testing.assert_allclose(wide.std, [1.0, 0.21493], atol=1e-5)
    with pytest.raises(ValueError, match="min_range is a finite number"):
        stats.widened(-1.0)
