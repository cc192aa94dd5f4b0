"""What can go wrong at the far end, as frozen values that tests and the window's fault panel set at run time."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from drivers.sim.statefile import CameraFault

Probability = Annotated[float, Meta(ge=0, le=1)]


class BusFaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Faults of one serial line and the servos on it.

    Attributes:
        loss: probability that a packet, either way, vanishes.
        corruption: probability that a packet, either way, arrives with a damaged byte.
        silent_ids: servos that do not answer and do not obey, as with a broken wire.
        overload_ids: servos that suffer an overload when this value is set; once, a reboot clears it.
        cut: the cable is pulled: the port vanishes until `cut` is false again.
        reply_delay_ms: how much later than it would each reply arrives.
        voltage_v: supply voltage by servo id.
        temperature_c: temperature by servo id.
    """

    loss: Probability = 0.0
    corruption: Probability = 0.0
    silent_ids: tuple[int, ...] = ()
    overload_ids: tuple[int, ...] = ()
    cut: bool = False
    reply_delay_ms: Annotated[float, Meta(ge=0)] = 0.0
    voltage_v: dict[int, float] = {}
    temperature_c: dict[int, float] = {}


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is wrong now, by bus and by camera; what is not named is well."""

    buses: dict[str, BusFaults] = {}
    cameras: dict[str, CameraFault] = {}


NO_FAULTS = Faults()
HEALTHY_BUS = BusFaults()
