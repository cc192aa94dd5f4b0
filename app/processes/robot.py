"""The robot process: the 50 Hz loop around the drivers, with everything it needs to be asked and heard."""

from __future__ import annotations

import gc
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.control import Request
from app.dataplane.layouts import INPUTS, INPUTS_TOPIC, chunk_topic, tick_layout, tick_topic
from app.messages import (
    Command,
    HomeLifts,
    LoadReplay,
    Mode,
    Nudge,
    ProbeLift,
    RebootServo,
    Relatch,
    Release,
    SetMode,
    SetSpeed,
    SetTorque,
    Shutdown,
    Stop,
)
from app.processes.context import ProcessContext
from app.processes.realtime import Pacer, request_realtime
from app.robot.arbiter import Asked, Inputs, ModeRefusedError
from app.robot.feet import believed_inputs
from app.robot.lift_zeros import read_zeros, save_zeros
from app.robot.loop import RobotLoop
from app.robot.nudge import Nudge as SmallMove
from app.robot.policy_watch import PolicyWatch
from app.runtime import SIMULATED, resolve_port
from drivers.errors import DriverError
from drivers.lift_probe import MAX_PROBE_M
from drivers.measurement import ConnectionReport, Measurement
from drivers.robot import Robot

REALTIME_PRIORITY = 60
WORLD_STARTS_S = 15.0
LONGEST_RELATCH_S = 5.0
LIFT_COMMAND_TIMEOUT_MS = 200.0
"""How old the operator's inputs may be on a robot without a base, whose profile says it for base and lift."""

RELATCH_S = 0.1
"""After the servos were powered or let go, how long the measured pose is taken for the one that is held."""

NUDGE_M_S, NUDGE_RAD_S, NUDGE_S = 0.15, 0.4, 3.0
"""The most that may be asked of the base out of hold."""

NOBODY_WATCHES_S = 3.0
"""How long the robot goes on holding, actively, after its owner's process has ended."""


