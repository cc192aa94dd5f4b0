"""Drawing objects' boxes and carrying them through time, a few key frames each; free of Qt."""

from __future__ import annotations

from app.gui.labels.desk import LabelDesk
from recordings.labels import BoxKey, Seen, boxes


class BoxWork:
    """What is done to boxes, on a desk."""

    def __init__(self, desk: LabelDesk) -> None:
        self._desk = desk

    def draw(self, camera: str, text: str, key: BoxKey) -> None:
        """A new object in a camera's frame, chosen then."""
        self._desk.do(boxes.put_box(camera, text, key), "draw a box", choose_new=True)

    def drag(self, box_id: str, key: BoxKey) -> None:
        """Show a box where it is being dragged to."""
        self._desk.preview(boxes.put_key(self._desk.kept_labels, box_id, key))

    def place(self, box_id: str, key: BoxKey) -> None:
        """A key frame of a box, new or in place of the one there."""
        self._desk.do(boxes.put_key(self._desk.kept_labels, box_id, key), "move a box")

    def copy_on(self, time_ns: int) -> None:
        """Hold the chosen box where it is, as a key frame of this moment."""
        if (box := self._desk.selected_box) is not None:
            self._desk.do(boxes.copy_on(self._desk.labels, box.id, time_ns), "copy a box on")

    def see(self, time_ns: int, seen: Seen) -> None:
        """Say how the chosen box's object is to be seen from this moment on."""
        if (box := self._desk.selected_box) is not None:
            changes = boxes.set_seen(self._desk.labels, box.id, time_ns, seen)
            self._desk.do(changes, "say how an object is seen")

    def remove_key(self, time_ns: int) -> None:
        """Take the chosen box's key frame of this moment away."""
        if (box := self._desk.selected_box) is not None:
            self._desk.do(boxes.remove_key(self._desk.labels, box.id, time_ns), "take a key frame away")
