"""Images, statistics, delta actions and masks: what happens to numbers before and after the model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from policy.model import flow
from policy.model.masks import block_causal, positions
from policy.transforms.compose import Sample
from policy.transforms.deltas import AbsoluteActions, DeltaActions, delta_mask
from policy.transforms.images import ImageTooThin, resize_with_pad
from policy.transforms.norm_stats import (
    FILE_NAME,
    NormStats,
    format_norm_stats,
    load_norm_stats,
    parse_norm_stats,
)
from policy.transforms.normalize import EPSILON, Normalization, Normalize, Unnormalize, normalize
from policy.transforms.pad import PadStatesAndActions
from policy.transforms.running_stats import RunningStats
from tests.vectors.folder import Folder, Vectors
from tests.vectors.report import FLOAT64, Report, report_unused

SIZE = 224
"""Side of the model's images, in pixels."""

METHODS: dict[str, Normalization] = {"zscore": "z-score", "quantile": "quantile"}
"""By the names that vectors give them."""


# -- masks and time ----------------------------------------------------------------------------------------------------


def check_misc(folder: Folder, _match: re.Match[str], report: Report) -> None:
    """Attention masks, positions, and the time embedding in float64."""
    misc = folder.vectors(report.file)
    for found in misc.matching(r"(mask\d*)\.pad"):
        name, pad = found[1], misc.take(found[0])
        report.equal(f"{name}.out2d", block_causal(misc.take(f"{name}.att"), pad), misc.take(f"{name}.out2d"))
        report.equal(f"{name}.position_ids", positions(pad), misc.take(f"{name}.position_ids"))
    for found in misc.matching(r"time\.emb(\d+)_f64"):
        embedding = flow.embed_time(misc.take("time.t"), int(found[1]))
        report.close(found[0], embedding, misc.take(found[0]), tolerance=FLOAT64)
    for found in misc.matching(r"time\.emb(\d+)_f32"):
        embedding = flow.embed_time(misc.take("time.t"), int(found[1])).to(torch.float32)
        report.close(found[0], embedding, misc.take(found[0]))
    report_unused(misc, report)


# -- images ------------------------------------------------------------------------------------------------------------


def check_resize(folder: Folder, _match: re.Match[str], report: Report) -> None:
    """Resized images, exactly; an input without a result is one that openpi's client refuses."""
    images = folder.vectors(report.file)
    for found in images.matching(r"(r\d+)\.in_u8"):
        name, image = found[1], images.take(found[0]).numpy()
        expected = f"{name}.pil_u8"
        height, width = images.take(expected).shape[-3:-1] if expected in images else (SIZE, SIZE)
        got = _resized(image, height=height, width=width)
        if got is None:
            report.holds(f"{name} is refused", expected not in images, "it should be resized")
        elif expected in images:
            report.equal(expected, got, images.take(expected).numpy())
        else:
            report.fail(name, "it is resized here, and openpi's client refuses it")
        for other in images.matching(rf"{name}\.(jax|torch)\w*"):
            images.take(other[0])
            report.note(
                f"{other[0]}: openpi's {other[1]} version, which nothing here has; its client's is compared"
            )
    report_unused(images, report)


def check_resize_index(folder: Folder, _match: re.Match[str], report: Report) -> None:
    """Which sizes openpi's client refuses, whose resizing is PIL's. The layout is guessed, see `_sized` and `_says`."""
    found = list(_sized("", folder.json(report.file)))
    if not found:
        report.fail("the file", "no entry with an image size is found in it; its layout is not known here")
    for name, (height, width), entry in found:
        got = _resized(np.zeros((height, width, 3), np.uint8), height=SIZE, width=SIZE)
        verb = "refused" if got is None else "resized"
        said = list(_says(entry))
        if said:
            report.holds(
                f"{name}: {height} × {width}", (got is None) == any(said), f"it is {verb} here, there not"
            )
        else:
            report.note(f"{name}: {height} × {width} is {verb} here; of PIL nothing is said there")


SIDES = ("h", "height", "in_h"), ("w", "width", "in_w")
"""Names that height and width may have."""


