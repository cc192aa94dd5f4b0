"""The servos' torque during a calibration: let go of on the operator's word, given back however it ends."""

from __future__ import annotations

from app.calibration.rig import Rig


class TorqueLoan:
    """Remembers whether it was this calibration that let the servos go.

    Args:
        rig: the robot.
    """

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.out = False
        """Whether the servos are let go of by this calibration."""
        self._seen_off = False

    def let_go(self, *, powered: bool) -> None:
        """Let the servos go, unless they were already when nobody had asked here."""
        if powered and not self.out:
            self.out, self._seen_off = True, False
            self._rig.set_torque(False, lent=True)

    def see(self, *, powered: bool) -> bool:
        """Take in whether the servos hold; says whether somebody else has given the torque back.

        The robot does so by itself when the window did not answer for a moment, or when its process starts anew.
        """
        if self.out and not powered:
            self._seen_off = True
        elif self.out and self._seen_off:
            self.out = False
            return True
        return False

    def give_back(self) -> None:
        """Power the servos again where they are, if they were let go of here."""
        if self.out:
            self.out = False
            self._rig.set_torque(True)
