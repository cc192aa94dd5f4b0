"""Labels found by moments, against looking at every one of them."""

from __future__ import annotations

import random
import time

import pytest

from app.gui.labels.span_index import SpanIndex
from recordings.labels import SpanLabel, Tier


def spans(*edges: tuple[int, int]) -> tuple[SpanLabel, ...]:
    ordered = sorted(edges)
    return tuple(
        SpanLabel(id=str(n), tier=Tier.NOTE, start_ns=a, end_ns=b) for n, (a, b) in enumerate(ordered)
    )


def some(seed: int, count: int = 60) -> tuple[SpanLabel, ...]:
    """Overlapping ones, short ones, and some that last over all others."""
    dice = random.Random(seed)
    starts = [dice.randrange(1_000) for _ in range(count)]
    return spans(*((a, a + dice.choice([1, 2, 5, 40, 400])) for a in starts))


@pytest.mark.parametrize("seed", range(8))
def test_the_span_of_a_moment_and_those_near_it(seed: int) -> None:
    every = some(seed)
    index = SpanIndex(every)
    for at in range(-5, 1_450, 3):
        assert index.at(at) == next((span for span in reversed(every) if span.holds(at)), None)
        for slack in (0, 4):
            near = [s for s in every if s.start_ns <= at + slack and s.end_ns >= at - slack]
            assert list(index.near(at, slack)) == near


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("columns", [7, 100, 5_000])
def test_what_is_drawn_is_what_looking_at_every_one_would_draw(seed: int, columns: int) -> None:
    every = some(seed)
    for from_ns, to_ns in ((0, 1_400), (300, 500), (990, 1_010)):
        drawn, drawn_to, column = [], float(from_ns), (to_ns - from_ns) / columns
        for number, span in enumerate(every):
            end = min(span.end_ns, to_ns)
            if span.start_ns < to_ns and span.end_ns > from_ns and end >= drawn_to + column:
                drawn.append(number)
                drawn_to = end
        assert list(SpanIndex(every).told_apart(from_ns, to_ns, columns)) == drawn


def test_a_span_is_found_by_its_name() -> None:
    index = SpanIndex(spans((5, 9), (1, 3)))
    assert index.number_of("1") == 1
    assert index.number_of("gone") is None
    assert SpanIndex(()).at(3) is None
    assert list(SpanIndex(()).told_apart(0, 9, 9)) == []


def test_many_cost_no_more_than_there_are_columns() -> None:
    index = SpanIndex(spans(*((n * 10, n * 10 + 10) for n in range(100_000))))
    costs = []
    for _ in range(5):
        began = time.thread_time()
        drawn = list(index.told_apart(0, 1_000_000, 500))
        index.at(999_999)
        costs.append(time.thread_time() - began)
        assert len(drawn) <= 500
    assert min(costs) < 0.02
