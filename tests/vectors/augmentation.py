"""Augmented training images, with the draws they were made by.

No such file has been seen here. The layout is a guess from the names of other files: images `[NAME.]in[.CAMERA]` and
`[NAME.]out[.CAMERA]`, and in the JSON file the draws of each under the same names. What looks otherwise is a failure.
"""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from policy.transforms.augment import Draws, augment, is_on_wrist
from tests.vectors.folder import Folder
from tests.vectors.report import Report, report_unused

TENSORS, DRAWS = "preproc_augment.safetensors", "preproc_augment.json"
NAMES = {
    "top_B": ("top", "crop_top", "start_h", "crop_h", "top_B"),
    "left_B": ("left", "crop_left", "start_w", "crop_w", "left_B"),
    "turn_deg_B": ("angle", "angle_deg", "rotation", "turn_deg", "turn_deg_B"),
    "brightness_B": ("brightness", "brightness_factor", "brightness_B"),
    "contrast_B": ("contrast", "contrast_factor", "contrast_B"),
    "saturation_B": ("saturation", "saturation_factor", "saturation_B"),
}
"""Each draw to the names that it may have."""


def check_augment(folder: Folder, _match: re.Match[str], report: Report) -> None:
    """Every image that has draws; the same draws must give the same pixels."""
    images, draws = folder.vectors(TENSORS), folder.json(DRAWS)
    for found in images.matching(r"((?:.+\.)?)in(?:_u8)?((?:\..+)?)"):
        name, output = f"{found[1]}{found[2].lstrip('.')}", f"{found[1]}out{found[2]}"
        entry = _entry(draws, [part for part in name.split(".") if part])
        if entry is None or output not in images:
            report.fail(found[0], f"no draws for it in {DRAWS}, or no tensor {output!r}")
            continue
        expected = images.take(output)
        image, last = _channels_first(images.take(found[0]))
        geometric = not is_on_wrist(name) and bool(entry.keys() & set(NAMES["turn_deg_B"]))
        got = augment(image, _draws(entry, len(image)), geometric=geometric)
        report.close(output, got.permute(0, 2, 3, 1) if last else got, expected)
    report_unused(images, report)


def check_draws(folder: Folder, _match: re.Match[str], report: Report) -> None:
    """The draws are read with the images."""
    folder.path(TENSORS)
    report.note(f"read with {TENSORS}")


def _entry(draws: Any, path: list[str]) -> dict[str, Any] | None:
    """The draws at a path, parts of which the JSON file may leave out."""
    for part in path:
        if isinstance(draws, dict) and part in draws:
            draws = draws[part]
    return draws if isinstance(draws, dict) and draws.keys() & set(NAMES["brightness_B"]) else None


def _draws(entry: dict[str, Any], batch: int) -> Draws:
    def number(names: tuple[str, ...]) -> Tensor:
        values = [entry[name] for name in names if name in entry] or [0]
        return torch.tensor(values[0], dtype=torch.float32).reshape(-1).expand(batch)

    found = {name: number(names) for name, names in NAMES.items()}
    whole = {name: found[name].to(torch.int64) for name in ("top_B", "left_B")}
    return Draws(**(found | whole))


def _channels_first(image: Tensor) -> tuple[Tensor, bool]:
    """[B, 3, Y, X] floats in [-1, 1], and whether the colours came last."""
    if image.dtype == torch.uint8:
        image = image.float() / 255 * 2 - 1
    last = image.shape[-1] == 3
    return (image.permute(0, 3, 1, 2) if last else image), last
