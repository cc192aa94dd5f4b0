"""Where an utterance begins and ends, by a key and by sound that comes later than the key does."""

from __future__ import annotations

import numpy as np
import pytest

from app.speech.push_to_talk import LONGEST_TAIL_S, PushToTalk
from app.speech.ring import SoundRing
from app.speech.said import Said, Unsaid

START_NS = 50_000_000_000
BLOCK_NS = 30_000_000
LATE_NS = 170_000_000
"""After it was captured, sound is there."""


class Room:
    """A ring that is filled as time goes by, and a key."""

    def __init__(self, *, longest_s: float = 30.0, late_ns: int = LATE_NS) -> None:
        self.ring = SoundRing()
        self.talk = PushToTalk(self.ring, longest_s=longest_s)
        self.loud: list[tuple[float, float]] = []
        self.deaf: list[tuple[float, float]] = []
        self.now_s = 0.0
        self._late_ns = late_ns
        self._next_ns = START_NS

    def at(self, s: float) -> int:
        return START_NS + round(s * 1e9)

    def go(self, until_s: float) -> list[Said | Unsaid]:
        """Let time pass in steps of 5 ms; what came to an end."""
        found: list[Said | Unsaid] = []
        while self.now_s < until_s:
            self.now_s = round(self.now_s + 0.005, 3)
            while self._next_ns + BLOCK_NS + self._late_ns <= self.at(self.now_s):
                begin_s = (self._next_ns - START_NS) / 1e9
                if not any(a <= begin_s < b for a, b in self.deaf):
                    self.ring.take(self._next_ns, self._block(begin_s))
                self._next_ns += BLOCK_NS
            found += self.talk.step(self.at(self.now_s))
        return found

    def press(self) -> int | None:
        return self.talk.press(self.at(self.now_s))

    def release(self) -> None:
        self.talk.release(self.at(self.now_s))

    def _block(self, begin_s: float) -> np.ndarray:
        times = begin_s + np.arange(480) / 16_000
        loud = np.zeros(480, bool)
        for a, b in self.loud:
            loud |= (a <= times) & (times < b)
        return np.where(loud, 4000 * np.sign(np.sin(1500 * times)), 2).astype(np.int16)


def loud_s(said: Said) -> float:
    return float(np.count_nonzero(np.abs(said.samples) > 1000)) / 16_000


def only(found: list[Said | Unsaid]) -> Said:
    (said,) = found
    assert isinstance(said, Said)
    return said


def test_an_utterance_begins_before_the_press_and_ends_soon_after_the_release() -> None:
    room = Room()
    room.loud = [(1.8, 3.0)]  # 0.2 s before the press
    room.go(2.0)
    number = room.press()
    assert number == room.at(2.0)
    assert room.talk.press(room.at(2.1)) is None  # a key that repeats
    assert room.go(3.0) == []
    room.release()
    said = only(room.go(4.0))
    assert (said.number, said.by, said.note) == (number, "push", "")
    assert said.began_ns == room.at(1.7)
    assert said.ended_ns == room.at(3.06)
    assert len(said.samples) == round(1.36 * 16_000)
    assert loud_s(said) == pytest.approx(1.2, abs=0.01)
    assert not room.talk.open


def test_the_sound_before_the_release_is_waited_for_and_no_longer() -> None:
    room = Room()
    room.loud = [(1.0, 2.0)]
    room.go(1.0)
    room.press()
    room.go(2.0)
    room.release()
    assert room.go(2.0 + 0.06 + LATE_NS / 1e9 - 0.01) == []
    only(room.go(2.0 + 0.06 + LATE_NS / 1e9 + 0.035))


@pytest.mark.parametrize(("spoken_until_s", "ends_s"), [(2.12, 2.21), (5.0, 2.0 + LONGEST_TAIL_S)])
def test_a_word_goes_on_after_the_release_but_not_for_ever(spoken_until_s: float, ends_s: float) -> None:
    room = Room()
    room.loud = [(1.0, spoken_until_s)]
    room.go(1.0)
    room.press()
    room.go(2.0)
    room.release()
    assert only(room.go(3.0)).ended_ns == pytest.approx(room.at(ends_s), abs=31_000_000)


