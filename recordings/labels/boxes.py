"""What a reviewer's actions change of boxes, worked out from the labels as they stand."""

from __future__ import annotations

import msgspec

from recordings.labels.edits import UnknownLabel
from recordings.labels.history import Change
from recordings.labels.label import BoxKey, BoxLabel, Seen, new_id
from recordings.labels.view import EpisodeLabels


def put_box(camera: str, text: str, key: BoxKey) -> tuple[Change, ...]:
    """A new object, in one frame so far."""
    return (Change(None, BoxLabel(new_id(), camera, text, (key,))),)


def put_key(labels: EpisodeLabels, box_id: str, key: BoxKey) -> tuple[Change, ...]:
    """A key frame of a box, new or in place of the one of that frame; raises `UnknownLabel`."""
    box = _box(labels, box_id)
    others = [other for other in box.keys if other.time_ns != key.time_ns]
    return _with_keys(box, (*others, key))


def remove_key(labels: EpisodeLabels, box_id: str, time_ns: int) -> tuple[Change, ...]:
    """A key frame taken away; with its last one the box goes. Raises `UnknownLabel`."""
    box = _box(labels, box_id)
    return _with_keys(box, tuple(key for key in box.keys if key.time_ns != time_ns))


def set_seen(labels: EpisodeLabels, box_id: str, time_ns: int, seen: Seen) -> tuple[Change, ...]:
    """How an object is to be seen from a frame on: a key frame there, where the box is or was last.

    Raises:
        UnknownLabel: No box has this id.
    """
    box = _box(labels, box_id)
    return put_key(
        labels, box_id, msgspec.structs.replace(key_near(box, time_ns), time_ns=time_ns, seen=seen)
    )


def copy_on(labels: EpisodeLabels, box_id: str, time_ns: int) -> tuple[Change, ...]:
    """A key frame that holds the box where it is at a moment, or was last; raises `UnknownLabel`."""
    box = _box(labels, box_id)
    key = box.at(time_ns) or key_near(box, time_ns)
    return put_key(labels, box_id, msgspec.structs.replace(key, time_ns=time_ns))


def key_near(box: BoxLabel, time_ns: int) -> BoxKey:
    """Where a box is at a moment; where it is not in view, its key before that, or else its first.

    The key's time is its own, so it tells whether the box is there or was there last.
    """
    inside = box.at(time_ns)
    if inside is not None:
        return inside
    before = [key for key in box.keys if key.time_ns <= time_ns]
    return before[-1] if before else box.keys[0]


def _with_keys(box: BoxLabel, keys: tuple[BoxKey, ...]) -> tuple[Change, ...]:
    if not keys:
        return (Change(box, None),)
    ordered = tuple(sorted(keys, key=lambda key: key.time_ns))
    origin = box.origin if box.origin.by == "human" else msgspec.structs.replace(box.origin, edited=True)
    return (Change(box, msgspec.structs.replace(box, keys=ordered, origin=origin)),)


def _box(labels: EpisodeLabels, box_id: str) -> BoxLabel:
    box = labels.by_id.get(box_id)
    if not isinstance(box, BoxLabel):
        raise UnknownLabel(f"no box {box_id!r} among {len(labels.boxes)}; it may have been taken away")
    return box
