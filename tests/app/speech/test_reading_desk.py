"""A desk with real models, small and untrained: loaded, missing, changed, busy; its owner never waits."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from whisper.model import ModelDimensions, Whisper

from app.speech.reading_desk import (
    GOOD_FOR_S,
    LOADING,
    NO_MODEL,
    READY,
    WAITING,
    DeskState,
    Read,
    ReadingDesk,
)
from app.speech.said import PUSH, Said
from app.speech.transcribing import Transcribing
from app.speech.whisper import model
from app.speech.whisper.decision import Rejected
from app.speech.whisper.download import DownloadCancelled, Progress, Report
from app.speech.whisper.reading import Reader

PATIENCE_S = 40.0
DIMENSIONS = ModelDimensions(80, 256, 64, 2, 1, 51864, 32, 64, 2, 1)
KNOWN = ("open the drawer", "close the drawer")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows nothing, in Whisper's own format."""
    path = tmp_path_factory.mktemp("models") / "small.pt"
    network = Whisper(DIMENSIONS)
    torch.nn.init.normal_(network.decoder.positional_embedding, std=0.02)
    torch.save({"dims": dataclasses.asdict(DIMENSIONS), "model_state_dict": network.state_dict()}, path)
    return path


@pytest.fixture
def desk() -> Iterator[ReadingDesk]:
    made = ReadingDesk()
    before = {thread for thread in threading.enumerate() if thread.name.startswith("reader")}
    yield made
    made.close()
    for thread in {thread for thread in threading.enumerate() if thread.name.startswith("reader")} - before:
        thread.join(PATIENCE_S)


def stepped(desk: ReadingDesk, until: Callable[[], bool]) -> list[Read]:
    """Step until something is so; what was read."""
    found: list[Read] = []
    deadline = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < deadline, desk.state
        found += desk.step()
        time.sleep(0.002)
    return found


def read(desk: ReadingDesk, count: int) -> list[Read]:
    found: list[Read] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(found) < count:
        assert time.monotonic() < deadline, (found, desk.state)
        found += desk.step()
        time.sleep(0.002)
    return found


def said(number: int, *, seconds: float = 1.0, ago_s: float = 0.0, loud: int = 3000) -> Said:
    ended_ns = time.monotonic_ns() - int(ago_s * 1e9)
    samples = np.random.default_rng(number).normal(0, loud, int(16_000 * seconds)).astype(np.int16)
    return Said(number, PUSH, ended_ns - int(seconds * 1e9), ended_ns, samples)


def ready(desk: ReadingDesk) -> Callable[[], bool]:
    return lambda: desk.state.state == READY


def test_an_utterance_is_read_and_decided_on_while_its_owner_goes_on(
    desk: ReadingDesk, checkpoint: Path
) -> None:
    began = time.monotonic()
    desk.use(Transcribing(model=str(checkpoint), known=KNOWN))
    assert desk.state.state == "loading"
    assert "being loaded" in desk.state.why_not_read
    assert time.monotonic() - began < 1.0
    stepped(desk, ready(desk))
    assert desk.state.why_not_read == ""
    assert desk.state.longest_s == pytest.approx(5.12)
    desk.give(said(1))
    assert desk.busy
    (found,) = read(desk, 1)
    assert found.said.number == 1
    assert found.reading is not None
    assert {one.phrase for one in found.reading.candidates} == set(KNOWN)
    assert isinstance(found.decision, Rejected)
    assert not desk.busy


def test_phrases_are_changed_without_loading_anew(desk: ReadingDesk, checkpoint: Path) -> None:
    desk.use(Transcribing(model=str(checkpoint), known=KNOWN))
    desk.use(Transcribing(model=str(checkpoint), known=KNOWN[:1]))  # while it is being loaded
    stepped(desk, ready(desk))
    desk.give(said(1))
    (found,) = read(desk, 1)
    assert found.reading is not None
    assert [one.phrase for one in found.reading.candidates] == [KNOWN[0]]
    desk.use(Transcribing(model=str(checkpoint), known=("take the handle",)))
    assert desk.state.state == READY
    desk.give(said(2))
    (found,) = read(desk, 1)
    assert found.reading is not None
    assert [one.phrase for one in found.reading.candidates] == ["take the handle"]


def test_a_missing_model_is_told_of_and_another_may_be_taken(
    desk: ReadingDesk, checkpoint: Path, tmp_path: Path
) -> None:
    desk.use(Transcribing(model=str(tmp_path / "nothing.pt")))
    stepped(desk, lambda: desk.state.state == NO_MODEL)
    assert "nothing.pt" in desk.state.detail
    assert "not read" in desk.state.why_not_read
    desk.give(said(1))
    (found,) = read(desk, 1)
    assert (found.reading, found.decision) == (None, None)
    assert "there is no model" in found.reason
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"no checkpoint")
    desk.use(Transcribing(model=str(broken)))
    stepped(desk, lambda: desk.state.state == NO_MODEL and "broken.pt" in desk.state.detail)
    # The same again, once it has been mended.
    broken.write_bytes(checkpoint.read_bytes())
    desk.use(Transcribing(model=str(broken)))
    stepped(desk, ready(desk))


