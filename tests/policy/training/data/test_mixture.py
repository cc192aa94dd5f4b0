"""Which samples make which batch."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from policy.training.data.mixture import Mixture, Ref, shares_of
from policy.training.samples import Group

GROUPS = [[Group("tidy", "a", 1000), Group("cook", "a", 10)], [Group("captions", "", 70)]]


def mixture(seed: int = 0, stage: int = 0, batch: int = 8) -> Mixture:
    return Mixture(GROUPS, [1.0, 0.5], batch=batch, seed=seed, stage=stage)


def test_shares_are_weight_times_the_count_to_the_power_of_0_43() -> None:
    (tidy, cook), (captions,) = shares_of(GROUPS, [1.0, 0.5])
    assert tidy / cook == pytest.approx(100**0.43)
    assert captions / cook == pytest.approx(0.5 * 7**0.43)
    assert tidy + cook + captions == pytest.approx(1)


def test_the_same_seed_and_step_give_the_same_batch_from_any_start() -> None:
    whole = list(islice(mixture().steps(0), 4200))
    for start in (0, 1, 777, 4095, 4096, 4150):
        assert list(islice(mixture().steps(start), 40)) == whole[start : start + 40]


def test_other_seeds_and_stages_give_other_batches() -> None:
    first = next(mixture().steps(0))
    assert next(mixture(seed=1).steps(0)) != first
    assert next(mixture(stage=1).steps(0)) != first


def test_every_batch_is_full_and_near_the_shares() -> None:
    shares = [share for its in shares_of(GROUPS, [1.0, 0.5]) for share in its]
    places = [(0, 0), (0, 1), (1, 0)]
    total: Counter[tuple[int, int]] = Counter()
    for refs in islice(mixture().steps(0), 1000):
        assert len(refs) == 8
        counted = Counter((ref.source, ref.group) for ref in refs)
        assert all(abs(counted[place] - 8 * share) < 1 for place, share in zip(places, shares, strict=True))
        total += counted
    assert [total[place] / 8000 for place in places] == pytest.approx(shares, abs=0.01)


def test_all_samples_of_a_group_come_before_any_comes_again() -> None:
    drawn = [ref for refs in islice(mixture().steps(0), 2000) for ref in refs]
    for source, group in ((0, 0), (0, 1), (1, 0)):
        its = [ref.index for ref in drawn if (ref.source, ref.group) == (source, group)]
        seen = Counter(its)
        assert len(seen) == GROUPS[source][group].count
        assert max(seen.values()) - min(seen.values()) <= 1


def test_within_a_batch_the_order_is_mixed() -> None:
    batches = islice(mixture(batch=32).steps(0), 200)
    firsts = {refs[0].source for refs in batches}
    assert firsts == {0, 1}


def test_nothing_to_draw_from_is_refused() -> None:
    with pytest.raises(ValueError, match="no group has a sample"):
        Mixture([[]], [1.0], batch=2, seed=0, stage=0)


def test_one_sample_alone_fills_every_batch() -> None:
    (refs,) = islice(Mixture([[Group("t", "r", 1)]], [1.0], batch=3, seed=0, stage=0).steps(0), 1)
    assert refs == [Ref(0, 0, 0)] * 3
