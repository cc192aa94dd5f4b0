from __future__ import annotations

import numpy as np
import pytest

from app.gui.review.axis import LEAST_SPAN_NS, TimeAxis
from app.gui.review.frames import frame_at, gaps, step_from
from app.gui.review.player import RATES, Player
from app.gui.review.reach import reach, travel
from app.gui.review.spans import Span, spans_of

S = 1_000_000_000


def player() -> Player:
    return Player(10 * S, 20 * S)


def test_it_follows_the_callers_clock_without_drift() -> None:
    playing = player()
    playing.play(0)
    for tick in range(1, 500):
        playing.advance(tick * 16_683_350)
    assert playing.position_ns == 10 * S + 499 * 16_683_350
    assert playing.elapsed_s == pytest.approx(499 * 0.01668335)


@pytest.mark.parametrize("rate", RATES)
def test_every_rate(rate: float) -> None:
    playing = player()
    playing.set_rate(rate, 0)
    playing.play(0)
    assert playing.advance(S) == 10 * S + round(rate * S)


def test_a_change_of_rate_goes_on_from_where_it_is() -> None:
    playing = player()
    playing.play(0)
    playing.change_rate(1, 2 * S)
    assert playing.rate == 2.0
    assert playing.advance(3 * S) == 14 * S
    playing.change_rate(-9, 3 * S)
    assert playing.rate == RATES[0]
    assert playing.advance(7 * S) == 14 * S + 400_000_000


def test_it_stops_at_the_end_and_plays_from_the_start_again() -> None:
    playing = player()
    playing.play(0)
    assert playing.advance(11 * S) == 20 * S
    assert not playing.playing
    playing.toggle(12 * S)
    assert playing.advance(13 * S) == 11 * S


def test_a_loop_begins_anew() -> None:
    playing = player()
    playing.loop = True
    playing.play(0)
    playing.advance(10 * S + 1)
    assert playing.playing
    assert playing.position_ns == 10 * S
    assert playing.advance(12 * S + 1) == 12 * S


def test_a_loop_over_a_part_of_it() -> None:
    playing = player()
    playing.loop, playing.loop_range = True, (12 * S, 14 * S)
    playing.play(0)
    assert playing.advance(3 * S) == 13 * S, "what comes before is played as well"
    assert playing.advance(4 * S + 1) == 12 * S
    assert playing.advance(5 * S + 1) == 13 * S
    playing.shuttle(5 * S + 1, backwards=True)
    assert playing.advance(6 * S + 2) == 14 * S
    playing.loop = False
    playing.play(7 * S)
    assert playing.advance(9 * S) > 14 * S, "the part counts in a loop only"


def test_a_loop_over_what_lies_outside_is_over_what_there_is_of_it() -> None:
    playing = player()
    playing.loop, playing.loop_range = True, (19 * S, 99 * S)
    playing.seek(19 * S, 0)
    playing.play(0)
    assert playing.advance(S + 1) == 19 * S
    playing.loop_range = (30 * S, 40 * S)
    playing.advance(9 * S)
    assert not playing.playing
    assert playing.position_ns == 20 * S


def test_shuttling() -> None:
    playing = player()
    playing.seek(15 * S, 0)
    playing.shuttle(0, backwards=False)
    assert playing.velocity == 1.0
    playing.shuttle(0, backwards=False)
    playing.shuttle(0, backwards=False)
    assert playing.velocity == 4.0
    playing.shuttle(0, backwards=True)
    assert playing.velocity == -1.0
    assert playing.advance(2 * S) == 13 * S
    playing.pause(3 * S)
    assert playing.velocity == 0.0
    assert playing.advance(9 * S) == 12 * S


def test_backwards_it_ends_at_the_start_and_begins_at_the_end() -> None:
    playing = player()
    playing.play(0, backwards=True)
    assert playing.advance(S) == 19 * S
    playing.advance(100 * S)
    assert playing.position_ns == 10 * S
    assert not playing.playing


def test_seeking_stays_inside_and_goes_on_playing() -> None:
    playing = player()
    playing.play(0)
    playing.seek(99 * S, S)
    assert playing.position_ns == 20 * S
    playing.seek(12 * S, 5 * S)
    assert playing.advance(6 * S) == 13 * S


def test_an_episode_of_one_moment_can_be_looped() -> None:
    playing = Player(S, S)
    playing.loop = True
    playing.play(0)
    assert playing.advance(S) == S


def test_an_episode_that_turns_out_longer_keeps_the_place_unless_it_is_the_start() -> None:
    at_start, moved = player(), player()
    at_start.set_bounds(9 * S, 22 * S)
    assert (at_start.position_ns, at_start.end_ns) == (9 * S, 22 * S)
    moved.seek(15 * S, 0)
    moved.set_bounds(9 * S, 22 * S)
    assert moved.position_ns == 15 * S
    moved.set_bounds(16 * S, 22 * S)
    assert moved.position_ns == 16 * S