def _sized(path: str, node: object) -> Iterator[tuple[str, tuple[int, int], dict[str, Any]]]:
    """Entries that hold one size of an input (two or three whole numbers, or height and width), or names of sizes."""
    if isinstance(node, list):
        node = {str(index): item for index, item in enumerate(node)}
    if not isinstance(node, dict):
        return
    height, width = (next((node[key] for key in keys if key in node), None) for keys in SIDES)
    inputs = {"": [height, width]} | {k: v for k, v in node.items() if not re.search("out|target", k)}
    sizes = {key: size for key, size in inputs.items() if _is_size(size)}
    if len(sizes) == 1:
        (size,) = sizes.values()
        yield path, (size[0], size[1]), node
        return
    for key, value in node.items():
        below = f"{path}.{key}" if path else key
        if key in sizes:
            yield below, (value[0], value[1]), {}
        else:
            yield from _sized(below, value)


def _is_size(value: object) -> bool:
    return isinstance(value, list) and len(value) in (2, 3) and all(type(item) is int for item in value)


def _says(entry: object, *, raises: bool = False) -> Iterator[bool]:
    """Whether PIL refuses, as often as it is said: an error under its name, or its name under one like "raises"."""
    if isinstance(entry, list | str) and raises:
        yield "pil" in str(entry).lower()
    if not isinstance(entry, dict):
        return
    for key, value in entry.items():
        of_errors = raises or re.search("error|raise|refuse", key, re.IGNORECASE) is not None
        if "pil" in key.lower():
            yield (
                bool(value) if of_errors else re.search("error|raise", str(value), re.IGNORECASE) is not None
            )
        else:
            yield from _says(value, raises=of_errors)


def _resized(image: NDArray[np.uint8], *, height: int, width: int) -> NDArray[np.uint8] | None:
    """None where the product refuses."""
    try:
        return resize_with_pad(image, height=height, width=width)
    except ImageTooThin:
        return None


# -- statistics --------------------------------------------------------------------------------------------------------


def check_stats_file(folder: Folder, _match: re.Match[str], report: Report) -> None:
    """A `norm_stats.json`: understood, and written again byte for byte."""
    text = folder.path(report.file).read_text()
    report.equal("text, written again", format_norm_stats(parse_norm_stats(text)), text)


def check_norm(folder: Folder, _match: re.Match[str], report: Report) -> None:
    """Both normalisations there and back, statistics of a stream, and statistics wider than the vector."""
    norm = folder.vectors(report.file)
    for found in norm.matching(r"n(\d+)\.state"):
        name = f"norm_stats_{found[1]}"
        given = load_norm_stats(folder.root, name) if (folder.root / name / FILE_NAME).exists() else None
        if given is None:
            report.note(
                f"{name} is not in the folder: the statistics are those that the vectors themselves imply"
            )
        for label, method in METHODS.items():
            stats = given or implied_stats(norm, f"n{found[1]}", label)
            _check_normalisation(norm, f"n{found[1]}", label, stats, method, report)
    if "running.batches" in norm:
        running = RunningStats()
        for batch in norm.take("running.batches").numpy():
            running.update(batch)
        stats_of_stream = running.statistics()
        for item in ("mean", "std", "q01", "q99"):
            expected = norm.take(f"running.{item}").numpy()
            report.close(f"running.{item}", getattr(stats_of_stream, item), expected, tolerance=FLOAT64)
    if "wide.in" in norm:
        wide = NormStats(
            **{item: norm.take(f"wide.{item}").numpy() for item in ("mean", "std", "q01", "q99")}
        )
        for label, method in METHODS.items():
            got = normalize(norm.take("wide.in").numpy(), wide, method=method)
            report.close(f"wide.{label}", got, norm.take(f"wide.{label}").numpy(), tolerance=FLOAT64)
    report_unused(norm, report)


