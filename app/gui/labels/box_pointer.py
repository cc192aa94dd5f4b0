"""What the pointer does to the boxes of one camera: draws, moves, resizes and chooses them; free of Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from app.gui.labels.box_geometry import Handle, PictureArea, moved, resized, spanned
from app.gui.labels.box_scene import ShownBox, boxes_under, handle_under
from app.gui.labels.box_work import BoxWork
from app.gui.labels.desk import LabelDesk
from recordings.labels import BoxKey, Seen

SLACK_PX = 4
"""A pointer that goes less far than this has clicked."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A camera's picture as it is shown.

    Attributes:
        area: where.
        frame_ns: capture time of the stored frame.
        boxes: over it.
    """

    area: PictureArea
    frame_ns: int
    boxes: tuple[ShownBox, ...]


@dataclass(frozen=True, slots=True)
class _Held:
    """What the pointer has hold of: a box with the place it had, or nothing yet, for one that is being drawn."""

    x: float
    y: float
    box: ShownBox | None = None
    handle: Handle | None = None


class BoxPointer:
    """From press to release; everything goes by the frame that is shown, even where that is another one by then.

    Args:
        camera: in whose pictures.
        desk: whose labels.
        work: draws and moves.
    """

    def __init__(self, camera: str, desk: LabelDesk, work: BoxWork) -> None:
        self._camera = camera
        self._desk = desk
        self._work = work
        self._held: _Held | None = None
        self._begun = False
        self.drawing: BoxKey | None = None
        """The box that is being drawn, if one is."""

    @property
    def busy(self) -> bool:
        """Whether the pointer has hold of something."""
        return self._held is not None

    def press(self, x: float, y: float, sight: Sight, *, anew: bool = False) -> None:
        """Take hold of what is there; `anew` draws a box, whatever is there."""
        self._begun, self.drawing = False, None
        there = None if anew else self._hold(x, y, sight)
        self._held = there or _Held(x, y)

    def drag(self, x: float, y: float, sight: Sight) -> None:
        """Show what it would become."""
        held = self._held
        if held is None:
            return
        self._begun = self._begun or max(abs(x - held.x), abs(y - held.y)) >= SLACK_PX
        if not self._begun:
            return
        if held.box is None:
            self.drawing = spanned(
                sight.frame_ns, sight.area.share_of(held.x, held.y), sight.area.share_of(x, y)
            )
        else:
            self._desk.select(held.box.box_id)
            self._change(held, x, y, sight, self._work.drag)

    def release(self, x: float, y: float, sight: Sight) -> str:
        """Leave it so, or choose where it was a click; the id of a box that is new."""
        self.drag(x, y, sight)
        held, drawn = self._held, self.drawing
        if held is None:
            return ""
        if held.box is not None and self._begun:
            self._change(held, x, y, sight, self._work.place)
        self._held = self.drawing = None
        if held.box is not None and self._begun:
            return ""
        if drawn is not None:
            self._work.draw(self._camera, "", drawn)
            box = self._desk.selected_box
            return box.id if box is not None else ""
        if held.handle is None:
            self._choose(held, sight)
        return ""

    def cancel(self) -> None:
        """Let go, and leave everything as it was."""
        if self._held is not None:
            self._held = self.drawing = None
            self._desk.preview(())

    def handle_under(self, x: float, y: float, sight: Sight) -> Handle | None:
        """The handle that a press there would take hold of."""
        held = self._hold(x, y, sight)
        return held.handle if held is not None else None

    def _hold(self, x: float, y: float, sight: Sight) -> _Held | None:
        chosen = next((box for box in sight.boxes if box.chosen), None)
        if chosen is not None and (handle := handle_under(chosen.key, sight.area, x, y)) is not None:
            return _Held(x, y, chosen, handle)
        under = boxes_under(sight.boxes, sight.area, x, y)
        if not under:
            return None
        return _Held(x, y, chosen if chosen in under else under[0])

    def _change(
        self, held: _Held, x: float, y: float, sight: Sight, do: Callable[[str, BoxKey], None]
    ) -> None:
        box = held.box
        if box is None or box.box_id not in self._desk.kept_labels.by_id:
            self.cancel()  # it was taken away meanwhile
            return
        across, down = (x - held.x) / sight.area.width, (y - held.y) / sight.area.height
        key = resized(box.key, held.handle, across, down) if held.handle else moved(box.key, across, down)
        seen = Seen.VISIBLE if key.seen is Seen.OUT else key.seen
        do(box.box_id, msgspec.structs.replace(key, time_ns=sight.frame_ns, seen=seen))

    def _choose(self, held: _Held, sight: Sight) -> None:
        """Choose the smallest box there; the next larger one where that is chosen already."""
        under = [box.box_id for box in boxes_under(sight.boxes, sight.area, held.x, held.y)]
        chosen = self._desk.selected_box
        at = (under.index(chosen.id) + 1) % len(under) if chosen is not None and chosen.id in under else 0
        self._desk.select(under[at] if under else "")
