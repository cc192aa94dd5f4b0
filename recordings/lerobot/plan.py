"""What goes into an export, decided before the first frame is read and kept, so that resuming decides nothing anew."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from recordings import attributes as episode_attributes
from recordings.attributes import EpisodeAttributes
from recordings.dataset import Dataset
from recordings.errors import NotAnEpisode, UnknownEpisode
from recordings.info import EpisodeInfo
from recordings.labels import BEST, EpisodeLabels, LabelStore
from recordings.lerobot.errors import NothingToExport, UnknownReviewer
from recordings.lerobot.grid import EpisodeLeftOut
from recordings.lerobot.records import LeftOut
from recordings.spec import CameraSpec, Outcome


class ExportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to export.

    Attributes:
        episodes: Ids; every episode when empty.
        fps: Rows a second; None for a row each stored frame of the first camera.
        reviewer: Whose labels, or `BEST`.
        only: Episodes of this outcome alone, by the labels or else by the operator.
        language: Per-frame `language_persistent` and `language_events` too, which LeRobot reads from 0.6 on and
            which earlier versions refuse.
    """

    episodes: tuple[str, ...] = ()
    fps: Annotated[int, Meta(ge=1, le=1000)] | None = None
    reviewer: str = BEST
    only: Outcome | None = None
    language: bool = False


class Schema(msgspec.Struct, frozen=True):
    """What all episodes of one LeRobot dataset have in common; the first camera paces the rows."""

    robot: str
    vector_names: tuple[str, ...]
    vector_units: tuple[str, ...]
    cameras: tuple[CameraSpec, ...]

    def difference_to(self, other: Schema) -> str:
        """Which of them differ, in words."""
        names = {
            "robot": "the robot",
            "vector_names": "the numbers of state and action",
            "vector_units": "their units",
            "cameras": "the cameras",
        }
        return ", ".join(
            said for field, said in names.items() if getattr(self, field) != getattr(other, field)
        )


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """An export as it was begun.

    Attributes:
        source: The dataset's folder.
        options: As asked for.
        schema: What the episodes have in common.
        fps: Rows a second.
        chosen: Ids of the episodes to export, in order.
        left_out: Those that are not even tried, with the reason.
    """

    source: str
    options: ExportOptions
    schema: Schema
    fps: int
    chosen: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def source_of(dataset: Dataset) -> str:
    """A dataset's folder, however it was named."""
    return str(dataset.path.resolve())


def labels_for(store: LabelStore, reviewer: str, episode_id: str) -> EpisodeLabels | None:
    """The labels that count for an episode, None where there are none.

    Raises:
        EpisodeLeftOut: The disk refuses them. What was recorded is not taken for what a reviewer may have said.
    """
    try:
        if reviewer == BEST:
            return store.best(episode_id)
        labels = store.read(reviewer, episode_id)
    except OSError as error:
        raise EpisodeLeftOut(f"its labels cannot be read: {error}") from error
    return labels if not labels.untouched else None


def outcome_of(labels: EpisodeLabels | None, recorded: Outcome) -> Outcome:
    """The reviewer's judgement where there is one, else the operator's."""
    judged = labels.episode.outcome if labels is not None else Outcome.UNSET
    return recorded if judged is Outcome.UNSET else judged


def make_plan(dataset: Dataset, options: ExportOptions) -> Plan:
    """Decide which episodes go together.

    Episodes of another robot, with other numbers or cameras than most have are left out: one LeRobot dataset holds one
    shape of rows.

    Raises:
        UnknownEpisode: There is none of an id that was asked for.
        UnknownReviewer: Nobody of this name has labelled anything here.
        NothingToExport: No episode is left.
    """
    store = LabelStore(dataset.path)
    _refuse_unknown_reviewer(store, options.reviewer)
    infos = {info.id: info for info in dataset.episodes()}
    if unknown := [episode_id for episode_id in options.episodes if episode_id not in infos]:
        raise UnknownEpisode(f"no episode {unknown[0]!r} in {dataset.path}; `episodes()` lists them")
    left_out: list[LeftOut] = []
    schemas: dict[str, Schema] = {}
    for episode_id in sorted(options.episodes or infos):
        found = _schema_or_reason(infos[episode_id], store, options)
        if isinstance(found, Schema):
            schemas[episode_id] = found
        else:
            left_out.append(found)
    if not schemas:
        why = "; ".join(f"{one.id}: {one.reason}" for one in left_out[:3]) or "there are no episodes"
        raise NothingToExport(f"nothing of {dataset.path} can be exported: {why}")
    schema = Counter(schemas.values()).most_common(1)[0][0]
    for episode_id, other in schemas.items():
        if other != schema:
            reason = f"{other.difference_to(schema)} differ from most others'; export it by itself"
            left_out.append(LeftOut(episode_id, reason))
    return Plan(
        source=source_of(dataset),
        options=options,
        schema=schema,
        fps=options.fps or max(1, round(schema.cameras[0].rate_hz)),
        chosen=tuple(episode_id for episode_id, own in schemas.items() if own == schema),
        left_out=tuple(sorted(left_out, key=lambda one: one.id)),
    )


def _schema_or_reason(info: EpisodeInfo, store: LabelStore, options: ExportOptions) -> Schema | LeftOut:
    """The shape of an episode's rows, or why it is left out."""
    if info.problem is not None:
        return LeftOut(info.id, f"unreadable: {info.problem}")
    if info.recording:
        return LeftOut(info.id, "is still being recorded")
    if not info.complete:
        return LeftOut(info.id, f"was cut off by a crash; `understudy data repair {info.id}` makes it whole")
    try:
        outcome = outcome_of(labels_for(store, options.reviewer, info.id), info.outcome)
    except EpisodeLeftOut as error:
        return LeftOut(info.id, str(error))
    if options.only is not None and outcome is not options.only:
        reason = f"its outcome is {outcome.value}, and only {options.only.value} was asked for"
        return LeftOut(info.id, reason, by_choice=True)
    try:
        attributes = episode_attributes.read(info.path)
    except NotAnEpisode as error:
        return LeftOut(info.id, f"unreadable: {error}")
    return _schema(attributes) if attributes.cameras else LeftOut(info.id, "has no camera")


def _schema(attributes: EpisodeAttributes) -> Schema:
    return Schema(
        attributes.robot_profile, attributes.vector_names, attributes.vector_units, attributes.cameras
    )


def _refuse_unknown_reviewer(store: LabelStore, reviewer: str) -> None:
    known = store.reviewers()
    if reviewer != BEST and reviewer not in known:
        there = f"there are labels by {', '.join(known)}" if known else "nobody has labelled anything"
        raise UnknownReviewer(f"no labels by {reviewer!r} in {Path(store.path)}; {there}")
