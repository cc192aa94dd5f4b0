"""Errors of the drivers, each named for its condition.

Every one carries the problem (with the value seen and what is allowed) and the remedy apart, so that a report can set
them in two columns and a log line can run them together.
"""

from __future__ import annotations


class DriverError(Exception):
    """Base of everything that can go wrong between this program and a device.

    Args:
        problem: what was seen and what is allowed.
        remedy: what a person can do about it.
    """

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy


class PortMissingError(DriverError):
    """The device path does not exist: the cable is out, or the profile names another one."""


class PortPermissionError(DriverError):
    """The device exists and this user may not open it."""


class PortBusyError(DriverError):
    """Another program holds the port."""


class PortSetupError(DriverError):
    """The device opened and does not take the settings of a serial line, such as the baud rate."""


class LineLostError(DriverError):
    """The line went away while in use: the adapter was unplugged, or it stopped taking bytes."""


class NoReplyError(DriverError):
    """A servo did not answer in time, in any of the tries."""


class CorruptReplyError(DriverError):
    """A servo's answers arrived with a wrong checksum or length in every try."""


class ServoRefusedError(DriverError):
    """A servo answered and refused the instruction, for instance a value out of its range."""


class WrongServoError(DriverError):
    """A servo of another model than the profile's answered, or one that cannot do what the profile asks of it."""


class ShadowMisalignedError(DriverError):
    """The two servos of one joint disagree about its angle; with torque on they would fight each other."""


class LiftNotHomedError(DriverError):
    """A lift was asked for something that needs its zero, and it has none yet."""


class NotDrivableError(DriverError):
    """A leader was asked to move, and its profile says it must not."""
