"""A day's work: a hundred episodes in a row through the window's own controls, on real processes and real lines.

The scripted operator drives, this test presses keys and buttons as a person would, in an order drawn by chance, presses
the wrong one in between, and keeps a list of its own of what must come of it.
"""

from __future__ import annotations

import faulthandler
import os
import random
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.collection.plan import CollectionPlan
from app.collection.view import Phase
from app.gui.frame import Frame
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.window import Window
from app.messages import Mode
from app.session import Session
from app.session.view import Snapshot
from drivers.profile.parse import SHIPPED
from recordings import Dataset
from recordings.verify import verify_episode
from tests.support.watcher import Watcher

pytestmark = pytest.mark.timeout(900)

EPISODES = 100
WARM = 10
"""After so many episodes everything that is ever opened has been."""

SEED = 20
PLAN = CollectionPlan(
    task="day's work", operator="ada", scene="one", countdown_s=0.0, reset_s=0.3, target=EPISODES
)

KEYS = {
    "record.start": Qt.Key.Key_R,
    "record.success": Qt.Key.Key_S,
    "record.failure": Qt.Key.Key_F,
    "record.end": Qt.Key.Key_N,
    "record.drop": Qt.Key.Key_Backspace,
    "record.take_back": Qt.Key.Key_B,
}
OUTCOMES = {
    "record.success": "success",
    "record.failure": "failure",
    "record.end": "unset",
    "record.drop": "trash",
}


def light_profile(folder: Path) -> Path:
    """The simulated robot with small test-pattern cameras: this is about keeping count, not about pictures."""
    text = (SHIPPED / "sim-kitchen.toml").read_text()
    light = re.sub(
        r'(\[cameras\.\w+\]\n)source = "sim"\nwidth_px = \d+\nheight_px = \d+\nrate_hz = [\d.]+',
        r'\1source = "test"\nwidth_px = 96\nheight_px = 64\nrate_hz = 15.0',
        text,
    )
    assert light.count('source = "test"') == 4
    path = folder / "sim-kitchen-light.toml"
    path.write_text(light)
    return path


@dataclass(frozen=True)
class Held:
    """What the window's process and its children hold open."""

    threads: int
    files: int
    children: dict[str, tuple[int, int, int]]
    """By name: process id, threads, open files."""

    shared_memory: int
    resident_mib: float


def held() -> Held:
    """Look at this process and those below it."""
    own = psutil.Process()
    below = {}
    for child in own.children():
        name = next(
            (word.removeprefix("app.processes.") for word in child.cmdline() if "app.processes." in word), ""
        )
        if name:
            below[name] = (child.pid, child.num_threads(), child.num_fds())
    return Held(
        threads=threading.active_count(),
        files=own.num_fds(),
        children=below,
        shared_memory=len(os.listdir("/dev/shm")),
        resident_mib=sum(process.memory_info().rss for process in (own, *own.children())) / 2**20,
    )


class Operator(Watcher):
    """Someone at the window: looks at it, presses its controls, and keeps a list.

    Attributes:
        kept: outcome of each episode that must be in the list at the end.
        trashed: those that must be in the trash, with the outcome that they went there with.
    """

    def __init__(self, frame: Frame, session: Session, choices: random.Random) -> None:
        super().__init__(session)
        self.frame = frame
        self.choices = choices
        self.kept: dict[str, str] = {}
        self.trashed: dict[str, str] = {}
        self.done: Counter[str] = Counter()

    def pause(self) -> None:
        """Let the window live."""
        QTest.qWait(5)

    def press(self, action: str) -> None:
        """By key, or by a click on a button that can be seen, once the screen says that it can be done."""
        self.wait(lambda now: self.can(action), f"{action} to be possible")
        button = next(
            (
                each
                for each in self.frame.findChildren(ActionButton)
                if each.action_id == action and each.isVisible() and each.isEnabled()
            ),
            None,
        )
        if button is not None and self.choices.random() < 0.4:
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        else:
            QTest.keyClick(QApplication.focusWidget() or self.frame, KEYS[action])

    def can(self, action: str) -> bool:
        """Whether it can be done, by what is on screen now."""
        self.frame.refresh()
        return self.frame.actions_registry[action].enabled()

    def keep_driving(self) -> None:
        """Somebody leads the robot all the time."""
        if not self.now.script:
            self.session.run_script("warm up", self.choices.randrange(1000))

    def record(self) -> str:
        """Begin an episode, from wherever the last one has left things; its id."""
        before = self.now.collection.last_id
        from_reset = self.now.collection.phase is Phase.RESETTING
        self.press("record.start")
        if before and self.choices.random() < 0.25:
            # A key too many, meant for the last one: it must not end the one that begins.
            self.judge_again(before, "record.success")
            self.done["key in between"] += 1
        found = self.wait(
            lambda now: (
                now.collection.phase is Phase.RECORDING
                and now.recording is not None
                and now.recording.episode_id != before  # the recorder's word is up to half a second old
                and now.collection.aim == now.recording.episode_id
            ),
            "an episode",
        ).recording
        assert found is not None
        self.done["during the reset" if from_reset else "from rest"] += 1
        return found.episode_id

    def end(self, episode_id: str) -> None:
        """End the running episode one way or another."""
        QTest.qWait(self.choices.randrange(0, 200))
        action = self.choices.choice([*OUTCOMES, "record.success"])
        self.press(action)
        self.wait(lambda now: now.collection.last_id == episode_id, f"the end of {episode_id}")
        if OUTCOMES[action] == "trash":
            self.trashed[episode_id] = "unset"
        else:
            self.kept[episode_id] = OUTCOMES[action]
        self.done[action] += 1

    def judge_again(self, episode_id: str, action: str) -> None:
        """Change the judgement of the last episode; one that lies in the trash comes out of it."""
        self.press(action)
        if OUTCOMES[action] == "trash":
            if episode_id in self.kept:
                self.trashed[episode_id] = self.kept.pop(episode_id)
        else:
            self.trashed.pop(episode_id, None)
            self.kept[episode_id] = OUTCOMES[action]
        self.settle(episode_id)

    def take_back(self, episode_id: str) -> None:
        """Put the last episode into the trash, or take it out again."""
        self.press("record.take_back")
        if episode_id in self.kept:
            self.trashed[episode_id] = self.kept.pop(episode_id)
        else:
            self.kept[episode_id] = self.trashed.pop(episode_id)
        self.settle(episode_id)

    def settle(self, episode_id: str) -> None:
        """Wait until the list shows what was done."""
        wanted = self.kept.get(episode_id)

        def shown(now: Snapshot) -> bool:
            outcome = next((e.outcome for e in now.episodes if e.episode_id == episode_id), None)
            return outcome == wanted

        self.wait(shown, f"{episode_id} to be {wanted or 'in the trash'}")

    def between(self, episode_id: str) -> None:
        """What people do while the scene is put in order."""
        luck = self.choices.random()
        if luck < 0.12:
            self.judge_again(episode_id, self.choices.choice([*OUTCOMES]))
            self.done["judged again"] += 1
        elif luck < 0.22:
            self.take_back(episode_id)
            self.done["taken back"] += 1
        elif luck < 0.28:
            self.take_back(episode_id)
            self.take_back(episode_id)
            self.done["taken back twice"] += 1
        elif luck < 0.55:
            self.wait(lambda now: now.collection.phase is Phase.IDLE, "the end of the reset")


