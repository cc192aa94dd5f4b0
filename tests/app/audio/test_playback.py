"""Recorded sound, played into a room and heard there: what was recorded, when the playhead is there."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.audio.output import OFF_NS, RATE_HZ, Cue
from app.audio.playback import Playback
from tests.support.ear import Ear, bursts, pitch_hz_at
from tests.support.sound import Room, room

S = 1_000_000_000
MS = 1_000_000
SECOND_SAMPLES = RATE_HZ


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    with room(tmp_path) as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def playback() -> Iterator[Playback]:
    made = Playback(bursts)
    yield made
    made.close()
    assert made.join(10)


@pytest.fixture
def ear(sound: Room) -> Iterator[Ear]:
    made = Ear()
    yield made
    made.close()


@pytest.mark.timeout(180)
def test_what_is_heard_is_what_was_recorded_when_the_playhead_is_there(playback: Playback, ear: Ear) -> None:
    ear.begins()
    began_ns, from_ns = time.monotonic_ns(), 40 * S + 300 * MS

    def move(now_ns: int) -> None:
        playback.follow(from_ns + now_ns - began_ns, now_ns, audible=True)

    ear.listen(3.0, move)
    ear.forget()  # while the program came up
    ear.listen(5.0, move)
    heard = ear.heard()
    assert len(heard) >= 4
    assert playback.trouble == ""
    for at_ns, pitch_hz in heard:
        position_s = (from_ns + at_ns - began_ns) / S
        assert abs(position_s - round(position_s)) < 0.1, f"heard at {position_s}"
        assert pitch_hz == pytest.approx(pitch_hz_at(round(position_s)), abs=30)


@pytest.mark.timeout(180)
def test_after_a_jump_it_is_heard_there_and_after_a_pause_nothing(playback: Playback, ear: Ear) -> None:
    ear.begins()
    began_ns = time.monotonic_ns()
    ear.listen(3.0, lambda now_ns: playback.follow(now_ns - began_ns, now_ns, audible=True))
    jump_ns = time.monotonic_ns()
    ear.listen(0.3, lambda now_ns: playback.follow(75 * S + now_ns - jump_ns, now_ns, audible=True))
    ear.forget()
    ear.listen(3.0, lambda now_ns: playback.follow(75 * S + now_ns - jump_ns, now_ns, audible=True))
    heard = ear.heard()
    assert len(heard) >= 2
    for at_ns, pitch_hz in heard:
        position_s = (75 * S + at_ns - jump_ns) / S
        assert abs(position_s - round(position_s)) < 0.1
        assert pitch_hz == pytest.approx(pitch_hz_at(round(position_s)), abs=30)
    playback.follow(80 * S, time.monotonic_ns(), audible=False)
    ear.listen(0.5)
    ear.forget()
    ear.listen(2.0)
    assert ear.heard() == []


def eventually(so: Callable[[], bool], *, within_s: float = 20.0) -> bool:
    deadline = time.monotonic() + within_s
    while not so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_without_a_device_it_says_so_and_nothing_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/none")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    playback = Playback(bursts)
    playback.follow(0, time.monotonic_ns(), audible=True)
    assert eventually(lambda: playback.trouble != "")
    assert "sound" in playback.trouble
    playback.follow(0, time.monotonic_ns(), audible=False)
    assert playback.trouble != "", "it is still told while nothing is played"
    playback.close()
    assert playback.join(10)


@pytest.mark.parametrize(
    "program", ["import sys; sys.exit(3)", "import time; time.sleep(60)", "print('{}', flush=True)"]
)
def test_a_program_that_misbehaves_holds_nobody_up(program: str) -> None:
    playback = Playback(bursts, command=(sys.executable, "-c", program))
    began = time.monotonic()
    for tick in range(40):
        playback.follow(tick * 10 * S, time.monotonic_ns(), audible=tick % 2 == 0)
        time.sleep(0.01)
    assert time.monotonic() - began < 5
    playback.close()
    assert time.monotonic() - began < 5
    assert playback.join(10)


def test_a_program_that_ends_is_tried_again_when_somebody_plays_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = f"open({str(log)!r}, 'a').write('x')"
    playback = Playback(bursts, command=(sys.executable, "-c", program))
    playback.follow(0, time.monotonic_ns(), audible=True)
    assert eventually(lambda: "has ended" in playback.trouble)
    playback.follow(0, time.monotonic_ns(), audible=False)
    playback.follow(0, time.monotonic_ns(), audible=True)
    assert playback.trouble == ""
    assert eventually(lambda: log.exists() and log.read_text() == "xx")
    playback.close()
    assert playback.join(10)


def ramp(count: int, first: int = 0) -> bytes:
    return np.arange(first, first + count, dtype="<i2").tobytes()


def values(block: bytes) -> list[int]:
    return np.frombuffer(block, "<i2").tolist()


def ns(samples: int) -> int:
    return samples * S // RATE_HZ


def test_a_cue_gives_each_sample_at_its_moment() -> None:
    cue = Cue()
    cue.begin(5 * S)
    cue.add(ramp(1_000))
    assert values(cue.take(5 * S - ns(3), 5)) == [0, 0, 0, 0, 1]
    assert values(cue.take(5 * S + ns(2), 3)) == [2, 3, 4]
    cue.add(ramp(10, 1_000))
    assert values(cue.take(5 * S + ns(5), 1_005))[-5:] == [1_005, 1_006, 1_007, 1_008, 1_009]
    assert values(cue.take(5 * S + ns(1_010), 2)) == [0, 0], "it ran dry"


def test_a_cue_lets_the_devices_clock_drift_until_it_is_off_too_far() -> None:
    cue = Cue()
    cue.begin(0)
    cue.add(ramp(30_000))
    assert values(cue.take(ns(100), 2)) == [100, 101]
    late_ns = OFF_NS - 5 * MS
    assert values(cue.take(ns(102) + late_ns, 2)) == [102, 103], "what cannot be seen is not heard as a jump"
    assert values(cue.take(ns(104) + OFF_NS + 5 * MS, 1)) == [104 + 65 * 16]


def test_a_cue_forgets_what_has_been_heard() -> None:
    cue = Cue()
    cue.begin(0)
    taken = 0
    for second in range(30):
        cue.add(ramp(SECOND_SAMPLES))
        for _ in range(10):
            assert values(cue.take(ns(taken), 1_600))[0] == taken % SECOND_SAMPLES
            taken += 1_600
        assert len(cue._samples) < 4 * SECOND_SAMPLES + (1 << 17), second
