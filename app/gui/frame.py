"""The frame around the pages: top bar, pages, foot, what floats over them, and the refresh that feeds them all."""

from __future__ import annotations

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.calibration.page import CALIBRATION_KEYS, CalibrationPage
from app.gui.catalogue.calibration import CALIBRATION
from app.gui.catalogue.everything import add_everything
from app.gui.catalogue.groups import STOP_PRESSED
from app.gui.catalogue.window import WindowHandles
from app.gui.coach import Coach
from app.gui.collecting import Collecting
from app.gui.driving import Driving
from app.gui.episodes.changes import Changes
from app.gui.feet import Feet
from app.gui.foot import Foot
from app.gui.gesture_words import gesture_words
from app.gui.hearing import Hearing
from app.gui.input_desk import InputDesk
from app.gui.jog_sender import JogSender
from app.gui.jog_wish import JogSpeeds
from app.gui.keyboard import Keyboard
from app.gui.menus import close_menus
from app.gui.pages.drive import DrivePage
from app.gui.pages.episodes import EpisodesPage
from app.gui.pages.evaluation import EvaluationPage
from app.gui.pages.page import Page
from app.gui.pages.review import ReviewPage
from app.gui.pages.robot import RobotPage
from app.gui.pages.settings import SettingsPage
from app.gui.pulse import Pulse
from app.gui.release_key import ReleaseKey
from app.gui.robot.pick import Pick
from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.gui.spoken import Spoken, Voice
from app.gui.theme import Theme
from app.gui.told.desk import ToldDesk
from app.gui.top_bar import TopBar
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.coach_strip import CoachStrip
from app.gui.widgets.details import Details
from app.gui.widgets.gesture_ring import GestureRing
from app.gui.widgets.keys_overlay import KeysOverlay
from app.gui.widgets.notice_list import NoticeList
from app.gui.widgets.overlay import Overlay, keys_over
from app.gui.widgets.palette import CommandPalette
from app.gui.widgets.plan_panel import PlanPanel
from app.gui.widgets.remembered_edit import RememberedEdit
from app.gui.widgets.script_panel import ScriptPanel
from app.gui.widgets.toast import Toast
from app.inputs.store import FILE_NAME
from app.messages import Mode
from app.session.view import EpisodeView, Snapshot

REFRESH_INTERVAL_MS = 33


