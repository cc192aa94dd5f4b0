"""Boxes go to location tokens and back, and no answer of a model breaks the reading of it."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policy.text.boxes import edge_to_step, format_answer, format_box, parse_answer
from policy.types import Box
from tests.policy.text.vocabulary import TINY, UNHURRIED

EDGES = st.floats(0, 1)
WORDS = st.text(st.characters(exclude_characters=";<", exclude_categories=["Cs"]), max_size=20)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    y_min, y_max = sorted((draw(EDGES), draw(EDGES)))
    x_min, x_max = sorted((draw(EDGES), draw(EDGES)))
    return Box(label=" ".join(draw(WORDS).split()), y_min=y_min, x_min=x_min, y_max=y_max, x_max=x_max)


def test_the_convention() -> None:
    box = Box(label="blue  cup", y_min=0.0, x_min=0.5, y_max=0.75, x_max=1.0)
    assert format_box(box) == "<loc0000><loc0512><loc0768><loc1023> blue cup"
    answer = format_answer([box, Box("plate", 0.1, 0.2, 0.3, 0.4)], "pick up the cup; slowly")
    assert answer == (
        "<loc0000><loc0512><loc0768><loc1023> blue cup ; "
        "<loc0102><loc0204><loc0307><loc0409> plate ; pick up the cup; slowly"
    )
    parsed, subtask = parse_answer(answer)
    assert subtask == "pick up the cup; slowly"
    assert parsed[0] == Box("blue cup", 0.0, 0.5, 0.75, 1023 / 1024)
    assert parsed[1].label == "plate"


@UNHURRIED
@given(st.lists(boxes(), max_size=4), WORDS)
def test_round_trip(given_boxes: list[Box], subtask: str) -> None:
    answer = format_answer(given_boxes, subtask)
    parsed, read = parse_answer(answer)
    assert read == subtask.strip()
    assert [box.label for box in parsed] == [box.label for box in given_boxes]
    for before, after in zip(given_boxes, parsed, strict=True):
        for edge in ("y_min", "x_min", "y_max", "x_max"):
            assert 0 <= getattr(before, edge) - getattr(after, edge) <= 1 / 1024
    assert parse_answer(format_answer(parsed, read)) == (parsed, read)


@UNHURRIED
@given(st.integers(0, 1023))
def test_every_step_is_read_back_as_itself(step: int) -> None:
    assert edge_to_step(step / 1024) == step
    assert edge_to_step(math.nextafter((step + 1) / 1024, 0)) == step


@pytest.mark.parametrize(
    ("answer", "subtask"),
    [
        ("", ""),
        ("pick up the cup", "pick up the cup"),
        (" open; then wait ", "open; then wait"),
        ("<loc0001><loc0002><loc0003> cup ; pick up the cup", "cup ; pick up the cup"),
        ("<loc0001><loc0002><loc0003><loc0004><loc0005> cup ; pick up", "cup ; pick up"),
        ("<loc0009><loc0000><loc0003><loc0004> cup ; pick up", "cup ; pick up"),
        ("<loc0000><loc0009><loc0003><loc0004> cup ; pick up", "cup ; pick up"),
        ("<loc0000><loc0000><loc1024><loc0004> cup ; pick up", "cup ; pick up"),
        ("<loc0000> <loc0000><loc0003><loc0004> cup ; pick up", "cup ; pick up"),
        ("<loc0001><loc0002><loc0003><loc0004> pick up the cup", "pick up the cup"),
        ("<loc0001><loc0002><loc0003><loc0004>", ""),
        ("pick up <loc0001><loc0002> the cup", "pick up the cup"),
        ("<loc0001><loc0002> ; ; pick up", "; pick up"),
    ],
)
def test_a_malformed_box_is_dropped_and_its_words_kept(answer: str, subtask: str) -> None:
    assert parse_answer(answer) == ((), subtask)


def test_a_good_box_among_malformed_ones_is_kept() -> None:
    answer = "<loc0001> cup ; <loc0000><loc0000><loc0512><loc0512> plate ; <loc0001>fork<loc0002> pick up"
    assert parse_answer(answer) == ((Box("plate", 0.0, 0.0, 0.5, 0.5),), "cup ; fork ; pick up")


def test_a_box_may_have_no_label_and_no_subtask_after_it() -> None:
    answer = "<loc0000><loc0000><loc0512><loc0512> ;"
    assert parse_answer(answer) == ((Box("", 0.0, 0.0, 0.5, 0.5),), "")


@UNHURRIED
@given(
    st.lists(
        st.one_of(st.sampled_from(["<loc0001>", "<loc9999>", ";", " ", "<", "<loc", "cup", "\n"]), st.text())
    )
)
@example(["<loc0001>"] * 5000)
@example([" "] * 5000 + ["<loc0001>", " "] * 5000)
def test_no_answer_breaks_the_reading(parts: list[str]) -> None:
    parsed, subtask = parse_answer("".join(parts))
    assert all(0 <= box.y_min <= box.y_max < 1 and 0 <= box.x_min <= box.x_max < 1 for box in parsed)
    assert subtask == subtask.strip()


@UNHURRIED
@given(st.lists(st.integers(0, 511), max_size=40))
def test_no_decoded_tokens_break_the_reading(ids: list[int]) -> None:
    parse_answer(TINY.decode(ids))


@pytest.mark.parametrize("edge", [-0.01, 1.01, 320.0, math.nan, math.inf])
def test_an_edge_outside_the_image_is_refused(edge: float) -> None:
    with pytest.raises(ValueError, match=r"must be 0 to 1, a fraction of the image, not"):
        edge_to_step(edge)


def test_a_box_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(ValueError, match="edges in the wrong order"):
        format_box(Box("cup", 0.5, 0.0, 0.4, 1.0))
    for label in ("cup; plate", "<loc0001>"):
        with pytest.raises(ValueError, match="holds ';' or '<'"):
            format_box(Box(label, 0.0, 0.0, 1.0, 1.0))
    with pytest.raises(ValueError, match="must be 0 to 1"):
        format_box(Box("cup", math.nan, 0.0, 0.4, 1.0))
