"""Everything that can be said of a checkpoint without reading a weight, with every problem there is.

`load` and `understudy policy info` both start here, so that they never disagree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from policy.checkpoints import lerobot
from policy.checkpoints.errors import CheckpointError, InvalidManifest, NotACheckpoint, WrongKind
from policy.checkpoints.infer_config import Known, Sizes, read_sizes
from policy.checkpoints.kinds import ModelConfig, kind_of
from policy.checkpoints.lerobot import LeRobotConfig
from policy.checkpoints.manifest import MANIFEST_FILE, Manifest, read_manifest
from policy.checkpoints.matching import compare
from policy.checkpoints.weights import Weights, open_weights
from policy.transforms.norm_stats import FILE_NAME as STATS_FILE
from policy.transforms.norm_stats import NormStats, NormStatsError, load_norm_stats
from policy.transforms.normalize import Normalization, check_stats

Layout = Literal["understudy", "openpi", "lerobot", "file"]
ASSETS = "assets"
LEROBOT_ASSET = "lerobot"
"""What the statistics of a LeRobot folder are called here; it has one set."""


@dataclass
class Survey:
    """What was found.

    Attributes:
        path: The folder, or the file.
        layout: Who wrote it; `file` for weights without a folder.
        weights: None where there are none.
        config: Kind and sizes; what is `unknown` is 1 in it. None where they cannot be told.
        unknown: What nobody said of the sizes, as in `Sizes`.
        manifest: This software's own.
        lerobot: LeRobot's own.
        normalization: How statistics are used; where nothing says it, as openpi does for this kind.
        stats: Asset id to statistics.
        problems: Why it cannot be loaded, the first to mend first.
    """

    path: Path
    layout: Layout
    weights: Weights | None = None
    config: ModelConfig | None = None
    unknown: Mapping[str, str] = field(default_factory=dict)
    manifest: Manifest | None = None
    lerobot: LeRobotConfig | None = None
    normalization: Normalization | None = None
    stats: dict[str, dict[str, NormStats]] = field(default_factory=dict)
    problems: list[CheckpointError] = field(default_factory=list)


def survey(path: Path, *, known: Known | None = None, kind: str | None = None) -> Survey:
    """Look at a checkpoint's files. Raises nothing; what is wrong is in `problems`.

    Args:
        path: A folder, a weights file, or the index of several.
        known: What the files of openpi do not say.
        kind: The kind of model that it must be; None takes any.
    """
    found = Survey(path=path, layout="file")
    try:
        found.layout = _layout_of(path)
        nothing = None if path.exists() else f"there is nothing at {path}; give a checkpoint's folder or file"
    except OSError as error:
        nothing = f"cannot look at {path}: {error.strerror or error}"
    if nothing is not None:
        found.problems.append(NotACheckpoint(nothing))
        return found
    known = known or Known()
    with _noting(found):
        if found.layout == "understudy":
            found.config, found.manifest = read_manifest(path / MANIFEST_FILE)
    with _noting(found):
        if found.layout in ("openpi", "lerobot") and (path / lerobot.CONFIG_FILE).exists():
            theirs = lerobot.read_config(path / lerobot.CONFIG_FILE)
            found.lerobot = theirs if isinstance(theirs, LeRobotConfig) else None
            known = known.or_else(theirs.known if isinstance(theirs, LeRobotConfig) else theirs)
    with _noting(found):
        found.weights = open_weights(path)
    if found.weights is not None:
        _check_weights(found, found.weights, known)
    if found.config is not None and kind is not None and kind_of(found.config).name != kind:
        seen = kind_of(found.config).name
        message = f"{path} holds a {seen} model, and {kind} was asked for; ask for {seen}, or give another checkpoint"
        found.problems.insert(0, WrongKind(message))
    with _noting(found):
        found.normalization = _normalization_of(found)
    with _noting(found):
        _read_stats(found)
    _check_files(found)
    return found


def _layout_of(path: Path) -> Layout:
    if not path.is_dir():
        return "file"
    if (path / MANIFEST_FILE).exists():
        return "understudy"
    try:
        config = msgspec.json.decode((path / lerobot.CONFIG_FILE).read_bytes(), type=dict[str, msgspec.Raw])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return "openpi"
    return "lerobot" if "type" in config else "openpi"


def _check_weights(found: Survey, weights: Weights, known: Known) -> None:
    """Kind, sizes, and every tensor."""
    with _noting(found):
        weights.check_dtypes()
    with _noting(found):
        if found.manifest is None:
            sizes: Sizes = read_sizes(weights.shapes, source=found.path, known=known)
            found.config, found.unknown = sizes.config, sizes.unknown
    if found.config is None:
        return
    with _noting(found):
        expected = kind_of(found.config).expected(found.config)
        model = f"{kind_of(found.config).name} of these sizes"
        compare(found=weights.shapes, expected=expected).check(found.path, model=model)
    with _noting(found):
        if found.lerobot is not None:
            _check_lerobot(found, found.lerobot, found.config)


def _check_lerobot(found: Survey, theirs: LeRobotConfig, config: ModelConfig) -> None:
    kind = kind_of(config).name
    if theirs.type != kind:
        raise WrongKind(
            f"{found.path}: {lerobot.CONFIG_FILE} says {theirs.type}, and the weights are those of {kind};"
            f" correct `type`. A {kind} is not turned into a {theirs.type} by renaming its tensors"
        )
    if theirs.max_action_dim != config.action_dim:
        raise InvalidManifest(
            f"{found.path}: {lerobot.CONFIG_FILE} says {theirs.max_action_dim} dimensions, and the weights have"
            f" {config.action_dim}; correct `max_action_dim`"
        )


def _normalization_of(found: Survey) -> Normalization | None:
    if found.manifest is not None:
        return found.manifest.normalization
    if found.lerobot is not None:
        return lerobot.normalization_of(found.lerobot, found.path / lerobot.CONFIG_FILE)
    if found.config is None:
        return None
    return "z-score" if kind_of(found.config).name == "pi0" else "quantile"


def _read_stats(found: Survey) -> None:
    """Statistics of every asset, each checked for how it is used."""
    if found.layout == "file":
        return
    try:
        if found.layout == "lerobot":
            file = lerobot.stats_path(found.path)
            found.stats = {} if file is None else {LEROBOT_ASSET: lerobot.read_stats(file)}
        assets = found.path / ASSETS
        for file in sorted(assets.rglob(STATS_FILE)):
            asset_id = file.parent.relative_to(assets).as_posix()
            found.stats[asset_id] = load_norm_stats(assets, asset_id)
        if found.normalization is not None:
            for stats in found.stats.values():
                check_stats(stats, found.normalization)
    except NormStatsError as error:
        raise CheckpointError(str(error)) from error
    except UnicodeDecodeError as error:
        raise CheckpointError(f"{found.path / ASSETS}: statistics that are no text: {error}") from error


def _check_files(found: Survey) -> None:
    """What the manifest speaks of is there."""
    if found.manifest is None:
        return
    if found.manifest.asset_id not in found.stats:
        found.problems.append(
            NotACheckpoint(
                f"{found.path / ASSETS / found.manifest.asset_id / STATS_FILE} is missing or cannot be read;"
                " copy the whole folder"
            )
        )
    for name in (found.manifest.tokenizer, found.manifest.fast):
        if name is not None and not (found.path / name).exists():
            found.problems.append(NotACheckpoint(f"{found.path / name} is missing; copy the whole folder"))


@contextmanager
def _noting(found: Survey) -> Iterator[None]:
    try:
        yield
    except CheckpointError as error:
        found.problems.append(error)
