"""Brings the labels of the episode that is reviewed together with its lanes, its playhead and its keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from app.gui.labels.box_work import BoxWork
from app.gui.labels.desk import NO_FRAMES, LabelDesk, Stretch
from app.gui.labels.lanes import BoxLane, LabelLane, ReadSpansLane, SuggestionLane
from app.gui.labels.prompts import Prompter, Prompts
from app.gui.labels.segmenting import Segmenting
from app.gui.labels.spoken import utterances
from app.gui.labels.suggesting import Suggesting
from app.gui.labels.text_line import TextLine
from app.gui.review.film import Film
from app.gui.review.lanes import Lane
from app.gui.review.timeline import Timeline
from app.gui.settings import Settings
from recordings.labels import LabelStore, Tier

PALETTE_KEYS = 9


class Labelling(QObject):
    """Follows the episode that is shown, and shows what is done to its labels.

    Args:
        timeline: where the lanes are.
        settings: what the window remembers: the reviewer, the lag, whether marks are chained.

    Attributes:
        lanes_changed: a tier has come or gone, so the lanes are to be laid out anew.
        desk, segmenting, suggesting, boxes: what is done to labels.
        line: where texts are written.
    """

    lanes_changed = pyqtSignal()

    def __init__(self, timeline: Timeline, settings: Settings) -> None:
        super().__init__()
        self._timeline = timeline
        self._settings = settings
        self.desk = LabelDesk()
        self.segmenting = Segmenting(self.desk)
        self.suggesting = Suggesting(self.desk)
        self.boxes = BoxWork(self.desk)
        self.segmenting.lag_s = settings.label_lag_s
        self.segmenting.chained = settings.label_chained
        self.line = TextLine(timeline)
        self.line.written.connect(self._written)
        self._film: Film | None = None
        self._folder = Path()
        self._episode_id = ""
        self._prompter: Prompter | None = None
        self._prompts = Prompts()
        self._shown = -1
        self._tiers: tuple[bool, ...] = ()
        timeline.shifted.connect(self._place_line)
        timeline.opened.connect(self._open_text)

    @property
    def store(self) -> LabelStore:
        """The labels of the dataset that is reviewed."""
        return LabelStore(self._folder)

    @property
    def prompts(self) -> Prompts:
        """What helps to label this episode."""
        return self._prompts

    @property
    def reviewer(self) -> str:
        """Whose labels are worked on."""
        return self._settings.reviewer

    def set_reviewer(self, name: str) -> None:
        """Work on another reviewer's labels from now on; a name that cannot be a folder's is told, and not taken."""
        self.store.journal_path(name, "any")
        self._settings.reviewer = name
        if self._episode_id:
            self.open(self._folder, self._episode_id)

    def open(self, dataset: Path, episode_id: str) -> None:
        """Turn to an episode."""
        self.line.hide()
        self._folder, self._episode_id = dataset, episode_id
        self.segmenting.cancel()
        self.suggesting.offer(())
        self.desk.open(self.store, self.reviewer, episode_id)
        self._prompts = Prompts()
        path = dataset / "episodes" / episode_id
        self._prompter = Prompter(path, self.store, self.reviewer)
        self._set_stretch()

    def close(self) -> None:
        """Let go of it."""
        self.line.hide()
        self.desk.close()
        self._episode_id = ""

    def tiers(self, film: Film) -> Sequence[Lane]:
        """The lanes of labels, as many as there is something in."""
        self._film = film
        self._set_stretch()
        said = utterances(film.events)
        self._tiers = self._wanted()
        suggested, notes, boxes = self._tiers
        lanes: list[Lane] = [ReadSpansLane("speech", said)] if said else []
        lanes.append(LabelLane("subtask", Tier.SUBTASK, self.desk, self.segmenting))
        lanes += [SuggestionLane(self.suggesting)] if suggested else []
        lanes += [LabelLane("notes", Tier.NOTE, self.desk, self.segmenting)] if notes else []
        lanes += [BoxLane(self.desk)] if boxes else []
        return lanes

    def poll(self) -> None:
        """Take over what threads have found, and show what has changed; called again and again."""
        self.desk.poll()
        if self._prompter is not None and self._prompter.prompts is not None:
            self._prompts, self._prompter = self._prompter.prompts, None
            self.suggesting.offer(self._prompts.suggestions)
            self.segmenting.snap_targets = self._prompts.snap_targets
            self.segmenting.palette = self._prompts.texts[:PALETTE_KEYS]
            self.line.offer(self._prompts.texts)
        if self.desk.revision == self._shown:
            return
        self._shown = self.desk.revision
        if self._film is not None and self._wanted() != self._tiers:
            self.lanes_changed.emit()
        else:
            self._timeline.redraw()

    def write(self) -> None:
        """Write the text of the chosen label where it stands."""
        if (label := self.desk.selected) is not None and self.desk.ready:
            self._open_text(label.id)

    def note(self, position_ns: int) -> None:
        """A note at a moment, to be written at once."""
        self.segmenting.note(position_ns, "")
        self.poll()
        self.write()

    def change_lag(self, by_s: float) -> None:
        """The reviewer's finger is later, or less late."""
        self.segmenting.lag_s = round(min(max(self.segmenting.lag_s + by_s, 0.0), 1.0), 2)
        self._settings.label_lag_s = self.segmenting.lag_s
        self.desk.touch()

    def toggle_chained(self) -> None:
        """The end of one label begins the next, or no longer does."""
        self.segmenting.chained = not self.segmenting.chained
        self._settings.label_chained = self.segmenting.chained
        self.desk.touch()

    def _set_stretch(self) -> None:
        film = self._film
        if film is not None and film.episode_id == self._episode_id:
            frames = film.cameras[0].time_ns if film.cameras else film.time_ns
            self.desk.stretch = Stretch(film.start_ns, film.end_ns, frames)
        else:
            self.desk.stretch = Stretch(0, 2**62, NO_FRAMES)

    def _wanted(self) -> tuple[bool, ...]:
        labels = self.desk.labels
        begun = self.segmenting.begun
        noting = begun is not None and begun.tier is Tier.NOTE
        return bool(self.suggesting.open), bool(labels.spans(Tier.NOTE)) or noting, bool(labels.boxes)

    def _open_text(self, label_id: str) -> None:
        self.desk.select(label_id)
        label, box = self.desk.selected, self._timeline.box_of(label_id)
        if label is not None and box is not None and self.desk.ready:
            self.line.write(label_id, label.text, box.toRect())

    def _written(self, label_id: str, text: str) -> None:
        self.desk.select(label_id)
        if self.desk.selected is not None:
            self.segmenting.name(text)
        self.poll()

    def _place_line(self) -> None:
        if self.line.label_id and (box := self._timeline.box_of(self.line.label_id)) is not None:
            self.line.follow(box.toRect())
