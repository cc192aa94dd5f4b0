"""What a policy is, beside its weights: how it is asked, what its answers mean, and what it can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from policy.checkpoints.kinds import ModelConfig, kind_of
from policy.presets import LOW_LEVEL_CAMERAS
from policy.text.prompts import PromptFormat
from policy.transforms.configs import TrainedConfig

RATES_HZ: Mapping[str, float] = MappingProxyType({"aloha": 50.0, "droid": 15.0, "libero": 20.0})
"""Control rates of the robots that openpi knows."""


@dataclass(frozen=True)
class PolicyFacts:
    """What weights do not say.

    Attributes:
        name: For people.
        config: How the low level sees its robot.
        rate_hz: Steps of a chunk in a second.
        execute_steps: Steps run of a chunk before the next.
        prompt_low: Form of the low level's prompt; None is openpi's for its kind.
        prompt_high: Form of the high level's prompt; None where the text head was not taught to name subtasks.
        cameras_low: Of the model, in the checkpoint's order.
        cameras_high: Of the high level.
        rtc_trained: Whether it was trained with settled first steps; if not, chunks are joined by guidance.
        random_weights: Made for timing: it knows nothing.
    """

    name: str
    config: TrainedConfig
    rate_hz: float = 50.0
    execute_steps: int = 25
    prompt_low: PromptFormat | None = None
    prompt_high: PromptFormat | None = None
    cameras_low: tuple[str, ...] = LOW_LEVEL_CAMERAS
    cameras_high: tuple[str, ...] = LOW_LEVEL_CAMERAS
    rtc_trained: bool = False
    random_weights: bool = False

    def check(self, model: ModelConfig) -> None:
        """Refuse a model that is not what these facts are about.

        Raises:
            ValueError: Kind or sizes differ; the message names both values.
        """
        config = self.config
        for name, said, has in (
            ("kind", config.kind, kind_of(model).name),
            ("action_horizon", config.action_horizon, model.action_horizon),
            ("action_dim", config.action_dim, model.action_dim),
        ):
            if said != has:
                message = f"configuration {config.name!r} has {name} {said}, and the model {has}"
                raise ValueError(f"{message}; choose the configuration that the weights were trained with")
        if not 1 <= self.execute_steps <= model.action_horizon:
            message = f"{self.execute_steps} steps to execute of a chunk of {model.action_horizon}"
            raise ValueError(f"{message}; at least 1, at most all")

    def metadata(self) -> dict[str, Any]:
        """As plain values, with what openpi's servers say of the same policy."""
        return {
            **self.config.metadata,
            "name": self.name,
            "kind": self.config.kind,
            "embodiment": self.config.embodiment.name,
            "state_dim": self.config.embodiment.state_dim,
            "action_dim": self.config.embodiment.action_dim,
            "action_horizon": self.config.action_horizon,
            "model_action_dim": self.config.action_dim,
            "rate_hz": self.rate_hz,
            "execute_steps": self.execute_steps,
            "cameras_low": list(self.cameras_low),
            "cameras_high": list(self.cameras_high) if self.prompt_high is not None else [],
            "prompt_high": None if self.prompt_high is None else self.prompt_high.name,
            "levels": ["low"] if self.prompt_high is None else ["low", "high"],
            "real_time_chunking": "trained" if self.rtc_trained else "guided",
            "takes_noise": True,
            "random_weights": self.random_weights,
        }
