from __future__ import annotations

import numpy as np
import pytest

from policy.transforms.compose import Sample
from policy.transforms.deltas import AbsoluteActions, DeltaActions, delta_mask
from policy.transforms.pad import PadStatesAndActions, pad_to_width
from tests.policy.transforms.golden import vectors

DELTA = vectors("preproc_delta")
MASKS = {"d0": delta_mask(6, -1, 6, -1), "d1": delta_mask(7, -1), "d2": delta_mask(6, -1)}


def sample_of(case: str, actions: str = "actions") -> Sample:
    sample = Sample(state=DELTA[f"{case}.state"], actions=DELTA[f"{case}.{actions}"])
    sample["state"].flags.writeable = sample["actions"].flags.writeable = False
    return sample


def same(got: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(got, expected)
    assert got.dtype == expected.dtype


@pytest.mark.parametrize("case", MASKS)
def test_openpis_deltas(case: str) -> None:
    same(np.array(MASKS[case]), DELTA[f"{case}.mask"])
    same(DeltaActions(MASKS[case])(sample_of(case))["actions"], DELTA[f"{case}.delta"])
    same(AbsoluteActions(MASKS[case])(sample_of(case, "delta"))["actions"], DELTA[f"{case}.absolute"])


@pytest.mark.parametrize("case", MASKS)
def test_openpis_padding(case: str) -> None:
    padded = PadStatesAndActions(32)(sample_of(case, "delta"))
    same(padded["state"], DELTA[f"{case}.pad_state"])
    same(padded["actions"], DELTA[f"{case}.pad_actions"])


def test_every_vector_of_the_golden_file_has_a_test() -> None:
    assert {name.split(".")[0] for name in DELTA} == set(MASKS)


def test_masks_from_runs() -> None:
    assert delta_mask(2, -2, 1) == (True, True, False, False, True)
    assert delta_mask(2, 0, 1) == (True, True, True)
    assert delta_mask() == ()


def test_whole_episodes_at_once_for_statistics() -> None:
    random = np.random.default_rng(0)
    states, chunks = random.random((20, 3)), random.random((20, 5, 3))
    moved = DeltaActions((True, False))(Sample(state=states, actions=chunks))["actions"]
    for row in range(20):
        alone = DeltaActions((True, False))(Sample(state=states[row], actions=chunks[row]))
        np.testing.assert_array_equal(moved[row], alone["actions"])


def test_without_actions_there_is_nothing_to_do() -> None:
    sample = Sample(state=np.zeros(3))
    assert DeltaActions((True,))(sample) is sample
    assert "actions" not in PadStatesAndActions(4)(sample)


def test_a_mask_longer_than_the_numbers_is_refused() -> None:
    sample = Sample(state=np.zeros(3), actions=np.zeros((2, 8)))
    with pytest.raises(ValueError, match="mask has 4 dimensions, state 3 and actions 8"):
        DeltaActions((True,) * 4)(sample)


def test_numbers_wider_than_the_model_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'state' has 33 numbers, and the model takes 32"):
        pad_to_width(np.zeros(33), 32, name="state")
