"""One simulated servo: registers on the side of the line, one joint of the world on the other.

The arithmetic is that of an X-series servo; where its manual leaves a behaviour open, the choice is said beside it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from drivers.sim import control_table as ct
from drivers.sim import protocol
from drivers.sim.access import refusal
from drivers.sim.encoder import Encoder
from drivers.sim.glide import Glide
from drivers.sim.interface import Drive, DriveKind
from drivers.sim.shared_joint import JointPort
from drivers.sim.thermal import Winding

BOOT_NS: Final = 300_000_000
"""How long a servo is deaf after a reboot."""

OVERLOAD_FRACTION: Final = 0.8
OVERLOAD_NS: Final = 1_000_000_000
"""A current above this fraction of the model's highest for this long is an overload."""

_PRESENT = struct.Struct("<hii")
_STATE_STARTS: Final = range(ct.MOVING.address, ct.PRESENT_CURRENT.address + 1)
_LIVE: Final = range(ct.REALTIME_TICK.address, ct.TABLE_SIZE)


@dataclass(frozen=True, slots=True)
class ServoSpec:
    """How a servo is mounted and how its EEPROM was set when the robot was built.

    Attributes:
        id: its id on the bus.
        model: the model's name, a key of `control_table.MODELS`.
        direction: +1 where the servo counts up as the joint's angle grows, −1 where it was mounted the other way.
        zero_ticks: what it reads at the joint's zero.
        effort_per_ampere_nm: torque on the joint for one ampere.
        mode: operating mode in EEPROM.
        shadow_of: the id of the master whose goals a shadow obeys; its drive mode is then reversed.
        baud: rate in bit/s.
        firmware: version number.
        keeps_goals: whether it takes power with the goals left in its table, and goes there, instead of staying.
    """

    id: int
    model: str
    direction: int = 1
    zero_ticks: int = 2048
    effort_per_ampere_nm: float = 10.0
    mode: int = ct.MODE_POSITION
    shadow_of: int | None = None
    baud: int = 1_000_000
    firmware: int = 46
    keeps_goals: bool = False


