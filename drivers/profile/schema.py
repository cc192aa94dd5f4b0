"""What a robot is: the frozen values that a profile file is parsed into.

One profile describes one robot: its serial buses, joints, grippers, leaders, base, lift and cameras, their limits, and
the order in which they make up the state and action vectors. Nothing else in the code knows a particular robot.
Angles are radians, lengths metres, times seconds (milliseconds where the key says so).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Positive = Annotated[float, Meta(gt=0)]
NonNegative = Annotated[float, Meta(ge=0)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
ServoId = Annotated[int, Meta(ge=0, le=252)]
Ticks = Annotated[int, Meta(ge=-1_048_575, le=1_048_575)]
Triple = tuple[float, float, float]
Baud = Literal[57_600, 115_200, 1_000_000, 2_000_000, 3_000_000, 4_000_000]
ServoModel = Literal["XM540-W270", "XM430-W350", "XL430-W250", "XC430-W240"]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every part of a profile: unknown keys refused.

    Parts repeat `frozen` for the type checker, and `kw_only` because msgspec does not inherit it.
    """


class Bus(Part, frozen=True, kw_only=True):
    """One serial line of servos, usually one USB adapter.

    `port` is a device path (preferably under `/dev/serial/by-id/`) or `sim:NAME`, the far end of which is the
    simulated world's line of that name.
    """

    port: str
    baud: Baud = 1_000_000
    packet_timeout_ms: Positive = 4.0
    retries: Annotated[int, Meta(ge=0, le=5)] = 1
    watchdog_ms: Annotated[int, Meta(ge=20, le=2540)] = 200


class Joint(Part, frozen=True, kw_only=True):
    """One revolute joint and the servo or servos (master first, then shadows) that turn it.

    `position_rad = direction * (ticks - zero_ticks) * 2π / 4096`, with the ticks as the master reports them.
    """

    name: str
    ids: Annotated[tuple[ServoId, ...], Meta(min_length=1, max_length=2)]
    model: ServoModel = "XM540-W270"
    inverted: bool = False
    zero_ticks: Ticks = 2048
    min_rad: float
    max_rad: float
    max_velocity_rad_s: Positive = 2.0
    max_acceleration_rad_s2: Positive = 20.0
    current_limit_a: Positive = 2.0


class Link(Part, frozen=True, kw_only=True):
    """One step of an arm's kinematic chain: a fixed translation in the parent's frame, then the joint's axis."""

    offset_m: Triple
    axis: Triple


class Chain(Part, frozen=True, kw_only=True):
    """An arm's kinematics, for its inverse: mount on the lift carriage, one link a joint, then the grasp point."""

    mount_m: Triple
    links: tuple[Link, ...]
    grasp_offset_m: Triple


class Arm(Part, frozen=True, kw_only=True):
    """A follower arm."""

    bus: str
    joints: tuple[Joint, ...]
    home_rad: tuple[float, ...]
    rest_rad: tuple[float, ...]
    chain: Chain | None = None


class Gripper(Part, frozen=True, kw_only=True):
    """A parallel gripper turned by one servo: its closed and open angle, the opening between the pads in metres.

    The angles count from the middle of the servo's turn, 2048 ticks, as do those of a `LeaderHandle`.
    """

    bus: str
    id: ServoId
    model: ServoModel = "XM430-W350"
    closed_rad: float
    open_rad: float
    opening_m: Positive
    max_speed_m_s: Positive = 0.3
    max_acceleration_m_s2: Positive = 6.0
    current_limit_a: Positive = 0.6


class LeaderHandle(Part, frozen=True, kw_only=True):
    """The gripper handle of a leader arm."""

    id: ServoId
    model: ServoModel = "XM430-W350"
    closed_rad: float
    open_rad: float


class Leader(Part, frozen=True, kw_only=True):
    """A leader arm: read with torque off; one that is `drivable` may be moved to its follower for a take-over."""

    bus: str
    follows: str
    joints: tuple[Joint, ...]
    handle: LeaderHandle
    drivable: bool = False
    drive_current_a: Positive = 0.5


class Base(Part, frozen=True, kw_only=True):
    """A kiwi base: three omni wheels in velocity mode.

    Each row of the wheel matrix is [cos a, sin a, R] for the wheel angle a, as in hardware notes of LeKiwi-class bases.
    """

    bus: str
    ids: tuple[ServoId, ServoId, ServoId]
    model: ServoModel = "XM430-W350"
    wheel_angles_deg: Triple = (150.0, -90.0, 30.0)
    inverted: tuple[bool, bool, bool] = (False, False, False)
    wheel_radius_m: Positive
    base_radius_m: Positive
    max_speed_m_s: Positive = 0.5
    max_yaw_rate_rad_s: Positive = 1.57
    max_acceleration_m_s2: Positive = 1.0
    max_yaw_acceleration_rad_s2: Positive = 3.0
    max_wheel_rad_s: Positive = 16.0
    command_timeout_ms: Positive = 200.0


class Homing(Part, frozen=True, kw_only=True):
    """How a lift finds its zero: down at `speed_m_s` until the current stays above `stall_current_a` for `stall_s`."""

    speed_m_s: Positive = 0.05
    stall_current_a: Positive = 0.8
    stall_s: Positive = 0.2
    on_connect: bool = False