def _check_normalisation(
    norm: Vectors, name: str, label: str, stats: dict[str, NormStats], method: Normalization, report: Report
) -> None:
    into, out_of = Normalize(stats, method), Unnormalize(stats, method)
    raw = Sample(state=norm.take(f"{name}.state").numpy(), actions=norm.take(f"{name}.actions").numpy())
    model = Sample(
        state=norm.take(f"{name}.model_state").numpy(), actions=norm.take(f"{name}.model_actions").numpy()
    )
    results = {"norm": into(raw), "unnorm": out_of(model), "roundtrip": out_of(into(raw))}
    for found in norm.matching(rf"{name}\.{label}\.(norm|unnorm|roundtrip)\.(state|actions)"):
        got = cast("dict[str, Any]", results[found[1]])[found[2]]
        report.close(found[0], got, norm.take(found[0]).numpy(), tolerance=FLOAT64)


def implied_stats(norm: Vectors, name: str, label: str) -> dict[str, NormStats]:
    """The statistics by which these vectors were made, as wide as the model.

    Normalising is a line in each dimension, and two points fix it: a chunk has many more, and all are compared after.
    """
    stats = {}
    for item in ("state", "actions"):
        raw = [norm.take(f"{name}.{item}"), norm.take(f"{name}.{label}.unnorm.{item}")]
        normalised = [norm.take(f"{name}.{label}.norm.{item}"), norm.take(f"{name}.model_{item}")]
        if label == "quantile":
            # What goes back is raised by 1 in its own float32 before it meets statistics in float64.
            normalised[1] = (normalised[1] + 1.0).double() - 1.0
        slope, offset = _line(*(_rows([part.numpy() for part in parts]) for parts in (normalised, raw)))
        if label == "zscore":
            stats[item] = NormStats(mean=offset, std=np.maximum(slope - EPSILON, 0))
        else:
            q01 = offset - slope
            stats[item] = NormStats(
                mean=q01, std=np.zeros_like(q01), q01=q01, q99=q01 + np.maximum(2 * slope - EPSILON, 0)
            )
    return stats


def _rows(parts: list[NDArray[Any]]) -> NDArray[np.float64]:
    return np.concatenate([np.atleast_2d(part).astype(np.float64) for part in parts])


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slope and offset in each column, through its leftmost and rightmost points."""
    columns = np.arange(x.shape[1])
    left, right = x.argmin(axis=0), x.argmax(axis=0)
    slope = (y[right, columns] - y[left, columns]) / (x[right, columns] - x[left, columns])
    return slope, y[left, columns] - slope * x[left, columns]


# -- delta actions and padding -----------------------------------------------------------------------------------------


def check_delta(folder: Folder, _match: re.Match[str], report: Report) -> None:
    """Relative actions there and back, their masks, and padding; one subtraction each, so exactly."""
    delta = folder.vectors(report.file)
    for found in delta.matching(r"(d\d+)\.mask"):
        name = found[1]
        expected = [bool(flag) for flag in delta.take(found[0])]
        mask = delta_mask(*_runs(expected))
        report.equal(found[0], list(mask), expected)
        raw = Sample(state=delta.take(f"{name}.state").numpy(), actions=delta.take(f"{name}.actions").numpy())
        relative = DeltaActions(mask)(raw)
        report.equal(f"{name}.delta", relative["actions"], delta.take(f"{name}.delta").numpy())
        absolute = AbsoluteActions(mask)(relative)
        report.equal(f"{name}.absolute", absolute["actions"], delta.take(f"{name}.absolute").numpy())
        state, actions = delta.take(f"{name}.pad_state"), delta.take(f"{name}.pad_actions")
        padded = PadStatesAndActions(state.shape[-1])(relative)
        report.equal(f"{name}.pad_state", padded["state"], state.numpy())
        report.equal(f"{name}.pad_actions", padded["actions"], actions.numpy())
    report_unused(delta, report)


def _runs(flags: list[bool]) -> list[int]:
    """Lengths of equal neighbours, negative for False: what the mask is made of."""
    runs: list[int] = []
    for index, flag in enumerate(flags):
        step = 1 if flag else -1
        if index and flag == flags[index - 1]:
            runs[-1] += step
        else:
            runs.append(step)
    return runs
