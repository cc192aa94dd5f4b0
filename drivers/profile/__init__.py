"""Robot profiles: what a robot is, read once from TOML into frozen values."""

from drivers.profile.mistakes import Mistake, ProfileError
from drivers.profile.parse import load_profile, parse_profile, profile_names, profile_path, true_profile
from drivers.profile.schema import RobotProfile

__all__ = [
    "Mistake",
    "ProfileError",
    "RobotProfile",
    "load_profile",
    "parse_profile",
    "profile_names",
    "profile_path",
    "true_profile",
]
