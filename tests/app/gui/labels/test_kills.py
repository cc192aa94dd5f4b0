"""The window is killed again and again while labels are made and decided on: nothing is lost but the key under way."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from recordings.labels import FINAL, EpisodeLabels, LabelStore, Progress, Tier, edits
from recordings.labels.adjudicate import compare, is_decided
from tests.app.gui.labels import adjudicator
from tests.app.gui.labels.killable import told_until_killed
from tests.app.gui.labels.labeller import EACH_NS, TEXTS
from tests.recordings.recorded import START_NS
from tests.support.recorded_session import record_set

KILLS = 3
GRACE_S = 0.2
"""A step is handed over by another thread, within milliseconds on an idle machine."""

Moment = Callable[[list[str]], bool]


@pytest.mark.timeout(300)
def test_ten_subtasks_in_playback_through_kills(tmp_path: Path) -> None:
    dataset = record_set(tmp_path / "set", ticks=(230,))
    episode_id = next((dataset / "episodes").glob("2*")).name
    store = LabelStore(dataset)
    rng = random.Random(7)
    print("seed 7")

    def labelled(*, kill_after: int | None) -> list[str]:
        """Let the labeller work, killing it after so many keys; what it said until then."""
        told = told_until_killed(
            "tests.app.gui.labels.labeller",
            str(dataset),
            "ann",
            when=lambda told: len(told) == kill_after,
            wait_s=GRACE_S,
        )
        return told[:kill_after]

    for _ in range(KILLS):
        before = len(named(store.read("ann", episode_id)))
        told = labelled(kill_after=rng.randint(4, 14))
        labels = store.read("ann", episode_id)
        assert labels.damage == ()
        assert len(named(labels)) >= before + sum(line.startswith("name") for line in told)
    told = labelled(kill_after=None)
    assert told[-1] == "done"
    labels = store.read("ann", episode_id)
    assert [span.text for span in labels.subtasks] == list(TEXTS)
    for span in labels.subtasks:
        assert span.duration_ns > EACH_NS // 2
    for earlier, later in pairwise(labels.subtasks):
        assert earlier.end_ns <= later.start_ns
    with store.edit("ann", episode_id) as editor:
        while editor.undoable:
            editor.undo()
        assert len(editor.labels) == 0, "every step of every run can be taken back"


def named(labels: EpisodeLabels) -> list[str]:
    return [span.text for span in labels.subtasks if span.text]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [11, 26])
def test_two_reviewers_are_decided_between_through_kills(tmp_path: Path, seed: int) -> None:
    dataset = record_set(tmp_path / "set", ticks=(230,))
    episode_id = next((dataset / "episodes").glob("2*")).name
    store = LabelStore(dataset)
    label(store, episode_id, "ann", adjudicator.ANN)
    label(store, episode_id, "bob", adjudicator.BOB)
    sides = {name: store.read(name, episode_id) for name in ("ann", "bob")}
    stretches = [one for one in compare(sides) if not one.agreed]
    assert len(stretches) == 7
    rng = random.Random(seed)
    print(f"seed {seed}")
    last = rng.choice(["accepted", "judge"])
    moments: list[Moment] = [
        after_lines(rng.randint(1, 3)),  # before anything is decided
        after_lines(rng.randint(4, 9)),
        after_lines(rng.randint(4, 9)),
        lambda told: told[-1].startswith(last),  # when all of it is
    ]
    for moment in moments:
        wait_s = rng.uniform(0.0, 0.05)
        told = decided(dataset, when=moment, wait_s=wait_s)
        print(f"killed {wait_s * 1e3:.0f} ms after line {len(told)}, {told[-1]!r}, or a little later")
        final = store.read(FINAL, episode_id)
        assert final.damage == ()
        kept = sum(is_decided(final, one) for one in stretches)
        if (said := re.search(r"(\d+) decided", told[-1])) is not None:
            assert abs(kept - int(said[1])) <= 1, "but for the key under way, what was decided is kept"
        assert all(store.read(name, episode_id).subtasks == side.subtasks for name, side in sides.items())
        if final.episode.progress is Progress.OPEN:
            assert store.best(episode_id) is None, "what is being decided does not count"
        else:
            assert (kept, store.best(episode_id)) == (len(stretches), final)
    assert decided(dataset)[-1] == "done: 7 decided"
    final = store.read(FINAL, episode_id)
    assert slots(final) == adjudicator.DECIDED
    assert [span.origin.source for span in final.subtasks if span.text in ("reach", "touch", "lower")] == [
        "ann, bob",
        "bob",
        "ann",
    ]
    assert final.episode.progress is Progress.ACCEPTED
    assert store.best(episode_id) == final
    assert store.read("ann", episode_id).episode.progress is Progress.ACCEPTED
    assert store.read("bob", episode_id).episode.progress is Progress.DONE
    with store.edit(FINAL, episode_id) as editor:
        while editor.undoable:
            editor.undo()
        assert len(editor.labels) == 0, "every step of every run can be taken back"


def label(store: LabelStore, episode_id: str, reviewer: str, texts: list[str]) -> None:
    """A text for each slot of the episode, a dash for nothing; the work is done."""
    with store.edit(reviewer, episode_id) as editor:
        for slot, text in enumerate(texts):
            if text != "-":
                start_ns = START_NS + slot * adjudicator.SLOT_NS
                end_ns = start_ns + adjudicator.SLOT_NS
                editor.apply(edits.put_span(editor.labels, Tier.SUBTASK, start_ns, end_ns, text), "put")
        editor.apply(edits.judge(editor.labels, progress=Progress.DONE), "judge")


def slots(labels: EpisodeLabels) -> list[str]:
    """The text of each slot, which each has throughout; a dash for nothing."""
    found = []
    for slot in range(len(adjudicator.DECIDED)):
        start_ns = START_NS + slot * adjudicator.SLOT_NS
        span = labels.subtask_at(start_ns)
        assert span is None or (span.start_ns, span.duration_ns) == (start_ns, adjudicator.SLOT_NS)
        found.append(span.text if span is not None else "-")
    return found


def after_lines(count: int) -> Moment:
    """When so many lines have been said."""
    return lambda told: len(told) >= count


def decided(dataset: Path, *, when: Moment = lambda told: False, wait_s: float = 0.0) -> list[str]:
    """Let the adjudicator work, killing it at a moment; what it said."""
    return told_until_killed("tests.app.gui.labels.adjudicator", str(dataset), when=when, wait_s=wait_s)
