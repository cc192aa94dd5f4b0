"""What each published policy was trained with: the facts that its weights do not tell.

Names and figures are those of openpi's `training/config.py` (Physical-Intelligence/openpi at 15a9616). The model type
decides three of them there: π0 normalises by mean and deviation and has no state in its prompt, π0.5 and π0-FAST
normalise by quantiles and have it, unless a configuration says otherwise.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

from policy.text.prompts import ControlMode
from policy.transforms.compose import Embodiment
from policy.transforms.deltas import DeltaMask, delta_mask
from policy.transforms.embodiments.aloha import Aloha
from policy.transforms.embodiments.droid import Droid
from policy.transforms.embodiments.libero import Libero
from policy.transforms.normalize import Normalization

ModelKind = Literal["pi0", "pi05", "pi0-fast", "pi0-small"]

ARMS_RELATIVE = delta_mask(6, -1, 6, -1)
"""ALOHA: joints relative, grippers absolute."""


class UnknownConfig(ValueError):
    """No trained configuration of that name."""


@dataclass(frozen=True)
class TrainedConfig:
    """How one policy sees its robot.

    Attributes:
        name: openpi's, for its configurations.
        kind: What the weights are.
        embodiment: Names and units of the robot.
        asset_id: Where its statistics are, below a checkpoint's `assets`.
        action_horizon: Steps of a chunk.
        normalization: How state and actions are normalised.
        discrete_state: Whether the state is in the prompt.
        max_prompt_tokens: Prompts are padded to this, and cut to it.
        action_dim: The model's width; state and actions are padded to it, but for π0-FAST, which pads nothing.
        delta: Which actions are relative to the state in the model; None for none.
        default_prompt: For requests without one.
        control_mode: Marked in the prompt where the model was trained with it.
        clip: Largest magnitude of a normalised value; None in all of openpi's. Statistics of one's own data are
            better widened, see `NormStats.widened`; this is the second line of defence.
        metadata: Sent to every client first.
    """

    name: str
    kind: ModelKind
    embodiment: Embodiment
    asset_id: str
    action_horizon: int
    normalization: Normalization
    discrete_state: bool
    max_prompt_tokens: int
    action_dim: int = 32
    delta: DeltaMask | None = None
    default_prompt: str | None = None
    control_mode: ControlMode | None = None
    clip: float | None = None
    metadata: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Refuse what cannot be run.

        Raises:
            ValueError: An unknown kind, a robot wider than the model, a delta mask wider than the robot, or sizes
                below 1.
        """
        if self.kind not in get_args(ModelKind):
            allowed = ", ".join(get_args(ModelKind))
            raise ValueError(f"{self.name}: no kind of model {self.kind!r}; there are {allowed}")
        widest = max(self.embodiment.state_dim, self.embodiment.action_dim)
        if self.pads and widest > self.action_dim:
            message = f"{self.name}: the robot has {widest} numbers and the model takes {self.action_dim}"
            raise ValueError(message)
        narrowest = min(self.embodiment.state_dim, self.embodiment.action_dim)
        if self.delta is not None and len(self.delta) > narrowest:
            message = (
                f"{self.name}: the delta mask has {len(self.delta)} dimensions and the robot {narrowest}"
            )
            raise ValueError(message)
        for name in ("action_horizon", "max_prompt_tokens", "action_dim"):
            if getattr(self, name) < 1:
                raise ValueError(f"{self.name}: {name} is at least 1, not {getattr(self, name)}")

    @property
    def pads(self) -> bool:
        """Whether state and actions are padded to `action_dim`."""
        return self.kind != "pi0-fast"


def pi0(
    name: str,
    embodiment: Embodiment,
    asset_id: str,
    *,
    horizon: int = 50,
    delta: DeltaMask | None = None,
    default_prompt: str | None = None,
    metadata: Mapping[str, object] | None = None,
) -> TrainedConfig:
    """A configuration of π0 as openpi trains it."""
    return TrainedConfig(
        name=name,
        kind="pi0",
        embodiment=embodiment,
        asset_id=asset_id,
        action_horizon=horizon,
        normalization="z-score",
        discrete_state=False,
        max_prompt_tokens=48,
        delta=delta,
        default_prompt=default_prompt,
        metadata=metadata or {},
    )


