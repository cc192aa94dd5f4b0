"""All suggestions for an episode."""

from __future__ import annotations

from collections.abc import Sequence

from recordings.episode import Episode
from recordings.labels.label import SpanLabel
from recordings.labels.suggestions.earlier import Pattern, pattern_of, suggest_earlier
from recordings.labels.suggestions.gripper import suggest_gripper
from recordings.labels.suggestions.pause import motion, pauses, suggest_pause
from recordings.labels.suggestions.predicted import suggest_predicted
from recordings.labels.suggestions.spoken import suggest_spoken
from recordings.labels.suggestions.suggestion import still_open, with_text
from recordings.labels.suggestions.told import told_by_rows, told_subtasks
from recordings.labels.view import EpisodeLabels


def suggest(
    episode: Episode, labels: EpisodeLabels, *, earlier: Sequence[Pattern] = ()
) -> tuple[SpanLabel, ...]:
    """Proposed subtasks that nobody has answered yet, in order of time; of several kinds, so they overlap.

    The same episode gives the same suggestions with the same ids, so one that was refused is not made again. It reads
    rows and events, no pictures; off the window's thread all the same.

    Args:
        episode: The episode.
        labels: What its reviewer has labelled and refused so far.
        earlier: Labelled episodes to take over from, see `patterns_of_task`.

    Raises:
        DamagedData: Rows or events are not what was written.
    """
    now = pattern_of(episode)
    if now is None:
        return ()
    told, rows = told_subtasks(episode), told_by_rows(episode)
    taken_over = suggest_earlier(now, earlier)
    cuts = (
        *suggest_gripper(episode, events=now.grippers),
        *suggest_pause(episode, found=pauses(motion(episode))),
    )
    found = (
        *suggest_spoken(told, rows),
        *suggest_predicted(episode, told, rows),
        *taken_over,
        *(_filled(cut, taken_over) for cut in cuts),
    )
    return still_open(found, labels)


def _filled(cut: SpanLabel, taken_over: Sequence[SpanLabel]) -> SpanLabel:
    """A segment with the text of the earlier episode's subtask that has more than half of it, if any."""
    for span in taken_over:
        if 2 * span.overlap_ns(cut.start_ns, cut.end_ns) > cut.duration_ns:
            return with_text(cut, span.text)
    return cut
