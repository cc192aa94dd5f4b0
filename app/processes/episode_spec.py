"""How an episode describes itself before its first row: the task, the place, the robot and its cameras."""

from __future__ import annotations

from importlib.metadata import version

from app.config import SessionConfig
from app.messages import StartEpisode
from drivers.profile import RobotProfile
from drivers.safety import SafetyLimits
from recordings import CameraSpec, Environment, EpisodeSpec


def episode_spec(
    command: StartEpisode, profile: RobotProfile, config: SessionConfig, *, simulation_state_size: int
) -> EpisodeSpec:
    """What a command, the robot's profile and the session's configuration say of an episode.

    Args:
        command: what its operator said.
        profile: the robot.
        config: the session.
        simulation_state_size: numbers in the simulated world's state; 0 without one.
    """
    return EpisodeSpec(
        task=command.task,
        environment=Environment(
            home=command.home or profile.scene_home,
            room=command.room or profile.scene_room,
            scene=command.scene,
        ),
        operator=command.operator or config.operator,
        robot_profile=profile.name,
        robot_profile_hash=profile.sha256,
        vector_names=profile.vector_names,
        vector_units=profile.vector_units,
        vector_limits=_vector_limits(profile),
        cameras=_camera_specs(profile),
        control_rate_hz=profile.control_rate_hz,
        software_version=version("understudy"),
        tags=command.tags,
        notes=command.notes,
        simulation_state_size=simulation_state_size or None,
    )


def _vector_limits(profile: RobotProfile) -> tuple[tuple[float, float], ...]:
    """Least and greatest value that the safety filter lets through, for each of the D numbers."""
    limits = SafetyLimits.from_profile(profile)
    return tuple(zip(limits.min.tolist(), limits.max.tolist(), strict=True))


def _camera_specs(profile: RobotProfile) -> tuple[CameraSpec, ...]:
    """The cameras of a profile as a recording describes them."""
    return tuple(
        CameraSpec(name=name, height_px=camera.height_px, width_px=camera.width_px, rate_hz=camera.rate_hz)
        for name, camera in profile.cameras.items()
    )
