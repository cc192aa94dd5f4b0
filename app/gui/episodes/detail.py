"""What is chosen, on the right: picture, facts, outcome, tags, notes, and what can be done."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.episodes.card import place_of
from app.gui.episodes.changes import Changes
from app.gui.episodes.table import flag_words, paint_picture
from app.gui.episodes.thumbnails import Thumbnails
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.label import Label, rule
from app.gui.widgets.mark import Mark
from app.gui.wording import counted, length, moment, size
from app.session.view import EpisodeView

_NOTES_LEAST_PX = 60
_PICTURE_MOST_PX = 240
_PICTURE_STRETCH, _NOTES_STRETCH = 30, 10


class Detail(QWidget):
    """Follows the choice. Tags and notes are saved when their field is left, so nothing is ever unsaved."""

    def __init__(self, theme: Theme, changes: Changes, pictures: Thumbnails | None = None) -> None:
        super().__init__()
        self._theme = theme
        self._changes = changes
        self._shown: tuple[EpisodeView, ...] = ()
        self._handed: tuple[str, str] | None = None  # saved already, though the episode may not show it yet
        self._prefix = ""
        self._damage_words = ""
        self._problems: tuple[str, ...] = ()
        self._outcomes: list[ActionButton] = []
        self._buttons: list[ActionButton] = []
        self._picture = _Picture(theme, pictures) if pictures is not None else None
        self._title = Label(size_px=tokens.TEXT_LARGE_PX, bold=True, wrap=True)
        self._facts = Label(dim=True, wrap=True)
        self._damage = Label(wrap=True)
        self.tags = QLineEdit()
        self.notes = QPlainTextEdit()
        self._notes_head = Label("Notes", size_px=tokens.TEXT_SMALL_PX, dim=True)

    def build(self, actions: Actions, *, prefix: str = "episode") -> None:
        """Lay out, once the actions are registered.

        Args:
            actions: the registry.
            prefix: whose actions: those of the chosen (`episode`) or of the one that is played (`review`).
        """
        self._prefix = prefix
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(2))
        if self._picture is not None:
            column.addWidget(self._picture, stretch=_PICTURE_STRETCH)
        column.addWidget(self._title)
        column.addWidget(self._facts)
        column.addWidget(self._build_damage())
        column.addLayout(self._build_outcomes(actions))
        replay = ActionButton(actions[f"{prefix}.replay"], self._theme, title="Replay")
        flag = ActionButton(actions[f"{prefix}.flag"], self._theme, title="Flag")
        trash = ActionButton(actions[f"{prefix}.trash"], self._theme)
        self._buttons = [*self._outcomes, replay, flag, trash]
        if self._picture is not None:
            open_it = ActionButton(actions[f"{prefix}.open"], self._theme)
            column.addWidget(open_it)
            self._buttons.append(open_it)
        pair = QHBoxLayout()
        pair.setSpacing(tokens.steps(2))
        pair.addWidget(replay, stretch=1)
        pair.addWidget(flag, stretch=1)
        column.addLayout(pair)
        column.addWidget(rule())
        for words, field in (
            (Label("Tags, with commas between", dim=True), self.tags),
            (self._notes_head, self.notes),
        ):
            words.setFont(tokens.font(tokens.TEXT_SMALL_PX))
            field.setFont(tokens.font())
            field.setAccessibleName(words.text())
            column.addWidget(words)
            column.addWidget(field, stretch=_NOTES_STRETCH if field is self.notes else 0)
        self.tags.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        self.tags.editingFinished.connect(self.save)
        self.notes.setMinimumHeight(_NOTES_LEAST_PX)
        self.notes.setTabChangesFocus(True)
        column.addWidget(trash)
        column.addStretch(1)

    def show_choice(self, episodes: tuple[EpisodeView, ...]) -> None:
        """Show one episode, or what several have in common."""
        if episodes is not self._shown:
            self._take(episodes)
        for button in self._buttons:
            button.refresh()

    def _take(self, episodes: tuple[EpisodeView, ...]) -> None:
        same = [e.episode_id for e in episodes] == [e.episode_id for e in self._shown]
        if not same:
            self.save()
        changed = episodes != self._shown
        self._shown = episodes
        if changed:
            self.setVisible(bool(episodes))
            if episodes:
                self._fill(same)

    def picture_arrived(self) -> None:
        """There may be a picture now."""
        if self._picture is not None:
            self._picture.update()

    def tell(self, problems: tuple[str, ...]) -> None:
        """Say what else was found to be wrong with the episode."""
        if problems != self._problems:
            self._problems = problems
            self._show_damage()

    def save(self) -> None:
        """Hand over tags and notes that were typed; called whenever a field is left."""
        shown = self._shown
        if not shown:
            return
        notes = self.notes.toPlainText().strip()
        handed = (self.tags.text(), notes)
        if handed == self._handed:
            return
        self._handed = handed
        before = common_tags(shown)
        tags = tuple(dict.fromkeys(tag.strip() for tag in self.tags.text().split(",") if tag.strip()))
        if tags != before:
            removed = [tag for tag in before if tag not in tags]
            self._changes.retag(shown, add=[tag for tag in tags if tag not in before], remove=removed)
        if len(shown) == 1:
            self._changes.note(shown[0], notes)

    def _fill(self, same: bool) -> None:
        shown = self._shown
        self._handed = None
        one = shown[0] if len(shown) == 1 else None
        outcomes = {episode.outcome for episode in shown}
        if one is not None:
            look = tokens.OUTCOME_LOOKS.get(one.outcome, tokens.OUTCOME_LOOKS["unset"])
            made = f"{moment(one.started_at)}, by {one.operator}" if one.operator else moment(one.started_at)
            held = size(one.bytes_written) if one.bytes_written else ""
            first = "   ".join(part for part in (look.word, length(one.duration_s), held) if part)
            self._title.say(one.task or "no task")
            lines = (first, made, place_of(one), one.episode_id)
            self._facts.say("\n".join(line for line in lines if line))
        else:
            self._title.say(f"{counted(len(shown), 'episode')} chosen")
            total_s = sum(episode.duration_s for episode in shown)
            self._facts.say(f"{length(total_s)} in all\nWhat you do now is done to each of them.")
        self._damage_words = (
            (one.damage or ("" if one.complete else "It was cut short; what is there is whole."))
            if one
            else ""
        )
        self._show_damage()
        if self._picture is not None:
            self._picture.show_of(one.episode_id if one is not None else "")
        if not (same and self.tags.hasFocus()):
            self.tags.setText(", ".join(common_tags(shown)))
        for widget in (self.notes, self._notes_head):
            widget.setVisible(one is not None)
        if one is not None and not (same and self.notes.hasFocus()):
            self.notes.setPlainText(one.notes)
        for button in self._outcomes:
            button.set_lit(outcomes == {button.action_id.removeprefix(f"{self._prefix}.")})
        self.setAccessibleDescription(flag_words(one) if one is not None else "")

    def _show_damage(self) -> None:
        words = "\n".join(dict.fromkeys(words for words in (self._damage_words, *self._problems) if words))
        self._damage_box.setVisible(bool(words))
        self._damage.say(words)

    def _build_damage(self) -> QWidget:
        self._damage_box = QWidget()
        row = QHBoxLayout(self._damage_box)
        row.setContentsMargins(0, 0, 0, 0)
        mark = Mark("mdi6.alert", self._theme, size_px=tokens.ICON_PX, hue=tokens.WARNING)
        row.addWidget(mark, alignment=Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._damage, stretch=1)
        return self._damage_box

    def _build_outcomes(self, actions: Actions) -> QHBoxLayout:
        looks = (
            ("success", "Success", tokens.GOOD, tokens.ON_HUE),
            ("failure", "Failure", tokens.ALARM, tokens.ON_ALARM),
            ("unset", "Clear", "", tokens.ON_HUE),
        )
        row = QHBoxLayout()
        row.setSpacing(tokens.steps(2))
        for outcome, title, hue, ink in looks:
            action = actions[f"{self._prefix}.{outcome}"]
            button = ActionButton(action, self._theme, hue=hue, ink=ink, title=title, compact=True)
            self._outcomes.append(button)
            row.addWidget(button, stretch=1)
        return row


class _Picture(QWidget):
    """The chosen episode's picture, as large as there is room for."""

    def __init__(self, theme: Theme, pictures: Thumbnails) -> None:
        super().__init__()
        self._theme = theme
        self._pictures = pictures
        self._episode_id = ""
        self.setMinimumHeight(0)
        self.setMaximumHeight(_PICTURE_MOST_PX)

    def show_of(self, episode_id: str) -> None:
        """Show this episode's; none for an empty id."""
        self._episode_id = episode_id
        self.setVisible(bool(episode_id))
        self.setAccessibleName(f"Picture of {episode_id}")
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The picture or its placeholder; nothing where there is too little room."""
        if not self._episode_id or self.height() < tokens.CONTROL_HEIGHT_PX:
            return
        image = self._pictures.large(self._episode_id)
        problem = self._pictures.problem(self._episode_id)
        self.setToolTip(problem)
        paint_picture(QPainter(self), self.rect(), image, theme=self._theme, problem=problem)


def common_tags(episodes: tuple[EpisodeView, ...]) -> tuple[str, ...]:
    """The tags that every one of the episodes has, in the order of the first."""
    return tuple(tag for tag in episodes[0].tags if all(tag in episode.tags for episode in episodes))
