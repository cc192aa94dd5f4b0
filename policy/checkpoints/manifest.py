"""`policy.json`: what weights don't say of a policy. With it, a checkpoint needs nothing from outside its folder."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from policy.checkpoints.errors import InvalidManifest, NewerFormat
from policy.checkpoints.kinds import ModelConfig, kind_named, kind_of
from policy.presets import LOW_LEVEL_CAMERAS
from policy.text.prompts import FORMATS, ControlMode
from policy.transforms.images import CropShares
from policy.transforms.normalize import Normalization

MANIFEST_FILE = "policy.json"
FORMAT = "understudy-policy"
FORMAT_VERSION = 1
MOST_LAYERS, MOST_OF_ANYTHING = 1000, 10_000_000
"""Above any size that a model will have."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a policy is to be asked and what its answers mean. Kind and sizes are the model's own `config`.

    Attributes:
        embodiment: Whose cameras and numbers the policy takes: a name of `policy.transforms.embodiments`, or of a
            robot's profile.
        asset_id: The statistics are those of `assets/<asset_id>/norm_stats.json`.
        normalization: How they are used.
        prompt_low: Form of the low level's prompt, a name of `policy.text.prompts`.
        prompt_high: Form of the high level's prompt; None where the text head was not trained to name subtasks.
        cameras_low: Cameras of the low level, in the order of the model.
        cameras_high: Cameras of the high level; empty without one.
        crops: Camera of the robot to top, left, bottom and right of what is looked at of its picture, as shares of it;
            the whole of the others' pictures.
        vector_names: Name of each number of state and action, in order; empty where nobody has said them.
        delta_mask: True where an action is relative to the state; the rest, and what lies beyond it, is absolute.
        control_mode: Marked in the prompt; None where the model was trained without the mark.
        clip: Largest magnitude of a normalised value; None: values are left as they are.
        default_prompt: For requests without one.
        rate_hz: Steps of a chunk in a second.
        execute_steps: Steps run of a chunk before the next one.
        rtc_trained: Trained with given first steps (real-time chunking), so that chunks join without guidance.
        tokenizer: The text tokenizer's file, relative to the folder; None where the folder has none.
        fast: The FAST tokenizer's folder, relative; None where the policy uses none.
        training: Where the weights come from, as plain values: data, recipe, steps, software.
        created: UTC, ISO 8601; written when it is saved.
    """

    embodiment: str
    asset_id: str
    normalization: Normalization
    prompt_low: str
    rate_hz: float
    execute_steps: int
    prompt_high: str | None = None
    cameras_low: tuple[str, ...] = LOW_LEVEL_CAMERAS
    cameras_high: tuple[str, ...] = ()
    crops: dict[str, CropShares] = {}
    vector_names: tuple[str, ...] = ()
    delta_mask: tuple[bool, ...] = ()
    control_mode: ControlMode | None = None
    clip: float | None = None
    default_prompt: str | None = None
    rtc_trained: bool = False
    tokenizer: str | None = None
    fast: str | None = None
    training: dict[str, Any] = {}
    created: str = ""

    def __post_init__(self) -> None:
        """Refuse values that no policy can have.

        Raises:
            ValueError: The message names the field, the value and what is allowed.
        """
        for name in ("embodiment", "asset_id"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} is empty")
        for name in ("asset_id", "tokenizer", "fast"):
            _check_inside(name, getattr(self, name))
        _check_prompt("prompt_low", self.prompt_low, level="low")
        if self.prompt_high is not None:
            _check_prompt("prompt_high", self.prompt_high, level="high")
        if (self.prompt_high is None) != (not self.cameras_high):
            raise ValueError(
                "a high level has both prompt_high and cameras_high; a policy without one has neither"
            )
        for name in ("cameras_low", "cameras_high", "vector_names"):
            values = getattr(self, name)
            if len(set(values)) < len(values) or "" in values:
                raise ValueError(f"{name} must be different names, not {list(values)}")
        if not self.cameras_low:
            raise ValueError("cameras_low is empty; a policy sees through one camera at least")
        for camera, (top, left, bottom, right) in self.crops.items():
            if not (0.0 <= top < bottom <= 1.0 and 0.0 <= left < right <= 1.0):
                raise ValueError(
                    f"the crop of camera {camera!r} is top, left, bottom, right, as shares of the picture from its top"
                    f" left, not {[top, left, bottom, right]}"
                )
        if not (math.isfinite(self.rate_hz) and self.rate_hz > 0):
            raise ValueError(f"rate_hz must be above 0, not {self.rate_hz}")
        if self.clip is not None and not (math.isfinite(self.clip) and self.clip > 0):
            raise ValueError(f"clip must be above 0 or null, not {self.clip}")
        if self.execute_steps < 1:
            raise ValueError(f"execute_steps must be at least 1, not {self.execute_steps}")
        if self.created:
            datetime.fromisoformat(self.created)


def format_manifest(config: ModelConfig, manifest: Manifest) -> bytes:
    """The text of a `policy.json`.

    Raises:
        InvalidManifest: Model and manifest contradict each other, or `training` holds what JSON cannot.
    """
    _check_fit(config, manifest)
    try:
        plain = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "kind": kind_of(config).name,
            "config": {name: value for name, value in dataclasses.asdict(config).items() if name != "kind"},
            **msgspec.to_builtins(manifest),
        }
        return msgspec.json.format(msgspec.json.encode(plain), indent=2) + b"\n"
    except (TypeError, ValueError) as error:
        raise InvalidManifest(f"training must be plain JSON values: {error}") from error


def read_manifest(path: Path) -> tuple[ModelConfig, Manifest]:
    """Read a `policy.json`.

    Raises:
        NewerFormat: A newer version of this software wrote it.
        InvalidManifest: It cannot be read, or something in it is missing, unknown or wrong.
    """
    try:
        return parse_manifest(path.read_bytes())
    except OSError as error:
        raise InvalidManifest(f"cannot read {path}: {error.strerror or error}") from error
    except (InvalidManifest, NewerFormat) as error:
        raise type(error)(f"{path}: {error}") from error


def parse_manifest(text: bytes) -> tuple[ModelConfig, Manifest]:
    """The configuration and manifest in the text of a `policy.json`.

    Raises:
        NewerFormat: A newer version of this software wrote it.
        InvalidManifest: Something in it is missing, unknown or wrong; the message names it.
    """
    try:
        plain: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidManifest(f"not a JSON object: {error}") from error
    if plain.get("format") != FORMAT:
        raise InvalidManifest(f"format is {plain.get('format')!r}, expected {FORMAT!r}")
    version = plain.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise InvalidManifest(f"format_version is {version!r}, expected 1 to {FORMAT_VERSION}")
    if version > FORMAT_VERSION:
        raise NewerFormat(
            f"format version {version}, this software reads up to {FORMAT_VERSION}; use a newer release"
        )
    kind = kind_named(str(plain.get("kind")))
    sizes = plain.get("config")
    rest = {
        name: value
        for name, value in plain.items()
        if name not in ("format", "format_version", "kind", "config")
    }
    try:
        config = _convert_exactly(sizes, kind.config_type, kind=kind.name)
        manifest = msgspec.convert(rest, Manifest)
    except msgspec.ValidationError as error:
        raise InvalidManifest(f"{error}; write it with this software, or correct it by hand") from error
    _check_fit(config, manifest)
    return config, manifest


def _convert_exactly(plain: object, config_type: type[ModelConfig], *, kind: str) -> ModelConfig:
    """Sizes as a configuration. Every one must be said: a default that fits the shapes may still be wrong."""
    if not isinstance(plain, dict):
        raise InvalidManifest(f"config should be an object, found {type(plain).__name__}")
    if "kind" in {item.name for item in dataclasses.fields(config_type)}:
        plain = {"kind": kind, **plain}
    if absurd := _absurd(plain, "config"):
        raise InvalidManifest("; ".join(absurd))
    config = msgspec.convert(plain, config_type)
    if problems := _differences(plain, dataclasses.asdict(config), "config"):
        raise InvalidManifest("; ".join(problems))
    return config


def _absurd(given: Mapping[str, Any], where: str) -> list[str]:
    """Sizes that no model has, at any depth; building one would not end."""
    problems = []
    for name, value in given.items():
        most = MOST_LAYERS if name == "depth" else MOST_OF_ANYTHING
        if isinstance(value, dict):
            problems += _absurd(value, f"{where}.{name}")
        elif isinstance(value, int | float) and not isinstance(value, bool) and not 1 <= value <= most:
            problems.append(f"{where}.{name} is {value}, and must be 1 to {most}")
    return problems


def _differences(given: Mapping[str, Any], complete: Mapping[str, Any], where: str) -> list[str]:
    """Keys that only one side has, at any depth."""
    problems = [f"{where}.{name} is unknown" for name in given if name not in complete]
    for name, value in complete.items():
        if name not in given:
            problems.append(f"{where}.{name} is missing")
        elif isinstance(value, dict) and isinstance(given[name], dict):
            problems += _differences(given[name], value, f"{where}.{name}")
    return problems


def _check_fit(config: ModelConfig, manifest: Manifest) -> None:
    """Refuse a manifest that its model cannot follow."""
    if manifest.execute_steps > config.action_horizon:
        raise InvalidManifest(
            f"execute_steps is {manifest.execute_steps}, and a chunk has only {config.action_horizon} steps"
        )
    for name in ("vector_names", "delta_mask"):
        count = len(getattr(manifest, name))
        if count > config.action_dim:
            raise InvalidManifest(f"{name} has {count} entries, and the model {config.action_dim} dimensions")


def _check_prompt(field: str, name: str, *, level: str) -> None:
    allowed = [form.name for form in FORMATS.values() if form.level == level]
    if name not in allowed:
        raise ValueError(f"{field} is {name!r}, which is no form of the {level} level: {', '.join(allowed)}")


def _check_inside(field: str, path: str | None) -> None:
    """Refuse a path that could lead out of the checkpoint's folder."""
    if path is None:
        return
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or "\0" in path:
        raise ValueError(f"{field} must be a path within the checkpoint's folder, not {path!r}")