def pi05(
    name: str,
    embodiment: Embodiment,
    asset_id: str,
    *,
    horizon: int = 50,
    delta: DeltaMask | None = None,
    default_prompt: str | None = None,
    metadata: Mapping[str, object] | None = None,
    discrete_state: bool = True,
) -> TrainedConfig:
    """A configuration of π0.5 as openpi trains it."""
    return TrainedConfig(
        name=name,
        kind="pi05",
        embodiment=embodiment,
        asset_id=asset_id,
        action_horizon=horizon,
        normalization="quantile",
        discrete_state=discrete_state,
        max_prompt_tokens=200,
        delta=delta,
        default_prompt=default_prompt,
        metadata=metadata or {},
    )


def pi0_fast(
    name: str,
    embodiment: Embodiment,
    asset_id: str,
    *,
    horizon: int,
    max_prompt_tokens: int,
    delta: DeltaMask | None = None,
) -> TrainedConfig:
    """A configuration of π0-FAST as openpi trains it: its tokens hold prompt and actions together."""
    return TrainedConfig(
        name=name,
        kind="pi0-fast",
        embodiment=embodiment,
        asset_id=asset_id,
        action_horizon=horizon,
        normalization="quantile",
        discrete_state=True,
        max_prompt_tokens=max_prompt_tokens,
        action_dim=embodiment.action_dim,
        delta=delta,
    )


_ALOHA_METADATA: Mapping[str, object] = MappingProxyType({"reset_pose": [0, -1.5, 1.5, 0, 0, 0]})
_LIBERO_ASSETS = "physical-intelligence/libero"
# LIBERO's actions are relative already; π0 and π0-FAST were trained with a second difference all the same.
_LIBERO_AGAIN = delta_mask(6, -1)

KNOWN_CONFIGS: Mapping[str, TrainedConfig] = MappingProxyType(
    {
        config.name: config
        for config in (
            pi0("pi0_aloha", Aloha(), "trossen", delta=ARMS_RELATIVE, metadata=_ALOHA_METADATA),
            pi05("pi05_aloha", Aloha(), "trossen", delta=ARMS_RELATIVE, metadata=_ALOHA_METADATA),
            pi0(
                "pi0_aloha_towel",
                Aloha(),
                "trossen",
                delta=ARMS_RELATIVE,
                default_prompt="fold the towel",
                metadata=_ALOHA_METADATA,
            ),
            pi0(
                "pi0_aloha_tupperware",
                Aloha(),
                "trossen",
                delta=ARMS_RELATIVE,
                default_prompt="open the tupperware and put the food on the plate",
                metadata=_ALOHA_METADATA,
            ),
            pi0(
                "pi0_aloha_pen_uncap", Aloha(), "trossen", delta=ARMS_RELATIVE, default_prompt="uncap the pen"
            ),
            pi05(
                "pi05_aloha_pen_uncap",
                Aloha(),
                "trossen",
                delta=ARMS_RELATIVE,
                default_prompt="uncap the pen",
            ),
            pi0(
                "pi0_aloha_sim",
                Aloha(),
                "lerobot/aloha_sim_transfer_cube_human",
                default_prompt="Transfer cube",
            ),
            pi0("pi0_droid", Droid(), "droid", horizon=10),
            pi05("pi05_droid", Droid(), "droid", horizon=15),
            pi05("pi05_droid_finetune", Droid(), "droid", horizon=16),
            pi05("pi05_full_droid_finetune", Droid(), "droid", horizon=16, delta=delta_mask(7, -1)),
            pi0_fast("pi0_fast_droid", Droid(fast=True), "droid", horizon=10, max_prompt_tokens=250),
            pi0("pi0_libero", Libero(), _LIBERO_ASSETS, delta=_LIBERO_AGAIN),
            pi05("pi05_libero", Libero(), _LIBERO_ASSETS, horizon=10, discrete_state=False),
            pi0_fast(
                "pi0_fast_libero",
                Libero(fast=True),
                _LIBERO_ASSETS,
                horizon=10,
                max_prompt_tokens=180,
                delta=_LIBERO_AGAIN,
            ),
        )
    }
)
"""By openpi's names."""


def known_config(name: str) -> TrainedConfig:
    """The configuration of that name.

    Raises:
        UnknownConfig: There is none; the message says what may have been meant.
    """
    if name not in KNOWN_CONFIGS:
        near = difflib.get_close_matches(name, KNOWN_CONFIGS, n=1)
        meant = f"; did you mean {near[0]!r}? All of them:" if near else "; there are"
        raise UnknownConfig(f"no configuration {name!r}{meant} {', '.join(KNOWN_CONFIGS)}")
    return KNOWN_CONFIGS[name]