@contextmanager
def window_on(session: Session, settings: Settings) -> Iterator[Frame]:
    theme = Theme()
    theme.apply()
    window = Window(settings=settings, theme=theme)
    window.resize(1440, 900)
    window.show()
    window.attach(session)
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window, 5000)
    assert window.frame is not None
    try:
        yield window.frame
    finally:
        window.close()


def test_a_hundred_episodes_in_a_row_are_all_as_they_were_made(qapp: QApplication, tmp_path: Path) -> None:
    faulthandler.cancel_dump_traceback_later()  # set for tests of a minute; this one has a limit of its own
    data_dir = tmp_path / "day"
    settings = Settings(tmp_path / "window.ini")
    settings.plan = PLAN
    settings.muted = True
    session = Session(str(light_profile(tmp_path)), data_dir=data_dir, operator="ada")
    try:
        with window_on(session, settings) as frame:
            operator = Operator(frame, session, random.Random(SEED))
            operator.wait(lambda now: now.ready and now.homed, "robot and cameras")
            operator.keep_driving()
            operator.wait(lambda now: now.mode is Mode.TELEOP and now.gate is None, "following")
            warm = held()
            for number in range(EPISODES):
                operator.keep_driving()
                episode_id = operator.record()
                operator.end(episode_id)
                operator.between(episode_id)
                if number == WARM:
                    warm = held()
            operator.wait(
                lambda now: now.collection.tally.episodes == len(operator.kept),
                "the tally to say what was kept",
            )
            after = held()
            tally = operator.now.collection.tally
    finally:
        session.close()

    assert operator.done["from rest"] + operator.done["during the reset"] == EPISODES
    assert min(operator.done[action] for action in OUTCOMES) > 5, operator.done
    for what in ("key in between", "during the reset", "judged again", "taken back", "taken back twice"):
        assert operator.done[what], operator.done
    judged = Counter(operator.kept.values())
    assert (tally.successes, tally.failures) == (judged["success"], judged["failure"])

    dataset = Dataset.open(data_dir)
    assert {info.id: str(info.outcome) for info in dataset.episodes()} == operator.kept
    assert {info.id: str(info.outcome) for info in dataset.trashed()} == operator.trashed
    assert len(operator.kept) + len(operator.trashed) == EPISODES
    for folder, ids in (("episodes", operator.kept), ("trash", operator.trashed)):
        for episode_id in ids:
            report = verify_episode(data_dir / folder / episode_id)
            assert report.errors == (), report

    assert after.children.keys() == warm.children.keys()
    for name, (pid, threads, files) in after.children.items():
        warm_pid, warm_threads, warm_files = warm.children[name]
        assert (pid, threads) == (warm_pid, warm_threads), name
        assert files <= warm_files + 2, name
    assert after.threads <= warm.threads + 1
    assert after.files <= warm.files + 4
    assert after.shared_memory == warm.shared_memory
    assert after.resident_mib < warm.resident_mib + 60
