"""Takes the pictures in `docs/images`: every page, dark and light, at two sizes, on the simulated robot at work.

Run it from the project's root after a change of the window: `python -m docs.screenshots` (about six minutes; needs no
screen, but PulseAudio and espeak-ng for what is said to the robot). `--only drive-dark` takes those whose name begins
so, `--into DIR` puts them elsewhere.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from PIL import Image
from PyQt6.QtCore import QBuffer, QIODevice
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.collection.plan import CollectionPlan
from app.collection.view import Phase
from app.gui.frame import Frame
from app.gui.pages.review import ReviewPage
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.widgets.recent_episodes import finished
from app.gui.window import Window
from app.messages import Mode
from app.session import Session
from app.session.view import Snapshot
from drivers.sim.faults import BusFaults, Faults
from drivers.sim.remote import SimRemote
from recordings.labels import BoxKey
from tests.support.sound import Room, room
from tests.support.speaker import spoken

TARGET = Path(__file__).parent / "images"
SIZES = {"laptop": (1280, 800), "desk": (1920, 1080)}
THEMES = ("dark", "light")
PATIENCE_S = 90.0
SETTLES_MS = 900
BEAT_S = 0.1
TRIES = 4
QUALITY = 90
"""With every pixel's own colour kept, so that letters stay sharp."""

PLAN = CollectionPlan(
    operator="ada", home="simulated home", scene="cup at the left", countdown_s=0.0, reset_s=20.0, target=50
)
COLLECTED = (
    ("put the cup in the sink", 9.0, "success"),
    ("open the drawer", 4.0, "failure"),
    ("warm up", 5.0, "success"),
    ("put the sponge in the sink", 12.0, "success"),
)
LABELS = ((0.3, 2.6, "go to the cup"), (2.6, 5.4, "pick up the cup"))
SEEN_S = 2.2
CUP = (0.635, 0.305, 0.705, 0.435)
"""Where the cup is in the front camera's picture of that moment: left, top, right, bottom."""

Pages = Callable[[Frame], dict[str, Callable[[], None]]]
"""Names of pictures, and what to do before each is taken."""


