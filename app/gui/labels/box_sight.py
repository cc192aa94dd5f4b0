"""The boxes over all cameras of the episode that is reviewed, and the line in which their objects are named."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QRect, pyqtSignal

from app.gui import tokens
from app.gui.labels.box_line import BoxLine
from app.gui.labels.box_overlay import BoxOverlay
from app.gui.labels.box_work import BoxWork
from app.gui.labels.desk import LabelDesk
from app.gui.review.film import Film
from app.gui.review.frames import frame_at
from app.gui.review.tile import FilmGrid
from recordings.labels import BoxLabel, Seen


class BoxSight(QObject):
    """Keeps an overlay over each tile. What keys do goes by the frame that the chosen box's camera shows.

    Args:
        grid: of the tiles.
        desk: whose labels.
        work: what is done to boxes.

    Attributes:
        taken: the pointer takes hold of something, so what plays is to stand still.
        line: where names are written.
        overlays: by camera.
    """

    taken = pyqtSignal()

    def __init__(self, grid: FilmGrid, desk: LabelDesk, work: BoxWork) -> None:
        super().__init__()
        self._grid = grid
        self._desk = desk
        self._work = work
        self.line = BoxLine(grid)
        self.overlays: dict[str, BoxOverlay] = {}
        grid.changed.connect(self._cover)
        self._cover()

    @property
    def frame_ns(self) -> int | None:
        """Capture time of the frame that the chosen box's camera shows; None where there is no such box or frame."""
        box = self._desk.selected_box
        overlay = self.overlays.get(box.camera) if box is not None else None
        return overlay.frame_ns if overlay is not None else None

    def copy_on(self) -> None:
        """Hold the chosen box where it is, as a key frame of what is shown."""
        if (frame_ns := self.frame_ns) is not None:
            self._work.copy_on(frame_ns)

    def see(self, seen: Seen) -> None:
        """Say how the chosen box's object is to be seen from what is shown on."""
        if (frame_ns := self.frame_ns) is not None:
            self._work.see(frame_ns, seen)

    def remove_key(self) -> None:
        """Take the chosen box's key frame of what is shown away."""
        if (frame_ns := self.frame_ns) is not None:
            self._work.remove_key(frame_ns)

    def key_beside(self, film: Film, way: int, position_ns: int) -> int | None:
        """When the next (1) or the last (-1) key frame of the chosen box is, seen from the playhead."""
        box = self._desk.selected_box
        times = next(
            (c.time_ns for c in film.cameras if box is not None and c.camera.name == box.camera), None
        )
        if box is None or times is None:
            return None
        at = frame_at(times, position_ns)
        here = int(times[at]) if at >= 0 else position_ns
        keys = [key.time_ns for key in box.keys]
        beside = [time for time in keys if time > here] if way > 0 else [time for time in keys if time < here]
        return beside[0 if way > 0 else -1] if beside else None

    def write(self, box: BoxLabel) -> None:
        """Write the name of a box over it, where its camera shows anything."""
        if (place := self._name_place(box)) is not None:
            self.line.offer(self._work.names)
            self.line.keys = len(self._work.palette)
            self.line.write(box.id, box.text, place)

    def refresh(self) -> None:
        """Follow the labels."""
        for overlay in self.overlays.values():
            overlay.refresh()

    def _cover(self) -> None:
        self.line.give_up()
        self.overlays = {tile.camera: BoxOverlay(tile, self._desk, self._work) for tile in self._grid.tiles}
        for overlay in self.overlays.values():
            overlay.taken.connect(self.taken)
            overlay.drawn.connect(self._open)
            overlay.opened.connect(self._open)
            overlay.shifted.connect(self._follow)

    def _open(self, box_id: str) -> None:
        self._desk.select(box_id)
        if (box := self._desk.selected_box) is not None and self._desk.ready:
            self.write(box)

    def _follow(self) -> None:
        box = self._desk.labels.by_id.get(self.line.label_id)
        if isinstance(box, BoxLabel) and (place := self._name_place(box)) is not None:
            self.line.follow(place)

    def _name_place(self, box: BoxLabel) -> QRect | None:
        """Where a box's name is written: above it, as far as that is in the grid."""
        overlay = self.overlays.get(box.camera)
        place = overlay.place_of(box.id) if overlay is not None else None
        if overlay is None or place is None:
            return None
        corner = overlay.mapTo(self._grid, place.topLeft().toPoint())
        height = tokens.CONTROL_HEIGHT_PX
        return QRect(corner.x(), max(0, corner.y() - height), round(place.width()), height)