def test_pressed_again_at_once_is_another_utterance_and_neither_has_the_others_sound() -> None:
    room = Room()
    room.loud = [(1.0, 1.9), (2.1, 3.0)]
    room.go(1.0)
    first = room.press()
    room.go(2.0)
    room.release()
    room.go(2.05)
    second = room.press()
    found = room.go(3.0)
    room.release()
    one, other = [*found, *room.go(4.0)]
    assert isinstance(one, Said)
    assert isinstance(other, Said)
    assert (one.number, other.number) == (first, second)
    assert one.ended_ns <= room.at(2.05)
    assert (loud_s(one), loud_s(other)) == (pytest.approx(0.9, abs=0.01), pytest.approx(0.9, abs=0.01))
    assert room.at(1.8) <= other.began_ns


def test_a_short_press_is_said_to_be_one() -> None:
    room = Room()
    room.go(1.0)
    room.press()
    room.go(1.1)
    room.release()
    (unsaid,) = room.go(1.2)
    assert isinstance(unsaid, Unsaid)
    assert "too short a press" in unsaid.reason
    assert not unsaid.lost


def test_a_key_that_is_held_too_long_is_cut_and_a_new_press_is_heard() -> None:
    room = Room(longest_s=5.0)
    room.loud = [(1.0, 9.0)]
    room.go(1.0)
    room.press()
    said = only(room.go(8.0))
    assert (
        said.ended_ns - said.began_ns == 5_100_000_000
    )  # a little more, so that its reader sees that it is cut
    assert "only the first 5.0 s" in said.note
    assert room.talk.held
    assert not room.talk.open
    room.release()
    room.press()
    room.go(9.0)
    room.release()
    assert loud_s(only(room.go(10.0))) == pytest.approx(1.0, abs=0.35)


def test_no_sound_at_all_is_told_after_a_second() -> None:
    room = Room()
    room.deaf = [(0.0, 100.0)]
    room.go(1.0)
    room.press()
    assert room.go(1.9) == []
    (unsaid,) = room.go(2.1)
    assert isinstance(unsaid, Unsaid)
    assert "no sound came from the microphone" in unsaid.reason
    assert unsaid.lost


@pytest.mark.parametrize("lost_s", [0.9, 2.0])
def test_a_microphone_that_is_lost_is_told_in_the_midst_and_just_as_the_key_is_pressed(lost_s: float) -> None:
    room = Room()
    room.deaf = [(lost_s, 100.0)]
    room.go(1.0)
    room.press()
    (unsaid,) = room.go(5.0)
    assert isinstance(unsaid, Unsaid)
    assert "the microphone was lost while you spoke" in unsaid.reason


def test_an_utterance_of_which_much_was_lost_is_not_read() -> None:
    room = Room()
    room.deaf = [(1.5, 2.1)]
    room.go(1.0)
    room.press()
    room.go(3.0)
    room.release()
    (unsaid,) = room.go(4.0)
    assert isinstance(unsaid, Unsaid)
    assert "part of the sound was lost" in unsaid.reason


def test_a_microphone_that_has_just_come_has_no_sound_before_the_press() -> None:
    room = Room()
    room.deaf = [(0.0, 0.9)]
    room.go(1.0)
    room.press()
    room.go(2.0)
    room.release()
    assert only(room.go(3.0)).began_ns == room.at(0.9)


def test_what_nobody_can_let_go_any_more_ends_by_itself() -> None:
    room = Room()
    room.go(1.0)
    room.press()
    room.go(2.0)
    (unsaid,) = room.talk.abandon(room.at(2.0), "nobody is there")
    assert (unsaid.reason, unsaid.lost, room.talk.held, room.talk.open) == (
        "nobody is there",
        True,
        False,
        False,
    )
    room.release()  # that of one who comes back is none of ours
    assert room.go(4.0) == []