class Photographer:
    """Brings a window into each state and takes its picture.

    Args:
        session: of the simulated robot.
        sound: the room in which it is spoken to.
        into: the folder for the pictures.
        only: beginning of the names that are wanted.
    """

    def __init__(self, session: Session, sound: Room, *, into: Path, only: str) -> None:
        self._session = session
        self._sound = sound
        self._into = into
        self._only = only

    def wait(self, until: Callable[[Snapshot], bool], what: str) -> Snapshot:
        """Let the window live until something is so."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            snapshot = self._session.snapshot()
            if until(snapshot):
                return snapshot
            QTest.qWait(20)
        raise TimeoutError(f"{what} did not come about; {self._session.snapshot().notices}")

    def turn_until(self, condition: Callable[[], bool], what: str) -> None:
        """Let the window live until something is so in it."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come about in the window")
            QTest.qWait(20)

    def collect(self, task: str, seconds: float, outcome: str) -> None:
        """Record some seconds of a script."""
        session = self._session
        self.drive(task)
        session.set_plan(_plan(task))
        self.record()
        QTest.qWait(round(1000 * seconds))
        session.judge(outcome, aim=session.snapshot().collection.aim)
        self.wait(lambda now: now.collection.phase is Phase.RESETTING, "the episode's end")

    def drive(self, task: str) -> None:
        """Let the scripted operator do a task from the robot's start."""
        session = self._session
        self.put_back()
        session.run_script(task, 3)
        self.wait(lambda now: now.mode is Mode.TELEOP and now.gate is None and bool(now.script), "following")

    def put_back(self) -> None:
        """Hold, with the kitchen and the robot as they were at the start."""
        session = self._session
        session.stop_script()
        self.wait(lambda now: now.mode is Mode.HOLD and not now.script, "hold")
        session.reset_world(3)
        QTest.qWait(1500)

    def say(self, text: str) -> None:
        """Say something with the talk key held until it is in force: a person, too, says again what was not heard."""
        for _ in range(TRIES):
            if self._said(text):
                return
        raise RuntimeError(f"{text!r} was not understood; {self._session.snapshot().voice}")

    def _said(self, text: str) -> bool:
        session = self._session
        session.voice.talk(True)
        self.wait(lambda now: now.voice is not None and now.voice.hearing, "the talk key")
        speaking = threading.Thread(target=self._sound.play, args=(spoken(text),))
        speaking.start()
        while speaking.is_alive():
            QTest.qWait(20)
        speaking.join()
        session.voice.talk(False)
        read = self.wait(
            lambda now: (
                now.voice is not None
                and bool(now.voice.utterances)
                and now.voice.utterances[-1].state not in ("speaking", "reading")
            ),
            "what was said",
        )
        heard = read.voice.utterances[-1] if read.voice is not None else None
        if heard is None or heard.accepted != text:
            return False
        self.wait(
            lambda now: (
                now.policy is not None and now.policy.subtask is not None and now.policy.subtask.text == text
            ),
            text,
        )
        return True

    def record(self) -> None:
        """Begin an episode and wait until it can be judged."""
        self._session.begin()
        self.wait(
            lambda now: now.recording is not None and now.collection.aim == now.recording.episode_id,
            "an episode",
        )

    def everywhere(self, settings: Settings, pages: Pages) -> None:
        """Pages in both themes at both sizes."""
        for theme_name in THEMES:
            theme = Theme(theme_name)
            theme.apply()
            for size_name, size in SIZES.items():
                window = Window(settings=settings, theme=theme)
                window.resize(*size)
                window.show()
                window.attach(self._session)
                frame = window.frame
                if frame is None:
                    raise RuntimeError("the window has no frame")
                for page_id, prepare in pages(frame).items():
                    if not f"{page_id}-{theme_name}-{size_name}".startswith(self._only):
                        continue
                    prepare()
                    QTest.qWait(SETTLES_MS)
                    self._take(window, f"{page_id}-{theme_name}-{size_name}")
                frame.go_to("drive")
                window.close()

    def fault(self, settings: Settings) -> None:
        """The Drive page while the left arm's cable is pulled."""
        theme = Theme()
        theme.apply()
        window = Window(settings=settings, theme=theme)
        window.resize(*SIZES["laptop"])
        window.show()
        window.attach(self._session)
        with SimRemote(self._session.runtime_dir) as world:
            world.set_faults(Faults(buses={"left_follower": BusFaults(cut=True)}))
            self.wait(lambda now: now.mode is Mode.HOLD, "hold")
            QTest.qWait(SETTLES_MS)
            self._take(window, "fault")
            world.set_faults(Faults())
        window.close()

    def pages(self, frame: Frame) -> dict[str, Callable[[], None]]:
        """What to do before the picture of each page, by the picture's name."""

        def review() -> None:
            episodes = finished(self._session.snapshot())
            cup = next(episode for episode in episodes if "cup" in episode.task)
            frame.open_episode(cup)
            page = frame.review_page
            self.turn_until(lambda: page.player is not None and page.labelling.desk.ready, "the episode")
            self.turn_until(
                lambda: bool(page.labelling.suggesting.open or page.labelling.desk.labels), "suggestions"
            )
            label(page)
            QTest.qWait(SETTLES_MS)

        def calibration() -> None:
            frame.go_to("robot")
            frame.robot_page.open_calibration()

        def settled(page_id: str) -> Callable[[], None]:
            return lambda: frame.go_to(page_id)

        return {
            "drive": settled("drive"),
            "review": review,
            "episodes": settled("episodes"),
            "robot": settled("robot"),
            "calibration": calibration,
            "evaluation": settled("evaluation"),
            "settings": settled("settings"),
        }

    def told_pages(self, frame: Frame) -> dict[str, Callable[[], None]]:
        """What to do before the pictures of the policy's modes and their settings."""

        def enter(action: str, mode: Mode) -> None:
            frame.go_to("drive")
            self._session.set_mode(Mode.HOLD)
            self.put_back()
            frame.actions_registry.trigger(action)
            self.wait(lambda now: now.mode is mode, action)

        def does(text: str) -> Callable[[Snapshot], bool]:
            return lambda now: (
                now.policy is not None
                and now.policy.subtask is not None
                and now.policy.subtask.text == text
                and now.policy.subtask.first_action_ns > 0
            )

        def verbal() -> None:
            enter("mode.listen", Mode.VERBAL)
            self.wait(lambda now: now.voice is not None and now.voice.state == "ready", "the recogniser")
            self.wait(lambda now: bool(self._session.process_detail("transcriber").get("sound")), "sound")
            self.say("go to the cup")
            self.wait(
                lambda now: (
                    now.policy is not None and now.policy.subtask is not None and now.policy.subtask.done
                ),
                "the way to the cup",
            )
            frame.actions_registry.trigger("subtask.good")
            self.say("pick up the cup")
            self.wait(does("pick up the cup"), "the cup")
            QTest.qWait(2 * SETTLES_MS)

        def alone() -> None:
            enter("mode.alone", Mode.AUTONOMOUS)
            self.wait(does("pick up the cup"), "the cup")
            QTest.qWait(2 * SETTLES_MS)

        def setting(part: str) -> Callable[[], None]:
            def show() -> None:
                frame.go_to("settings")
                frame.settings_page.show_part(part)
                frame.settings_page.voice.folder.say("~/.cache/whisper")

            return show

        return {
            "verbal": verbal,
            "alone": alone,
            "settings-voice": setting("voice"),
            "settings-policy": setting("policy"),
        }

    def _take(self, window: Window, name: str) -> None:
        if not name.startswith(self._only):
            return
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        window.grab().save(buffer, "PNG")
        picture = Image.open(io.BytesIO(bytes(buffer.data()))).convert("RGB")
        path = self._into / f"{name}.jpg"
        picture.save(path, quality=QUALITY, subsampling=0, optimize=True)
        print(path)


