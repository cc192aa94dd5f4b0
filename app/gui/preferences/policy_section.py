"""The policy: what it is, who names its subtasks, how its chunks are run; loaded and unloaded here."""

from __future__ import annotations

import math

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from app.autonomy.checking import ACTION_SPACES, DEVICES, MOST_STEPS
from app.autonomy.choice import HighLevel, PolicyKind
from app.gui import tokens
from app.gui.preferences.fields import Field, Pick, button
from app.gui.preferences.file_choice import PathChooser
from app.gui.preferences.section import Section
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.told.policies import Policies
from app.gui.widgets.choice import Choice
from app.gui.widgets.label import Label
from app.gui.widgets.progress import Progress
from app.gui.widgets.tick_box import TickBox
from app.gui.wording import millis, sentence
from app.session.policy_view import PolicyView
from app.session.view import Snapshot
from policy.presets import BASELINES, PRESETS

_KINDS = (
    (PolicyKind.SCRIPTED, "Scripted: not learned"),
    (PolicyKind.CHECKPOINT, "Checkpoint on this machine"),
    (PolicyKind.SERVER, "Server"),
    (PolicyKind.RANDOM, "Random weights, for timing"),
)
_NOTES = {
    PolicyKind.SCRIPTED: "The scripted operator’s motions as chunks. It looks at no picture: it sees the true state of "
    "the simulated kitchen, and exists to try things. Nothing in it was learned.",
    PolicyKind.CHECKPOINT: "A folder with the weights of a policy, in this project’s or openpi’s form.",
    PolicyKind.SERVER: "Another machine that runs a policy: “understudy serve”, or one of openpi’s.",
    PolicyKind.RANDOM: "A network of the right size that has learned nothing. The robot moves at random, within its "
    "limits; it is for measuring times.",
}
_LEVELS = (
    (HighLevel.MODEL, "The policy itself: hierarchical"),
    (HighLevel.IMPLICIT, "Nobody: the task as it is, implicit"),
    (HighLevel.HUMAN, "A person, as when it listens"),
    (HighLevel.REMOTE, "A remote vision-language model"),
)
_SPACES = {"joint": "Joint targets", "end_effector": "Hand poses"}


