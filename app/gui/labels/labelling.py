"""Brings the labels of the episode that is reviewed together with its lanes, its playhead and its keys."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from app.gui.labels.adjudicating import Adjudicating
from app.gui.labels.box_lane import BoxLane, rows_of
from app.gui.labels.box_sight import BoxSight
from app.gui.labels.box_work import BoxWork
from app.gui.labels.comparing import Comparing, beside
from app.gui.labels.desk import NO_FRAMES, LabelDesk, Stretch
from app.gui.labels.lanes import LabelLane, ReadSpansLane, SuggestionLane
from app.gui.labels.other_lane import OtherLane
from app.gui.labels.prompts import Prompter, Prompts
from app.gui.labels.segmenting import PALETTE_KEYS, Segmenting
from app.gui.labels.spoken import utterances
from app.gui.labels.suggesting import Suggesting
from app.gui.labels.text_line import TextLine
from app.gui.labels.words import KINDS, Words
from app.gui.labels.work_queue import WorkQueue
from app.gui.review.film import Film
from app.gui.review.lanes import Lane
from app.gui.review.tile import FilmGrid
from app.gui.review.timeline import Timeline
from app.gui.settings import Settings
from recordings.labels import FINAL, BoxLabel, EpisodeLabels, LabelStore, Progress, Tier
from recordings.labels.adjudicate import Stretch as Said

BEGUN_ID = "begun"
"""Stands for the id of the label that is being made, which has none yet."""


class Labelling(QObject):
    """Follows the episode that is shown, and shows what is done to its labels.

    Args:
        timeline: where the lanes are.
        grid: where the pictures are.
        settings: what the window remembers: the reviewer, the lag, whether marks are chained.

    Attributes:
        lanes_changed: a tier has come or gone, so the lanes are to be laid out anew.
        desk, segmenting, suggesting, boxes: what is done to labels.
        comparing, adjudicating: what others say of the episode, and deciding between them.
        queue: what is to be looked at next.
        words: what things are called in the dataset.
        sight: the boxes over the pictures.
        line: where texts are written.
    """

    lanes_changed = pyqtSignal()

    def __init__(self, timeline: Timeline, grid: FilmGrid, settings: Settings) -> None:
        super().__init__()
        self._timeline = timeline
        self._settings = settings
        self.desk = LabelDesk()
        self.segmenting = Segmenting(self.desk)
        self.suggesting = Suggesting(self.desk)
        self.boxes = BoxWork(self.desk)
        self.comparing = Comparing(self.desk)
        self.adjudicating = Adjudicating(self.desk, self.comparing)
        self.queue = WorkQueue()
        self.words = Words(self.desk)
        self.segmenting.lag_s = settings.label_lag_s
        self.segmenting.chained = settings.label_chained
        self.line = TextLine(timeline)
        self.line.written.connect(self._written)
        self.sight = BoxSight(grid, self.desk, self.boxes)
        self.sight.line.written.connect(self._written)
        self.sight.line.numbered.connect(self._numbered)
        self._texts: tuple[str, ...] = ()
        self._pinned: tuple[str, ...] = ()
        self._film: Film | None = None
        self._folder = Path()
        self._episode_id = ""
        self._prompter: Prompter | None = None
        self._left: list[Prompter] = []
        self._is_prompting = False
        self._prompts = Prompts()
        self._shown = -1
        self._tiers: tuple[int, ...] = ()
        self._beside: tuple[str, ...] = ()
        self._words_shown = 0
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
    def chosen_range(self) -> tuple[int, int] | None:
        """From when to when the chosen label is, if one is chosen."""
        chosen = self.desk.selected
        return (chosen.start_ns, chosen.end_ns) if chosen is not None else None

    @property
    def palette(self) -> tuple[str, ...]:
        """The texts on number keys: names of objects while a box is chosen, else what is done."""
        chosen = self.desk.selected_box is not None
        return self.boxes.palette if chosen else self.segmenting.palette

    def name_by_key(self, number: int) -> None:
        """Give the chosen label the palette's text of a number key, from 1; the line over it is done with then."""
        if self.desk.selected_box is not None:
            self.sight.line.give_up()
            self.boxes.name_by_key(number)
        else:
            self.segmenting.name_by_key(number)

    def key_beside(self, way: int, position_ns: int) -> int | None:
        """When the next (1) or the last (-1) key frame of the chosen box is."""
        return self.sight.key_beside(self._film, way, position_ns) if self._film is not None else None

    @property
    def is_prompted(self) -> bool:
        """Whether all that helps is there."""
        return self._is_prompting and self._prompter is None

    @property
    def reviewer(self) -> str:
        """Whose labels are worked on: one's own, or while it is decided between others the final ones."""
        return FINAL if self.adjudicating.on else self._settings.reviewer

    def set_reviewer(self, name: str) -> None:
        """Work on another reviewer's labels from now on; a name that cannot be a folder's is told, and not taken."""
        self.store.journal_path(name, "any")
        self._settings.reviewer = name
        if self._episode_id:
            self.open(self._folder, self._episode_id)

    def open(self, dataset: Path, episode_id: str) -> None:
        """Turn to an episode."""
        self.line.hide()
        self.sight.line.hide()
        self._folder, self._episode_id = dataset, episode_id
        self.segmenting.turn((dataset, self.reviewer, episode_id))
        self.suggesting.offer(())
        self.desk.open(self.store, self.reviewer, episode_id)
        self.comparing.open(self.store, self.reviewer, episode_id)
        self.adjudicating.turn(on=self.adjudicating.on)
        self.queue.of(dataset, self.reviewer)
        self.words.of(dataset)
        self._call_off_prompting()
        self._prompts = Prompts()
        self._texts = ()
        self.segmenting.snap_targets = NO_FRAMES
        self._is_prompting = False
        self.boxes.names = ()
        self._set_stretch()
        self._begin_prompting()

    def close(self) -> None:
        """Let go of it."""
        self.line.hide()
        self.sight.line.hide()
        self.desk.close()
        self.comparing.close()
        self._call_off_prompting()
        self._episode_id = ""

    def hand_over(self) -> None:
        """What stands in a line is the label's text now."""
        self.line.keep()
        self.sight.line.keep()

    def join(self, timeout_s: float) -> None:
        """Wait, after `close`, for what is still being written; each kind of it for so long at most."""
        self.desk.join(timeout_s)
        self.comparing.join(timeout_s)
        self.words.join(timeout_s)
        for prompter in self._left:
            prompter.join(timeout_s)

    def tiers(self, film: Film) -> Sequence[Lane]:
        """The lanes of labels, as many as there is something in."""
        self._film = film
        self._set_stretch()
        self._begin_prompting()
        said = utterances(film.events)
        self._tiers = self._wanted()
        suggested, notes, boxes = self._tiers
        lanes: list[Lane] = [ReadSpansLane("speech", said)] if said else []
        subtask = FINAL if self.adjudicating.on else "subtask"
        lanes.append(LabelLane(subtask, Tier.SUBTASK, self.desk, self.segmenting))
        self._beside = tuple(self.comparing.shown)
        lanes += [OtherLane(name, partial(self._said_by, name), self._hatched) for name in self._beside]
        lanes += [SuggestionLane(self.suggesting)] if suggested else []
        lanes += [LabelLane("notes", Tier.NOTE, self.desk, self.segmenting)] if notes else []
        lanes += [BoxLane(self.desk)] if boxes else []
        return lanes

    def poll(self) -> None:
        """Take over what threads have found, and show what has changed; called again and again."""
        self.desk.poll()
        self.comparing.poll()
        self.queue.poll()
        self.words.poll()
        if self._film is not None and self._film.episode_id == self._episode_id:
            self._go_to(self.adjudicating.poll())
        if self._prompter is not None and self._prompter.prompts is not None:
            self._prompts, self._prompter = self._prompter.prompts, None
            self.suggesting.offer(() if self.adjudicating.on else self._prompts.suggestions)
            self.segmenting.snap_targets = self._prompts.snap_targets
            self._offer(self._prompts.texts, self._prompts.objects)
        if self.words.changes != self._words_shown:
            self._words_shown = self.words.changes
            self.boxes.names = ()
            self._offer(*(self.words.texts(of) for of in KINDS))
        if self.desk.revision == self._shown:
            return
        self._shown = self.desk.revision
        self._keep_name()
        self._offer_new()
        self.sight.refresh()
        changed = self._wanted() != self._tiers or tuple(self.comparing.shown) != self._beside
        if self._film is not None and changed:
            self.lanes_changed.emit()
        else:
            self._timeline.redraw()

    def write(self) -> None:
        """Write the text of the chosen label where it stands; of the one that is being made, where it begins."""
        if not self.desk.ready:
            return
        if (label := self.desk.selected) is not None:
            self._open_text(label.id)
        elif (begun := self.segmenting.begun) is not None:
            self.line.write(BEGUN_ID, begun.text, self._timeline.moment_box(begun.start_ns).toRect())

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

    def toggle_done(self) -> None:
        """The work is done, or not yet; what is final is accepted."""
        done = Progress.ACCEPTED if self.adjudicating.on else Progress.DONE
        self.desk.judge(progress=done if self.desk.judgement.progress is Progress.OPEN else Progress.OPEN)
        self.queue.touch()

    def press_number(self, number: int, position_ns: int) -> None:
        """A number means a text for the chosen label; where none is chosen and reviewers differ, one of them."""
        if self.adjudicating.at(position_ns) is not None and self.segmenting.begun is None:
            self._go_to(self.adjudicating.choose(number, position_ns))
        else:
            self.name_by_key(number)

    def toggle_adjudicating(self) -> None:
        """Decide between the others, or go back to one's own labels."""
        self.adjudicating.turn(on=not self.adjudicating.on)
        if self._episode_id:
            self.open(self._folder, self._episode_id)

    def go_differing(self, way: int, position_ns: int) -> None:
        """To the next stretch (1) that differs and is not decided, or the one before (-1)."""
        stretch = beside(self._hatched(), way, position_ns)
        self._go_to(stretch)
        if stretch is not None and not self.adjudicating.on:
            own = self.desk.labels.subtask_at(stretch.start_ns)
            self.desk.select(own.id if own is not None else "")

    def _keep_name(self) -> None:
        """Whoever has labels stays who they are, whatever the operator is called later."""
        own = not self.adjudicating.on and self.desk.ready and len(self.desk.kept_labels)
        if own and not self._settings.chosen_reviewer:
            self._settings.reviewer = self.desk.reviewer

    def _offer_new(self) -> None:
        """Texts that were written just now are on the number keys at once."""
        written = (span.text for span in self.desk.kept_labels.subtasks if span.text)
        new = [text for text in dict.fromkeys(written) if text not in self._texts]
        if new:
            self._offer_texts((*self._texts, *new))

    def _offer(self, texts: Sequence[str], objects: Sequence[str]) -> None:
        self._offer_texts(texts)
        self.boxes.offer(objects)

    def _offer_texts(self, texts: Sequence[str]) -> None:
        """These, each on the number that it has had in this episode; what is pinned comes first."""
        vocabulary = self.words.vocabulary()
        pinned = vocabulary.pinned if vocabulary is not None else ()
        before = (text for text in self._texts if text in texts) if pinned == self._pinned else ()
        self._pinned = pinned
        self._texts = tuple(dict.fromkeys((*before, *texts)))
        self.segmenting.palette = self._texts[:PALETTE_KEYS]
        self.line.offer(self._texts)

    def _go_to(self, stretch: Said | None) -> None:
        if stretch is not None:
            self.desk.select("")
            self._timeline.sought.emit(stretch.start_ns)

    def _hatched(self) -> tuple[Said, ...]:
        return self.adjudicating.open if self.adjudicating.on else self.comparing.differing

    def _said_by(self, name: str) -> EpisodeLabels:
        return self.comparing.shown.get(name, EpisodeLabels())

    def _begin_prompting(self) -> None:
        """Work out what helps, once: after everything is read, since it would hold that up, and the pictures."""
        film = self._film
        if film is None or film.episode_id != self._episode_id or not film.is_whole or self._is_prompting:
            return
        self._is_prompting = True
        path = self._folder / "episodes" / self._episode_id
        self._prompter = Prompter(path, self.store, self.reviewer, self.words)

    def _call_off_prompting(self) -> None:
        if self._prompter is not None:
            self._prompter.close()
            self._left = [one for one in self._left if not one.join(0.0)] + [self._prompter]
        self._prompter = None

    def _set_stretch(self) -> None:
        film = self._film
        if film is not None and film.episode_id == self._episode_id:
            frames = film.cameras[0].time_ns if film.cameras else film.time_ns
            self.desk.stretch = Stretch(film.start_ns, film.end_ns, frames)
        else:
            self.desk.stretch = Stretch(0, 2**62, NO_FRAMES)

    def _wanted(self) -> tuple[int, ...]:
        labels = self.desk.labels
        begun = self.segmenting.begun
        noting = begun is not None and begun.tier is Tier.NOTE
        return bool(self.suggesting.open), bool(labels.spans(Tier.NOTE)) or noting, rows_of(labels)

    def _open_text(self, label_id: str) -> None:
        self.desk.select(label_id)
        label, place = self.desk.selected, self._timeline.box_of(label_id)
        if label is None or not self.desk.ready:
            return
        if isinstance(label, BoxLabel):
            self.sight.write(label)
        elif place is not None:
            self.line.write(label_id, label.text, place.toRect())

    def _written(self, label_id: str, text: str) -> None:
        if label_id == BEGUN_ID:
            self.segmenting.name_begun(text)
            return
        self.desk.select(label_id)
        if self.desk.selected_box is not None:
            self.boxes.name(text)
        elif self.desk.selected is not None:
            self.segmenting.name(text)
        self.poll()

    def _numbered(self, label_id: str, number: int) -> None:
        self.desk.select(label_id)
        self.boxes.name_by_key(number)
        self.poll()

    def _place_line(self) -> None:
        label_id, begun = self.line.label_id, self.segmenting.begun
        if label_id == BEGUN_ID and begun is not None:
            self.line.follow(self._timeline.moment_box(begun.start_ns).toRect())
        elif label_id and (box := self._timeline.box_of(label_id)) is not None:
            self.line.follow(box.toRect())