def main() -> None:
    """Take the pictures."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--into", type=Path, default=TARGET)
    options.add_argument("--only", default="")
    args = options.parse_args()
    into = args.into.resolve()
    into.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication(["understudy"])  # lives as long as the windows
    application.setApplicationName("understudy")
    with tempfile.TemporaryDirectory(prefix="understudy-pictures-") as scratch:
        os.chdir(scratch)  # so that no picture shows where it was taken
        settings = Settings(Path("window.ini"))
        settings.reviewer = PLAN.operator
        settings.plan, settings.muted, settings.first_steps = _plan(COLLECTED[0][0]), True, False
        with room(Path(scratch)) as sound:
            os.environ.update(sound.environment)
            session = Session(data_dir=Path("kitchen"), operator="ada", seed=3)
            try:
                with _watched(session):
                    photographer = Photographer(session, sound, into=into, only=args.only)
                    photographer.wait(lambda now: now.ready and now.homed, "robot and cameras")
                    for task, seconds, outcome in COLLECTED:
                        photographer.collect(task, seconds, outcome)
                    photographer.drive("put the cup in the sink")
                    session.set_plan(_plan("put the cup in the sink"))
                    photographer.record()
                    QTest.qWait(9000)
                    photographer.everywhere(settings, photographer.pages)
                    photographer.fault(settings)
                    photographer.everywhere(settings, photographer.told_pages)
            finally:
                session.close()


def label(page: ReviewPage) -> None:
    """Say of the episode what is done in its first seconds, once, and look at a moment of it."""
    labelling, player = page.labelling, page.player
    if player is None:
        return
    start_ns = player.start_ns
    if not labelling.desk.labels:
        for begin_s, end_s, text in LABELS:
            for at_s in (begin_s, end_s):
                labelling.segmenting.mark(start_ns + round(at_s * 1e9), playing=False)
            labelling.segmenting.name(text)
    page.timeline.sought.emit(start_ns + round(SEEN_S * 1e9))
    QTest.qWait(SETTLES_MS)
    still = page.grid.tiles[0].still
    if still is not None and not labelling.desk.labels.boxes:
        labelling.boxes.draw("front", "cup", BoxKey(still.time_ns, *CUP))
        labelling.boxes.copy_on(still.time_ns + 200_000_000)
    labelling.desk.select(labelling.desk.labels.subtasks[0].id)


def _plan(task: str) -> CollectionPlan:
    return msgspec.structs.replace(PLAN, task=task)


@contextmanager
def _watched(session: Session) -> Iterator[None]:
    """Say all the time that somebody watches, also while a picture is written and no window answers."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(BEAT_S):
            session.beat()

    thread = threading.Thread(target=beat, name="owner's beat")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


if __name__ == "__main__":
    main()