class PolicySection(Section):
    """Fields that a kind of policy does not need are not shown.

    Args:
        theme: colours.
        settings: whether the dead man's switch is needed.
        policies: the choice.
    """

    def __init__(self, theme: Theme, settings: Settings, policies: Policies) -> None:
        super().__init__("Policy")
        self._settings = settings
        self._policies = policies
        self._folders = PathChooser(title="A checkpoint’s folder", folder=True, chosen=policies.pick_folder)
        small = tokens.TEXT_SMALL_PX
        self.caption("What moves the robot when it listens or goes alone")
        self.kind = Pick("Kind of policy", [(kind.value, words) for kind, words in _KINDS])
        self.body.addWidget(self.kind)
        self.note = Label(size_px=small, dim=True, wrap=True)
        self.body.addWidget(self.note)
        self.state = Label(size_px=small, bold=True, wrap=True)
        self.body.addWidget(self.state)
        self.progress = Progress(theme, hue=tokens.AUTONOMOUS, name="The policy is being loaded")
        self.body.addWidget(self.progress)
        self.load_button = button("Load", "Load this policy", policies.load)
        self.unload_button = button("Unload", "Have no policy any more", policies.unload)
        row = QHBoxLayout()
        row.setSpacing(tokens.steps(2))
        row.addWidget(self.load_button, stretch=1)
        row.addWidget(self.unload_button, stretch=1)
        self.body.addLayout(row)
        self.folder = Field(
            "Checkpoint’s folder",
            "Folder",
            button("Folder …", "Choose the checkpoint’s folder", self._open_folder),
        )
        self.config = Field("Configuration", "Only where the checkpoint does not say")
        self.tokenizer = Field("Text vocabulary", "Only where the checkpoint brings none")
        self.address = Field("Server’s address", "ws://host:8000")
        self.preset = Pick("Preset", [(name, name) for name in (*PRESETS, *BASELINES)])
        self.device = Choice("Device", [(name, name) for name in DEVICES])
        self._checkpoint = _group(
            ("Folder", self.folder),
            ("Configuration", self.config),
            ("Text vocabulary, a file", self.tokenizer),
        )
        self._server = _group(("Address", self.address))
        self._random = _group(("Preset", self.preset))
        self._device = _group(("Computed on", self.device))
        for group in (self._checkpoint, self._server, self._random, self._device):
            self.body.addWidget(group)
        self.caption("Who names the subtasks when it goes alone")
        self.level = Pick("Who names subtasks", [(level.value, words) for level, words in _LEVELS])
        self.body.addWidget(self.level)
        self.remote_address = Field("Remote model’s address", "http://host:8000/v1")
        self.remote_model = Field("Remote model’s name", "As its server calls it")
        self.remote_key = Field("Variable that holds its key", "Empty where it needs none")
        self._remote = _group(
            ("Address", self.remote_address),
            ("Model", self.remote_model),
            ("Environment variable that holds the key; the key is stored nowhere", self.remote_key),
        )
        self.body.addWidget(self._remote)
        self.steps = _steps_box()
        self.space = Choice("Chunks hold", [(space, _SPACES.get(space, space)) for space in ACTION_SPACES])
        self._chunks = _group(
            ("Steps of a chunk to run before the next", self.steps), ("A chunk holds", self.space)
        )
        self.body.addWidget(self._chunks)
        self.dead_man = TickBox("Moves only while the dead man’s switch is held")
        self.dead_man.setFont(tokens.font(small))
        self.body.addWidget(self.dead_man)
        self._join()

    def apply(self, snapshot: Snapshot) -> None:
        """Show the choice, and what is loaded."""
        choice, kind = self._policies.choice, self._policies.choice.kind
        self.kind.show_value(kind.value)
        self.note.say(_NOTES[kind])
        self._checkpoint.setVisible(kind is PolicyKind.CHECKPOINT)
        self._server.setVisible(kind is PolicyKind.SERVER)
        self._random.setVisible(kind is PolicyKind.RANDOM)
        self._device.setVisible(kind in (PolicyKind.CHECKPOINT, PolicyKind.RANDOM))
        source = choice.source
        self.folder.say(source if kind is PolicyKind.CHECKPOINT else "")
        self.address.say(source if kind is PolicyKind.SERVER else "")
        if kind is PolicyKind.RANDOM:
            self.preset.show_value(source or "pi05-small")
        self.config.say(choice.config)
        self.tokenizer.say(choice.tokenizer)
        self.device.show_value(choice.device)
        self.level.show_value(choice.high_level.value)
        self._remote.setVisible(choice.high_level is HighLevel.REMOTE)
        self.remote_address.say(choice.remote_address)
        self.remote_model.say(choice.remote_model)
        self.remote_key.say(choice.remote_key_variable)
        if not self.steps.hasFocus():
            self.steps.setValue(choice.execute_steps)
        self.space.show_value(choice.action_space)
        self.dead_man.setChecked(self._settings.dead_man)
        policy = snapshot.policy
        self.state.say(self._state_words(policy))
        busy = policy is not None and policy.state in ("starting", "loading")
        self.progress.setVisible(busy)
        self.progress.show_share(math.nan)
        self.load_button.setEnabled(not self._policies.missing and not busy)
        self.load_button.setText("Load" if self._policies.unloaded else "Load again")
        self.unload_button.setEnabled(policy is not None)

    def close_dialog(self) -> None:
        """Nothing is chosen any more."""
        self._folders.close()

    def _state_words(self, policy: PolicyView | None) -> str:
        if missing := self._policies.missing:
            return sentence(missing)
        if policy is None:
            return "Not loaded. It is loaded when the robot is first to listen or to go alone, or now."
        changed = " What is chosen here counts when it is loaded." if self._policies.unloaded else ""
        match policy.state:
            case "ready":
                took = (
                    "" if math.isnan(policy.chunk_ms_p50) else f", {millis(policy.chunk_ms_p50, 0)} a chunk"
                )
                steps = f"{policy.execute_steps} of {policy.horizon} steps at {policy.rate_hz:.0f} Hz"
                return f"Loaded: {policy.name}, {steps}{took}.{changed}"
            case "failed" | "lost":
                return f"Not loaded: {policy.detail or policy.state}.{changed}"
            case _:
                return f"Loading {policy.detail}{changed}"

    def _join(self) -> None:
        change = self._policies.change
        self.kind.picked.connect(lambda words: self._policies.pick_kind(PolicyKind(words)))
        self.folder.given.connect(self._policies.pick_folder)
        self.address.given.connect(lambda words: change(source=words))
        self.preset.picked.connect(lambda words: change(source=words))
        self.config.given.connect(lambda words: change(config=words))
        self.tokenizer.given.connect(lambda words: change(tokenizer=words))
        self.device.picked.connect(lambda words: change(device=words))
        self.level.picked.connect(lambda words: change(high_level=HighLevel(words)))
        self.remote_address.given.connect(lambda words: change(remote_address=words))
        self.remote_model.given.connect(lambda words: change(remote_model=words))
        self.remote_key.given.connect(lambda words: change(remote_key_variable=words))
        self.steps.editingFinished.connect(lambda: change(execute_steps=self.steps.value()))
        self.space.picked.connect(lambda words: change(action_space=words))
        self.dead_man.clicked.connect(self._need_dead_man)

    def _need_dead_man(self, needed: bool) -> None:
        self._settings.dead_man = needed

    def _open_folder(self) -> None:
        self._folders.open(self.window(), start=self._policies.choice.source)


def _group(*fields: tuple[str, QWidget]) -> QWidget:
    """Captions and fields that come and go together."""
    group = QWidget()
    column = QVBoxLayout(group)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(tokens.steps(2))
    for words, field in fields:
        column.addWidget(Label(words, size_px=tokens.TEXT_SMALL_PX, dim=True, wrap=True))
        column.addWidget(field)
    return group


def _steps_box() -> QSpinBox:
    box = QSpinBox()
    box.setRange(0, MOST_STEPS)
    box.setSpecialValueText("The policy’s own number")
    box.setFont(tokens.font())
    box.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
    box.setAccessibleName("Steps of a chunk to run before the next")
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return box
