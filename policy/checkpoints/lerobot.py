"""What LeRobot writes beside a model's weights: its `config.json`, and statistics inside its processors' files.

Source: LeRobot's `PI0Config` and `PI05Config`, and its normalizer's state. Only what is needed is read; LeRobot adds
keys often.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
from safetensors import SafetensorError, safe_open

from policy.checkpoints.errors import CorruptWeights, InvalidManifest, WrongKind
from policy.checkpoints.infer_config import Known
from policy.transforms.norm_stats import NormStats, NormStatsError
from policy.transforms.normalize import Normalization

CONFIG_FILE = "config.json"
NORMALIZER_FILES = "policy_preprocessor_step_*_normalizer_processor.safetensors"
VECTORS = {"state": "observation.state", "actions": "action"}
"""openpi's name to LeRobot's."""
METHODS: dict[str, Normalization] = {"MEAN_STD": "z-score", "QUANTILES": "quantile"}
KINDS = ("pi0", "pi05")


class LeRobotConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a LeRobot `config.json`.

    Attributes:
        type: Kind of the model, one of `KINDS`.
        chunk_size: Steps of a chunk.
        n_action_steps: Steps run of it.
        max_action_dim: Width of state and actions in the model.
        tokenizer_max_length: Longest prompt.
        normalization_mapping: `STATE` and `ACTION` to the way they are normalised.
        input_features: Cameras are `observation.images.NAME`.
    """

    type: str
    chunk_size: int
    n_action_steps: int
    max_action_dim: int
    tokenizer_max_length: int
    normalization_mapping: dict[str, str] = {}
    input_features: dict[str, msgspec.Raw] = {}

    @property
    def known(self) -> Known:
        """What the weights do not say."""
        return Known(action_horizon=self.chunk_size, max_prompt_tokens=self.tokenizer_max_length)

    @property
    def cameras(self) -> tuple[str, ...]:
        """LeRobot's names of them."""
        prefix = "observation.images."
        return tuple(name.removeprefix(prefix) for name in self.input_features if name.startswith(prefix))


class _ConvertedConfig(msgspec.Struct, frozen=True):
    """What openpi's converter leaves for information."""

    action_horizon: int | None = None


def read_config(path: Path) -> LeRobotConfig | Known:
    """Read a `config.json`: LeRobot's, or the one that openpi's converter leaves, which knows the chunk alone.

    Raises:
        WrongKind: It is LeRobot's, of a policy that this software does not have.
        InvalidManifest: It cannot be read, or lacks something.
    """
    try:
        text = path.read_bytes()
        plain = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        if "type" not in plain:
            return Known(action_horizon=msgspec.json.decode(text, type=_ConvertedConfig).action_horizon)
        kind = msgspec.json.decode(plain["type"], type=str)
        if kind not in KINDS:
            raise WrongKind(f"{path}: LeRobot's {kind!r} policy cannot be loaded; {' and '.join(KINDS)} can")
        return msgspec.json.decode(text, type=LeRobotConfig)
    except OSError as error:
        raise InvalidManifest(f"cannot read {path}: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidManifest(f"{path}: {error}; copy it from the checkpoint again") from error


def normalization_of(config: LeRobotConfig, path: Path) -> Normalization:
    """How state and actions are normalised.

    Raises:
        InvalidManifest: Differently from each other, or in a way that π0 and π0.5 have not been trained with.
    """
    modes = {name: config.normalization_mapping.get(name) for name in ("STATE", "ACTION")}
    if len(set(modes.values())) > 1 or modes["STATE"] not in METHODS:
        raise InvalidManifest(
            f"{path}: state and actions are normalised by {modes['STATE']} and {modes['ACTION']}; both must be one of"
            f" {', '.join(METHODS)}"
        )
    return METHODS[str(modes["STATE"])]


def stats_path(folder: Path) -> Path | None:
    """The file that holds the statistics; None where there is none."""
    return max(folder.glob(NORMALIZER_FILES), default=None)


def read_stats(path: Path) -> dict[str, NormStats]:
    """Statistics of `state` and `actions` as a processor keeps them.

    Raises:
        CorruptWeights: The file cannot be read.
        NormStatsError: Something is missing or is no statistics.
    """
    stats = {}
    try:
        with safe_open(path, framework="numpy") as file:
            there = set(file.keys())
            for name, theirs in VECTORS.items():
                missing = [item for item in ("mean", "std") if f"{theirs}.{item}" not in there]
                if missing:
                    raise NormStatsError(f"{path} has no {' and no '.join(missing)} of {theirs}")
                found = {
                    item: np.asarray(file.get_tensor(f"{theirs}.{item}"), np.float64).reshape(-1)
                    for item in ("mean", "std", "q01", "q99")
                    if f"{theirs}.{item}" in there
                }
                try:
                    stats[name] = NormStats(**found)
                except NormStatsError as error:
                    raise NormStatsError(f"{path}: {theirs}: {error}") from error
    except (SafetensorError, OSError) as error:
        raise CorruptWeights(path, f"cannot be read ({error})") from error
    return stats