def test_an_axis_of_an_episode_that_turns_out_longer() -> None:
    axis = TimeAxis(10 * S, 20 * S)
    axis.set_bounds(9 * S, 22 * S)
    assert axis.whole
    axis.zoom(0.1, share=0.5)
    shown = axis.from_ns, axis.to_ns
    axis.set_bounds(8 * S, 23 * S)
    assert (axis.from_ns, axis.to_ns) == shown


FRAMES = np.array([100, 140, 180, 400, 440], np.int64)


@pytest.mark.parametrize(("at", "index"), [(99, -1), (100, 0), (139, 0), (140, 1), (399, 2), (999, 4)])
def test_the_frame_of_a_moment_is_never_after_it(at: int, index: int) -> None:
    assert frame_at(FRAMES, at) == index


@pytest.mark.parametrize(
    ("at", "steps", "to"),
    [
        (100, 1, 140),
        (150, 1, 180),
        (150, -1, 140),
        (140, -1, 100),
        (100, -1, 100),
        (440, 1, 440),
        (50, 1, 100),
    ],
)
def test_steps_go_from_frame_to_frame(at: int, steps: int, to: int) -> None:
    assert step_from(FRAMES, at, steps) == to


def test_gaps_are_between_frames_too_far_apart_and_where_frames_were_lost() -> None:
    times = (np.arange(20) * S // 25).astype(np.int64)
    kept = np.delete(times, slice(5, 12))
    assert gaps(kept, 25.0) == [(int(times[4]), int(times[12]))]
    missing = np.zeros(20, bool)
    missing[8:11] = True
    assert gaps(times, 25.0, missing) == [(int(times[7]), int(times[11]))]
    assert gaps(times, 25.0) == []


def test_spans_are_the_runs_of_one_source() -> None:
    times = np.arange(7, dtype=np.int64) * 10
    codes = np.array([0, 1, 1, 4, 4, 1, 200], np.uint8)
    assert spans_of(times, codes) == (
        Span("hold", 0, 10),
        Span("teleop", 10, 30),
        Span("intervention", 30, 50),
        Span("teleop", 50, 60),
        Span("200", 60, 60),
    )
    assert spans_of(times[:0], codes[:0]) == ()


def test_zooming_keeps_the_moment_under_the_pointer() -> None:
    axis = TimeAxis(0, 100 * S)
    before = axis.time_at(0.25)
    axis.zoom(0.1, share=0.25)
    assert axis.time_at(0.25) == before
    assert axis.span_ns == 10 * S
    axis.zoom(100.0, share=0.5)
    assert axis.whole
    axis.zoom(1e-9, share=0.5)
    assert axis.span_ns == LEAST_SPAN_NS


def test_panning_stays_inside() -> None:
    axis = TimeAxis(0, 100 * S)
    axis.zoom(0.1, share=0.0)
    axis.pan(-3.0)
    assert axis.from_ns == 0
    axis.pan(99.0)
    assert axis.to_ns == 100 * S


def test_the_view_follows_the_playhead_out_of_it() -> None:
    axis = TimeAxis(0, 100 * S)
    axis.zoom(0.1, share=0.0)
    assert not axis.follow(5 * S)
    assert axis.follow(11 * S)
    assert axis.from_ns <= 11 * S <= axis.to_ns


def test_it_turns_back_a_whole_page_when_it_plays_backwards() -> None:
    axis = TimeAxis(0, 100 * S)
    axis.zoom(0.1, share=0.5)
    assert axis.follow(44 * S)
    assert axis.from_ns < 36 * S
    assert axis.from_ns <= 44 * S <= axis.to_ns


def test_ticks_are_round_and_not_too_many() -> None:
    axis = TimeAxis(7, 61 * S + 7)
    ticks = axis.ticks(8)
    assert [seconds for _, seconds in ticks] == [0, 10, 20, 30, 40, 50, 60]
    assert ticks[1][0] == 10 * S + 7


def test_a_joint_at_rest_keeps_a_calm_scale() -> None:
    still = np.full(9, 0.5, np.float32)
    assert reach(still, np.full(9, np.nan, np.float32), least=0.2) == pytest.approx((0.4, 0.6))
    assert reach(np.full(3, np.nan, np.float32), least=0.2) == pytest.approx((-0.1, 0.1))


def test_travel_is_a_share_of_the_range() -> None:
    values = np.array([[0, 0, np.nan], [1, 1, np.nan]], np.float32)
    assert travel(values, ((0.0, 4.0), (None, None), (0.0, 1.0))).tolist() == [0.25, 1.0, 0.0]
