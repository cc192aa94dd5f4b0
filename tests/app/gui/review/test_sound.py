"""The sound of an episode by its capture times: what is drawn and what is cut out to be played."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter
from PyQt6.QtWidgets import QApplication

from app.gui.review.axis import TimeAxis
from app.gui.review.sound import RUN_SAMPLES, Sound
from app.gui.review.sound_lane import SoundLane
from app.gui.theme import Theme
from recordings import AudioTrack

RATE_HZ = 16_000
BLOCK = 480
S = 1_000_000_000
BLOCK_NS = BLOCK * S // RATE_HZ
START_NS = 7 * S


def track(samples: NDArray[np.int16], time_ns: NDArray[np.int64]) -> AudioTrack:
    return AudioTrack(samples, time_ns, np.arange(len(time_ns), dtype=np.int64) * BLOCK)


def even(blocks: int, *, clock: float = 1.0) -> AudioTrack:
    """A ramp, in blocks that follow on one another by a clock that runs that fast."""
    samples = (np.arange(blocks * BLOCK) % 20_000).astype(np.int16)
    times = START_NS + (np.arange(blocks) * BLOCK_NS * clock).astype(np.int64)
    return track(samples, times)


def with_gap(blocks: int = 200, *, after: int = 100, gap_ns: int = 2 * S) -> AudioTrack:
    whole = even(blocks)
    times = whole.time_ns + np.where(np.arange(blocks) >= after, gap_ns, 0)
    return track(whole.samples, times)


@pytest.mark.parametrize("first", [0, 1, 479, 480, 12_345])
def test_what_is_cut_out_is_what_was_recorded(first: int) -> None:
    recorded = even(100)
    heard = Sound(recorded).cut(START_NS + first * S // RATE_HZ, 3_000)
    assert np.array_equal(heard, recorded.samples[first : first + 3_000])


def test_before_after_and_between_there_is_silence() -> None:
    recorded = with_gap()
    sound = Sound(recorded)
    assert sound.gaps == [(START_NS + 100 * BLOCK_NS, START_NS + 100 * BLOCK_NS + 2 * S)]
    around = sound.cut(START_NS + 100 * BLOCK_NS - S // 10, 2 * RATE_HZ + 2 * RATE_HZ // 10)
    assert np.array_equal(around[:1_600], recorded.samples[48_000 - 1_600 : 48_000])
    assert not around[1_600 : 1_600 + 2 * RATE_HZ].any()
    assert np.array_equal(around[-1_600:], recorded.samples[48_000 : 48_000 + 1_600])
    assert not sound.cut(START_NS - S, RATE_HZ).any()
    assert not sound.cut(START_NS + 60 * S, 99).any()
    assert [sound.has(START_NS + at) for at in (-1, 0, 3 * S, 5 * S, 99 * S)] == [
        False,
        True,
        False,
        True,
        False,
    ]


def test_pieces_cut_out_one_after_the_other_join_without_a_seam() -> None:
    jitter = np.random.default_rng(4).integers(-3_000_000, 3_000_000, 1_000)
    recorded = even(1_000)
    sound = Sound(track(recorded.samples, recorded.time_ns + jitter))
    pieces = [sound.cut(START_NS + 40_000_000 + number * 200_000_000, 3_200) for number in range(100)]
    steps = np.diff(np.concatenate(pieces).astype(np.int64))
    seams = steps[(steps != 1) & (steps != -19_999)]
    assert len(seams) <= 20, "of 600 blocks, each up to fifty samples off"
    assert set(seams.tolist()) <= {0, 2, -19_998}, "a sample left out or doubled"


def test_a_microphone_whose_clock_drifts_stays_in_step() -> None:
    recorded = even(60_000, clock=1.0003)  # half an hour, half a second off at its end
    sound = Sound(recorded)
    at = 59_000
    heard = sound.cut(int(recorded.time_ns[at]), 100)
    assert abs(int(heard[0]) - int(recorded.samples[at * BLOCK])) <= 2


@pytest.mark.parametrize("columns", [50, 300])
@pytest.mark.parametrize("share", [1.0, 0.2, 0.002])
def test_the_drawing_shows_the_loudest_and_leaves_gaps_empty(columns: int, share: float) -> None:
    samples = np.zeros(2_000 * BLOCK, np.int16)
    samples[700_000] = 12_000
    samples[700_001] = -9_000
    times = START_NS + np.arange(2_000) * BLOCK_NS + np.where(np.arange(2_000) >= 1_600, 30 * S, 0)
    sound = Sound(track(samples, times))
    assert sound.peak == 12_000
    click_ns = START_NS + 700_000 * S // RATE_HZ
    span = int(share * 90 * S)
    low, high = sound.band(click_ns - span // 2, click_ns + span // 2, columns)
    assert np.nanmax(high) == 12_000
    assert np.nanmin(low) == -9_000
    assert abs(int(np.nanargmax(high)) - columns // 2) <= 1
    gap_ns = int(times[1_600]) - 20 * S
    low, _ = sound.band(gap_ns, gap_ns + span // 9, columns)
    assert np.isnan(low).all()


def test_an_empty_stretch_of_the_axis_is_drawn_as_nothing() -> None:
    sound = Sound(even(10))
    for span_ns in (1_000_000, 1_000 * S):
        assert np.isnan(sound.band(START_NS + 100 * S, START_NS + 100 * S + span_ns, 40)[0]).all()


def test_a_single_block_and_a_last_one_that_is_short() -> None:
    samples = np.arange(RUN_SAMPLES + 7, dtype=np.int16)
    sound = Sound(AudioTrack(samples, np.array([START_NS], np.int64), np.array([0], np.int64)))
    assert np.array_equal(sound.cut(START_NS, len(samples) + 3), [*samples.tolist(), 0, 0, 0])
    assert sound.gaps == []


def test_the_lane_is_as_high_as_it_was_loud(qapp: QApplication, theme: Theme) -> None:
    samples = np.zeros(1_000 * BLOCK, np.int16)
    samples[240_000:360_000] = (10_000 * np.sin(np.arange(120_000) * 0.3)).astype(np.int16)
    lane = SoundLane(Sound(track(samples, START_NS + np.arange(1_000) * BLOCK_NS)))
    image = QImage(1000, lane.height_px, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    end_ns = START_NS + 1_000 * BLOCK_NS
    lane.paint(painter, QRectF(0, 0, 1000, lane.height_px), TimeAxis(START_NS, end_ns), theme)
    painter.end()
    ink, middle = QColor(theme.palette.text_dim), lane.height_px // 2
    assert image.pixelColor(600, middle - 12) == ink
    assert image.pixelColor(600, middle + 12) == ink
    assert image.pixelColor(200, middle - 12) == QColor("black")
    assert image.pixelColor(200, middle) != QColor("black"), "silence is a line"
    assert lane.value_at(START_NS) == ""
    assert lane.value_at(end_ns) == "none"
