"""The guided calibration: choose, one step at a time, look the result over, write.

It is driven by snapshots and by what the operator does, and it writes nothing: at the end it holds the changes, and
whoever shows it has them saved. So it may end at any moment, by a cancel, a stop or a lost robot, and nothing is half
done. All it may leave behind is torque that it let go of, which it gives back wherever it ends.
"""

from __future__ import annotations

from enum import Enum

import numpy as np

from app.calibration.rig import Rig
from app.calibration.torque import TorqueLoan
from app.messages import Mode, Nudge
from app.robot.nudge import GRIPPER_S
from app.session.view import Snapshot
from drivers.calibration import CalibrationError, Change, Procedure, Reference, Sample, Stillness, procedures
from drivers.calibration.procedure import Answer, HomeStep, MoveStep, PoseStep, Step
from drivers.profile.schema import RobotProfile

SETTLED_NS = round((GRIPPER_S + 0.2) * 1e9)
"""After the robot was told to move a gripper, no reading counts for so long: it moves, presses and rests."""


class Phase(Enum):
    """Where the operator is."""

    CHOOSE = "choose"
    STEP = "step"
    REVIEW = "review"
    WRITING = "writing"
    WRITTEN = "written"


class Wizard:
    """See the module.

    Attributes:
        phase: where the operator is.
        chosen: ids of the procedures to go through.
        trouble: why what was asked for last was not done, or what ended the calibration; empty when nothing did.
        reading: how still what is measured stands.
        ticks: the counts of the step's servos as of the last snapshot; NaN where not read.

    Args:
        profile: the robot.
        rig: what moves it.
    """

    def __init__(self, profile: RobotProfile, rig: Rig) -> None:
        self._profile = profile
        self._rig = rig
        self.phase = Phase.CHOOSE
        # A simulated arm stands at home when its world begins, and nobody can fold it by hand.
        self.reference = Reference.REST if profile.simulation is None else Reference.HOME
        self.procedures: tuple[Procedure, ...] = procedures(profile, reference=self.reference)
        self.chosen: set[str] = set()
        self.trouble = ""
        self.reading = Stillness(())
        self.ticks: tuple[float, ...] = ()
        self.changes: tuple[Change, ...] = ()
        self.written = ""
        self._torque = TorqueLoan(rig)
        self._queue: tuple[tuple[Procedure, Step], ...] = ()
        self._at = 0
        self._samples: dict[tuple[str, str], Sample] = {}
        self._skipped: set[str] = set()
        self._snapshot: Snapshot | None = None
        self._moved = False
        self._other_way = False
        self._quiet_until_ns = 0
        self._homing = False

    # -- what is shown -------------------------------------------------------------------------------------------------

    @property
    def step(self) -> Step | None:
        """The step that is to be done; None outside `Phase.STEP`."""
        return self._queue[self._at][1] if self.phase is Phase.STEP else None

    @property
    def procedure(self) -> Procedure | None:
        """The procedure that the step belongs to."""
        return self._queue[self._at][0] if self.phase is Phase.STEP else None

    @property
    def place(self) -> tuple[int, int]:
        """The step's number, from 1, and how many there are."""
        return self._at + 1, len(self._queue)

    @property
    def let_go(self) -> bool:
        """Whether the servos are let go of by this calibration."""
        return self._torque.out

    @property
    def homed(self) -> bool:
        """Whether every lift knows its zero."""
        return self._snapshot is not None and self._snapshot.homed

    @property
    def moved(self) -> bool:
        """Whether the robot has made this step's move, so that there is something to answer."""
        return self._moved

    @property
    def can_take(self) -> bool:
        """Whether the step can be taken as done now."""
        step = self.step
        if isinstance(step, PoseStep):
            return self.reading.still
        return isinstance(step, HomeStep) and self.homed

    @property
    def can_move(self) -> bool:
        """Whether the robot can be told to make this step's move."""
        step = self.step
        if isinstance(step, PoseStep):
            return bool(step.gripper)
        return step is not None

    @property
    def doubts(self) -> tuple[Change, ...]:
        """The changes that are questionable."""
        return tuple(change for change in self.changes if change.doubt)

    # -- choosing ------------------------------------------------------------------------------------------------------

    def toggle(self, procedure_id: str) -> None:
        """Choose a procedure, or do not."""
        if self.phase is Phase.CHOOSE:
            self.chosen ^= {procedure_id}
            self.trouble = ""

    def choose_all(self) -> None:
        """Choose everything, or nothing when everything is chosen."""
        if self.phase is Phase.CHOOSE:
            everything = {procedure.id for procedure in self.procedures}
            self.chosen = set() if self.chosen == everything else everything
            self.trouble = ""

    def next_reference(self) -> None:
        """Find the followers' zeros in the next of the poses that are known."""
        if self.phase is Phase.CHOOSE:
            poses = tuple(Reference)
            self.reference = poses[(poses.index(self.reference) + 1) % len(poses)]
            self.procedures = procedures(self._profile, reference=self.reference)

    def begin(self) -> None:
        """Go to the first step of what was chosen."""
        snapshot = self._snapshot
        chosen = [procedure for procedure in self.procedures if procedure.id in self.chosen]
        if self.phase is not Phase.CHOOSE:
            return
        if not chosen:
            self.trouble = "Nothing is chosen: choose at least one part"
        elif snapshot is None or snapshot.tick is None:
            self.trouble = "The robot is not heard: wait until it answers"
        elif snapshot.recording is not None:
            self.trouble = "An episode is being recorded: end it first"
        elif snapshot.mode is not Mode.HOLD:
            self.trouble = _hold_first(snapshot.mode)
        else:
            self._queue = tuple((procedure, step) for procedure in chosen for step in procedure.steps)
            self._samples.clear()
            self._skipped.clear()
            self.phase = Phase.STEP
            self._enter(0)

    # -- following -----------------------------------------------------------------------------------------------------

    def apply(self, snapshot: Snapshot) -> None:
        """Take in a snapshot."""
        self._snapshot = snapshot
        if self.phase is not Phase.STEP:
            return
        if snapshot.mode is Mode.STOPPED:
            self._abandon("The robot was stopped, and the calibration with it. Nothing was written.")
            return
        if self._torque.see(powered=snapshot.torque):
            self.trouble = "The servos are powered again, and hold where they are"
        step = self.step
        if isinstance(step, PoseStep):
            self._read(step, snapshot)

    def _read(self, step: PoseStep, snapshot: Snapshot) -> None:
        tick = snapshot.tick
        if tick is None:
            self.ticks = ()
            self.reading.lose("the robot is not heard; nothing is lost, wait or cancel")
            return
        counts = [probe.ticks(tick.position, tick.leader) for probe in step.probes]
        self.ticks = tuple(counts)
        if tick.time_ns >= self._quiet_until_ns:
            self.reading.add(np.array(counts), time_ns=tick.time_ns)

    # -- doing a step --------------------------------------------------------------------------------------------------

    def take(self) -> None:
        """Take the pose as it stands, or the lift's zero as found; refused, with the reason, when it is neither."""
        step, procedure = self.step, self.procedure
        if step is None or procedure is None:
            return
        if isinstance(step, PoseStep):
            if not self.reading.still:
                self.trouble = f"Not taken: {self.reading.why}"
                return
            self._done(self.reading.mean_ticks)
        elif isinstance(step, HomeStep):
            if not self.homed:
                self.trouble = "The lift has not found its zero yet"
                return
            self._done("homed")
        else:
            self.trouble = "Say which way it went" if self._moved else "Let the robot move first"

    def answer(self, number: int) -> None:
        """Give the answer of this number, from 0."""
        step = self.step
        if not isinstance(step, MoveStep) or number >= len(step.answers):
            return
        if not self._moved:
            self.trouble = "Let the robot move first"
            return
        given = step.answers[number]
        if not given.value:
            self.trouble = given.advice
            self._moved = False
            self._other_way = not self._other_way and bool(step.lift)
            return
        self._done(self._meant(step, given))

    def _meant(self, step: MoveStep, given: Answer) -> str:
        """The answer as if the move had gone the profile's way; a lift on its stop is tried the other way."""
        if not self._other_way:
            return given.value
        return next(answer.value for answer in step.answers if answer.value and answer.value != given.value)

    def move(self) -> None:
        """Let the robot make this step's move."""
        step, snapshot = self.step, self._snapshot
        if step is None or snapshot is None:
            return
        if self._torque.out or not snapshot.torque:
            self.trouble = "The servos are let go of: power them first"
            return
        if snapshot.mode is not Mode.HOLD:
            self.trouble = _hold_first(snapshot.mode)
            return
        self.trouble = ""
        if isinstance(step, HomeStep):
            if not self._is_upright():
                self.trouble = (
                    "The lift goes the other way than the profile says, and would look for its zero at the top. "
                    "Skip this: with the new profile it is homed the right way."
                )
                return
            self._rig.home_lifts()
        elif isinstance(step, PoseStep):
            if step.gripper:
                self._rig.nudge(Nudge(gripper=step.gripper, opening=step.opening))
                self._quiet_until_ns = snapshot.time_ns + SETTLED_NS
                self.reading.lose("the robot is moving it")
        elif step.lift:
            self._rig.probe_lift(step.lift, -step.distance_m if self._other_way else step.distance_m)
        else:
            self._rig.nudge(Nudge(twist=step.twist, for_s=step.for_s))
        self._moved = True

    def _is_upright(self) -> bool:
        """Whether the lift was seen to go up where the profile says that up is."""
        procedure = self.procedure
        return procedure is not None and self._samples.get((procedure.id, "up")) == "up"

    def release(self) -> None:
        """Let the followers' servos go: the arms fall. Only on the operator's word."""
        snapshot = self._snapshot
        if self.phase is Phase.STEP and snapshot is not None:
            if snapshot.mode is not Mode.HOLD:
                self.trouble = _hold_first(snapshot.mode)
                return
            self._torque.let_go(powered=snapshot.torque)
            self.trouble = ""

    def power(self) -> None:
        """Power them again where they are."""
        self._torque.give_back()
        self.trouble = ""

    def back(self) -> None:
        """To the step before; what it had taken is taken anew."""
        if self.phase is Phase.REVIEW:
            self.phase = Phase.STEP
            self._enter(self._before(len(self._queue)))
        elif self.phase is Phase.STEP and self._at == 0:
            self._abandon("")
        elif self.phase is Phase.STEP:
            self._stop_moving()
            self._enter(self._before(self._at))

    def skip(self) -> None:
        """Leave the step's procedure out; a lift keeps its direction when only its zero is left out."""
        step, procedure = self.step, self.procedure
        if step is None or procedure is None:
            return
        if isinstance(step, HomeStep):
            self._done("left out")
            return
        self._stop_moving()
        self._skipped.add(procedure.id)
        at = self._at
        while at < len(self._queue) and self._queue[at][0].id == procedure.id:
            at += 1
        self._go_on(at)

    def pause(self) -> None:
        """Nobody looks: the robot stands still and holds itself; what was taken stays."""
        self._stop_moving()
        self._torque.give_back()

    def cancel(self) -> None:
        """Give the calibration up; nothing was written, and torque is as it was."""
        if self.phase in (Phase.STEP, Phase.REVIEW):
            self._abandon("")
        self.trouble = ""

    # -- the end -------------------------------------------------------------------------------------------------------

    @property
    def done(self) -> tuple[str, ...]:
        """Ids of the procedures that were gone through."""
        listed = dict.fromkeys(procedure.id for procedure, _ in self._queue)
        return tuple(procedure_id for procedure_id in listed if procedure_id not in self._skipped)

    def begin_writing(self) -> bool:
        """Say that the changes are being written; False when this is not the moment."""
        if self.phase is not Phase.REVIEW or not self.done:
            return False
        self.phase, self.trouble = Phase.WRITING, ""
        return True

    def end_writing(self, *, error: str = "") -> None:
        """Say that they were written, or why not; then nothing has changed and it can be tried again."""
        if self.phase is Phase.WRITING:
            self.phase = Phase.REVIEW if error else Phase.WRITTEN
            self.trouble = error

    def start_over(self) -> None:
        """Back to the choice."""
        if self.phase is Phase.WRITTEN:
            self._abandon("")

    # -- inside --------------------------------------------------------------------------------------------------------

    def _stop_moving(self) -> None:
        """End a small move that may be under way; the robot stays in hold."""
        snapshot = self._snapshot
        if self._moved and snapshot is not None and snapshot.mode is Mode.HOLD:
            self._rig.set_mode(Mode.HOLD)
        self._moved = False

    def _abandon(self, why: str) -> None:
        self._stop_moving()
        self._torque.give_back()
        self._queue, self._at = (), 0
        self._samples.clear()
        self.changes = ()
        self.phase, self.trouble = Phase.CHOOSE, why

    def _before(self, at: int) -> int:
        """The place of the step before; of a part that was left out the first one, for nothing of it was taken."""
        at -= 1
        part = self._queue[at][0].id
        while part in self._skipped and at > 0 and self._queue[at - 1][0].id == part:
            at -= 1
        return at

    def _enter(self, at: int) -> None:
        self._at = at
        procedure, step = self._queue[at]
        self._skipped.discard(procedure.id)
        self._samples.pop((procedure.id, step.id), None)
        self._moved = self._other_way = False
        self._quiet_until_ns = 0
        self.ticks, self.trouble = (), ""
        labels = [probe.label for probe in step.probes] if isinstance(step, PoseStep) else []
        self.reading = Stillness(labels)

    def _done(self, sample: Sample) -> None:
        step, procedure = self.step, self.procedure
        if step is not None and procedure is not None:
            self._samples[procedure.id, step.id] = sample
            self._go_on(self._at + 1)

    def _go_on(self, at: int) -> None:
        """To a step, or, after the last, to the result."""
        if at < len(self._queue):
            self._enter(at)
            return
        self._torque.give_back()
        try:
            self.changes = self._solve()
        except CalibrationError as error:
            self.trouble = str(error)
            return
        self.phase, self.trouble = Phase.REVIEW, ""

    def _solve(self) -> tuple[Change, ...]:
        changes: list[Change] = []
        by_id = {procedure.id: procedure for procedure, _ in self._queue}
        for procedure in (by_id[procedure_id] for procedure_id in self.done):
            samples = {
                step: sample for (owner, step), sample in self._samples.items() if owner == procedure.id
            }
            changes += procedure.solve(samples, changes)
        return tuple(changes)


def _hold_first(mode: Mode) -> str:
    """Why a robot that does not hold is not calibrated, and what to do; a key as the id of its action in braces."""
    if mode is Mode.STOPPED:
        return "The robot is stopped: release it first, by holding Enter"
    return "The robot is moving: hold it first ({mode.hold})"
