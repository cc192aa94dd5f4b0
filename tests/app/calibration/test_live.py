"""A miscalibrated copy of the simulated robot is calibrated for real, and gets back the numbers that are true."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from app.calibration.wizard import Phase, Wizard
from app.messages import Nudge
from app.session import Session
from drivers.calibration import Change, save_profile
from drivers.calibration.procedure import MoveStep, PoseStep
from drivers.calibration.rewrite import rewritten
from drivers.dynamixel.registers import RAD_PER_TICK
from drivers.profile import load_profile, profile_path
from drivers.sim.hands_file import HandsWriter
from drivers.sim.interface import Hands, Truth
from drivers.sim.remote import SimRemote

TRUE = load_profile("sim-kitchen")
PATIENCE_S = 30.0
ARM_SHIFTS = (55, -70, 62, -41, 58, 20)
LEADER_SHIFTS = (-48, 66, -52, 37, -61, -22)
FEW_TICKS = 4


def wrong_copy(folder: Path) -> Path:
    """A copy of the simulated robot's profile with wrong zeros, ranges and directions, on the same true world."""

    def change(*key: str | int, new: float | bool) -> Change:
        return Change(key=key, label="", old=not new, new=new)

    changes = [
        *(
            change("arms", "left", "joints", n, "zero_ticks", new=2048 + by)
            for n, by in enumerate(ARM_SHIFTS)
        ),
        *(
            change("leaders", "left", "joints", n, "zero_ticks", new=2048 + by)
            for n, by in enumerate(LEADER_SHIFTS)
        ),
        change("grippers", "left", "closed_rad", new=-0.75),
        change("grippers", "left", "open_rad", new=1.6),
        change("leaders", "left", "handle", "closed_rad", new=-0.4),
        change("leaders", "left", "handle", "open_rad", new=0.15),
        change("base", "inverted", 0, new=True),
        change("base", "inverted", 2, new=True),
        change("lifts", "main", "inverted", new=True),
        # It would look for its zero at the top.
        change("lifts", "main", "homing", "on_connect", new=False),
    ]
    text = profile_path("sim-kitchen").read_text(encoding="utf-8")
    path = folder / "wrong.toml"
    path.write_text(rewritten(text, TRUE, changes, calibrated={}, robot="sim-kitchen"), encoding="utf-8")
    return path


