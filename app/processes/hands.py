"""The hands process: what keys, gamepad, handles or the scripted operator want, fifty times a second.

Base and lift go to the robot process as inputs with a dead man. Arms go to the leaders: on a simulated robot these
hands hold them; on a real one the operator's own hands do. Buttons of a gamepad and gestures of the leaders' handles
become events of the kind `input`, each with its trigger (`app.inputs`): for the window, and for the running episode.
"""

from __future__ import annotations

import sys
import time

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.control import Request
from app.dataplane.layouts import INPUTS, INPUTS_TOPIC, status_topic, tick_layout, tick_topic
from app.hands.gamepad import Gamepad
from app.hands.gestures import Gestures
from app.hands.limits import FootLimits, SoftStart
from app.hands.manual import ManualHands
from app.inputs.trigger import trigger_words
from app.messages import Jog, Mode, MoveHand, RunScript, Shutdown, Status, StopScript
from app.processes.context import ProcessContext
from app.processes.realtime import Pacer
from app.robot.gate import GatePhase
from drivers.sim.hands_file import HandsWriter
from drivers.sim.interface import Hands
from drivers.sim.operator import ScriptedOperator, scripts
from drivers.sim.remote import SimRemote, SimRemoteError

RATE_HZ = 50.0
WORLD_ANSWERS_S = 0.4
"""A world that is lost must not hold up the hands until they count as lost themselves."""


_decode_status = msgspec.json.Decoder(Status).decode