class RobotProcess:
    """Joins the loop to the session: commands in, ticks and statuses out.

    Args:
        context: the process's surroundings.
    """

    def __init__(self, context: ProcessContext) -> None:
        self._context = context
        profile = context.profile
        self._robot = Robot(profile, resolve_port=lambda port: resolve_port(context.runtime_dir, port))
        self._loop = RobotLoop(profile, self._robot, context.event)
        self._ticks = context.plane.publisher(tick_topic(profile))
        self._inputs = context.plane.subscriber(INPUTS_TOPIC)
        self._chunks = context.plane.subscriber(chunk_topic(profile))
        self._policy = PolicyWatch(context.plane)
        self._acting_ns = 0
        self._row = np.zeros(1, tick_layout(profile.dof))
        self._newest_inputs: NDArray[np.void] | None = None
        self._torque = True
        self._lent = False
        self._replaying = ""
        self._saved_zeros = read_zeros(context.runtime_dir)
        self._health_at_ns = 0
        self._health_faults: list[tuple[str, int | None, str]] = []
        self._health_figures: dict[str, object] = {}
        self._handlers: dict[type[Command], Callable[..., None]] = {
            SetMode: self._set_mode,
            Stop: lambda command: self._loop.stop(command.reason),
            Release: self._release,
            HomeLifts: lambda _: self._loop.home_lifts(),
            SetTorque: self._set_torque,
            SetSpeed: self._set_speed,
            RebootServo: self._reboot,
            Nudge: self._nudge,
            ProbeLift: self._probe_lift,
            LoadReplay: self._load_replay,
            Relatch: self._relatch,
            Shutdown: self._shutdown,
        }

    def run(self) -> None:
        """Connect, then tick until told to end."""
        context = self._context
        self._await_world()
        context.beat("connecting")
        self._tell(self._robot.connect(lift_zeros=self._saved_zeros))
        realtime = request_realtime(REALTIME_PRIORITY)
        if not realtime:
            context.log.warning(
                "no real-time priority; allow it with: setcap or an rtprio line in limits.conf"
            )
        gc.collect()
        gc.freeze()
        pacer = Pacer(context.profile.control_rate_hz)
        tick, orphaned_ns = 0, 0
        while not context.ending:
            lateness_ns = pacer.wait()
            for request in context.server.receive():
                self._answer(request)
            owner_alive = context.owner_alive()
            if self._lent and not owner_alive:
                self._set_torque(SetTorque(on=True))
            if context.owner_ended():
                orphaned_ns = orphaned_ns or time.monotonic_ns()
                if time.monotonic_ns() - orphaned_ns > NOBODY_WATCHES_S * 1e9:
                    break
            self._loop.arbiter.policy_trouble = self._policy.trouble()
            self._loop.arbiter.policy_rested_ns = self._policy.rested_ns
            for sample in self._chunks.drain():
                self._loop.take_chunk(sample.payload)
            mode, gate = self._loop.arbiter.mode, self._loop.arbiter.gate
            measured, asked, sent, sent_ns = self._loop.tick(self._wanted(), owner_alive=owner_alive)
            self._publish(tick, lateness_ns, pacer, mode, measured, asked, sent, sent_ns)
            self._tell_subtask(asked, tick, sent_ns)
            tick += 1
            if context.due():
                context.beat("running", **self._detail(pacer, realtime, gate_open=gate.phase.name.lower()))
                self._save_zeros()
        self._robot.close()

    def _tell_subtask(self, asked: Asked, tick: int, sent_ns: int) -> None:
        """Say which action was the first under a subtask."""
        chunk = asked.chunk
        if chunk is None or chunk.applied_ns == self._acting_ns:
            return
        self._acting_ns = chunk.applied_ns
        text = chunk.subtask.decode(errors="replace")
        self._context.event(
            "subtask",
            f"Acting: {text}",
            state="acting",
            applied_ns=chunk.applied_ns,
            text=text,
            first_action_ns=sent_ns,
            tick=tick,
            chunk=chunk.number,
        )

    def _save_zeros(self) -> None:
        """Leave the lifts' zeros for a robot process that follows this one, should it be killed."""
        zeros = self._robot.lift_zeros
        if zeros != self._saved_zeros and (zeros or self._saved_zeros is not None):
            self._saved_zeros = zeros
            save_zeros(self._context.runtime_dir, zeros)

    def _tell(self, report: ConnectionReport) -> None:
        """Say who answered. What did not is named again by its own notice as long as it does not."""
        if report.ok:
            self._context.event("robot", "The robot answers")
            return
        self._context.log.warning("not all of the robot answers:\n%s", report)
        missing = ", ".join(bus.name for bus in report.buses if not bus.ok)
        ready = sum(bus.ok for bus in report.buses)
        self._context.event(
            "robot",
            f"{ready} of {len(report.buses)} buses are ready; not {missing}",
            level="warning",
            tree=str(report),
        )

    def _await_world(self) -> None:
        """Let a simulated world, which starts at the same time, lay its lines first."""
        ports = [bus.port for bus in self._context.profile.buses.values() if bus.port.startswith(SIMULATED)]
        paths = [Path(resolve_port(self._context.runtime_dir, port)) for port in ports]
        deadline = time.monotonic() + WORLD_STARTS_S
        while not all(path.exists() for path in paths):
            if time.monotonic() > deadline or self._context.ending:
                return
            self._context.beat("waiting for the simulated world")
            time.sleep(0.02)

    def _answer(self, request: Request) -> None:
        handler = self._handlers.get(type(request.command))
        if handler is None:
            request.refuse(f"the robot does not understand {type(request.command).__name__}")
            return
        try:
            handler(request.command)
        except (ModeRefusedError, DriverError) as error:
            request.refuse(str(error))
        else:
            request.done()

    def _wanted(self) -> Inputs:
        """Base and lift as last wanted, unless that is too old or the dead man is up."""
        payload = self._inputs.newest()
        if payload is not None:
            self._newest_inputs = payload.view(INPUTS)[0]
        if self._newest_inputs is None:
            return Inputs()
        base = self._context.profile.base
        limit_ms = base.command_timeout_ms if base is not None else LIFT_COMMAND_TIMEOUT_MS
        return believed_inputs(self._newest_inputs, now_ns=time.monotonic_ns(), limit_ms=limit_ms)

    def _publish(
        self,
        tick: int,
        lateness_ns: int,
        pacer: Pacer,
        mode: Mode,
        measured: Measurement,
        asked: Asked,
        sent: NDArray[np.float32],
        sent_ns: int,
    ) -> None:
        gate = self._loop.arbiter.gate
        row = self._row[0]
        row["tick"] = tick
        row["time_ns"] = measured.time_ns
        row["action_time_ns"] = sent_ns
        row["lateness_ns"] = lateness_ns
        row["late_ticks"] = pacer.late
        row["mode"] = mode
        row["source"] = asked.source
        chunk = asked.chunk
        row["subtask"] = chunk.subtask if chunk is not None else b""
        row["chunk"] = chunk.number if chunk is not None else -1
        row["chunk_step"] = asked.chunk_step
        row["position"] = measured.position
        row["velocity"] = measured.velocity
        row["effort"] = measured.effort
        row["requested"] = asked.action
        row["sent"] = sent
        row["leader"] = measured.leader
        row["gate_phase"] = gate.phase
        row["gate_ramp"] = gate.ramp
        row["gate_within"] = gate.within
        self._ticks.send(self._row.view(np.uint8))

    def _detail(self, pacer: Pacer, realtime: bool, *, gate_open: str) -> dict[str, object]:
        arbiter = self._loop.arbiter
        return {
            "mode": int(arbiter.mode),
            "gate": gate_open,
            "late_ticks": pacer.late,
            "skipped_ticks": pacer.skipped,
            "realtime": realtime,
            "homed": self._robot.lifts_homed,
            "homing": {name: state.value for name, state in self._robot.homing.items()},
            "torque": self._torque,
            "speed": arbiter.speed,
            "replay": self._replaying if arbiter.mode is Mode.REPLAY else "",
            "replay_progress": arbiter.replay_progress,
            **chunk_figures(self._loop),
            **self._health(),
        }

    def _health(self) -> dict[str, object]:
        """Figures of buses and servos, and what ails them.

        Once a second, as they are sorted and encoded anew each time; at once when something begins or ceases to ail.
        """
        now, faults = time.monotonic_ns(), self._robot.faults()
        # By their names only: the voltage in their words is another at each look.
        named = [(fault.bus, fault.servo_id, fault.code) for fault in faults]
        if now - self._health_at_ns > 1e9 or named != self._health_faults:
            self._health_at_ns, self._health_faults = now, named
            self._health_figures = {
                "health_ns": now,
                "buses": msgspec.Raw(msgspec.json.encode(self._robot.health())),
                "servos": msgspec.Raw(msgspec.json.encode(self._robot.servos())),
                "faults": msgspec.Raw(msgspec.json.encode(faults)),
            }
        return self._health_figures

    def _release(self, _: Release) -> None:
        self._loop.arbiter.release()
        self._context.event("mode", "Released; holding", key="mode", mode=int(Mode.HOLD))

    def _reboot(self, command: RebootServo) -> None:
        if command.bus not in self._context.profile.buses:
            raise ModeRefusedError(
                f"no bus {command.bus!r}; this robot has {', '.join(self._context.profile.buses)}"
            )
        try:
            self._robot.reboot(command.bus, command.servo_id)
        except KeyError:
            ids = sorted(servo.id for servo in self._robot.servos() if servo.bus == command.bus)
            raise ModeRefusedError(
                f"no servo {command.servo_id} on {command.bus}; there are {', '.join(map(str, ids))}"
            ) from None

    def _set_mode(self, command: SetMode) -> None:
        if command.mode is not Mode.HOLD and not self._torque:
            raise ModeRefusedError("the servos are let go; support the arms and power them first")
        self._loop.change(command.mode, dead_man=command.dead_man, dead_man_held=self._wanted().dead_man)

    def _relatch(self, command: Relatch) -> None:
        if not 0.0 < command.for_s <= LONGEST_RELATCH_S:
            raise ModeRefusedError(f"relatch for {command.for_s} s is not in (0, {LONGEST_RELATCH_S:g}]")
        self._loop.relatch(command.for_s)

    def _set_torque(self, command: SetTorque) -> None:
        self._lent = command.lent and not command.on
        if command.on == self._torque:
            return
        if not command.on and self._loop.arbiter.mode not in (Mode.HOLD, Mode.STOPPED):
            raise ModeRefusedError("the robot is moving; hold it before letting the servos go")
        if not command.on and self._loop.arbiter.mode is Mode.HOLD:
            self._loop.hold()  # a small move under way would go on when they are powered again
        self._robot.torque(command.on)
        self._torque = command.on
        self._loop.relatch(RELATCH_S)
        self._context.event(
            "torque", "Servos are powered" if command.on else "Servos are let go: the arms can fall"
        )

    def _nudge(self, command: Nudge) -> None:
        self._refuse_without_torque()
        profile = self._context.profile
        segments = {(segment.kind, segment.name): segment.slice for segment in profile.segments}
        twist, target = np.zeros(profile.dof, np.float32), np.full(profile.dof, np.nan, np.float32)
        within = np.abs(command.twist) <= (NUDGE_M_S, NUDGE_M_S, NUDGE_RAD_S)
        if not within.all() or not 0.0 <= command.for_s <= NUDGE_S:
            raise ModeRefusedError(
                f"a nudge of {command.twist} for {command.for_s} s; at most {NUDGE_M_S} m/s, {NUDGE_RAD_S} rad/s "
                f"and {NUDGE_S} s are allowed"
            )
        if any(command.twist):
            if profile.base is None:
                raise ModeRefusedError(f"{profile.name} has no base to move; add [base] to it")
            twist[segments["base", ""]] = command.twist
        if command.gripper:
            if ("gripper", command.gripper) not in segments or not 0.0 <= command.opening <= 1.0:
                raise ModeRefusedError(
                    f"no gripper {command.gripper!r} to open to {command.opening}; this robot has "
                    f"{', '.join(profile.grippers) or 'none'}, from 0 to 1"
                )
            target[segments["gripper", command.gripper]] = command.opening
        self._loop.nudge(SmallMove(twist, command.for_s, target))

    def _probe_lift(self, command: ProbeLift) -> None:
        self._refuse_without_torque()
        if command.lift not in self._context.profile.lifts:
            raise ModeRefusedError(
                f"no lift {command.lift!r}; this robot has {', '.join(self._context.profile.lifts) or 'none'}"
            )
        if not abs(command.distance_m) <= MAX_PROBE_M:
            raise ModeRefusedError(
                f"to move a lift by {command.distance_m} m; at most {MAX_PROBE_M} m are allowed"
            )
        self._loop.probe_lift(command.lift, command.distance_m)

    def _refuse_without_torque(self) -> None:
        if not self._torque:
            raise ModeRefusedError("the servos are let go; support the arms and power them first")

    def _set_speed(self, command: SetSpeed) -> None:
        if not 0.0 < command.factor <= 1.0:
            raise ModeRefusedError(f"speed factor {command.factor} is not in (0, 1]")
        self._loop.arbiter.speed = command.factor

    def _load_replay(self, command: LoadReplay) -> None:
        if command.rows < 1 or len(command.actions) % (4 * command.rows):
            raise ModeRefusedError(
                f"{len(command.actions)} bytes do not make {command.rows} actions; load the episode again"
            )
        actions = np.frombuffer(command.actions, "<f4")
        self._loop.arbiter.load(actions.reshape(command.rows, -1))
        self._replaying = command.episode_id

    def _shutdown(self, _: Shutdown) -> None:
        self._context.ending = True


def chunk_figures(loop: RobotLoop) -> dict[str, object]:
    """What the heartbeat says of a policy's chunks."""
    player = loop.arbiter.player
    chunk = player.chunk if player is not None else None
    cursor = player.cursor if player is not None else float("nan")
    return {
        "chunk": chunk.number if chunk is not None else -1,
        "chunk_step": cursor if math.isfinite(cursor) else None,
        "late_chunks": player.late if player is not None else 0,
        "refused_chunks": loop.refused_chunks,
        "refusal": loop.refusal,
    }


def main(argv: list[str]) -> None:
    """Run the robot process of the session in the directory `argv[-1]`."""
    context = ProcessContext("robot", argv)
    try:
        RobotProcess(context).run()
    finally:
        context.close()


if __name__ == "__main__":
    main(sys.argv)