class Lift(Part, frozen=True, kw_only=True):
    """A lift axis turned by a servo in extended-position mode."""

    bus: str
    id: ServoId
    model: ServoModel = "XM540-W270"
    inverted: bool = False
    m_per_rev: Positive
    min_m: NonNegative = 0.005
    max_m: Positive
    max_speed_m_s: Positive = 0.15
    max_acceleration_m_s2: Positive = 0.5
    current_limit_a: Positive = 2.0
    command_timeout_ms: Positive = 200.0
    homing: Homing = Homing()


class Camera(Part, frozen=True, kw_only=True):
    """A camera.

    `source` is `sim`, a V4L2 index, a device path, a video file, an MJPEG/RTSP address, or `test`: a moving test
    picture with its number and time in it, to try and measure the app without cameras (`test:bars`: colour bars).
    """

    source: str | int
    width_px: Annotated[int, Meta(ge=16, le=8192)]
    height_px: Annotated[int, Meta(ge=16, le=8192)]
    rate_hz: Positive = 30.0
    jpeg_quality: Annotated[int, Meta(ge=30, le=100)] = 90
    stale_after_ms: Positive = 300.0


class Teleop(Part, frozen=True, kw_only=True):
    """When the follower may follow: the alignment gate, the blend after it, and the limit on a leader reading's age."""

    align_rad: Positive = 0.15
    align_opening: Fraction = 1.0
    ramp_s: Positive = 1.5
    leader_timeout_ms: Positive = 200.0


class Simulation(Part, frozen=True, kw_only=True):
    """The world on the far side of the serial lines; only profiles of simulated robots have it.

    `robot` names the profile (shipped, by name, or a path) whose numbers are true at the far end: how its servos are
    mounted and what its joints can do. Empty, it is the file itself. A calibrated copy of a simulated profile needs it,
    for with its own numbers the world would move along with every mistake in them, and with every correction.
    """

    scene: Literal["kitchen"] = "kitchen"
    seed: Annotated[int, Meta(ge=0)] = 0
    robot: str = ""


class Segment(Part, frozen=True, kw_only=True):
    """The numbers of one device in the state and action vectors: of an `arm`, `gripper`, `base` or `lift`."""

    kind: Literal["arm", "gripper", "base", "lift"]
    name: str
    start: int
    size: int

    @property
    def slice(self) -> slice:
        """The segment's place in a vector."""
        return slice(self.start, self.start + self.size)


class RobotProfile(Part, frozen=True, kw_only=True):
    """A whole robot. `vector` names the devices in the order in which they make up state and action.

    `calibrated` says of what was calibrated (`arm.left`, `wheels`) when that was, an ISO date.
    """

    name: str
    description: str = ""
    control_rate_hz: Annotated[float, Meta(ge=5, le=200)] = 50.0
    vector: tuple[str, ...]
    buses: dict[str, Bus]
    arms: dict[str, Arm] = {}
    grippers: dict[str, Gripper] = {}
    leaders: dict[str, Leader] = {}
    base: Base | None = None
    lifts: dict[str, Lift] = {}
    cameras: dict[str, Camera] = {}
    teleop: Teleop = Teleop()
    simulation: Simulation | None = None
    scene_home: str = ""
    scene_room: str = ""
    calibrated: dict[str, str] = {}
    sha256: str = ""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The vector's segments in order, from entries such as `arm.left`, `gripper.left`, `base`, `lift.main`."""
        segments, start = [], 0
        for entry in self.vector:
            kind, _, name = entry.partition(".")
            size = len(self.arms[name].joints) if kind == "arm" else 3 if kind == "base" else 1
            # The parser lets no other kind in, which a string that was cut in two cannot tell mypy.
            segments.append(Segment(kind=kind, name=name, start=start, size=size))  # type: ignore[arg-type]
            start += size
        return tuple(segments)

    @property
    def dof(self) -> int:
        """D, the length of the state and action vectors."""
        return sum(segment.size for segment in self.segments)

    @property
    def vector_names(self) -> tuple[str, ...]:
        """A name for each of the D numbers, such as `left_waist`, `left_gripper`, `base_vx`, `lift_main`."""
        names: list[str] = []
        for segment in self.segments:
            if segment.kind == "arm":
                names += [f"{segment.name}_{joint.name}" for joint in self.arms[segment.name].joints]
            elif segment.kind == "base":
                names += ["base_vx", "base_vy", "base_wz"]
            else:
                names.append(
                    f"{segment.name}_gripper" if segment.kind == "gripper" else f"lift_{segment.name}"
                )
        return tuple(names)

    @property
    def vector_units(self) -> tuple[str, ...]:
        """The unit of each of the D numbers."""
        units = {"arm": ("rad",), "gripper": ("opening",), "base": ("m/s", "m/s", "rad/s"), "lift": ("m",)}
        return tuple(
            unit
            for segment in self.segments
            for unit in (units[segment.kind] * segment.size if segment.kind == "arm" else units[segment.kind])
        )
