"""Drive: the robot's eyes, who is driving, and recording."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.camera_order import camera_rank
from app.gui.collecting import Collecting
from app.gui.driving import Driving
from app.gui.jog_sender import JogSender
from app.gui.missing import NO_CAMERAS, missing
from app.gui.pages.page import Page
from app.gui.phases import large
from app.gui.picture_scaler import PictureScaler
from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.told.desk import ToldDesk
from app.gui.told.hint import VoiceHint
from app.gui.told.side import ToldSide
from app.gui.told.telling import TOLD_MODES
from app.gui.told.tray import ToldTray
from app.gui.told_keys import with_keys
from app.gui.widgets.camera_grid import CameraGrid
from app.gui.widgets.camera_tile import CameraTile
from app.gui.widgets.curve_strip import CurveStrip
from app.gui.widgets.drive_tray import DriveTray
from app.gui.widgets.gate_view import GateDrawing
from app.gui.widgets.joint_strip import JointStrip
from app.gui.widgets.label import rule
from app.gui.widgets.mode_banner import REASON_KEY, ModeBanner
from app.gui.widgets.plan_line import PlanLine
from app.gui.widgets.recent_episodes import RecentEpisodes
from app.gui.widgets.record_panel import RecordPanel
from app.gui.widgets.remembered_edit import RememberedEdit
from app.gui.widgets.script_panel import ScriptPanel
from app.gui.widgets.stage import Stage
from app.gui.widgets.tally_view import TallyView
from app.session.view import Snapshot
from drivers.profile.schema import RobotProfile

_JOINTS_AND_TRAY_FROM_PX = 840
_CURVES_FROM_PX = 860
_CURVES_AND_TRAY_FROM_PX = 1000
_CURVES_AND_TOLD_FROM_PX = 1200
"""Heights of the window from which there is room for each beside large pictures."""

_FULL_PLAN_FROM_PX = 860
"""Height of the page from which the whole plan has room beside what the robot is told."""

_GAPS_STEPS = 28
"""Margins of the side column and the gaps between its parts."""


class DrivePage(Page):
    """Pictures, joints and the driving tray on the left; mode, gate, notices, recording and script on the right."""

    page_id = "drive"
    title = "Drive"
    key = "Ctrl+1"
    icon = "mdi6.steering"
    tells = frozenset({REASON_KEY})

    def __init__(
        self,
        session: SessionLike,
        theme: Theme,
        *,
        task: RememberedEdit,
        collecting: Collecting,
        scripts: ScriptPanel,
        sender: JogSender,
        driving: Driving,
        settings: Settings,
        told: ToldDesk,
    ) -> None:
        super().__init__()
        self._theme = theme
        self._task = task
        self._collecting = collecting
        self._sender = sender
        self._settings = settings
        self._told = told
        self._takes = False
        self._room_px = 0
        profile = session.profile
        self._session = session
        self._driving = driving
        self._situation: tuple[bool | int, ...] | None = None
        self.cameras = CameraGrid(_tiles(profile, theme))
        self._scaler = PictureScaler(session.frame)
        self.stage = Stage(self.cameras)
        self.joints = JointStrip(profile, theme)
        self.curves = CurveStrip(session, theme)
        self.joints.picked.connect(self._watch)
        self.banner = ModeBanner(theme)
        self.gate = GateDrawing(profile, theme)
        self.scripts = scripts
        self._script_rule = rule()
        self._recent_rule = rule()
        self.tally = TallyView(theme)

    def build(self, actions: Actions) -> None:
        """Lay out, with buttons for actions."""
        self._actions = actions
        self.recent = RecentEpisodes(actions, self._theme)
        self.tray = DriveTray(actions, self._theme, self._sender, hands=self._driving.hands)
        self.tray.setVisible(False)
        self.told_side = ToldSide(actions, self._theme, self._told.telling)
        self.told_tray = ToldTray(
            actions,
            self._theme,
            telling=self._told.telling,
            talk=self._told.talk,
            hint=VoiceHint(self._told.voicing, self._settings),
            leave=self._leave_text,
        )
        self.told_side.setVisible(False)
        self.told_tray.setVisible(False)
        self.plan = PlanLine(actions, self._theme, self._task, self._collecting)
        self.record = RecordPanel(actions, self._theme)
        self.scripts.build(actions, self._theme)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self.cameras, stretch=1)
        left.addWidget(self.joints)
        left.addWidget(self.curves)
        left.addWidget(self.tray)
        left.addWidget(self.told_tray)
        side = QWidget()
        side.setObjectName("side")
        side.setFixedWidth(tokens.SIDE_WIDTH_PX)
        column = QVBoxLayout(side)
        column.setContentsMargins(*([tokens.steps(3)] * 4))
        column.setSpacing(tokens.steps(3))
        column.addWidget(self.banner)
        column.addWidget(self.gate, stretch=3)
        column.addWidget(self.plan)
        column.addWidget(self.record)
        column.addWidget(self.tally)
        column.addWidget(self.told_side, stretch=2)
        column.addWidget(self._script_rule)
        column.addWidget(self.scripts)
        column.addWidget(self._recent_rule)
        column.addWidget(self.recent, stretch=1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, stretch=1)
        row.addWidget(side)

    def apply(self, snapshot: Snapshot) -> None:
        """Show the newest of everything."""
        frames = self._scaler.newest({tile.name: tile.picture_size for tile in self.cameras.tiles})
        self.cameras.apply(snapshot, frames)
        self.joints.apply(snapshot)
        if self.curves.isVisible():
            self.curves.apply(snapshot)
        self.banner.apply(snapshot, driving=self._driving.on, waiting=self._told.policies.waiting)
        self.gate.apply(snapshot)
        self.plan.apply(snapshot)
        self.record.apply(snapshot, driving=self._driving.on)
        self.tally.apply(snapshot.collection.tally)
        self._show_stage(snapshot, tuple(name for name, frame in frames.items() if frame is None))
        self.recent.apply(snapshot)
        self._arrange_side(snapshot)
        self.scripts.apply(snapshot)
        if self._driving.on:
            self.tray.apply(snapshot, self._driving.wish)
        if self._takes:
            self.told_tray.apply(snapshot)

    def _arrange_side(self, snapshot: Snapshot) -> None:
        """Show the parts of the side column that matter now, as far as there is room."""
        gate, takes = snapshot.gate is not None, snapshot.mode in TOLD_MODES
        told = not gate and self.told_side.wanted(snapshot)
        brief = (takes or self.told_side.spoken.asks) and self.height() < _FULL_PLAN_FROM_PX
        self.plan.show_brief(brief)
        self.record.show_brief(brief)
        if takes != self._takes:
            self._takes = takes
            self.told_tray.setVisible(takes)
            self._share_room()
        parts = (self.plan, self.record, *(() if brief else (self.tally,)))
        taken_px = self.banner.height() + sum(_needed_px(part) for part in parts)
        if told:
            gaps_px = tokens.steps(3) * (len(parts) + 3)
            self.told_side.apply(snapshot, room_px=self.height() - taken_px - gaps_px)
            if not takes:
                taken_px += self.told_side.least_px
        situation = (gate, takes, told, brief, snapshot.simulated, taken_px, self.height())
        if situation == self._situation:
            return
        self._situation = situation
        self.gate.setVisible(gate)
        self.plan.setVisible(not gate)
        self.tally.setVisible(not gate and not brief)
        self.told_side.setVisible(told)
        room_px = self.height() - taken_px - self.scripts.sizeHint().height() - tokens.steps(_GAPS_STEPS)
        scripts = snapshot.simulated and not gate and not takes and room_px >= 0
        self.scripts.setVisible(scripts)
        self._script_rule.setVisible(scripts)
        recent = not gate and not takes
        self.recent.setVisible(recent)
        self._recent_rule.setVisible(recent)

    def _show_stage(self, snapshot: Snapshot, without_picture: tuple[str, ...]) -> None:
        told = self.gate.headline if snapshot.gate is not None else ""
        if self.cameras.tiles:
            over, wanting = (
                self.cameras.tiles[0].geometry(),
                missing(snapshot, without_picture=without_picture),
            )
        else:
            over, wanting = self.cameras.rect(), NO_CAMERAS
        said = large(snapshot, instruction=told, wanting=wanting)
        self.stage.apply(replace(said, more=with_keys(said.more, self._actions)), over=over)

    def left(self) -> None:
        """Nobody looks at the pictures any more."""
        self._scaler.stop()

    def show_driving(self) -> None:
        """Follow driving by hand being on or off; in a low window the tray takes the joints' place."""
        self.tray.setVisible(self._driving.on)
        self._share_room()

    def amend(self) -> None:
        """Put the cursor where the last utterance is put right."""
        last = self._told.telling.last
        if last is not None and self._takes:
            self.told_tray.line.amend(last.accepted or last.heard)

    def leave_line(self) -> None:
        """Nothing is typed any more: the keys belong to the window."""
        self.told_tray.line.leave()

    def _leave_text(self) -> None:
        if (window := self.window()) is not None:
            window.setFocus()

    def make_room(self, height_px: int) -> None:
        """Give up so much height at the bottom to lines of trouble, so that the pictures stay where they are."""
        if height_px != self._room_px:
            self._room_px = height_px
            self._share_room()

    def fold_curves(self) -> None:
        """Fold the curves away, or unfold them; the window remembers."""
        self._settings.curves = not self._settings.curves
        self._share_room()

    def _share_room(self) -> None:
        window = self.window() or self
        high, driving = window.height(), self._driving.on or self._takes
        with_joints = not driving or high >= _JOINTS_AND_TRAY_FROM_PX
        least = (
            _CURVES_AND_TOLD_FROM_PX
            if self._takes
            else _CURVES_AND_TRAY_FROM_PX
            if driving
            else _CURVES_FROM_PX
        )
        with_curves = self._settings.curves and high >= least
        wanted = with_joints * self.joints.full_height_px, with_curves * self.curves.full_height_px
        left_px = max(0, sum(wanted) - self._room_px)
        joints_px = min(wanted[0], left_px)
        for widget, height_px in ((self.joints, joints_px), (self.curves, left_px - joints_px)):
            widget.setFixedHeight(height_px)
            widget.setVisible(height_px > 0)

    def watch_next(self) -> None:
        """Show the curve of the next joint, as a click on it does."""
        self.joints.watch(self.curves.pick_next())

    def _watch(self, index: int) -> None:
        self.joints.watch(self.curves.pick(index))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """What fits changes with the height."""
        self.show_driving()


def _needed_px(part: QWidget) -> int:
    """The height that a part of the side column needs at its width; lines that wrap count as they do."""
    layout, width_px = part.layout(), tokens.SIDE_WIDTH_PX - 2 * tokens.steps(3)
    if layout is not None and layout.hasHeightForWidth():
        return layout.totalHeightForWidth(width_px)
    return part.sizeHint().height()


def _tiles(profile: RobotProfile, theme: Theme) -> list[CameraTile]:
    return [
        CameraTile(name, theme, aspect=profile.cameras[name].width_px / profile.cameras[name].height_px)
        for name in sorted(profile.cameras, key=camera_rank)
    ]