class Person:
    """Somebody who stands beside the robot: sees what it does, and moves the leaders."""

    def __init__(self, session: Session, wizard: Wizard) -> None:
        self.session = session
        self.wizard = wizard
        self.world = SimRemote(session.runtime_dir, timeout_s=20.0)
        self.hands = HandsWriter(session.runtime_dir, TRUE)

    def see(self) -> Truth:
        return self.world.truth()

    def wait(self, until: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < deadline, f"{what}: {self.wizard.trouble or self.wizard.reading.why}"
            self.session.beat()
            self.wizard.apply(self.session.snapshot())
            time.sleep(0.01)

    def watch(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end, "time")

    def do(self) -> None:
        """The step that the wizard is at."""
        step, procedure = self.wizard.step, self.wizard.procedure
        assert step is not None
        assert procedure is not None
        if procedure.id == "leader.left":
            self.hands.write(Hands(leader_rad={"left": self.see().arm_rad["left"]}))
            self.watch(0.5)
        elif procedure.id == "handle.left":
            self.hands.write(Hands(leader_opening={"left": float(step.id == "open")}))
            self.watch(0.5)
        elif procedure.id == "gripper.left":
            self.wizard.move()
        if isinstance(step, PoseStep):
            self.wait(lambda: self.wizard.can_take, step.title)
            self.wizard.take()
        elif isinstance(step, MoveStep):
            before = self.see()
            self.wizard.move()
            self.watch(1.3 if step.lift else 1.9)
            after = self.see()
            turned = after.base_pose[2] - before.base_pose[2]
            if step.lift:
                assert abs(after.lift_m - before.lift_m) > 0.005
                self.wizard.answer(0 if after.lift_m > before.lift_m else 1)
            else:
                assert abs(turned) > 0.1
                self.wizard.answer(0 if turned > 0 else 1)
        else:
            self.wizard.move()
            assert "other way" in self.wizard.trouble
            self.wizard.skip()

    def close(self) -> None:
        self.hands.close()
        self.world.close()


@contextmanager
def beside(profile: Path, data_dir: Path) -> Iterator[Person]:
    session = Session(str(profile), data_dir=data_dir, processes=("simworld", "robot"))
    try:
        person = Person(session, Wizard(session.profile, session))
        try:
            person.wait(lambda: session.snapshot().tick is not None, "the robot")
            yield person
        finally:
            person.close()
    finally:
        session.close()


def let_go_in_the_midst_of_a_move(person: Person) -> None:
    """Servos that are powered again stand still, though what they were let go in would have gone on."""
    session = person.session
    session.nudge(Nudge(twist=(0.1, 0.0, 0.0), for_s=3.0))
    person.watch(0.5)
    session.set_torque(False)
    person.wait(lambda: not session.snapshot().torque, "letting go")
    session.set_torque(True)
    person.wait(lambda: session.snapshot().torque, "power")
    person.watch(0.3)
    before = person.see().base_pose
    person.watch(0.7)
    assert np.allclose(person.see().base_pose, before, atol=0.01)


def let_go_and_vanish(person: Person) -> None:
    """Let the servos go, as a calibration does, and say no more: the robot powers them again by itself."""
    session = person.session
    session.nudge(Nudge(gripper="left", opening=0.5, for_s=60.0))
    person.wait(lambda: any("60.0 s; at most" in n.what for n in session.snapshot().notices), "a refusal")
    session.probe_lift("main", 0.5)
    person.wait(lambda: any("a lift by 0.5 m" in n.what for n in session.snapshot().notices), "a refusal")
    session.set_torque(False, lent=True)
    person.wait(lambda: not session.snapshot().torque, "letting go")
    session.nudge(Nudge(twist=(0.1, 0.0, 0.0), for_s=1.0))
    person.wait(lambda: any("power them first" in n.what for n in session.snapshot().notices), "a refusal")
    deadline = time.monotonic() + PATIENCE_S
    while not session.snapshot().torque:  # without a beat
        assert time.monotonic() < deadline, "the servos were not powered again"
        time.sleep(0.02)


@pytest.mark.timeout(120)
def test_a_miscalibrated_robot_gets_its_true_numbers_back(tmp_path: Path) -> None:
    path = wrong_copy(tmp_path)
    with beside(path, tmp_path / "data") as person:
        wizard = person.wizard
        for part in ("arm.left", "leader.left", "gripper.left", "handle.left", "wheels", "lift.main"):
            wizard.toggle(part)
        person.watch(0.3)
        wizard.begin()
        assert wizard.phase is Phase.STEP, wizard.trouble
        while wizard.phase is Phase.STEP:
            person.do()
        assert wizard.phase is Phase.REVIEW, wizard.trouble
        let_go_in_the_midst_of_a_move(person)
        let_go_and_vanish(person)
        saved = save_profile(
            str(path),
            person.session.profile,
            wizard.changes,
            done=wizard.done,
            profiles_dir=tmp_path,
            now=datetime.now(UTC),
        )
    found = load_profile(saved.path)
    for kind in ("arms", "leaders"):
        pairs = zip(getattr(found, kind)["left"].joints, getattr(TRUE, kind)["left"].joints, strict=True)
        off = {ours.name: ours.zero_ticks - theirs.zero_ticks for ours, theirs in pairs}
        assert max(map(abs, off.values())) <= FEW_TICKS, (kind, off)
    for ours, theirs in (
        (found.grippers["left"], TRUE.grippers["left"]),
        (found.leaders["left"].handle, TRUE.leaders["left"].handle),
    ):
        off_ticks = (
            np.subtract((ours.closed_rad, ours.open_rad), (theirs.closed_rad, theirs.open_rad)) / RAD_PER_TICK
        )
        assert np.abs(off_ticks).max() <= FEW_TICKS, off_ticks
    assert found.base is not None
    assert TRUE.base is not None
    assert found.base.inverted == TRUE.base.inverted
    assert found.lifts["main"].inverted == TRUE.lifts["main"].inverted
    assert found.simulation is not None
    assert found.simulation.robot == "sim-kitchen"