class SimServo:
    """A servo that answers reads and writes and drives its joint accordingly.

    Times are `time.monotonic_ns()`, given by the caller.
    """

    def __init__(self, spec: ServoSpec, port: JointPort, *, now_ns: int) -> None:
        self._spec = spec
        self._port = port
        self._model = ct.MODELS[spec.model]
        self._table = ct.ControlTable()
        # A shadow sits mirrored on the same axis; its encoder counts the other way around the half turn.
        mirrored = spec.shadow_of is not None
        self._encoder = Encoder(
            self._table,
            port,
            mount=-spec.direction if mirrored else spec.direction,
            zero_ticks=ct.TICKS_PER_TURN - spec.zero_ticks if mirrored else spec.zero_ticks,
        )
        self._winding = Winding(now_ns=now_ns)
        self._voltage_v: float | None = None
        self._heat_c: float | None = None
        self._feed_ns = now_ns
        self._overload_since_ns: int | None = None
        self._glide = Glide()
        self.boot_until_ns = 0
        put = self._table.put
        put(ct.MODEL_NUMBER, self._model.number)
        put(ct.FIRMWARE_VERSION, spec.firmware)
        put(ct.ID, spec.id)
        put(ct.BAUD_RATE, ct.CODE_BY_BAUD[spec.baud])
        put(ct.OPERATING_MODE, spec.mode)
        put(ct.CURRENT_LIMIT, self._model.max_current)
        if spec.shadow_of is not None:
            put(ct.SECONDARY_ID, spec.shadow_of)
            put(ct.DRIVE_MODE, ct.DRIVE_MODE_REVERSE)
        self._power_up(now_ns)

    # -- what the bus asks -----------------------------------------------------------------------------------

    @property
    def id(self) -> int:
        """Its id, to which it answers."""
        return self._table.get(ct.ID)

    @property
    def secondary_id(self) -> int | None:
        """The id that it obeys without answering; None where there is none."""
        value = self._table.get(ct.SECONDARY_ID)
        return value if value <= ct.ID.high else None

    @property
    def baud(self) -> int:
        """The rate at which it listens, bit/s."""
        return ct.BAUD_BY_CODE[self._table.get(ct.BAUD_RATE)]

    @property
    def status_return_level(self) -> int:
        """0: answers pings only; 1: and reads; 2: everything."""
        return self._table.get(ct.STATUS_RETURN_LEVEL)

    @property
    def return_delay_ns(self) -> int:
        """How long it waits before it answers."""
        return self._table.get(ct.RETURN_DELAY) * 2_000

    @property
    def alert(self) -> int:
        """The alert bit of its status packets."""
        return protocol.ALERT_BIT if self._table.get(ct.HARDWARE_ERROR) else 0

    @property
    def torque_on(self) -> bool:
        """Whether it is powered."""
        return bool(self._table.get(ct.TORQUE_ENABLE))

    def register(self, register: ct.Register) -> int:
        """The present value of a register."""
        if register.address in _LIVE:
            self._refresh()
        return self._table.get(register)

    def identity(self) -> bytes:
        """What a ping tells: model number and firmware version."""
        return self._table.bytes_at(ct.MODEL_NUMBER.address, 2) + self._table.bytes_at(
            ct.FIRMWARE_VERSION.address, 1
        )

    def fed(self, now_ns: int) -> None:
        """An instruction packet passed on the bus, whoever it was for; the bus watchdog is content."""
        self._feed_ns = now_ns

    def read(self, address: int, length: int) -> tuple[int, bytes]:
        """Bytes of the table: error number and data; the data is empty when there is an error."""
        if address in _STATE_STARTS and address + length == ct.PRESENT_POSITION.end:
            # What is read every few milliseconds, without the detour over the table.
            velocity = self._present_velocity()
            self._note_moving(velocity)
            head = self._table.bytes_at(address, ct.PRESENT_CURRENT.address - address)
            return 0, head + _PRESENT.pack(self._present_current(), velocity, self._encoder.position_ticks)
        if not length > 0 or not 0 <= address <= ct.TABLE_SIZE - length:
            return protocol.ACCESS_ERROR, b""
        if address + length > _LIVE.start:
            self._refresh()
        return 0, self._table.bytes_at(address, length)

    def write(self, address: int, data: bytes, *, now_ns: int) -> int:
        """Write whole registers, all or none.

        Returns:
            The error number of the status packet; 0 when it was done.
        """
        wanted: list[tuple[ct.Register, int]] = []
        offset = 0
        while offset < len(data):
            register = ct.BY_ADDRESS.get(address + offset)
            if register is None or not register.writable:
                return protocol.ACCESS_ERROR
            raw = data[offset : offset + register.size]
            if len(raw) < register.size:
                return protocol.DATA_LENGTH_ERROR
            wanted.append((register, int.from_bytes(raw, "little", signed=register.signed)))
            offset += register.size
        if not wanted:
            return protocol.DATA_LENGTH_ERROR
        for register, value in wanted:
            error = refusal(self._table, self._model, register, value)
            if error:
                return error
        for register, value in wanted:
            self._apply(register, value, now_ns)
        return 0

    def reboot(self, now_ns: int) -> None:
        """Torque off, RAM as after power-up, errors cleared, turn count lost; deaf for `BOOT_NS`."""
        self._table.put(ct.HARDWARE_ERROR, 0)
        self._power_up(now_ns)
        self.boot_until_ns = now_ns + BOOT_NS

    # -- what time does --------------------------------------------------------------------------------------

    def advance(self, now_ns: int) -> None:
        """Watchdog, protection, heat and the velocity profile; call every few milliseconds."""
        table = self._table
        current_a = abs(self._effort_nm()) / self._spec.effort_per_ampere_nm
        if self._heat_c is None:
            heat_c = self._winding.advance(current_a, now_ns=now_ns)
            table.put(ct.PRESENT_TEMPERATURE, round(heat_c))
        if not self.torque_on:
            self._overload_since_ns = None
            return
        watchdog = table.get(ct.BUS_WATCHDOG)
        if watchdog > 0 and now_ns - self._feed_ns > watchdog * ct.WATCHDOG_UNIT_NS:
            self._trip_watchdog()
        self._protect(current_a, now_ns)
        if self._glide.moving:
            self._glide.advance(self._profile_ticks_s(), self._table.get(ct.GOAL_POSITION), now_ns=now_ns)
            self._drive()

    def world_was_reset(self, *, hold: bool) -> None:
        """The joint was put somewhere else: tell it the wish anew, with the new place as the goal where `hold`."""
        if hold and self.torque_on:
            self._table.put(ct.GOAL_POSITION, self._encoder.position_ticks)
            self._table.put(ct.GOAL_VELOCITY, 0)
            self._glide.stop()
        self._port.insist(self._wish())

    def overload(self) -> None:
        """Suffer an overload now."""
        self.raise_error(ct.ERROR_OVERLOAD)

    def raise_error(self, bits: int) -> None:
        """A hardware error: the alert bit from now on, and no torque where the shutdown register says so."""
        self._table.put(ct.HARDWARE_ERROR, self._table.get(ct.HARDWARE_ERROR) | bits)
        if bits & self._table.get(ct.SHUTDOWN) and self.torque_on:
            self._table.put(ct.TORQUE_ENABLE, 0)
            self._drive()

    def override_voltage(self, voltage_v: float | None) -> None:
        """Pretend a supply voltage; None for the nominal 12 V."""
        self._voltage_v = voltage_v
        volts = 12.0 if voltage_v is None else voltage_v
        self._table.put(ct.PRESENT_VOLTAGE, round(volts * 10))

    def override_temperature(self, temperature_c: float | None) -> None:
        """Pretend a temperature; None for what the thermal model says."""
        self._heat_c = temperature_c
        if temperature_c is not None:
            self._table.put(ct.PRESENT_TEMPERATURE, round(temperature_c))

    def _power_up(self, now_ns: int) -> None:
        self._table.restore_ram()
        self._overload_since_ns = None
        self._glide.stop()
        self._feed_ns = now_ns
        self.override_voltage(self._voltage_v)
        self.override_temperature(self._heat_c)
        self._encoder.forget_turns()
        self._table.put(ct.GOAL_POSITION, self._encoder.position_ticks)
        self._drive()

    def _trip_watchdog(self) -> None:
        """Stop where it is: goals of current and velocity to zero, position held; the value reads −1 until 0 comes."""
        table = self._table
        table.put(ct.BUS_WATCHDOG, ct.WATCHDOG_TRIPPED)
        table.put(ct.GOAL_VELOCITY, 0)
        if table.get(ct.OPERATING_MODE) == ct.MODE_CURRENT:
            table.put(ct.GOAL_CURRENT, 0)
        table.put(ct.GOAL_POSITION, self._encoder.position_ticks)
        self._glide.stop()
        self._drive()

    def _protect(self, current_a: float, now_ns: int) -> None:
        table = self._table
        if current_a >= OVERLOAD_FRACTION * self._model.max_current * ct.CURRENT_UNIT_A:
            if self._overload_since_ns is None:
                self._overload_since_ns = now_ns
            elif now_ns - self._overload_since_ns > OVERLOAD_NS:
                self.raise_error(ct.ERROR_OVERLOAD)
        else:
            self._overload_since_ns = None
        if table.get(ct.PRESENT_TEMPERATURE) > table.get(ct.TEMPERATURE_LIMIT):
            self.raise_error(ct.ERROR_OVERHEATING)
        voltage = table.get(ct.PRESENT_VOLTAGE)
        if not table.get(ct.MIN_VOLTAGE_LIMIT) <= voltage <= table.get(ct.MAX_VOLTAGE_LIMIT):
            self.raise_error(ct.ERROR_VOLTAGE)

    # -- writes ----------------------------------------------------------------------------------------------

    def _apply(self, register: ct.Register, value: int, now_ns: int) -> None:
        table = self._table
        was = table.get(register)
        table.put(register, value)
        if register is ct.TORQUE_ENABLE:
            if value and not was:
                # The manual leaves open what becomes of the goals that were left in its table.
                if not self._spec.keeps_goals:
                    table.put(ct.GOAL_POSITION, self._encoder.position_ticks)
                    table.put(ct.GOAL_VELOCITY, 0)
                self._glide.stop()
                self._feed_ns = now_ns
            self._drive()
        elif register is ct.OPERATING_MODE and value != was:
            table.put(ct.GOAL_CURRENT, 0 if value == ct.MODE_CURRENT else table.get(ct.CURRENT_LIMIT))
            table.put(ct.GOAL_VELOCITY, 0)
            if value == ct.MODE_POSITION:
                self._encoder.forget_turns()
        elif register is ct.GOAL_POSITION:
            if self._table.get(ct.PROFILE_VELOCITY):
                self._glide.start(was, now_ns=now_ns)
            else:
                self._glide.stop()
            self._drive()
        elif register in ct.GOALS:
            self._drive()

    # -- present values --------------------------------------------------------------------------------------

    def _effort_nm(self) -> float:
        return self._port.effort_nm if self.torque_on else 0.0

    def _present_current(self) -> int:
        current_a = self._effort_nm() / self._spec.effort_per_ampere_nm
        return _clamp(round(self._encoder.sense * current_a / ct.CURRENT_UNIT_A), 32_767)

    def _present_velocity(self) -> int:
        return round(self._encoder.sense * self._port.velocity_rad_s / ct.VELOCITY_UNIT_RAD_S)

    def _profile_ticks_s(self) -> float:
        return self._table.get(ct.PROFILE_VELOCITY) * ct.VELOCITY_UNIT_RAD_S * ct.TICKS_PER_RAD

    def _refresh(self) -> None:
        """Put the present values into the table."""
        table = self._table
        velocity = self._present_velocity()
        table.put(ct.REALTIME_TICK, self._feed_ns // 1_000_000 % 32_768)
        self._note_moving(velocity)
        table.put(ct.PRESENT_CURRENT, self._present_current())
        table.put(ct.PRESENT_VELOCITY, velocity)
        table.put(ct.PRESENT_POSITION, self._encoder.position_ticks)

    def _note_moving(self, velocity: int) -> None:
        self._table.put(ct.MOVING, int(abs(velocity) > self._table.get(ct.MOVING_THRESHOLD)))

    # -- the wish for the joint ------------------------------------------------------------------------------

    def _drive(self) -> None:
        """Tell the joint what the registers now ask for."""
        self._port.drive(self._wish())

    def _wish(self) -> Drive:
        table = self._table
        if not self.torque_on:
            return Drive()
        mode = table.get(ct.OPERATING_MODE)
        ampere_nm = self._spec.effort_per_ampere_nm * ct.CURRENT_UNIT_A
        limit_nm = table.get(ct.CURRENT_LIMIT) * ampere_nm
        if mode == ct.MODE_CURRENT:
            return Drive(
                DriveKind.EFFORT, self._encoder.sense * table.get(ct.GOAL_CURRENT) * ampere_nm, limit_nm
            )
        if mode == ct.MODE_VELOCITY:
            velocity_rad_s = self._encoder.sense * table.get(ct.GOAL_VELOCITY) * ct.VELOCITY_UNIT_RAD_S
            return Drive(DriveKind.VELOCITY, velocity_rad_s, limit_nm)
        if mode == ct.MODE_CURRENT_BASED_POSITION:
            limit_nm = min(limit_nm, abs(table.get(ct.GOAL_CURRENT)) * ampere_nm)
        goal = self._glide.towards(table.get(ct.GOAL_POSITION))
        return Drive(DriveKind.POSITION, self._encoder.joint_rad(goal), limit_nm)


def _clamp(value: int, limit: int) -> int:
    return max(-limit, min(limit, value))
