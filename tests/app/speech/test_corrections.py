"""Transcript pairs on the disk: whole or not at all, and no trouble to the dataset."""

from __future__ import annotations

import json
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from app.speech.corrections import KEPT, Corrections, SoundGone
from app.speech.reading_desk import Read
from app.speech.said import PUSH, Said
from app.speech.whisper.decision import Ask
from app.speech.whisper.heard import Candidate, Reading
from recordings import Dataset, NotADataset
from tests.recordings.private_mounts import run_on_tmpfs

SAMPLES = np.arange(-8000, 8000).astype(np.int16)


def said(number: int) -> Said:
    now_ns = time.monotonic_ns()
    return Said(number, PUSH, now_ns - 1_000_000_000, now_ns, SAMPLES)


def read(of: Said) -> Read:
    candidates = (Candidate("pick up the cup", -2.0, -0.4), Candidate("pick up the spoon", -4.0, -0.8))
    reading = Reading("Pick up the cap.", -1.5, -0.3, 0.01, candidates, 1.0, 0.0, -20.0, 1.0, 1.0, 1.0)
    return Read(of, reading, Ask(("pick up the cup",), 0.4))


def test_a_correction_is_kept_with_its_sound_and_what_was_heard(tmp_path: Path) -> None:
    corrections = Corrections(tmp_path / "set")
    one = said(77)
    corrections.keep(one)
    corrections.learn(read(one))
    sound, heard = corrections.correct(77, "pick up the cup", model="base.en", device="Headset")
    assert heard == "Pick up the cap."
    with wave.open(str(sound)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        assert np.array_equal(np.frombuffer(file.readframes(20_000), "<i2"), SAMPLES)
    kept = json.loads(sound.with_suffix(".json").read_text())
    assert (kept["text"], kept["heard"], kept["model"], kept["device"], kept["by"]) == (
        "pick up the cup",
        "Pick up the cap.",
        "base.en",
        "Headset",
        "push",
    )
    assert [one["phrase"] for one in kept["candidates"]] == ["pick up the cup", "pick up the spoon"]
    assert kept["candidates"][0]["score"] == -2.0
    assert kept["recorded_at"].endswith("+00:00")
    assert kept["began_ns"] == one.began_ns


def test_one_that_was_never_read_is_kept_too_and_corrected_twice_is_one_pair(tmp_path: Path) -> None:
    corrections = Corrections(tmp_path / "set")
    corrections.keep(said(5))
    corrections.correct(5, "open the door", model="base.en", device="")
    time.sleep(1.1)  # a pair's name has the second in it
    sound, heard = corrections.correct(5, "open the drawer", model="base.en", device="")
    assert heard == ""
    assert sorted(path.name for path in sound.parent.iterdir()) == [
        sound.with_suffix(".json").name,
        sound.name,
    ]
    assert json.loads(sound.with_suffix(".json").read_text())["text"] == "open the drawer"


def test_a_sound_that_is_no_longer_kept_is_said_to_be_gone(tmp_path: Path) -> None:
    corrections = Corrections(tmp_path / "set")
    for number in range(KEPT + 1):
        corrections.keep(said(number))
    with pytest.raises(SoundGone, match="no longer kept"):
        corrections.correct(0, "open the drawer", model="base.en", device="")
    corrections.correct(1, "open the drawer", model="base.en", device="")


def test_pairs_are_no_trouble_to_the_dataset(tmp_path: Path) -> None:
    corrections = Corrections(tmp_path / "set")
    corrections.keep(said(1))
    corrections.correct(1, "open the drawer", model="base.en", device="")  # before there is any episode
    dataset = Dataset.open(tmp_path / "set", create=True)
    assert (dataset.episodes(), dataset.trashed()) == ([], [])


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("do not touch")
    corrections = Corrections(tmp_path)
    corrections.keep(said(1))
    with pytest.raises(NotADataset):
        corrections.correct(1, "open the drawer", model="base.en", device="")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_full_disk_leaves_no_half_a_pair(tmp_path: Path) -> None:
    done = run_on_tmpfs(tmp_path / "disk", "tests.app.speech.corrects_on_a_full_disk", size_mib=1)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "refused: No space left on device",
        "kept: []",
        "kept after: ['json', 'wav']",
    ]
