"""The moments of an episode that something is learned from, and how far the chunk that begins at each is good.

A chunk at row i is what went out from row i on: row i of the action was sent after row i of the state was read. It is
good as long as it stays in the same subtask, under a hand that is to be imitated, without a hole in the recording.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from policy.training.data.robots import RobotNumbers
from policy.training.recipe import Control
from recordings import DISTURBED_TAG, ActionSource, CameraFrames, Episode
from recordings.labels import BoxLabel, EpisodeLabels

TAKE_OVER_NS = 1_000_000_000
"""What a policy did in the last second before a person took over is what made them do so."""

OLDEST_PICTURE_NS = 1_000_000_000
"""An older picture shows what is no more; the camera then counts as missing, as it does at inference."""

LONGEST_GAP_ROWS = 3
"""Rows that are further apart than so many periods are not consecutive."""

_DRIVEN_BY_ITSELF = (ActionSource.POLICY, ActionSource.VERBAL, ActionSource.REPLAY)


class NothingToLearn(Exception):
    """An episode has no moment to learn from; the message says why in a few words."""


@dataclass(frozen=True)
class Moments:
    """Where samples begin in one episode. N moments.

    Attributes:
        episode_id: Its id.
        task: In words.
        robot: Its numbers.
        texts: Subtasks, by number.
        row: [N] int32, row of the state.
        end: [N] int32, the first row that the chunk does not reach.
        text: [N] int32, number of the subtask.
        low: [N], whether what was done is to be imitated.
        boxes: Objects in its pictures.
    """

    episode_id: str
    task: str
    robot: RobotNumbers
    texts: tuple[str, ...]
    row: NDArray[np.int32]
    end: NDArray[np.int32]
    text: NDArray[np.int32]
    low: NDArray[np.bool_]
    boxes: tuple[BoxLabel, ...] = ()

    def __len__(self) -> int:
        return len(self.row)


def find_moments(
    episode: Episode,
    labels: EpisodeLabels | None,
    *,
    controls: Sequence[Control],
    cameras: Sequence[str],
    stride: int,
) -> Moments:
    """Find where samples begin.

    Args:
        episode: To look into; its rows are checked against their checksums.
        labels: Those to train on.
        controls: Whose rows count.
        cameras: The robot's cameras that the model looks through; a moment needs a picture of one at least.
        stride: Every which row begins a sample. The first depends on the episode's id, so that pictures are of every
            age that they may have.

    Raises:
        NothingToLearn: No row qualifies.
        DamagedData: Rows are not those that were written.
    """
    state, action = episode.state, episode.action
    if not len(state.time_ns):
        raise NothingToLearn("without a single row")
    piece, texts, disliked = _subtasks(episode, labels)
    driven = np.isin(action.source, [ActionSource[control.upper()] for control in controls])
    driven &= ~_before_take_overs(action.time_ns, action.source)
    good = driven & (piece >= 0) & np.isfinite(getattr(action, imitated(episode))).all(axis=1)
    ends = _ends(good, piece, action.time_ns, episode.attributes.control_rate_hz)
    begins = good & np.isfinite(state.position).all(axis=1) & _is_seen(episode, cameras)
    first = zlib.crc32(episode.attributes.id.encode()) % stride
    rows = first + np.flatnonzero(begins[first::stride]) * stride
    if not len(rows):
        for why, fitting in (
            ("without a row that was driven so", driven),
            ("without subtasks", driven & (piece >= 0)),
            ("without pictures of these cameras", _is_seen(episode, cameras)),
        ):
            if not fitting.any():
                raise NothingToLearn(why)
        raise NothingToLearn("without a row that is whole")
    return Moments(
        episode_id=episode.attributes.id,
        task=episode.attributes.task,
        robot=RobotNumbers.of(episode.attributes),
        texts=texts,
        row=rows.astype(np.int32),
        end=ends[rows].astype(np.int32),
        text=piece[rows].astype(np.int32),
        low=~disliked[piece[rows]],
        boxes=labels.boxes if labels is not None else (),
    )


def imitated(episode: Episode) -> Literal["sent", "requested"]:
    """The column of the action that is to be imitated: what was sent, but for noise that was added to it on purpose."""
    return "requested" if DISTURBED_TAG in episode.attributes.tags else "sent"


def newest_frames(camera: CameraFrames, at_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """The newest whole frame not after each time.

    Args:
        camera: Whose.
        at_ns: (N,) times.

    Returns:
        (N,) index of the frame; -1 where there is none, or only one that is too old.
    """
    present = np.flatnonzero(~camera.missing)
    if not len(present):
        return np.full(len(at_ns), -1, np.int64)
    times = camera.time_ns[present]
    at = np.searchsorted(times, at_ns, side="right") - 1
    young = (at >= 0) & (at_ns - times[at] < OLDEST_PICTURE_NS)
    return np.where(young, present[at], -1)


def _subtasks(
    episode: Episode, labels: EpisodeLabels | None
) -> tuple[NDArray[np.int32], tuple[str, ...], NDArray[np.bool_]]:
    """Number of each row's subtask, -1 for none; all texts; and which of them were judged badly done."""
    if labels is not None and labels.subtasks:
        rows = labels.subtask_rows(episode.state.time_ns)
        texts = tuple(_words(span.text) for span in labels.subtasks)
        disliked = np.array([span.thumb < 0 for span in labels.subtasks])
    else:
        rows = episode.action.subtask
        texts = tuple(_words(text) for text in episode.subtasks)
        disliked = np.zeros(len(texts), np.bool_)
        if len(rows) and int(rows.max()) >= len(texts):
            raise NothingToLearn("damaged: texts of subtasks are lost")
    said = np.array([bool(text) for text in (*texts, "")])  # the last is -1's
    return np.where(said[rows], rows, -1).astype(np.int32), texts, disliked


def _words(text: str) -> str:
    return " ".join(text.split())


def _before_take_overs(time_ns: NDArray[np.int64], source: NDArray[np.uint8]) -> NDArray[np.bool_]:
    taken = source == ActionSource.INTERVENTION
    starts_ns = time_ns[taken & ~np.concatenate([[False], taken[:-1]])]
    if not len(starts_ns):
        return np.zeros(len(time_ns), np.bool_)
    following = np.searchsorted(starts_ns, time_ns, side="right")
    until_ns = np.append(starts_ns, np.iinfo(np.int64).max)[following] - time_ns
    return (until_ns <= TAKE_OVER_NS) & np.isin(source, _DRIVEN_BY_ITSELF)


def _ends(
    good: NDArray[np.bool_], piece: NDArray[np.int32], time_ns: NDArray[np.int64], rate_hz: float
) -> NDArray[np.int64]:
    """[T], for each row the first one after it that a chunk cannot go on to."""
    parts = np.ones(len(good) + 1, np.bool_)
    gap = np.diff(time_ns) > LONGEST_GAP_ROWS / rate_hz * 1e9
    parts[1:-1] = ~good[1:] | (piece[1:] != piece[:-1]) | gap
    at = np.flatnonzero(parts)
    return at[np.searchsorted(at, np.arange(len(good)), side="right")]


def _is_seen(episode: Episode, cameras: Sequence[str]) -> NDArray[np.bool_]:
    time_ns = episode.state.time_ns
    seen = np.zeros(len(time_ns), np.bool_)
    for camera in episode.attributes.cameras:
        if camera.name in cameras:
            seen |= newest_frames(episode.camera(camera.name), time_ns) >= 0
    return seen
