"""What the operator can do, spelled out: every action of the window with its keys and conditions."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.actions import Action, Actions
from app.gui.driving import Driving
from app.gui.pages.episodes import EpisodesPage
from app.gui.session_protocol import SessionLike
from app.gui.widgets.script_panel import ScriptPanel
from app.gui.widgets.task_edit import TaskEdit
from app.messages import Mode
from app.session.view import EpisodeView, Snapshot

SPEED_STEP = 0.25
STOP_PRESSED = "STOP was pressed"
MOVING = "Moving"
RECORDING = "Recording"
SIMULATION = "Simulated kitchen"
EPISODE = "Episode"
WINDOW = "Window"


def add_moving(actions: Actions, session: SessionLike, now: Callable[[], Snapshot], driving: Driving) -> None:
    """Modes, speed, lifts, torque, driving by hand."""

    def in_charge() -> bool:
        return now().mode is not Mode.STOPPED

    def faster(by: float) -> None:
        session.set_speed(min(1.0, max(SPEED_STEP, round((now().speed + by) / SPEED_STEP) * SPEED_STEP)))

    actions.add(
        Action(
            id="mode.stop",
            title="Stop",
            group=MOVING,
            key="Esc",
            run=lambda: session.stop(STOP_PRESSED),
            icon="mdi6.octagon",
        ),
        Action(
            id="mode.hold",
            title="Hold",
            group=MOVING,
            key="H",
            steady_key="Ctrl+H",
            run=lambda: session.set_mode(Mode.HOLD),
            enabled=in_charge,
            icon="mdi6.pause",
        ),
        Action(
            id="mode.teleop",
            title="Teleoperate",
            group=MOVING,
            key="T",
            steady_key="Ctrl+T",
            run=lambda: session.set_mode(Mode.TELEOP),
            enabled=lambda: in_charge() and now().ready,
            icon="mdi6.hand-back-right",
        ),
        Action(
            id="drive.keys",
            title="Drive by hand",
            group=MOVING,
            key="K",
            steady_key="Ctrl+D",
            page="drive",
            run=driving.toggle,
            enabled=lambda: now().mode is Mode.TELEOP,
            icon="mdi6.keyboard",
        ),
        Action(
            id="drive.hand",
            title="Drive the other hand",
            group=MOVING,
            page="drive",
            run=driving.next_hand,
            enabled=lambda: driving.on and len(driving.hands) > 1,
        ),
        Action(
            id="speed.down",
            title="Slower",
            group=MOVING,
            key="-",
            run=lambda: faster(-SPEED_STEP),
            enabled=lambda: now().speed > SPEED_STEP,
            icon="mdi6.minus",
        ),
        Action(
            id="speed.up",
            title="Faster",
            group=MOVING,
            key="=",
            run=lambda: faster(SPEED_STEP),
            enabled=lambda: now().speed < 1.0,
            icon="mdi6.plus",
        ),
        Action(
            id="lift.home",
            title="Home the lift",
            group=MOVING,
            key="Ctrl+Home",
            run=session.home_lifts,
            enabled=lambda: now().mode is Mode.HOLD and bool(session.profile.lifts),
            icon="mdi6.arrow-collapse-down",
        ),
        Action(
            id="torque.on",
            title="Power the servos",
            group=MOVING,
            run=lambda: session.set_torque(True),
            enabled=lambda: not now().torque,
        ),
        Action(
            id="torque.off",
            title="Let the servos go: the arms fall",
            group=MOVING,
            run=lambda: session.set_torque(False),
            enabled=lambda: now().torque and now().mode is Mode.HOLD,
        ),
    )


def add_recording(
    actions: Actions,
    session: SessionLike,
    now: Callable[[], Snapshot],
    task: TaskEdit,
    unfocus: Callable[[], None],
) -> None:
    """Start, and the four ways to end."""

    def start() -> None:
        task.remember()
        unfocus()
        session.start_episode(task.task)

    def recording() -> bool:
        return now().recording is not None

    def end(outcome: str) -> Callable[[], None]:
        return lambda: session.end_episode(outcome)

    def record_or_end() -> None:
        if recording():
            session.end_episode("unset")
        else:
            start()

    actions.add(
        Action(
            id="record.start",
            title="Record",
            group=RECORDING,
            key="R",
            steady_key="Ctrl+R",
            page="drive",
            run=record_or_end,
            enabled=lambda: now().ready,
            icon="mdi6.record",
        ),
        Action(
            id="record.success",
            title="End as success",
            group=RECORDING,
            key="S",
            steady_key="Ctrl+S",
            page="drive",
            run=end("success"),
            enabled=recording,
        ),
        Action(
            id="record.failure",
            title="End as failure",
            group=RECORDING,
            key="F",
            steady_key="Ctrl+F",
            page="drive",
            run=end("failure"),
            enabled=recording,
        ),
        Action(
            id="record.drop",
            title="Drop the recording",
            group=RECORDING,
            key="Backspace",
            page="drive",
            run=session.discard_episode,
            enabled=recording,
        ),
        Action(
            id="record.end",
            title="End, judge later",
            group=RECORDING,
            key="N",
            steady_key="Ctrl+N",
            page="drive",
            run=end("unset"),
            enabled=recording,
            icon="mdi6.stop",
        ),
        Action(
            id="task.edit",
            title="Say what is shown",
            group=RECORDING,
            key="/",
            steady_key="Ctrl+E",
            page="drive",
            run=task.setFocus,
        ),
    )


def add_simulation(
    actions: Actions, session: SessionLike, now: Callable[[], Snapshot], panel: ScriptPanel
) -> None:
    """The scripted operator and the kitchen."""

    def simulated() -> bool:
        return now().simulated

    actions.add(
        Action(
            id="script.run",
            title="Run the script",
            group=SIMULATION,
            key="G",
            steady_key="Ctrl+G",
            page="drive",
            run=lambda: session.run_script(panel.script, panel.seed),
            enabled=lambda: (
                simulated() and not now().script and bool(panel.script) and now().mode is not Mode.STOPPED
            ),
        ),
        Action(
            id="script.stop",
            title="Take the script's hands off",
            group=SIMULATION,
            key="X",
            steady_key="Ctrl+X",
            page="drive",
            run=session.stop_script,
            enabled=lambda: bool(now().script),
        ),
        Action(
            id="world.reset",
            title="Reset the kitchen",
            group=SIMULATION,
            key="Ctrl+0",
            page="drive",
            run=lambda: session.reset_world(panel.seed),
            enabled=lambda: simulated() and now().recording is None,
        ),
    )


def add_episodes(
    actions: Actions,
    session: SessionLike,
    now: Callable[[], Snapshot],
    page: EpisodesPage,
    *,
    go_to: Callable[[str], None],
) -> None:
    """What can be done with the chosen episode."""

    def chosen() -> bool:
        return page.chosen is not None

    def with_chosen(act: Callable[[EpisodeView], None]) -> Callable[[], None]:
        def run() -> None:
            if (episode := page.chosen) is not None:
                act(episode)

        return run

    def judge(outcome: str) -> Callable[[], None]:
        return with_chosen(lambda episode: session.annotate_episode(episode.episode_id, outcome=outcome))

    def replay(episode: EpisodeView) -> None:
        session.replay(episode.episode_id)
        go_to("drive")

    def undo() -> None:
        if trashed := now().trashed:
            session.restore_episode(trashed[0].episode_id)

    actions.add(
        Action(
            id="episode.success",
            title="Judge: success",
            group=EPISODE,
            key="S",
            page="episodes",
            run=judge("success"),
            enabled=chosen,
        ),
        Action(
            id="episode.failure",
            title="Judge: failure",
            group=EPISODE,
            key="F",
            page="episodes",
            run=judge("failure"),
            enabled=chosen,
        ),
        Action(
            id="episode.unset",
            title="Judge: open",
            group=EPISODE,
            key="U",
            page="episodes",
            run=judge("unset"),
            enabled=chosen,
        ),
        Action(
            id="episode.replay",
            title="Replay on the robot",
            group=EPISODE,
            key="P",
            page="episodes",
            run=with_chosen(replay),
            enabled=lambda: chosen() and now().mode is Mode.HOLD and now().ready,
            icon="mdi6.replay",
        ),
        Action(
            id="episode.trash",
            title="Put into the trash",
            group=EPISODE,
            key="Del",
            page="episodes",
            run=with_chosen(lambda episode: session.trash_episode(episode.episode_id)),
            enabled=chosen,
            icon="mdi6.trash-can-outline",
        ),
        Action(
            id="episode.undo",
            title="Restore the last one dropped",
            group=EPISODE,
            key="Ctrl+Z",
            run=undo,
            enabled=lambda: bool(now().trashed),
            icon="mdi6.undo",
        ),
    )
