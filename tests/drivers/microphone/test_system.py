"""A real microphone of a real sound server: opened, heard, chosen by name, lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.speech.level import level_of
from drivers.microphone.base import Block, MicrophoneError
from drivers.microphone.capture import RATE_HZ, plain_name
from drivers.microphone.resampler import Resampler
from drivers.microphone.system import SystemMicrophone
from tests.support.sound import Room, room

PATIENCE_S = 30.0


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    with room(tmp_path) as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


def next_block(microphone: SystemMicrophone) -> Block:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        block = microphone.read(timeout_s=0.1)
        if block is not None:
            return block
    raise TimeoutError("no sound")


def read_on(microphone: SystemMicrophone) -> None:
    while True:
        next_block(microphone)


def test_sound_comes_in_blocks_stamped_at_capture_until_the_device_is_lost(sound: Room) -> None:
    microphone = SystemMicrophone("pulse")
    try:
        blocks = [next_block(microphone) for _ in range(10)]
        assert (microphone.name, "pulse" in microphone.devices) == ("pulse", True)
        assert {len(block.samples) for block in blocks} == {480}
        stamps = np.array([block.end_ns for block in blocks])
        assert np.all(np.diff(stamps) > 0)
        assert 0 <= time.monotonic_ns() - stamps[-1] < PATIENCE_S * 1e9
        sound.close()
        with pytest.raises(MicrophoneError, match=r"microphone pulse .*check its cable"):
            read_on(microphone)
    finally:
        microphone.close()


def test_a_microphone_that_is_not_there_is_named_with_those_that_are(sound: Room) -> None:
    microphone = SystemMicrophone("Headset of nobody")
    try:
        with pytest.raises(MicrophoneError, match=r"Headset of nobody is not there; plug it in, or .*pulse"):
            next_block(microphone)
    finally:
        microphone.close()


def test_a_card_number_is_no_part_of_a_name() -> None:
    assert plain_name("USB Audio: Mic (hw:2,0)") == "USB Audio: Mic"
    assert plain_name("pulse") == "pulse"


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_another_rate_becomes_16_khz_without_seams(rate_hz: int) -> None:
    resampler = Resampler(rate_hz)
    times = np.arange(rate_hz * 3 // 10) / rate_hz
    tone = np.rint(10_000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)
    blocks = [resampler.take(block) for block in tone.reshape(10, -1)]
    heard = np.concatenate(blocks)[480:]
    assert {len(block) for block in blocks} == {480}
    assert level_of(heard).rms_dbfs == pytest.approx(level_of(tone).rms_dbfs, abs=0.1)
    # One frequency and nothing else: a seam would sound at others.
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard)))) ** 2
    peak = round(440 * len(heard) / RATE_HZ)
    assert spectrum[peak - 4 : peak + 5].sum() > 0.9999 * spectrum.sum()
