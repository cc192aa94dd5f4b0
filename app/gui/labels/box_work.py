"""Drawing objects' boxes and carrying them through time, a few key frames each; free of Qt."""

from __future__ import annotations

from collections.abc import Iterable

from app.gui.labels.desk import LabelDesk
from app.gui.labels.segmenting import PALETTE_KEYS
from recordings.labels import BoxKey, Seen, boxes, edits


class BoxWork:
    """What is done to boxes, on a desk.

    Attributes:
        names: of objects, those for number keys first; a name keeps its place from its first use on.
    """

    def __init__(self, desk: LabelDesk) -> None:
        self._desk = desk
        self.names: tuple[str, ...] = ()

    @property
    def palette(self) -> tuple[str, ...]:
        """Names by number key."""
        return self.names[:PALETTE_KEYS]

    def offer(self, names: Iterable[str]) -> None:
        """Names that were used before; those that are there already keep their places."""
        self.names = tuple(dict.fromkeys(name for name in (*self.names, *names) if name))
        self._desk.touch()

    def name(self, text: str) -> None:
        """Say what the chosen box's object is."""
        if (box := self._desk.selected_box) is not None:
            self._desk.do(edits.set_text(self._desk.kept_labels, box.id, text), "name an object")
            self.offer((text,))

    def name_by_key(self, number: int) -> None:
        """The same with the name of a number key, from 1."""
        if 1 <= number <= len(self.palette):
            self.name(self.palette[number - 1])

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
            self._desk.do(boxes.copy_on(self._desk.kept_labels, box.id, time_ns), "copy a box on")

    def see(self, time_ns: int, seen: Seen) -> None:
        """Say how the chosen box's object is to be seen from this moment on."""
        if (box := self._desk.selected_box) is not None:
            changes = boxes.set_seen(self._desk.kept_labels, box.id, time_ns, seen)
            self._desk.do(changes, "say how an object is seen")

    def remove_key(self, time_ns: int) -> None:
        """Take the chosen box's key frame of this moment away."""
        if (box := self._desk.selected_box) is not None:
            self._desk.do(boxes.remove_key(self._desk.kept_labels, box.id, time_ns), "take a key frame away")
