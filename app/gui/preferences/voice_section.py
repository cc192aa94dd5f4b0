"""Speech to subtasks: whether, how it is taken, by which recogniser, and how far that is loaded."""

from __future__ import annotations

import math

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.preferences.fields import Pick, button
from app.gui.preferences.file_choice import PathChooser
from app.gui.preferences.section import Section
from app.gui.theme import Theme
from app.gui.told.voicing import Voicing
from app.gui.told.words import utterance_words, voice_words
from app.gui.told_keys import with_keys
from app.gui.widgets.choice import Choice
from app.gui.widgets.copy_line import CopyLine
from app.gui.widgets.key_label import KeyLabel
from app.gui.widgets.label import Label
from app.gui.widgets.progress import Progress
from app.gui.wording import size
from app.session.view import Snapshot
from app.session.voice_view import VoiceView
from app.speech.whisper.catalogue import FOR_PEOPLE, PUBLISHED, SHIPPED, download_folder, names

ON, OFF, PUSH, FREE = "on", "off", "push", "free"
_FILE = "file"
_SHIPPED_NOTE = (
    f"{SHIPPED} came with Understudy. It knows eSpeak’s kitchen phrases only: good for trying things, not for people. "
    f"For people there is {FOR_PEOPLE}."
)
_FETCHED_NOTE = "It is fetched once, at its first use, to the folder below; or copy the file there by hand."
_PATH_NOTE = "A checkpoint of Whisper’s, read from where it lies."


class VoiceSection(Section):
    """The voice.

    Args:
        actions: `voice.switch`, `voice.hands_free`, `voice.talk`.
        theme: colours.
        voicing: the switch.
    """

    def __init__(self, actions: Actions, theme: Theme, voicing: Voicing) -> None:
        super().__init__("Voice")
        self._actions = actions
        self._voicing = voicing
        self._before = SHIPPED
        self._files = PathChooser(title="A checkpoint of Whisper’s", folder=False, chosen=self._use)
        small = tokens.TEXT_SMALL_PX
        self.body.addWidget(
            KeyLabel("What you say becomes subtasks ({voice.switch})", actions, size_px=small, dim=True)
        )
        self.choice = Choice("Voice", [(ON, "On"), (OFF, "Off")])
        self.body.addWidget(self.choice)
        self.body.addWidget(
            KeyLabel(
                "Taken while {voice.talk} is held, or found by itself",
                actions,
                size_px=small,
                dim=True,
            )
        )
        self.way = Choice("How speech is taken", [(PUSH, "Hold to talk"), (FREE, "Hands-free")])
        self.body.addWidget(self.way)
        self.caption("Recogniser")
        self.models = Pick(
            "Recogniser", [(name, _model_words(name)) for name in names()] + [(_FILE, "A file …")]
        )
        self.body.addWidget(self.models)
        self.note = Label(size_px=small, dim=True, wrap=True)
        self.body.addWidget(self.note)
        self.people = button(
            f"Use {FOR_PEOPLE}", f"Use {FOR_PEOPLE}, a recogniser for people", self._use_for_people
        )
        self.body.addWidget(self.people)
        self.state = Label(size_px=small, bold=True, wrap=True)
        self.body.addWidget(self.state)
        self.progress = Progress(theme, hue=tokens.VERBAL, name="How far the recogniser is loaded")
        self.body.addWidget(self.progress)
        self.cancel = button("Cancel", "Go back to the recogniser before", self._cancel)
        self.again = button("Try again", "Load the recogniser again", voicing.ask_again)
        self.body.addWidget(self.cancel)
        self.body.addWidget(self.again)
        self.caption("Fetched recognisers are kept in")
        self.folder = CopyLine("Folder of the recognisers", str(download_folder()))
        self.body.addWidget(self.folder)
        self.choice.picked.connect(self._pick)
        self.way.picked.connect(self._pick_way)
        self.models.picked.connect(self._pick_model)

    def apply(self, snapshot: Snapshot) -> None:
        """Show a snapshot."""
        voicing, voice = self._voicing, snapshot.voice
        self.choice.show_value(ON if voicing.on else OFF)
        self.way.show_value(FREE if voicing.hands_free else PUSH)
        self.models.show_value(voicing.model)
        shipped = voicing.model == SHIPPED
        self.note.say(
            _SHIPPED_NOTE if shipped else _FETCHED_NOTE if voicing.model in PUBLISHED else _PATH_NOTE
        )
        state = voice.state if voice is not None else ""
        self.people.setVisible(shipped)
        self.state.say(_state_words(voice, self._actions))
        busy = state in ("starting", "loading", "downloading")
        self.progress.setVisible(busy)
        if voice is not None and busy:
            self.progress.show_share(voice.done_bytes / voice.total_bytes if voice.total_bytes else math.nan)
        self.cancel.setVisible(state == "downloading")
        self.again.setVisible(state == "no model")

    def close_dialog(self) -> None:
        """Nothing is chosen any more."""
        self._files.close()

    def _pick(self, value: str) -> None:
        if (value == ON) is not self._voicing.on:
            self._actions.trigger("voice.switch")

    def _pick_way(self, value: str) -> None:
        if (value == FREE) is not self._voicing.hands_free:
            self._voicing.toggle_hands_free()

    def _pick_model(self, model: str) -> None:
        if model == _FILE:
            self.models.show_value(self._voicing.model)
            self._open_file()
        else:
            self._use(model)

    def _use_for_people(self) -> None:
        self._use(FOR_PEOPLE)

    def _use(self, model: str) -> None:
        if model != self._voicing.model:
            self._before = self._voicing.model
            self._voicing.choose_model(model)

    def _cancel(self) -> None:
        self._voicing.choose_model(self._before if self._before != self._voicing.model else SHIPPED)

    def _open_file(self) -> None:
        self._files.open(self.window(), start=str(download_folder()))


def _model_words(name: str) -> str:
    if name == SHIPPED:
        return f"{name}: ships with Understudy"
    about = size(PUBLISHED[name].about_mb * 1_000_000)
    return f"{name}: {about}, for people" if name == FOR_PEOPLE else f"{name}: {about}"


def _state_words(voice: VoiceView | None, actions: Actions) -> str:
    if voice is None:
        return "Off: nothing that is said is read."
    trouble = voice_words(voice)
    if trouble[0]:
        return ". ".join(part for part in trouble if part)
    if not voice.utterances:
        return with_keys("Ready. On the Drive page, hold {voice.talk} and speak.", actions)
    return with_keys(f"Ready. Last: {utterance_words(voice.utterances[-1], takes=True)[0]}", actions)
