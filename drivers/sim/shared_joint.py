"""Several servos on one joint: a master and its shadow, each with its own wish, one axis."""

from __future__ import annotations

from typing import Final

from drivers.sim.interface import Drive, DriveKind, SimJoint

FIGHT_NM_PER_RAD: Final = 300.0
"""Torque between two position servos on one axis for each radian that they disagree."""


class SharedJoint:
    """The axis that servos share. It follows the mean of the powered servos' wishes, with their limits added up.

    The world's joint counts limit and effort per servo, with all of its servos at work; where only some are powered,
    they carry what the others do not.
    """

    def __init__(self, joint: SimJoint) -> None:
        self.joint = joint
        self._ports: list[JointPort] = []
        self._powered: list[JointPort] = []

    def port(self) -> JointPort:
        """A place for one more servo on the axis."""
        port = JointPort(self)
        self._ports.append(port)
        return port

    def combine(self) -> None:
        """Drive the joint by what the powered servos want together."""
        self._powered = [port for port in self._ports if port.wish.kind is not DriveKind.OFF]
        if not self._powered:
            self.joint.drive(Drive())
            return
        wishes = [port.wish for port in self._powered]
        limit_nm = sum(wish.effort_limit_nm for wish in wishes) / len(self._ports)
        # Servos in different modes on one axis are a mistake in the set-up; the first one's mode counts then.
        alike = [wish for wish in wishes if wish.kind is wishes[0].kind]
        target = sum(wish.target for wish in alike) / len(alike)
        self.joint.drive(Drive(wishes[0].kind, target, limit_nm))

    def effort_nm(self, port: JointPort) -> float:
        """A servo's share of the torque, and what it spends on fighting another with a different goal."""
        if port not in self._powered:
            return 0.0
        share = self.joint.effort_nm * len(self._ports) / len(self._powered)
        if len(self._powered) == 1 or port.wish.kind is not DriveKind.POSITION:
            return share
        targets = [other.wish.target for other in self._powered if other.wish.kind is DriveKind.POSITION]
        share += FIGHT_NM_PER_RAD * (port.wish.target - sum(targets) / len(targets))
        limit_nm = port.wish.effort_limit_nm
        return max(-limit_nm, min(limit_nm, share))


class JointPort:
    """One servo's hold on an axis."""

    def __init__(self, shared: SharedJoint) -> None:
        self._shared = shared
        self.wish = Drive()

    @property
    def position_rad(self) -> float:
        """Angle of the joint."""
        return self._shared.joint.position_rad

    @property
    def velocity_rad_s(self) -> float:
        """Angular velocity of the joint."""
        return self._shared.joint.velocity_rad_s

    @property
    def effort_nm(self) -> float:
        """Torque that this servo exerts."""
        return self._shared.effort_nm(self)

    def drive(self, wish: Drive) -> None:
        """Say what this servo wants of the joint."""
        if wish != self.wish:
            self.insist(wish)

    def insist(self, wish: Drive) -> None:
        """Say it even if it is nothing new."""
        self.wish = wish
        self._shared.combine()
