"""The speaker, with the real espeak-ng writing to a file, and with programs that misbehave."""

from __future__ import annotations

import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.audio.speaker import VOICE, Speaker


@pytest.fixture
def made() -> Iterator[list[Speaker]]:
    speakers: list[Speaker] = []
    yield speakers
    for speaker in speakers:
        speaker.close()


def eventually(so: Callable[[], bool], *, within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while not so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def program(folder: Path, script: str) -> str:
    """A stand-in for espeak-ng: reads its words from standard input."""
    path = folder / "speak"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def spoken_s(path: Path) -> float:
    try:
        with wave.open(str(path)) as sound:
            return sound.getnframes() / sound.getframerate()
    except (OSError, EOFError, wave.Error):
        return 0.0  # not written yet


def test_words_become_sound(tmp_path: Path, made: list[Speaker]) -> None:
    path = tmp_path / "said.wav"
    speaker = Speaker(arguments=(*VOICE, "-w", str(path)))
    made.append(speaker)
    speaker.say("Success")
    assert eventually(lambda: spoken_s(path) > 0.3)
    assert speaker.trouble == ""


def test_words_are_read_as_words_whatever_they_look_like(tmp_path: Path, made: list[Speaker]) -> None:
    log = tmp_path / "log"
    speaker = Speaker(program=program(tmp_path, f"cat >> {log}; echo >> {log}"), arguments=())
    made.append(speaker)
    speaker.say("-w /etc; $(reboot)")
    assert eventually(lambda: log.exists() and log.read_text() == "-w /etc; $(reboot)\n")


def test_the_newest_word_cuts_off_what_is_being_said(tmp_path: Path, made: list[Speaker]) -> None:
    log = tmp_path / "log"
    slow = program(tmp_path, f'read -r words; echo "$words" >> {log}; [ "$words" = last ] || exec sleep 30')
    speaker = Speaker(program=slow, arguments=())
    made.append(speaker)

    def lines() -> list[str]:
        return log.read_text().split() if log.exists() else []

    speaker.say("first\n")
    assert eventually(lambda: lines() == ["first"])
    began = time.monotonic()
    speaker.say("never\n")
    speaker.say("last\n")
    assert time.monotonic() - began < 0.5  # asking does not wait for the program
    assert eventually(lambda: "last" in lines())
    assert speaker.trouble == ""


def test_closing_ends_it_in_the_middle_of_a_word(tmp_path: Path) -> None:
    started = tmp_path / "started"
    speaker = Speaker(program=program(tmp_path, f"touch {started}; exec sleep 30"), arguments=())
    speaker.say("a very long story")
    assert eventually(started.exists)
    began = time.monotonic()
    speaker.close()
    speaker.close()
    assert time.monotonic() - began < 5
    speaker.say("nothing more")


def test_hushing_leaves_it_ready_to_speak(tmp_path: Path, made: list[Speaker]) -> None:
    log = tmp_path / "log"
    script = f'read -r words; echo "$words" >> {log}; [ "$words" = again ] || exec sleep 30'
    speaker = Speaker(program=program(tmp_path, script), arguments=())
    made.append(speaker)
    speaker.say("long\n")
    assert eventually(log.exists)
    speaker.hush()
    speaker.say("again\n")
    assert eventually(lambda: "again" in log.read_text())


def test_a_missing_program_is_said_once_and_then_it_is_quiet(made: list[Speaker]) -> None:
    speaker = Speaker(program="no-such-program-here")
    made.append(speaker)
    speaker.say("hello")
    assert eventually(lambda: bool(speaker.trouble))
    assert "no-such-program-here" in speaker.trouble
    assert "install" in speaker.trouble
    before = speaker.trouble
    speaker.say("hello again")
    assert speaker.trouble == before


def test_without_a_sound_device_it_says_so(tmp_path: Path, made: list[Speaker]) -> None:
    deaf = program(
        tmp_path, "cat > /dev/null; echo 'ALSA lib: x' >&2; echo 'error: No such device' >&2; exit 0"
    )
    speaker = Speaker(program=deaf, arguments=())
    made.append(speaker)
    speaker.say("hello")
    assert eventually(lambda: bool(speaker.trouble))
    assert "No such device" in speaker.trouble
