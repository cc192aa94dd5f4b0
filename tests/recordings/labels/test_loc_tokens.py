"""Boxes in the policy's words, as the policy itself writes and reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.text.boxes import format_answer, format_box, parse_answer
from policy.types import Box
from recordings.labels import BoxKey, BoxLabel, EpisodeLabels, SpanLabel, Tier
from recordings.labels.loc_tokens import answer, from_tokens, to_tokens

EDGES = st.lists(st.floats(0, 1), min_size=2, max_size=2, unique=True).map(sorted)


@given(EDGES, EDGES)
def test_tokens_are_those_of_the_policy(across: list[float], down: list[float]) -> None:
    key = BoxKey(5, across[0], down[0], across[1], down[1])
    box = Box(label="", x_min=key.left, y_min=key.top, x_max=key.right, y_max=key.bottom)
    assert to_tokens(key) == format_box(box)


@given(st.lists(st.integers(0, 1023), min_size=4, max_size=4, unique=True))
def test_tokens_come_back(steps: list[int]) -> None:
    (left, right), (top, bottom) = sorted(steps[:2]), sorted(steps[2:])
    text = "".join(f"<loc{step:04d}>" for step in (top, left, bottom, right))
    key = from_tokens(text, 5)
    assert to_tokens(key) == text
    assert (key.time_ns, key.left, key.bottom) == (5, left / 1024, bottom / 1024)


@pytest.mark.parametrize(
    "text",
    ["", "<loc0001>" * 3, "<loc0001>" * 5, "<loc1024>" * 4, "<loc0001>" * 4, "<loc1><loc2><loc3><loc4>"],
)
def test_what_is_no_box_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="box"):
        from_tokens(text, 0)


def test_an_answer_is_read_by_the_policy() -> None:
    labels = EpisodeLabels(
        [
            BoxLabel("1", "front", "red; <cup>", (BoxKey(0, 0.5, 0.25, 0.75, 1.0),)),
            BoxLabel("2", "wrist", "plate", (BoxKey(0, 0.5, 0.25, 0.75, 1.0),)),
            SpanLabel("3", Tier.SUBTASK, 0, 10, "pick up the cup"),
        ]
    )
    boxes, subtask = parse_answer(answer(labels, "front", 0))
    assert [(box.label, box.y_min, box.x_min, box.y_max, box.x_max) for box in boxes] == [
        ("red cup>", 0.25, 0.5, 1023 / 1024, 0.75)
    ]
    assert subtask == "pick up the cup"
    assert answer(labels, "front", 0) == format_answer(boxes, subtask)
    assert answer(EpisodeLabels(), "front", 0) == ""
