"""Review: one episode, played with everything that was recorded on one clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.episodes.changes import Changes
from app.gui.episodes.detail import Detail
from app.gui.labels.labelling import Labelling
from app.gui.labels.panel import LabelPanel
from app.gui.pages.page import Page
from app.gui.review.film import Film
from app.gui.review.heard import Heard
from app.gui.review.joint_menu import JointMenu
from app.gui.review.player import Player
from app.gui.review.saying import Saying
from app.gui.review.show import LOOK_MS, Show
from app.gui.review.side import EPISODE, ReviewSide
from app.gui.review.tile import FilmGrid
from app.gui.review.timeline import Timeline
from app.gui.review.transport import Transport
from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.told_keys import with_keys
from app.gui.widgets.recent_episodes import finished
from app.gui.wording import headline, sentence
from app.session.view import EpisodeView, Snapshot

_PLAYER, _SAYING = range(2)
_KEPT_S = 3.0


class ReviewPage(Page):
    """Pictures above, the timeline below, what is said of the episode on the right."""

    page_id = "review"
    title = "Review"
    key = "Ctrl+2"
    icon = "mdi6.play-box-outline"

    def __init__(self, session: SessionLike, theme: Theme, *, settings: Settings, changes: Changes) -> None:
        super().__init__()
        self._theme = theme
        self._settings = settings
        self._dataset = session.snapshot().dataset
        self._listed: tuple[str, ...] = ()
        self._episodes: tuple[EpisodeView, ...] = ()
        self._by_id: dict[str, EpisodeView] = {}
        self._asked = EpisodeView("", "", "unset", "", 0.0, True)
        self._show: Show | None = None
        self._here = False
        self.grid = FilmGrid()
        self.timeline = Timeline(theme)
        self.heard = Heard(settings)
        self.detail = Detail(theme, changes)
        self._pages = QStackedWidget()
        self._saying = Saying(theme)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._look)
        self.timeline.sought.connect(self._seek)
        self.labelling = Labelling(self.timeline, self.grid, settings)
        self.labelling.lanes_changed.connect(self._lay_lanes)
        self.labelling.line.left.connect(self.timeline.setFocus)
        self.labelling.sight.line.left.connect(self.timeline.setFocus)
        self.labelling.sight.taken.connect(self.pause)
        self.panel = LabelPanel(self.labelling, theme)

    def build(self, actions: Actions) -> None:
        """Lay out, once the actions are registered."""
        self._actions = actions
        self.transport = Transport(actions, self._theme, self.heard)
        self.curves = JointMenu(actions["review.curves"], self._theme, self._numbers, self._toggle_number)
        strip = QWidget()
        strip.setObjectName("panel")
        strip.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        line = QHBoxLayout(strip)
        line.setContentsMargins(0, 0, tokens.steps(3), 0)
        line.addWidget(self.transport, stretch=1)
        line.addWidget(self.curves)
        player = QWidget()
        column = QVBoxLayout(player)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.grid, stretch=5)
        column.addWidget(strip)
        column.addWidget(self.timeline, stretch=4)
        self._pages.addWidget(player)
        self._pages.addWidget(self._saying)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._pages, stretch=1)
        self.panel.build(actions)
        self.detail.build(actions, prefix="review")
        self.side = ReviewSide(actions, self._theme, labels=self.panel, episode=self.detail)
        row.addWidget(self.side)
        self._say("mdi6.play-box-outline", *_NOTHING)

    @property
    def episode_id(self) -> str:
        """The episode that is shown; empty for none."""
        return self._asked.episode_id

    @property
    def episode(self) -> EpisodeView | None:
        """The same, as the list knows it now; None when it is gone from there."""
        return self._by_id.get(self.episode_id)

    @property
    def open_film(self) -> Film | None:
        """What is played, once it is open."""
        return self._show.film if self._show is not None else None

    @property
    def is_read(self) -> bool:
        """Whether everything of the episode but its pictures is there."""
        return (film := self.open_film) is not None and film.is_whole

    @property
    def player(self) -> Player | None:
        """The playhead, once the episode is open."""
        return self._show.player if self._show is not None and self._show.film is not None else None

    @property
    def position_ns(self) -> int:
        """Where the playhead is; 0 while nothing is open."""
        return self.player.position_ns if self.player is not None else 0

    def mark_label(self) -> None:
        """Begin a label at the playhead, or end it there."""
        if (player := self.player) is not None:
            self.labelling.line.keep()
            position_ns = player.advance(time.monotonic_ns())
            self.labelling.segmenting.mark(position_ns, playing=player.playing)
            self._tick()

    def choose_label(self, way: int) -> None:
        """Choose the next label or the one before, and go to its begin."""
        if (span := self.labelling.desk.select_beside(way, self.position_ns)) is not None:
            self._seek(span.start_ns)

    def go_to_key(self, way: int) -> None:
        """Stand at the next key frame of the chosen box (1), or the one before (-1)."""
        if (time_ns := self.labelling.key_beside(way, self.position_ns)) is not None:
            self.pause()
            self._seek(time_ns)

    def take_suggestion(self) -> None:
        """Take the suggestion at the playhead, or the next one, and go there."""
        if (span := self.labelling.suggesting.take(self.position_ns)) is not None:
            self._seek(max(span.start_ns, self.position_ns))

    def refuse_suggestion(self) -> None:
        """Refuse the suggestion at the playhead, or the next one."""
        self.labelling.suggesting.refuse(self.position_ns)
        self._tick()

    def undo_newer(self, than_ns: int) -> bool:
        """Take the last step of the labels back where it is newer than a moment (ns since 1970); whether it was."""
        desk = self.labelling.desk
        newer = self._here and bool(desk.undoable) and desk.undoable_utc_ns >= than_ns
        if newer:
            desk.undo()
        return newer

    def open(self, episode: EpisodeView, listed: tuple[EpisodeView, ...]) -> None:
        """Show an episode; the list says what comes before and after it."""
        self._listed = tuple(other.episode_id for other in listed)
        self._by_id.setdefault(episode.episode_id, episode)
        if episode.episode_id != self.episode_id or self._show is None or self._show.reader.problem:
            self._load(episode)

    def next_of_queue(self) -> None:
        """Show what the reviewer is to look at next."""
        episode_id = self.labelling.queue.next_after(self.episode_id, self._by_id)
        if episode_id:
            self._load(self._by_id[episode_id])

    def apply(self, snapshot: Snapshot) -> None:
        """Follow what is said of the episode, and show the newest of it."""
        self._dataset = snapshot.dataset
        episodes = finished(snapshot)
        if episodes is not self._episodes:
            self._episodes = episodes
            self._by_id = {episode.episode_id: episode for episode in episodes}
        if not self.episode_id and episodes:
            self.open(episodes[0], episodes)
        shown = self.episode
        self.detail.show_choice((shown,) if shown is not None else ())
        self.detail.tell(self._problems())
        self.curves.refresh()
        self.side.refresh()
        self.transport.refresh()
        self.labelling.poll()
        self.panel.refresh(self.player.start_ns if self.player is not None else 0, self.position_ns)
        if self._here and not self._timer.isActive():
            self._tick()

    def entered(self) -> None:
        """Go on where one was."""
        was_here, self._here = self._here, True
        if self._show is not None and not was_here:
            self._show.reopen()
            self.labelling.open(Path(self._dataset), self.episode_id)
        self._tick()

    def left(self) -> None:
        """Stand still, and let go of the disk."""
        self._here = False
        self._timer.stop()
        self.detail.save()
        if self._show is not None:
            self._show.player.pause(time.monotonic_ns())
            self._show.close()
        self.labelling.close()

    def ended(self) -> None:
        """The window is closed: wait until what was done to labels is kept."""
        self.labelling.join(_KEPT_S)

    def go(self, way: int) -> None:
        """Show the next episode of the list (1), or the one before (-1)."""
        if (other := self._neighbour(way)) is not None:
            self._load(other)

    def can_go(self, way: int) -> bool:
        """Whether there is one."""
        return self._neighbour(way) is not None

    def toggle(self) -> None:
        """Play or pause."""
        self._move(lambda player, now_ns: player.toggle(now_ns))

    def pause(self) -> None:
        """Stand still."""
        self._move(lambda player, now_ns: player.pause(now_ns))

    def shuttle(self, *, backwards: bool) -> None:
        """Play that way; again for double speed."""
        self._move(lambda player, now_ns: player.shuttle(now_ns, backwards=backwards))

    def change_rate(self, steps: int) -> None:
        """Faster or slower."""
        self._move(lambda player, now_ns: player.change_rate(steps, now_ns))

    def toggle_loop(self) -> None:
        """Begin anew at the end, or stop there."""
        if self.player is not None:
            self.player.loop = not self.player.loop
            self._tick()

    def step(self, frames: int) -> None:
        """So many frames on or back."""
        if self._show is not None:
            self._show.step(frames)
            self._tick()

    def jump(self, seconds: float) -> None:
        """So many seconds on or back."""
        if self._show is not None:
            self._show.jump(seconds)
            self._tick()

    def mark(self, way: int) -> None:
        """To the next event, or the one before."""
        if self._show is not None:
            self._show.mark(way)
            self._tick()

    def to_end(self, *, first: bool) -> None:
        """To the first or the last moment."""
        if (player := self.player) is not None:
            self._seek(player.start_ns if first else player.end_ns)

    def zoom(self, factor: float) -> None:
        """Show so many times as much; the whole episode for 0."""
        if factor:
            self.timeline.zoom(factor)
        else:
            self.timeline.show_all()

    def choose_curves(self) -> None:
        """Drop the menu of numbers."""
        self.curves.show_menu()

    def focus_notes(self) -> None:
        """Write."""
        self.side.show_sheet(EPISODE)
        self.detail.notes.setFocus()

    def _load(self, episode: EpisodeView) -> None:
        self.detail.save()
        if self._show is not None:
            self._show.close()
        self._asked = episode
        path = Path(self._dataset) / "episodes" / episode.episode_id
        self._show = Show(
            path,
            grid=self.grid,
            timeline=self.timeline,
            theme=self._theme,
            chosen=self._settings.review_joints,
            heard=self.heard,
            tiers=self.labelling.tiers,
        )
        if self._here:
            self.labelling.open(Path(self._dataset), episode.episode_id)
        else:
            self._show.close()
        self._tick()

    def _move(self, act: Callable[[Player, int], None]) -> None:
        if (player := self.player) is not None:
            act(player, time.monotonic_ns())
            self._tick()

    def _seek(self, time_ns: int) -> None:
        if self._show is not None and self._show.film is not None:
            self._show.seek(time_ns)
            self._tick()

    def _look(self) -> None:
        """Show what is new, if anything is."""
        if self._show is not None and not self._show.waits:
            self._tick()

    def _tick(self) -> None:
        """Show what there is now; the timer only runs while something moves or is being opened."""
        show = self._show
        if show is None or not self._here:
            return
        self.labelling.poll()
        show.player.loop_range = self.labelling.chosen_range
        if show.tick() and show.film is not None:
            self._pages.setCurrentIndex(_PLAYER)
            self.transport.apply(show.player, show.film)
            wait_ms = show.look_in_ms
        elif show.reader.problem:
            self._say_unreadable(show.reader.problem)
            wait_ms = 0
        else:
            wait_ms = LOOK_MS
        if wait_ms:
            self._timer.start(wait_ms)
        else:
            self._timer.stop()

    def _lay_lanes(self) -> None:
        if self._show is not None:
            self._show.show_lanes()

    def _neighbour(self, way: int) -> EpisodeView | None:
        if self.episode_id not in self._listed:
            return None
        at = self._listed.index(self.episode_id) + way
        while 0 <= at < len(self._listed):
            if (other := self._by_id.get(self._listed[at])) is not None:
                return other
            at += way
        return None

    def _problems(self) -> tuple[str, ...]:
        problems = film.problems if (film := self.open_film) is not None else ()
        if self.episode_id and self.episode is None:
            return (with_keys(_IN_TRASH, self._actions), *problems)
        return problems

    def _numbers(self) -> list[tuple[str, bool]]:
        return self._show.numbers if self._show is not None else []

    def _toggle_number(self, name: str | None) -> None:
        if self._show is not None:
            self._settings.review_joints = self._show.toggle(name)

    def _say_unreadable(self, problem: str) -> None:
        what, remedy = headline(problem)
        do = f"understudy data verify {self.episode_id}\nunderstudy data repair {self.episode_id}"
        self._say(
            "mdi6.image-broken-variant", "This episode cannot be opened", sentence(what), sentence(remedy), do
        )

    def _say(self, icon: str, title: str, *lines: str) -> None:
        self._saying.say(icon, title, with_keys("\n\n".join(line for line in lines if line), self._actions))
        self._pages.setCurrentIndex(_SAYING)


_IN_TRASH = "It is in the trash. {episode.undo} takes back what you did last."
_NOTHING = (
    "Nothing to review yet",
    "Record an episode on the Drive page ({page.drive}); it can be played here as soon as it has ended.",
)
