"""What helps to label an episode is worked out for that which is open, and for no other."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from app.gui.labels import prompts
from app.gui.labels.desk import LabelDesk
from app.gui.labels.prompts import Prompter
from app.gui.labels.words import Words
from recordings.labels import LabelStore
from tests.support.recorded_session import record_set


def test_prompts_that_are_called_off_are_not_worked_out_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = record_set(tmp_path / "set", ticks=(30,))
    reached, go_on, suggested = threading.Event(), threading.Event(), threading.Event()

    def slow(*_: object, **__: object) -> tuple[()]:
        reached.set()
        go_on.wait(20)
        return ()

    monkeypatch.setattr(prompts, "patterns_of_task", slow)
    monkeypatch.setattr(prompts, "suggest", lambda *_, **__: suggested.set() or ())
    words = Words(LabelDesk())
    words.of(dataset)
    episode = next((dataset / "episodes").glob("2*"))
    prompter = Prompter(episode, LabelStore(dataset), "ann", words)
    assert reached.wait(20)
    prompter.close()
    go_on.set()
    assert prompter.join(20)
    assert not suggested.is_set()
    assert prompter.prompts is None
