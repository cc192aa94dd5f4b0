"""Settings: what every input means; look, sound, and where things are kept."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from app.gui import scale, tokens
from app.gui.actions import Actions
from app.gui.hearing import Hearing
from app.gui.input_desk import InputDesk
from app.gui.pages.page import Page
from app.gui.preferences.inputs_section import InputsSection
from app.gui.preferences.look_section import LookSection
from app.gui.preferences.places_section import PlacesSection
from app.gui.preferences.policy_section import PolicySection
from app.gui.preferences.sound_section import SoundSection
from app.gui.preferences.voice_section import VoiceSection
from app.gui.preferences.words_section import WordsSection
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.told.desk import ToldDesk
from app.gui.widgets.choice import Choice
from app.gui.widgets.label import rule
from app.gui.widgets.scroll import scrolled
from app.session.view import Snapshot

GENERAL, VOICE, POLICY = "general", "voice", "policy"


class SettingsPage(Page):
    """Inputs on the left; at the right the rest, in three parts of one or more sections each."""

    page_id = "settings"
    title = "Settings"
    key = "Ctrl+,"
    icon = "mdi6.cog-outline"

    def __init__(
        self,
        theme: Theme,
        *,
        settings: Settings,
        desk: InputDesk,
        hearing: Hearing,
        told: ToldDesk,
        tell: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._theme = theme
        self._settings = settings
        self._desk = desk
        self._hearing = hearing
        self._told = told
        self._tell = tell
        self._built = False
        self.places = PlacesSection(settings.folder)

    def build(self, actions: Actions) -> None:
        """Lay out, once every action is registered."""
        self.inputs = InputsSection(actions, self._theme, self._desk)
        self.sound = SoundSection(actions, self._settings)
        self.words = WordsSection(actions, self._theme, self._hearing)
        self.look = LookSection(actions, self._theme, self._settings)
        self.voice = VoiceSection(actions, self._theme, self._told.voicing)
        self.policy = PolicySection(self._theme, self._settings, self._told.policies)
        self.parts = Choice("Settings of", [(GENERAL, "General"), (VOICE, "Voice"), (POLICY, "Policy")])
        self.parts.show_value(GENERAL)
        self.parts.picked.connect(self.show_part)
        self._areas = {
            GENERAL: _column(self.look, self.sound, self.places),
            VOICE: _column(self.voice, self.words),
            POLICY: _column(self.policy),
        }
        self._side = QStackedWidget()
        for column in self._areas.values():
            self._side.addWidget(column)
        area = QWidget()
        area.setObjectName("side")
        area.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        area.setFixedWidth(tokens.SIDE_WIDTH_PX)
        beside = QVBoxLayout(area)
        beside.setContentsMargins(tokens.LINE_PX, 0, 0, 0)  # the line at the left stays in sight
        beside.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(tokens.steps(4), tokens.steps(4), tokens.steps(4), 0)
        head.addWidget(self.parts)
        beside.addLayout(head)
        beside.addWidget(self._side, stretch=1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.inputs, stretch=1)
        row.addWidget(area)
        self._built = True

    def show_part(self, part: str) -> None:
        """Show one of the parts at the right: `general`, `voice` or `policy`."""
        self.parts.show_value(part)
        self._side.setCurrentWidget(self._areas[part])

    def close_dialogs(self) -> None:
        """Close what lies over the window."""
        self.voice.close_dialog()
        self.policy.close_dialog()

    @property
    def chosen(self) -> str:
        """The id of the action chosen in the list of inputs."""
        return self.inputs.detail.action_id if self._built else ""

    def apply(self, snapshot: Snapshot) -> None:
        """Show a snapshot."""
        self.inputs.apply(snapshot)
        self.look.apply(snapshot)
        self.sound.apply(snapshot)
        self.words.apply(snapshot)
        self.voice.apply(snapshot)
        self.policy.apply(snapshot)
        self.places.apply(snapshot)

    def entered(self) -> None:
        """The list has the keys."""
        self.look.refresh()
        self.sound.refresh()
        self.inputs.list.setFocus()

    def left(self) -> None:
        """Nothing is waited for on another page."""
        self._desk.end_capture()
        self.close_dialogs()

    def bind(self) -> None:
        """Wait for the next input of the chosen action."""
        self.inputs.list.setFocus()  # so that no line of text takes the key
        self.inputs.detail.bind()

    def remove_last(self) -> None:
        """Take away its newest trigger."""
        self.inputs.detail.remove_last()

    def reset(self) -> None:
        """Give it back what it came with."""
        self.inputs.detail.reset()

    def look_for(self) -> None:
        """Look for an action by its name or its key."""
        self.inputs.search.setFocus()
        self.inputs.search.selectAll()

    def step_scale(self, by: int) -> None:
        """Everything larger or smaller by a step, from the next start on."""
        self._settings.scale = scale.stepped(self._settings.scale, by, now=scale.in_use())
        self.look.refresh()
        self._tell(f"{scale.wanted(self._settings):.0%} from the next start on")


def _column(*sections: QWidget) -> QScrollArea:
    """One section below the other, with a line between."""
    column = QWidget()
    column.setObjectName("panel")
    body = QVBoxLayout(column)
    body.setContentsMargins(*([tokens.steps(4)] * 4))
    body.setSpacing(tokens.steps(4))
    for number, section in enumerate(sections):
        if number:
            body.addWidget(rule())
        body.addWidget(section)
    body.addStretch()
    return scrolled(column)