class HandsProcess:
    """Joins the sources of the operator's wishes.

    Args:
        context: the process's surroundings.
    """

    def __init__(self, context: ProcessContext) -> None:
        self._context = context
        profile = context.profile
        self._simulated = profile.simulation is not None
        self._layout = tick_layout(profile.dof)
        self._ticks = context.plane.subscriber(tick_topic(profile))
        self._inputs = context.plane.publisher(INPUTS_TOPIC)
        self._row: NDArray[np.void] | None = None
        self._manual = ManualHands(profile)
        self._gamepad = Gamepad(tuple(profile.leaders), FootLimits.of(profile))
        self._gestures = Gestures(profile)
        self._soft_start = SoftStart()
        self._robot_status = context.plane.subscriber(status_topic("robot"))
        self._leaders = HandsWriter(context.runtime_dir, profile) if self._simulated else None
        self._remote = SimRemote(context.runtime_dir, timeout_s=WORLD_ANSWERS_S) if self._simulated else None
        self._operator: ScriptedOperator | None = None
        self._script = ""

    def run(self) -> None:
        """Work until told to end."""
        context = self._context
        pacer = Pacer(RATE_HZ)
        names = list(scripts()) if self._simulated else []
        while not context.ending and not context.owner_ended():
            pacer.wait()
            for request in context.server.receive():
                self._answer(request)
            if self._read_tick():
                self._watch_handles()
            jog = self._gamepad.poll()
            for trigger in self._gamepad.presses:
                self._tell(trigger)
            if jog is not None:
                self._manual.take_jog(jog)
            hands = self._step(1.0 / RATE_HZ)
            if self._leaders is not None:
                self._leaders.write(hands)
            self._publish(hands)
            if context.due():
                self._read_speed()
                operator = self._operator
                context.beat(
                    "running",
                    scripts=names,
                    script=self._script,
                    phase=operator.phase if operator is not None else "",
                    gamepad=self._gamepad.name,
                    gesture=self._gestures.progress,
                )
        self._gamepad.close()

    def _step(self, dt_s: float) -> Hands:
        mode, phase = self._mode()
        following = phase in (GatePhase.RAMPING, GatePhase.FOLLOWING)
        if self._operator is not None and self._remote is not None:
            scripted = self._scripted(self._operator, self._remote, following=phase is GatePhase.FOLLOWING)
            if scripted is not None:
                return scripted
        if following:
            self._manual.step(dt_s)
        elif self._row is not None:
            self._manual.rest_on(self._row["sent"])
        jog = self._manual.jog
        if jog is not None and mode is not Mode.TELEOP:
            # The dead man's switch, which a policy's mode may want held before it begins, and nothing to steer with.
            jog = Jog(time_ns=jog.time_ns)
        return Hands(
            leader_rad=dict(self._manual.leader_rad),
            leader_opening=dict(self._manual.leader_opening),
            base_twist=jog.base_twist if jog is not None else (0.0, 0.0, 0.0),
            lift_m_s=jog.lift_m_s if jog is not None else 0.0,
            moving_base=jog is not None,
        )

    def _scripted(self, operator: ScriptedOperator, remote: SimRemote, *, following: bool) -> Hands | None:
        """The scripted operator's hands, or None when it has ended."""
        try:
            truth = remote.truth()
        except SimRemoteError as error:
            self._end_script(f"{self._script}: stopped, {error}", level="warning", state="failed")
            return None
        hands = operator.step(truth, following=following)
        self._manual.take_over(hands)
        if operator.done:
            self._judge(operator, succeeded=operator.succeeded(truth))
        return hands

    def _judge(self, operator: ScriptedOperator, *, succeeded: bool) -> None:
        """End a script with what came of it."""
        if succeeded:
            self._end_script(f"{self._script}: done", state="succeeded")
        else:
            reason = operator.gave_up or "it was done, but the world is not as it should be"
            self._end_script(f"{self._script}: failed, {reason}", level="warning", state="failed")

    def _end_script(self, message: str, *, level: str = "info", state: str) -> None:
        self._context.event("script", message, key="script", level=level, script=self._script, state=state)
        self._operator, self._script = None, ""

    def _mode(self) -> tuple[Mode, GatePhase]:
        if self._row is None:
            return Mode.HOLD, GatePhase.CLOSED
        return Mode(int(self._row["mode"])), GatePhase(int(self._row["gate_phase"]))

    def _read_tick(self) -> bool:
        """Take the newest tick; says whether there is a new one."""
        payload = self._ticks.newest()
        if payload is None:
            return False
        self._row = payload.view(self._layout)[0]
        return True

    def _read_speed(self) -> None:
        payload = self._robot_status.newest()
        if payload is not None:
            self._gamepad.factor = float(_decode_status(payload.tobytes()).detail.get("speed", 1.0))

    def _watch_handles(self) -> None:
        if self._row is None:
            return
        _, phase = self._mode()
        # On the way to the followers the handles are where the grippers are, which may be closed and still.
        if self._operator is not None or phase not in (GatePhase.CLOSED, GatePhase.FOLLOWING):
            self._gestures.forget()
            return
        made = self._gestures.step(
            self._row["leader"],
            float(self._row["time_ns"]) / 1e9,
            followers=self._row["position"] if phase is GatePhase.FOLLOWING else None,
        )
        for trigger in made:
            self._tell(trigger)

    def _tell(self, trigger: str) -> None:
        """Say that a trigger was given; what it means is the window's to know."""
        self._context.event("input", trigger_words(trigger), trigger=trigger)

    def _publish(self, hands: Hands) -> None:
        # The scripted operator drives as smoothly as it likes; a person's pedal is all or nothing.
        twist = hands.base_twist
        if self._operator is None:
            twist = self._soft_start.step(twist, 1.0 / RATE_HZ)
        inputs = np.zeros(1, INPUTS)
        inputs[0] = (time.monotonic_ns(), twist, hands.lift_m_s, hands.moving_base)
        self._inputs.send(inputs.view(np.uint8))

    def _answer(self, request: Request) -> None:
        match request.command:
            case Jog() as jog:
                self._manual.take_jog(jog)
                request.done()
            case MoveHand() as goal:
                try:
                    self._manual.take_goal(goal)
                except ValueError as error:
                    request.refuse(str(error))
                else:
                    request.done()
            case RunScript(script=script, seed=seed):
                self._run_script(request, script, seed)
            case StopScript():
                if self._operator is not None:
                    self._end_script(f"{self._script}: stopped", state="stopped")
                request.done()
            case Shutdown():
                request.done()
                self._context.ending = True
            case command:
                request.refuse(f"the hands do not understand {type(command).__name__}")

    def _run_script(self, request: Request, script: str, seed: int) -> None:
        if not self._simulated:
            request.refuse(
                f"{self._context.profile.name} is not simulated; the scripted operator works only there"
            )
        elif script not in scripts():
            request.refuse(f"no script {script!r}; there are: {', '.join(scripts())}")
        else:
            self._operator = ScriptedOperator(self._context.profile, script, seed=seed)
            self._script = script
            self._context.event("script", f"{script}: started", key="script", script=script, state="started")
            request.done()


def main(argv: list[str]) -> None:
    """Run the hands process of the session in the directory `argv[-1]`."""
    context = ProcessContext("hands", argv)
    try:
        HandsProcess(context).run()
    finally:
        context.close()


if __name__ == "__main__":
    main(sys.argv)
