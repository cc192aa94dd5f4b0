"""What is suggested lies where things happened, is the same each time, and is not made again once it was answered."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from recordings import ActionSource, Dataset, Episode, Event
from recordings.labels import EpisodeLabels, History, LabelStore, SpanLabel, State, Tier, edits
from recordings.labels.snap import snap, snap_targets, with_labels
from recordings.labels.suggestions import (
    Pattern,
    gripper_events,
    motion,
    pattern_of,
    patterns_of_task,
    pauses,
    suggest,
    without_overlaps,
)
from recordings.labels.suggestions.turning import legs
from tests.recordings.labels.scenes import RATE_HZ, SECOND, Scene, Told, at, record
from tests.recordings.recorded import closed_episode

NEAR_NS = 60_000_000
"""Three ticks."""


def kind(spans: tuple[SpanLabel, ...], by: str) -> list[SpanLabel]:
    return [span for span in spans if span.origin.by == by]


def seconds(spans: list[SpanLabel]) -> list[tuple[float, float]]:
    return [
        (round((span.start_ns - at(0)) / SECOND, 2), round((span.end_ns - at(0)) / SECOND, 2))
        for span in spans
    ]


def after(labels: EpisodeLabels, changes: object) -> EpisodeLabels:
    history = History()
    history.labels = labels
    step = history.step(changes, "test", utc_ns=1)  # type: ignore[arg-type]
    return history.take(step) if step is not None else labels


def test_what_a_person_told_is_suggested_with_words_confidence_and_thumb(tmp_path: Path) -> None:
    scene = Scene(
        told=(
            Told(1.0, "pick up the cup", utterance=77, confidence=0.8, thumb=1),
            Told(4.0, "carry it", origin="key"),
            Told(6.0, "put it down", origin="typed", done_s=8.0),
            Told(9.0, "go home", done_s=11.0, confidence=0.6, gave_up="the way is blocked"),
        )
    )
    spoken = kind(suggest(record(tmp_path, scene), EpisodeLabels()), "spoken")
    assert [span.text for span in spoken] == ["pick up the cup", "carry it", "put it down", "go home"]
    assert seconds(spoken) == [(1.2, 4.2), (4.2, 6.2), (6.2, 8.0), (9.2, 11.0)], (
        "until the next one's first action"
    )
    assert [span.origin.source for span in spoken] == ["77", "key", "typed", "voice"]
    assert [span.origin.confidence for span in spoken] == [0.8, 1.0, 1.0, 0.3]
    assert [span.thumb for span in spoken] == [1, 0, 0, 0]
    assert {span.state for span in spoken} == {State.PROPOSED}


def test_a_subtask_told_before_the_episode_began_and_one_never_ended_reach_to_its_ends(
    tmp_path: Path,
) -> None:
    scene = Scene(told=(Told(-2.0, "wipe the table"), Told(5.0, "stop wiping")), seconds=10.0)
    spoken = kind(suggest(record(tmp_path, scene), EpisodeLabels()), "spoken")
    assert seconds(spoken) == [(0.0, 5.2), (5.2, 9.98)]


def test_rows_tell_where_no_event_does(tmp_path: Path) -> None:
    spoken = kind(suggest(Episode(closed_episode(tmp_path)), EpisodeLabels()), "spoken")
    assert [span.text for span in spoken] == ["step 0", "step 1", "step 2", "step 3"]
    assert {span.origin.source for span in spoken} == {"rows"}
    assert {span.origin.confidence for span in spoken} == {None}
    for before, later in pairwise(spoken):
        assert before.end_ns == later.start_ns


def test_what_the_model_named_is_its_own_and_what_it_would_have_named_too(tmp_path: Path) -> None:
    def proposal(seconds: float, text: str, verdict: str, probability: float) -> Event:
        data = {"asked_ns": at(seconds), "text": text, "verdict": verdict, "probability": probability}
        return Event(time_ns=at(seconds + 0.1), kind="proposal", source="policy", message="", data=data)

    scene = Scene(
        source=ActionSource.POLICY,
        told=(Told(1.0, "pick up the cup", origin="model", confidence=0.9), Told(5.0, "wait", origin="key")),
        events=(
            proposal(0.9, "pick up the cup", "applied", 0.9),
            proposal(2.0, "pick up the cup", "same", 0.7),
            proposal(3.0, "carry it", "stale", 0.9),
            proposal(6.0, "carry it", "overridden", 0.6),
            proposal(7.0, "carry it", "overridden", 0.8),
            proposal(8.0, "put it down", "overridden", 0.5),
        ),
    )
    found = suggest(record(tmp_path, scene), EpisodeLabels())
    predicted = kind(found, "predicted")
    assert [(span.text, span.origin.source) for span in predicted] == [
        ("pick up the cup", "model"),
        ("carry it", "overridden"),
    ]
    assert seconds(predicted) == [(1.2, 5.2), (6.0, 8.0)]
    assert [span.origin.confidence for span in predicted] == pytest.approx([0.8, 0.7])
    assert [span.text for span in kind(found, "spoken")] == ["wait"]


def test_the_task_as_a_whole_is_no_subtask(tmp_path: Path) -> None:
    scene = Scene(source=ActionSource.POLICY, told=(Told(0.0, Scene.task, origin="task"),))
    assert not [span for span in suggest(record(tmp_path, scene), EpisodeLabels()) if span.text]


@pytest.mark.parametrize("held", [0.0, 0.3, 0.7])
@pytest.mark.parametrize("limits", [True, False])
def test_closings_and_openings_are_found_to_within_three_ticks(
    tmp_path: Path, held: float, limits: bool
) -> None:
    scene = Scene(closed=((3.0, 6.0), (8.0, 10.0)), held=held, limits=limits, noise=0.01)
    events = gripper_events(record(tmp_path, scene))
    assert [event.closes for event in events] == [True, False, True, False]
    for event, expected in zip(events, (3.0, 6.0, 8.0, 10.0), strict=True):
        assert abs(event.time_ns - at(expected)) <= NEAR_NS
    assert {event.name for event in events} == {"main_gripper"}
    if limits:
        assert [event.travel for event in events] == pytest.approx([1 - held] * 4, abs=0.08)


def test_a_gripper_cuts_the_episode_from_end_to_end(tmp_path: Path) -> None:
    episode = record(tmp_path, Scene(closed=((3.0, 6.0),)))
    found = kind(suggest(episode, EpisodeLabels()), "gripper")
    assert len(found) == 3
    assert found[0].start_ns == episode.state.time_ns[0]
    assert found[-1].holds(int(episode.state.time_ns[-1]))
    assert [before.end_ns - later.start_ns for before, later in pairwise(found)] == [0, 0]
    assert [span.origin.source for span in found] == [
        "main_gripper closes", "main_gripper opens", "main_gripper opens",
    ]  # fmt: skip
    assert all(span.text == "" for span in found)


def test_nothing_is_made_of_a_gripper_that_only_trembles(tmp_path: Path) -> None:
    assert gripper_events(record(tmp_path, Scene(noise=0.02))) == ()


def test_pauses_are_cut_in_their_middle(tmp_path: Path) -> None:
    episode = record(tmp_path, Scene(still=((2.5, 3.5), (7.0, 7.1), (8.4, 9.0))))
    middles = [pause.middle_ns for pause in pauses(motion(episode))]
    assert [round((middle - at(0)) / SECOND, 1) for middle in middles] == [3.0, 8.7], (
        "a tenth of a second is no pause"
    )
    cuts = kind(suggest(episode, EpisodeLabels()), "pause")
    assert [span.end_ns for span in cuts[:-1]] == middles


def test_rest_at_the_start_and_at_the_end_is_cut_off(tmp_path: Path) -> None:
    episode = record(tmp_path, Scene(still=((0.0, 2.0), (10.0, 12.0))))
    cuts = kind(suggest(episode, EpisodeLabels()), "pause")
    assert [span.end_ns for span in cuts[:-1]] == pytest.approx([at(2.0), at(10.0)], abs=2 * NEAR_NS)


def test_an_episode_in_which_nothing_moves_has_no_pauses(tmp_path: Path) -> None:
    assert pauses(motion(record(tmp_path, Scene(still=((0.0, 12.0),))))) == ()


def test_legs_know_no_noise() -> None:
    values = np.array([0.0, 0.1, 0.05, 1.0, 0.95, 1.02, 0.5, 0.6, 0.0, 0.02])
    assert [(leg.start, leg.end) for leg in legs(values, least_travel=0.3)] == [(0, 5), (5, 8)]
    assert legs(np.zeros(5), least_travel=0.3) == ()
    assert legs(np.zeros(0), least_travel=0.3) == ()


LABELLED = Scene(seconds=12.0, closed=((3.0, 6.0), (8.0, 10.0)))
NOW = Scene(seconds=14.0, closed=((4.0, 8.0), (10.0, 11.5)))


def labels_of(*spans: tuple[float, float, str]) -> EpisodeLabels:
    return EpisodeLabels(
        [
            SpanLabel(f"s{number}", Tier.SUBTASK, at(start), at(end), text)
            for number, (start, end, text) in enumerate(spans)
        ]
    )


STEPS = labels_of(
    (0.5, 3.0, "reach"), (3.0, 6.0, "carry"), (6.0, 8.0, "reach again"), (8.0, 10.0, "carry back")
)


def pattern(folder: Path, scene: Scene, labels: EpisodeLabels | None = None) -> Pattern:
    found = pattern_of(record(folder, scene), labels)
    assert found is not None
    return found


def test_texts_of_a_similar_episode_come_at_this_ones_moments(tmp_path: Path) -> None:
    earlier = pattern(tmp_path / "a", LABELLED, STEPS)
    now = record(tmp_path / "b", NOW)
    # The id names the second it was made in, and both may be made in one.
    other = Pattern(
        "an-earlier-one", earlier.task, earlier.start_ns, earlier.end_ns, earlier.grippers, earlier.subtasks
    )
    found = suggest(now, EpisodeLabels(), earlier=(other,))
    taken_over = kind(found, "earlier")
    assert [span.text for span in taken_over] == ["reach", "carry", "reach again", "carry back"]
    for (_, end_s), expected in zip(seconds(taken_over), (4.0, 8.0, 10.0, 11.5), strict=True):
        assert abs(end_s - expected) <= 0.06
    assert {span.origin.source for span in taken_over} == {"an-earlier-one"}
    assert all(
        span.origin.confidence is not None and 0.7 < span.origin.confidence < 1.0 for span in taken_over
    )
    assert [span.text for span in kind(found, "gripper")] == [
        "reach",
        "carry",
        "reach again",
        "carry back",
        "",
    ]
    assert [span.text for span in without_overlaps(found) if span.text][:4] == [
        span.text for span in taken_over
    ]


def test_the_most_alike_is_taken_over_and_another_task_is_not(tmp_path: Path) -> None:
    other_way = Scene(seconds=12.0, closed=((2.0, 10.0),))
    strange = Scene(seconds=14.0, closed=NOW.closed, task="water the plants")

    def named(name: str, folder: str, scene: Scene) -> Pattern:
        one = pattern(tmp_path / folder, scene, labels_of((1.0, 9.0, name)))
        return Pattern(name, one.task, one.start_ns, one.end_ns, one.grippers, one.subtasks)

    earlier = [
        named("other way", "a", other_way),
        named("same way", "b", LABELLED),
        named("strange", "c", strange),
    ]
    found = kind(suggest(record(tmp_path / "d", NOW), EpisodeLabels(), earlier=earlier), "earlier")
    assert [span.text for span in found] == ["same way"]


def test_labelled_episodes_of_the_task_are_found(tmp_path: Path) -> None:
    first = record(tmp_path, LABELLED)
    second = record(tmp_path, NOW)
    record(tmp_path, Scene(task="water the plants"))
    store = LabelStore(tmp_path)
    with store.edit("ann", first.attributes.id) as editor:
        editor.apply(edits.put_span(editor.labels, Tier.SUBTASK, at(1), at(3), "reach"), "put")
    found = patterns_of_task(Dataset.open(tmp_path), store, LABELLED.task, apart_from=second.attributes.id)
    assert [one.episode_id for one in found] == [first.attributes.id]
    assert [span.text for span in kind(suggest(second, EpisodeLabels(), earlier=found), "earlier")] == [
        "reach"
    ]


FULL = Scene(
    closed=((3.0, 6.0),), still=((8.0, 9.0),), told=(Told(1.0, "pick up the cup"), Told(6.0, "put it down"))
)


def test_suggestions_are_the_same_each_time(tmp_path: Path) -> None:
    episode = record(tmp_path, FULL)
    first = suggest(episode, EpisodeLabels())
    assert {span.origin.by for span in first} == {"spoken", "gripper", "pause"}
    assert suggest(Episode(episode.path), EpisodeLabels()) == first
    assert len({span.id for span in first}) == len(first)
    assert [span.start_ns for span in first] == sorted(span.start_ns for span in first)


def test_what_was_answered_is_not_suggested_again(tmp_path: Path) -> None:
    episode = record(tmp_path, FULL)
    first = suggest(episode, EpisodeLabels())
    refused, taken = kind(first, "spoken")
    labels = after(EpisodeLabels(), edits.reject(EpisodeLabels(), refused))
    labels = after(labels, edits.accept(labels, taken))
    labels = after(labels, edits.set_text(labels, taken.id, "set it down"))
    again = suggest(episode, labels)
    assert kind(again, "spoken") == []
    by_hand = labels_of((0.5, 5.0, "pick up the cup"))
    assert [span.text for span in kind(suggest(episode, by_hand), "spoken")] == ["put it down"]
    elsewhere = labels_of((0.0, 1.3, "pick up the cup"))
    assert len(kind(suggest(episode, elsewhere), "spoken")) == 2, (
        "a tenth of a second of the same text is another one"
    )


def test_cuts_are_not_suggested_where_it_is_labelled(tmp_path: Path) -> None:
    episode = record(tmp_path, FULL)
    found = suggest(episode, labels_of((0.0, 6.2, "anything")))
    assert [round((span.start_ns - at(0)) / SECOND) for span in kind(found, "gripper")] == [6]


def test_an_edge_snaps_to_what_is_near_and_to_nothing_else(tmp_path: Path) -> None:
    said = {"utterance": 1, "state": "accepted", "began_ns": at(1.5), "ended_ns": at(2.25)}
    scene = Scene(
        closed=((3.0, 6.0),),
        still=((8.0, 8.6),),
        events=(
            Event(time_ns=at(2.4), kind="utterance", source="transcriber", message="", data=said),
            Event(time_ns=at(7.0), kind="intervention", source="robot", message="", data={"state": "began"}),
        ),
    )
    targets = snap_targets(record(tmp_path, scene))
    assert np.all(np.diff(targets.time_ns) > 0)
    kinds = {kind: time_ns for time_ns, kind in zip(targets.time_ns.tolist(), targets.kinds, strict=True)}
    assert set(kinds) == {"gripper", "speed", "utterance", "intervention"}
    assert abs(kinds["gripper"] - at(6.0)) <= NEAR_NS
    assert snap(at(1.52), targets, 50_000_000) == at(1.5)
    assert snap(at(2.26), targets, 50_000_000) == at(2.25)
    assert snap(at(1.8), targets, 50_000_000) == at(1.8)
    speed = [t for t, k in zip(targets.time_ns.tolist(), targets.kinds, strict=True) if k == "speed"]
    assert any(at(8.0) - NEAR_NS <= time_ns <= at(8.6) + NEAR_NS for time_ns in speed)

    note = EpisodeLabels([SpanLabel("n", Tier.NOTE, at(4.1), at(4.9), "blurred")])
    assert snap(at(4.12), with_labels(targets, note), 50_000_000) == at(4.1)
    assert snap(at(4.12), with_labels(targets, note, apart_from="n"), 50_000_000) == at(4.12)
    nothing = snap_targets(record(tmp_path / "empty", Scene(seconds=2 / RATE_HZ)))
    assert snap(at(1.0), nothing, SECOND) == at(1.0)
