from __future__ import annotations

import itertools

import numpy as np
import pytest

from policy.transforms.compose import Sample
from policy.transforms.norm_stats import NormStats, NormStatsError, load_norm_stats
from policy.transforms.normalize import Normalization, Normalize, Unnormalize, normalize, unnormalize
from tests.policy.transforms.golden import GOLDEN, vectors

NORM = vectors("preproc_norm")
METHODS: tuple[Normalization, ...] = ("z-score", "quantile")
CASES = list(itertools.product(range(2), METHODS))


def stats_of(index: int) -> dict[str, NormStats]:
    return load_norm_stats(GOLDEN, f"norm_stats_{index}")


def named(method: Normalization) -> str:
    return method.replace("-", "")


@pytest.mark.parametrize(("index", "method"), CASES)
def test_normalising_is_openpis_to_the_last_bit(index: int, method: Normalization) -> None:
    prefix = f"n{index}.{named(method)}"
    sample = Normalize(stats_of(index), method)(
        Sample(state=NORM[f"n{index}.state"], actions=NORM[f"n{index}.actions"])
    )
    np.testing.assert_array_equal(sample["state"], NORM[f"{prefix}.norm.state"])
    np.testing.assert_array_equal(sample["actions"], NORM[f"{prefix}.norm.actions"])
    back = Unnormalize(stats_of(index), method)(sample)
    np.testing.assert_array_equal(back["actions"], NORM[f"{prefix}.roundtrip.actions"])


@pytest.mark.parametrize(("index", "method"), CASES)
def test_unnormalising_32_numbers_is_openpis_to_the_last_bit(index: int, method: Normalization) -> None:
    prefix = f"n{index}.{named(method)}.unnorm"
    sample = Unnormalize(stats_of(index), method)(
        Sample(state=NORM[f"n{index}.model_state"], actions=NORM[f"n{index}.model_actions"])
    )
    np.testing.assert_array_equal(sample["state"], NORM[f"{prefix}.state"])
    np.testing.assert_array_equal(sample["actions"], NORM[f"{prefix}.actions"])
    assert sample["actions"].dtype == np.float64


@pytest.mark.parametrize("method", METHODS)
def test_statistics_wider_than_the_values_are_cut(method: Normalization) -> None:
    stats = NormStats(*(NORM[f"wide.{name}"] for name in ("mean", "std", "q01", "q99")))
    got = normalize(NORM["wide.in"], stats, method=method)
    np.testing.assert_array_equal(got, NORM[f"wide.{named(method)}"])


def test_every_vector_of_the_golden_file_has_a_test() -> None:
    used = {f"n{index}" for index, _ in CASES} | {"wide", "running"}
    # The statistics of n2 are in no file: `tests.vectors` derives them from its vectors, and checks those.
    assert {name.split(".")[0] for name in NORM} == used | {"n2"}


@pytest.mark.parametrize("method", METHODS)
def test_values_that_do_not_fit_their_statistics_are_refused(method: Normalization) -> None:
    stats = NormStats(*np.zeros((4, 3)))
    with pytest.raises(NormStatsError, match=r"'state' has 4 numbers and its statistics only 3"):
        normalize(np.zeros(4), stats, method=method, name="state")
    with pytest.raises(NormStatsError, match=r"'actions' has 2 numbers and its statistics 3"):
        unnormalize(np.zeros((5, 2)), stats, method=method, name="actions")


def test_quantiles_that_were_not_taken_are_missed_before_the_first_sample() -> None:
    plain = NormStats(np.zeros(2), np.ones(2))
    stats = {"state": plain, "actions": plain}
    Normalize(stats, "z-score")
    for transform in (Normalize, Unnormalize):
        with pytest.raises(NormStatsError, match=r"'state' have no q01 and q99.*compute them again"):
            transform(stats, "quantile")


def test_missing_statistics_are_named() -> None:
    with pytest.raises(NormStatsError, match=r"no statistics of 'actions'; there are those of state"):
        Normalize({"state": NormStats(np.zeros(2), np.ones(2))}, "z-score")


def test_a_nearly_constant_dimension_explodes_unless_it_was_widened() -> None:
    # openpi issue 814: q99 - q01 of 2e-4 and a value 0.3 away.
    stats = NormStats(np.zeros(1), np.array([1e-4]), np.array([-1e-4]), np.array([1e-4]))
    value = np.array([-0.3])
    assert normalize(value, stats, method="quantile")[0] < -2900
    assert normalize(value, stats, method="z-score")[0] < -2900
    wide = stats.widened(0.1)
    for method in METHODS:
        assert -20 < normalize(value, wide, method=method)[0] < -5
        back = unnormalize(normalize(value, wide, method=method), wide, method=method)
        np.testing.assert_allclose(back, value, atol=1e-12)


def test_clipping_is_off_unless_asked_for() -> None:
    stats = NormStats(np.zeros(2), np.ones(2), -np.ones(2), np.ones(2))
    values = np.array([-9.0, 0.5])
    assert normalize(values, stats, method="quantile")[0] < -8
    both = {"state": stats, "actions": stats}
    clipped = Normalize(both, "quantile", clip=2.0)(Sample(state=values))
    assert clipped["state"][0] == -2.0
    np.testing.assert_array_equal(clipped["unclipped_state"], normalize(values, stats, method="quantile"))
    assert "actions" not in clipped
    actions = Normalize(both, "z-score", clip=1.5)(Sample(actions=np.tile(values, (3, 1))))["actions"]
    np.testing.assert_array_equal(actions[:, 0], -1.5)
    assert "unclipped_state" not in Normalize(both, "z-score")(Sample(state=values))
    for clip in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="clip is a number above 0, or None"):
            Normalize(both, "z-score", clip=clip)


def test_an_unknown_method_is_refused() -> None:
    both = dict.fromkeys(("state", "actions"), NormStats(*np.zeros((4, 1))))
    for transform in (Normalize, Unnormalize):
        with pytest.raises(ValueError, match="no normalisation 'zscore'; there are z-score, quantile"):
            transform(both, "zscore")


def test_what_was_given_is_not_changed() -> None:
    state, actions = NORM["n0.state"].copy(), NORM["n0.actions"].copy()
    state.flags.writeable = actions.flags.writeable = False
    given = Sample(state=state, actions=actions)
    Normalize(stats_of(0), "quantile")(given)
    assert given["state"] is state
    np.testing.assert_array_equal(state, NORM["n0.state"])