class Frame(QWidget):
    """Everything the window is once there is a session.

    One precise timer reads one snapshot about thirty times a second and hands it to the visible parts, each of which
    touches only what changed.

    Attributes:
        restart_wanted: the operator asks for the app to be closed and opened again.
    """

    restart_wanted = pyqtSignal()

    def __init__(
        self,
        session: SessionLike,
        *,
        settings: Settings,
        theme: Theme,
        pulse: Pulse,
        voice: Voice | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("ground")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._session = session
        self._settings = settings
        self._theme = theme
        self._pulse = pulse
        self._snapshot = session.snapshot()
        self.desk = InputDesk(settings.folder / FILE_NAME, parent=self)
        self.actions_registry = Actions(self.desk.bindings)
        sender = JogSender(JogSpeeds.of(session.profile), session.jog, parent=self)
        hands = tuple(session.profile.leaders) if self._snapshot.simulated else ()
        self.driving = Driving(sender, hands=hands, changed=self._driving_changed)
        self.feet = Feet(self.actions_registry, sender, page=lambda: self.page_id)
        self.collecting = Collecting(session, lambda: self._snapshot, settings)
        self.task = RememberedEdit(
            settings, "task", name="Task", asks="What is being shown?", size_px=tokens.TEXT_LARGE_PX
        )
        self.task.given.connect(lambda words: self.collecting.change(task=words))
        self.task.committed.connect(self.setFocus)
        self.hearing = Hearing(session, settings)
        self.told = ToldDesk(
            session,
            settings,
            self.hearing,
            self.actions_registry,
            now=self.now,
            task=self._task_alone,
            page=lambda: self.page_id,
            show=self._show_settings,
        )
        self.drive_page = DrivePage(
            session,
            theme,
            task=self.task,
            collecting=self.collecting,
            scripts=ScriptPanel(),
            sender=sender,
            driving=self.driving,
            settings=settings,
            told=self.told,
        )
        self.changes = Changes(session)
        self.episodes_page = EpisodesPage(session, theme, settings=settings, changes=self.changes)
        self.review_page = ReviewPage(session, theme, settings=settings, changes=self.changes)
        self.robot_page = RobotPage(session, theme)
        self.evaluation_page = EvaluationPage(session, theme, choice=lambda: self.told.policies.choice)
        self.settings_page = SettingsPage(
            theme,
            settings=settings,
            desk=self.desk,
            hearing=self.hearing,
            told=self.told,
            tell=lambda words: self.toast.flash(words),
        )
        self.pages: dict[str, Page] = {
            page.page_id: page
            for page in (
                self.drive_page,
                self.review_page,
                self.episodes_page,
                self.robot_page,
                self.evaluation_page,
                self.settings_page,
            )
        }
        self.calibration = CalibrationPage(session, theme, leave=self._leave_calibration)
        self.stack = QStackedWidget()
        self.plan_panel = PlanPanel(self.stack, self.collecting, settings)
        self.spoken = Spoken(voice, settings, tell=lambda words: self.toast.flash(words))
        self.coach = Coach(settings)
        add_everything(self, session, self._handles())
        self.plan_panel.build(self.actions_registry, theme)
        for page in self.pages.values():
            page.build(self.actions_registry)
            self.stack.addWidget(page)
        self.calibration.build(self.actions_registry)
        self.robot_page.stack.addWidget(self.calibration)
        self.bar = TopBar(self.actions_registry, theme, self.pages)
        self.status = self.bar.status
        self.notices = NoticeList(self.actions_registry, theme, self._do, show=self.show_on_robot_page)
        self.foot = Foot(self.actions_registry, theme, self.driving, stop=self.stop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        self.coach_strip = CoachStrip(self.actions_registry, theme)
        self.coach_strip.setVisible(self.coach.shown)
        layout.addWidget(self.coach_strip)
        layout.addWidget(self.stack, stretch=1)
        layout.addWidget(self.notices)
        layout.addWidget(self.foot)
        self.palette_overlay = CommandPalette(self.stack, self.actions_registry)
        self.keys_overlay = KeysOverlay(self.stack, self.actions_registry)
        self.details = Details(self.stack)
        self.toast = Toast(self.stack)
        self.gesture_ring = GestureRing(
            self.drive_page.cameras.tiles[0] if self.drive_page.cameras.tiles else self
        )
        self.desk.told.connect(self.toast.flash)
        self.actions_registry.listen(self._rebound)
        self._rebound()
        self.status.clicked.connect(self.details.toggle)
        banner = self.drive_page.banner
        banner.released.connect(session.release)
        self._release_key = ReleaseKey(banner.release_button, stopped=lambda: self.now().mode is Mode.STOPPED)
        self._keyboard: Keyboard | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(REFRESH_INTERVAL_MS)
        self._timer.timeout.connect(self.refresh)
        self.go_to(settings.page if settings.page in self.pages else DrivePage.page_id)

    @property
    def page_id(self) -> str:
        """The page shown."""
        page = self.stack.currentWidget()
        return page.page_id if isinstance(page, Page) else ""

    def begin(self) -> None:
        """Start to listen and to refresh; the frame is in its window by now."""
        window = self.window() or self
        self._keyboard = Keyboard(
            window,
            self.actions_registry,
            stop=self.stop,
            page=lambda: self._keys_page,
            sinks=(self._release_key, self.driving),
            pedals=(self.feet, self.told.talk),
            watcher=self.desk,
        )
        self._pulse.reset()
        self.collecting.restore()
        self.told.restore()
        self.refresh()
        self._timer.start()
        self.setFocus()

    def end(self) -> None:
        """Let go of everything and stop refreshing; what was typed is handed over."""
        self.driving.end()
        self.feet.keys_lost()
        self.told.talk.keys_lost()
        self.desk.finish()
        self.calibration.end()
        for page in self.pages.values():
            page.left()
            page.ended()
        self._timer.stop()
        if self._keyboard is not None:
            self._keyboard.detach()
            self._keyboard = None

    def refresh(self) -> None:
        """Read one snapshot and show it."""
        with self._pulse.refresh():
            self._session.beat()
            snapshot = self._snapshot = self._session.snapshot()
            self.driving.apply(snapshot)
            self.feet.apply(snapshot)
            self.told.apply(snapshot)
            self.desk.deliver(
                self._session.presses(), self.actions_registry, page=self.page_id, stopped=self._make_way
            )
            self.gesture_ring.show_progress(
                *gesture_words(snapshot, self.actions_registry, page=self.page_id)
            )
            self.collecting.apply(snapshot)
            self.task.say(self.collecting.plan.task)
            page = self.stack.currentWidget()
            if isinstance(page, Page):
                self.notices.apply(self.told.refusals.beside(snapshot), told=page.tells)
                self.drive_page.make_room(self.notices.taken_px)
                page.apply(snapshot)
            self.calibration.apply(snapshot)
            self.coach.apply(snapshot, self.coach_strip, page=self.page_id)
            self.status.apply(snapshot)
            self.foot.apply(snapshot, waiting=self.told.policies.waiting)
            self.toast.apply(snapshot)
            self.spoken.apply(snapshot)
            self.status.show_voice(self.spoken.state)
            self.hearing.apply(snapshot, aloud=self.spoken.state == "on")
            if self.plan_panel.isVisible():
                self.plan_panel.apply()
            self.details.apply(snapshot, window_hz=self._pulse.recent_hz, window_ms=self._pulse.refresh_ms)

    def stop(self) -> None:
        """Emergency stop, and away with what floats: the operator must see the robot."""
        self._session.stop(STOP_PRESSED)
        self._make_way()

    def _make_way(self) -> None:
        """The robot is stopped: nothing drives, nothing is waited for, nothing is over it."""
        self.driving.end()
        self.feet.keys_lost()
        self.told.stopped()
        self.drive_page.leave_line()
        self.settings_page.close_dialogs()
        self.desk.end_capture()
        close_menus()
        for overlay in self.findChildren(Overlay):
            if overlay.isVisible():
                overlay.close_over()

    def go_to(self, page_id: str) -> None:
        """Open a page."""
        page = self.pages[page_id]
        if self.stack.currentWidget() is not page:
            self.driving.end()
            self.feet.keys_lost()
            self.told.talk.keys_lost()
            self.desk.end_capture()
            close_menus()
            if (left := self.pages.get(self.page_id)) is not None:
                left.left()
            self.calibration.pause()
            # Qt hands the focus of a page that goes to the next field, and every key would be typed into it.
            self.setFocus()
            if self.plan_panel.isVisible():
                self.plan_panel.close_over()
            self.stack.setCurrentWidget(page)
        self._settings.page = page_id
        self.bar.show_page(page_id)
        page.apply(self._snapshot)
        page.entered()

    def now(self) -> Snapshot:
        """The snapshot that the operator sees."""
        return self._snapshot

    def open_episode(self, episode: EpisodeView) -> None:
        """Play an episode on the Review page, the list of episodes before and after it."""
        self.review_page.open(episode, self.episodes_page.listed)
        self.go_to(self.review_page.page_id)

    def show_in_list(self, episode_id: str) -> None:
        """Show an episode among the others."""
        self.go_to(self.episodes_page.page_id)
        self.episodes_page.choose_id(episode_id)

    def show_on_robot_page(self, pick: Pick) -> None:
        """Open the Robot page on a servo, a line or a camera."""
        self.go_to(RobotPage.page_id)
        self.robot_page.choose(pick)

    def _rebound(self) -> None:
        """Keys or triggers have changed: every button shows its own anew, and STOP's are known where they arrive."""
        self._session.stop_on(self.desk.bindings.stop_triggers())
        self.hearing.bound(self.actions_registry)
        for button in self.findChildren(ActionButton):
            button.show_keys()

    @property
    def _keys_page(self) -> str:
        """Whose keys count: those of what floats on top, the calibration's while it covers the Robot page."""
        over = keys_over(self.stack, self.review_page)
        return over or (CALIBRATION_KEYS if self.calibration.isVisible() else self.page_id)

    def _leave_calibration(self) -> None:
        self.robot_page.open_health()
        self.setFocus()

    def _driving_changed(self) -> None:
        self.setFocus()
        self.drive_page.show_driving()

    def commit_text(self) -> None:
        """Hand over what is typed but not given yet, so that the next episode has it."""
        self.task.commit()
        if self.plan_panel.isVisible():
            self.plan_panel.close_over()
        self.setFocus()

    def _toggle_keys(self) -> None:
        if self.keys_overlay.isVisible():
            self.keys_overlay.close_over()
        else:
            title = CALIBRATION if self.calibration.isVisible() else self.pages[self.page_id].title
            self.keys_overlay.open_for(self._keys_page, title)

    def _toggle_theme(self) -> None:
        self._theme.toggle()
        self._settings.theme = self._theme.palette.name
        self.update()

    def _task_alone(self) -> str:
        """What is to be done alone: the plan's task, and in the simulated kitchen, where it names none, a script's."""
        if not self.collecting.plan.task and self._snapshot.simulated:
            self.collecting.suggest_task(self.drive_page.scripts.script)
        return self.collecting.plan.task

    def _show_settings(self, part: str) -> None:
        self.go_to(SettingsPage.page_id)
        self.settings_page.show_part(part)

    def _do(self, action: str) -> None:
        if not self.told.do(action):
            self._session.do(action)

    def _handles(self) -> WindowHandles:
        return WindowHandles(
            palette=lambda: self.palette_overlay.toggle(),
            keys=self._toggle_keys,
            health=lambda: self.details.toggle(),
            theme=self._toggle_theme,
            full_screen=self._toggle_full_screen,
            mute=self.spoken.toggle,
            listen=self.hearing.toggle,
            first_steps=self.coach.toggle,
        )

    def _toggle_full_screen(self) -> None:
        if (window := self.window()) is not None:
            window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)
