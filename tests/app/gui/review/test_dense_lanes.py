"""Lanes of long episodes: what is painted is what there is, at a cost that does not grow with it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter
from PyQt6.QtWidgets import QApplication

from app.gui import tokens
from app.gui.review.axis import TimeAxis
from app.gui.review.bars import Bars
from app.gui.review.lanes import EventLane, Lane, SpanLane
from app.gui.review.pyramid import Pyramid
from app.gui.review.spans import Span
from app.gui.theme import Theme
from recordings import Event

S = 1_000_000_000
HOUR_NS = 3600 * S


def test_no_peak_is_lost_however_many_rows_there_are() -> None:
    times = np.arange(300_000, dtype=np.int64) * 20_000_000
    values = np.zeros(300_000, np.float32)
    values[123_456], values[234_567] = 5.0, -3.0
    pyramid = Pyramid.of(times, values)
    low, high = pyramid.band(int(times[0]), int(times[-1]), 800)
    assert np.nanmax(high) == 5.0
    assert np.nanmin(low) == -3.0
    assert abs(int(np.nanargmax(high)) - 123_456 / 300_000 * 800) <= 1
    assert np.count_nonzero(high > 1) <= 2
    assert len(pyramid.levels) > 2


@pytest.mark.parametrize("span", [40, 400, 4_000, 40_000])
def test_every_level_shows_the_same_curve(span: int) -> None:
    times = np.arange(100_000, dtype=np.int64) * 1_000
    values = np.cumsum(np.random.default_rng(1).normal(size=100_000))
    first = 30_001
    low, high = Pyramid.of(times, values).band(int(times[first]), int(times[first + span]), 40)
    for column in range(1, 39):
        edges = first + span * column / 40, first + span * (column + 1) / 40
        inside = values[int(np.ceil(edges[0])) : int(np.ceil(edges[1]))]
        # A run that begins in the column before may hold some of it.
        assert low[column - 1 : column + 1].min() <= inside.min() + 1e-9
        assert high[column - 1 : column + 1].max() >= inside.max() - 1e-9
        around = values[int(edges[0]) - span // 40 : int(edges[1]) + span // 40 + 2]
        assert around.min() <= low[column] <= high[column] <= around.max()


def test_few_rows_are_joined_by_a_line_and_a_gap_breaks_it() -> None:
    times = np.array([0, 100, 200, 300], np.int64)
    values = np.array([0, 10, np.nan, 4], np.float32)
    low, high = Pyramid.of(times, values).band(0, 300, 30)
    assert low[5] == pytest.approx(5)
    assert high[5] == pytest.approx(6)
    assert np.isnan(low[12:29]).all()


def test_nothing_is_drawn_before_the_first_row_and_after_the_last() -> None:
    pyramid = Pyramid.of(np.array([100, 200], np.int64), np.array([1, 1], np.float32))
    low, _ = pyramid.band(0, 400, 40)
    assert np.flatnonzero(np.isfinite(low)).tolist() == list(range(9, 21))
    assert np.isnan(Pyramid.of(np.zeros(0, np.int64), np.zeros(0)).band(0, 9, 3)[0]).all()


def test_bars_are_found_by_a_moment() -> None:
    bars = Bars([10, 20, 50], [20, 30, 60])
    assert [bars.at(t) for t in (9, 10, 19, 20, 30, 49, 59, 60)] == [-1, 0, 0, 1, -1, -1, 2, -1]
    assert list(bars.near(35, 6)) == [1]
    assert list(bars.near(40, 5)) == []


def test_bars_fill_their_columns_and_are_told_apart() -> None:
    bars = Bars([0, 10, 30], [10, 20, 40])
    assert bars.columns(0, 40, 40).tolist() == [0] * 9 + [-1] + [1] * 9 + [-1] * 11 + [2] * 9 + [-1]
    assert bars.columns(5, 15, 10).tolist() == [0] * 4 + [-1] + [1] * 5


def test_a_bar_narrower_than_a_pixel_is_still_there() -> None:
    bars = Bars([1_004], [1_005])
    shown = bars.columns(0, 10_000, 100)
    assert np.flatnonzero(shown == 0).tolist() == [10]
    many = Bars(list(range(0, 100_000, 10)), list(range(10, 100_010, 10)))
    row = many.columns(0, 100_000, 50)
    assert (np.diff(row) == 200).all(), "each column shows one of those that lie there"


def test_only_spans_with_room_get_words() -> None:
    bars = Bars([0, 100, 110, 500], [100, 110, 500, 900])
    assert [found[0] for found in bars.wide(0, 900, 90, least_px=15)] == [2, 3]
    assert list(bars.wide(450, 950, 50, least_px=5)) == [(2, 0.0, 5.0), (3, 5.0, 45.0)]


def painted(lane: Lane, axis: TimeAxis, theme: Theme, *, width: int = 1000) -> QImage:
    image = QImage(width, 24, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    lane.paint(painter, QRectF(0, 0, width, 24), axis, theme)
    painter.end()
    return image


def test_spans_have_the_colour_of_who_drove(qapp: QApplication, theme: Theme) -> None:
    lane = SpanLane((Span("teleop", 0, 4 * S), Span("policy", 6 * S, 10 * S)))
    image = painted(lane, TimeAxis(0, 10 * S), theme)
    assert image.pixelColor(300, 12) == QColor(tokens.TELEOP)
    assert image.pixelColor(500, 12) == QColor("black")
    assert image.pixelColor(900, 12) == QColor(tokens.AUTONOMOUS)
    assert lane.value_at(5 * S) == ""
    assert lane.tip_at(7 * S, 0) == "Autonomous, 4.0 s"


def test_events_in_one_place_show_what_went_wrong(qapp: QApplication, theme: Theme) -> None:
    events = [Event(time_ns=S + n, kind="mode", source="a", message=f"{n}") for n in range(200)]
    fault = Event(time_ns=S + 100, kind="fault", source="arm", message="hot")
    lane = EventLane([*events, fault])
    image = painted(lane, TimeAxis(0, 2 * S), theme)
    warning = QColor(tokens.ink_of(tokens.WARNING, theme.palette))
    assert image.pixelColor(500, 13) == warning
    assert lane.tip_at(S + 50, 1).splitlines() == ["a: 49", "a: 50", "a: 51"]
    assert len(lane.tip_at(S, S).splitlines()) == 6


def cost_s(paint: Callable[[], object]) -> float:
    """Processor time of one painting, the least of a few: what else runs on the machine does not count."""
    costs = []
    for _ in range(5):
        began = time.thread_time()
        paint()
        costs.append(time.thread_time() - began)
    return min(costs)


def test_what_is_not_in_view_costs_nothing(qapp: QApplication, theme: Theme) -> None:
    def lanes(count: int) -> list[Lane]:
        edges = np.linspace(0, HOUR_NS, count + 1).astype(np.int64).tolist()
        names = ("teleop", "hold")
        events = [Event(time_ns=at, kind="mode", source="a", message="") for at in edges]
        return [
            SpanLane([Span(names[n % 2], edges[n], edges[n + 1]) for n in range(count)]),
            EventLane(events),
        ]

    whole = TimeAxis(0, HOUR_NS)
    for few, many in zip(lanes(2_000), lanes(60_000), strict=True):
        painted(few, whole, theme)
        cost_of_few = cost_s(lambda lane=few: painted(lane, whole, theme))
        assert cost_s(lambda lane=many: painted(lane, whole, theme)) < 4 * cost_of_few + 0.004