@pytest.mark.parametrize("name", ["~nobody-of-this-name/small.pt", "x" * 300, "a\0b", "/proc/self/mem"])
def test_a_name_that_can_be_no_file_stops_nothing(desk: ReadingDesk, name: str) -> None:
    desk.use(Transcribing(model=name))
    stepped(desk, lambda: desk.state.state == NO_MODEL)
    assert desk.state.detail


def test_a_file_that_may_not_be_read_is_told_of_with_its_model(
    desk: ReadingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(name: str, **_: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(model, "load", load)
    desk.use(Transcribing(model="base.en"))
    stepped(desk, lambda: desk.state.state == NO_MODEL)
    assert desk.state.detail == (
        "the model base.en cannot be loaded: [Errno 13] Permission denied; choose another one"
    )


def test_what_was_said_does_not_wait_for_a_download(
    desk: ReadingDesk, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = model.load
    go_on = threading.Event()

    def load(name: str, **asked: object) -> object:
        go_on.wait(PATIENCE_S)
        return honest(name)

    monkeypatch.setattr(model, "load", load)
    desk.use(Transcribing(model=str(checkpoint)))
    desk.give(said(1, ago_s=GOOD_FOR_S + 1))
    desk.give(said(2))
    (found,) = desk.step()
    assert found.said.number == 1
    assert "say it again" in found.reason
    go_on.set()
    (found,) = read(desk, 1)
    assert found.said.number == 2


def test_a_download_is_seen_and_called_off_for_another_model(
    desk: ReadingDesk, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that sends a piece whenever it is asked whether to go on, and is never done."""
    honest = model.load
    folder = checkpoint.parent
    broken_off = threading.Event()

    def load(name: str, *, progress: Report, cancelled: Callable[[], bool]) -> object:
        if name != "base.en":
            return honest(name)
        for done in range(1_000_000):
            progress(Progress(name, folder, 1000 * done, 145_000_000))
            if cancelled():
                broken_off.set()
                raise DownloadCancelled(name)
            time.sleep(0.002)
        raise AssertionError("nobody called it off")

    monkeypatch.setattr(model, "load", load)
    desk.use(Transcribing(model="base.en"))
    stepped(desk, lambda: desk.state.done_bytes > 5_000)
    assert (desk.state.state, desk.state.total_bytes) == ("downloading", 145_000_000)
    assert str(folder) in desk.state.detail
    assert "being downloaded, 0 % so far" in desk.state.why_not_read
    desk.use(Transcribing(model=str(checkpoint)))
    assert desk.state == DeskState(LOADING, str(checkpoint))
    stepped(desk, ready(desk))
    assert broken_off.is_set()
    assert desk.state.done_bytes == 0


def test_another_model_than_the_one_being_loaded_is_the_one_that_counts(
    desk: ReadingDesk, checkpoint: Path, tmp_path: Path
) -> None:
    desk.use(Transcribing(model=str(tmp_path / "nothing.pt")))
    desk.use(Transcribing(model=str(checkpoint)))
    stepped(desk, ready(desk))
    assert desk.state.model == str(checkpoint)


def test_more_is_said_than_can_be_read_the_newest_counts(
    desk: ReadingDesk, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.use(Transcribing(model=str(checkpoint), known=KNOWN))
    stepped(desk, ready(desk))
    go_on = threading.Event()
    honest = Reader.read

    def slow(reader: Reader, samples: np.ndarray) -> object:
        go_on.wait(PATIENCE_S)
        return honest(reader, samples)

    monkeypatch.setattr(Reader, "read", slow)
    assert desk.give(said(1)) == []
    assert desk.step() == []  # it is being read
    overtaken = [one for number in range(2, 2 + WAITING + 1) for one in desk.give(said(number))]
    assert [one.said.number for one in overtaken] == [2]
    assert "faster than it could be read" in overtaken[0].reason
    go_on.set()
    assert [one.said.number for one in read(desk, 3)] == [1, 3, 4]


def test_what_was_said_long_ago_is_no_command_any_more(desk: ReadingDesk, checkpoint: Path) -> None:
    desk.use(Transcribing(model=str(checkpoint), known=KNOWN))
    stepped(desk, ready(desk))
    desk.give(said(1, ago_s=GOOD_FOR_S + 1))
    (found,) = read(desk, 1)
    assert found.decision is None
    assert "say it again" in found.reason


def test_a_model_that_fails_at_an_utterance_fails_at_that_one_only(
    desk: ReadingDesk, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.use(Transcribing(model=str(checkpoint), known=KNOWN))
    stepped(desk, ready(desk))

    def fail(reader: Reader, samples: np.ndarray) -> None:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patched:
        patched.setattr(Reader, "read", fail)
        desk.give(said(1))
        (found,) = read(desk, 1)
    assert found.reason == "the model failed at it: RuntimeError: out of memory"
    desk.give(said(2))
    (found,) = read(desk, 1)
    assert found.decision is not None
