"""What the window remembers: geometry, theme, page, plan, words; one file under the user's configuration directory."""

from __future__ import annotations

import getpass
from pathlib import Path

import msgspec
from PyQt6.QtCore import QByteArray, QSettings, QStandardPaths

from app.autonomy.choice import PolicyChoice
from app.collection.plan import CollectionPlan
from app.gui import tokens
from app.speech.whisper.catalogue import SHIPPED
from recordings.labels import BEST, FINAL

WORDS_KEPT = 12

_LONGEST = 64
"""Letters of a reviewer's name."""


def settings_path() -> Path:
    """Where the settings are by default: `understudy/window.ini` under the user's configuration directory."""
    root = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(root) / "understudy" / "window.ini"


def default_reviewer(operator: str) -> str:
    """The operator's name, where there is one, else the user's on this machine, as far as a folder may be called so."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no such user, in a container without names
        user = ""
    return next((name for one in (operator, user) if (name := _folder_name(one))), "reviewer")


class Settings:
    """Typed access to the settings file. A value that is missing or spoilt reads as its default."""

    def __init__(self, path: Path | None = None) -> None:
        self._store = QSettings(str(path or settings_path()), QSettings.Format.IniFormat)

    @property
    def folder(self) -> Path:
        """Where the settings are kept, and what else belongs to the user beside them."""
        return Path(self._store.fileName()).parent

    @property
    def theme(self) -> str:
        """The theme's name."""
        return str(self._store.value("theme", tokens.DARK.name))

    @theme.setter
    def theme(self, name: str) -> None:
        self._store.setValue("theme", name)

    @property
    def scale(self) -> str:
        """The size of everything that was chosen: `auto`, or a factor; see `app.gui.scale`."""
        return str(self._store.value("scale", "auto"))

    @scale.setter
    def scale(self, option: str) -> None:
        self._store.setValue("scale", option)

    @property
    def auto_scale(self) -> str:
        """The factor that the screen asked for when it was last looked at."""
        return str(self._store.value("scale_of_screen", "1"))

    @auto_scale.setter
    def auto_scale(self, factor: str) -> None:
        self._store.setValue("scale_of_screen", factor)

    @property
    def page(self) -> str:
        """The page that was open."""
        return str(self._store.value("page", "drive"))

    @page.setter
    def page(self, page: str) -> None:
        self._store.setValue("page", page)

    @property
    def curves(self) -> bool:
        """Whether the curves of the joints are unfolded."""
        return self._flag("curves", default=True)

    @curves.setter
    def curves(self, unfolded: bool) -> None:
        self._set_flag("curves", unfolded)

    @property
    def episodes_order(self) -> tuple[str, bool]:
        """The column that episodes are sorted by, and whether from the greatest down."""
        column, _, way = str(self._store.value("episodes/order", "made:down")).partition(":")
        return column, way != "up"

    @episodes_order.setter
    def episodes_order(self, order: tuple[str, bool]) -> None:
        self._store.setValue("episodes/order", f"{order[0]}:{'down' if order[1] else 'up'}")

    @property
    def episodes_hours(self) -> bool:
        """Whether the hours below the list of episodes are unfolded."""
        return self._flag("episodes/hours", default=True)

    @episodes_hours.setter
    def episodes_hours(self, unfolded: bool) -> None:
        self._set_flag("episodes/hours", unfolded)

    @property
    def review_joints(self) -> tuple[str, ...]:
        """The numbers whose curves the review shows; empty for those that move most."""
        return tuple(name for name in str(self._store.value("review/joints", "")).split(" ") if name)

    @review_joints.setter
    def review_joints(self, names: tuple[str, ...]) -> None:
        self._store.setValue("review/joints", " ".join(names))

    @property
    def chosen_reviewer(self) -> str:
        """In whose name it was chosen to make labels; empty where nobody has chosen."""
        return str(self._store.value("labels/reviewer", ""))

    @property
    def reviewer(self) -> str:
        """In whose name labels are made; until one is chosen the operator's of the plan, else this machine's user's."""
        if chosen := self.chosen_reviewer:
            return chosen
        plan = self.plan
        return default_reviewer(plan.operator if plan is not None else "")

    @reviewer.setter
    def reviewer(self, name: str) -> None:
        self._store.setValue("labels/reviewer", name)

    @property
    def label_lag_s(self) -> float:
        """How late the reviewer marks what is seen while it plays."""
        try:
            return min(max(float(str(self._store.value("labels/lag_s", "0.2"))), 0.0), 1.0)
        except ValueError:
            return 0.2

    @label_lag_s.setter
    def label_lag_s(self, lag_s: float) -> None:
        self._store.setValue("labels/lag_s", str(lag_s))

    @property
    def label_chained(self) -> bool:
        """Whether the end of a label begins the next."""
        return self._flag("labels/chained", default=False)

    @label_chained.setter
    def label_chained(self, chained: bool) -> None:
        self._set_flag("labels/chained", chained)

    @property
    def review_muted(self) -> bool:
        """Whether the review plays no sound."""
        return self._flag("review/muted", default=False)

    @review_muted.setter
    def review_muted(self, muted: bool) -> None:
        self._set_flag("review/muted", muted)

    @property
    def geometry(self) -> QByteArray | None:
        """The window's place and size, if it was ever closed."""
        value = self._store.value("geometry")
        return value if isinstance(value, QByteArray) else None

    @geometry.setter
    def geometry(self, geometry: QByteArray) -> None:
        self._store.setValue("geometry", geometry)

    @property
    def plan(self) -> CollectionPlan | None:
        """What was collected last, as one JSON value; None before there was a plan."""
        value = self._store.value("plan")
        if value is None:
            return None
        try:
            return msgspec.json.decode(str(value), type=CollectionPlan)
        except msgspec.DecodeError:
            return CollectionPlan()

    @plan.setter
    def plan(self, plan: CollectionPlan) -> None:
        self._store.setValue("plan", msgspec.json.encode(plan).decode())

    @property
    def muted(self) -> bool:
        """Whether nothing is spoken."""
        return self._flag("muted", default=False)

    @muted.setter
    def muted(self, muted: bool) -> None:
        self._set_flag("muted", muted)

    @property
    def listening(self) -> bool:
        """Whether spoken words are listened for."""
        return self._flag("listening", default=False)

    @listening.setter
    def listening(self, on: bool) -> None:
        self._set_flag("listening", on)

    @property
    def microphone(self) -> str:
        """The microphone's name; empty for the system's default."""
        return str(self._store.value("microphone", ""))

    @microphone.setter
    def microphone(self, name: str) -> None:
        self._store.setValue("microphone", name)

    @property
    def voice(self) -> str:
        """Whether speech is turned into subtasks: `on`, `off`, or empty before anybody has decided."""
        return str(self._store.value("voice/on", ""))

    @voice.setter
    def voice(self, state: str) -> None:
        self._store.setValue("voice/on", state)

    @property
    def voice_model(self) -> str:
        """What reads utterances: `kitchen`, a name of Whisper's, or the path of a checkpoint."""
        return str(self._store.value("voice/model", SHIPPED))

    @voice_model.setter
    def voice_model(self, model: str) -> None:
        self._store.setValue("voice/model", model)

    @property
    def hands_free(self) -> bool:
        """Whether speech is found by itself, without a key."""
        return self._flag("voice/hands_free", default=False)

    @hands_free.setter
    def hands_free(self, on: bool) -> None:
        self._set_flag("voice/hands_free", on)

    @property
    def voice_hint(self) -> bool:
        """Whether it is still said for whom the shipped recogniser is."""
        return self._flag("voice/hint", default=True)

    @voice_hint.setter
    def voice_hint(self, shown: bool) -> None:
        self._set_flag("voice/hint", shown)

    @property
    def policy(self) -> PolicyChoice | None:
        """The chosen policy, as one JSON value; None before anybody has chosen."""
        value = self._store.value("policy/choice")
        if value is None:
            return None
        try:
            return msgspec.json.decode(str(value), type=PolicyChoice)
        except msgspec.DecodeError:
            return None

    @policy.setter
    def policy(self, choice: PolicyChoice) -> None:
        self._store.setValue("policy/choice", msgspec.json.encode(choice).decode())

    @property
    def dead_man(self) -> bool:
        """Whether the policy's modes move the robot only while a switch is held."""
        return self._flag("policy/dead_man", default=False)

    @dead_man.setter
    def dead_man(self, needed: bool) -> None:
        self._set_flag("policy/dead_man", needed)

    @property
    def first_steps(self) -> bool:
        """Whether the first steps are still shown."""
        return self._flag("first_steps", default=True)

    @first_steps.setter
    def first_steps(self, shown: bool) -> None:
        self._set_flag("first_steps", shown)

    def remembered(self, kind: str) -> tuple[str, ...]:
        """The words of a kind (`task`, `home`, `room`, `scene`, `operator`) given lately, newest first."""
        value = self._store.value(f"{kind}s", [])
        if isinstance(value, str):
            return (value,) if value else ()
        return tuple(str(words) for words in value) if isinstance(value, list) else ()

    def remember(self, kind: str, words: str) -> None:
        """Put words to the top of their kind's list."""
        kept = [words, *(other for other in self.remembered(kind) if other != words)][:WORDS_KEPT]
        self._store.setValue(f"{kind}s", kept)

    def save(self) -> None:
        """Write to disk now."""
        self._store.sync()

    def _flag(self, key: str, *, default: bool) -> bool:
        kept = {"true": True, "false": False}
        return kept.get(str(self._store.value(key)).lower(), default)

    def _set_flag(self, key: str, on: bool) -> None:
        self._store.setValue(key, "true" if on else "false")


def _folder_name(name: str) -> str:
    """What is left of a name for a reviewer's folder; empty for nothing, and for names that mean something else."""
    dashed = "-".join(name.split())
    kept = "".join(letter for letter in dashed if letter.isalnum() or letter in "._-").lstrip("._-")[
        :_LONGEST
    ]
    return kept if kept not in (BEST, FINAL) else ""
