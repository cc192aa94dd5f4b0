"""Images, statistics, delta actions and masks: what happens to numbers before and after the model."""

from __future__ import annotations

import re

import torch

from policy.model import flow
from policy.model.masks import block_causal, positions
from policy.transforms.images import ImageTooThin, resize_with_pad
from policy.transforms.norm_stats import format_norm_stats, parse_norm_stats
from tests.vectors.cases import report_unused
from tests.vectors.folder import Folder
from tests.vectors.report import FLOAT64, Report

SIZE = 224


def check_misc(folder: Folder, _match: re.Match[str], report: Report) -> None:
    """Attention masks, positions, and the time embedding in float64."""
    misc = folder.vectors(report.file)
    for found in list(misc.matching(r"(mask\d+)\.pad")):
        name, pad = found[1], misc.take(found[0])
        report.equal(f"{name}.out2d", block_causal(misc.take(f"{name}.att"), pad), misc.take(f"{name}.out2d"))
        report.equal(f"{name}.position_ids", positions(pad), misc.take(f"{name}.position_ids"))
    for found in list(misc.matching(r"time\.emb(\d+)_f64")):
        embedding = flow.embed_time(misc.take("time.t"), int(found[1]))
        report.close(found[0], embedding, misc.take(found[0]), tolerance=FLOAT64)
    for found in list(misc.matching(r"time\.emb(\d+)_f32")):
        embedding = flow.embed_time(misc.take("time.t"), int(found[1])).to(torch.float32)
        report.close(found[0], embedding, misc.take(found[0]))
    report_unused(misc, report)


def check_resize(folder: Folder, _match: re.Match[str], report: Report) -> None:
    """Resized images, exactly; an input without a result is one that openpi's client refuses."""
    images = folder.vectors(report.file)
    for found in list(images.matching(r"(r\d+)\.in_u8")):
        name, image = found[1], images.take(found[0]).numpy()
        try:
            got = resize_with_pad(image, height=SIZE, width=SIZE)
        except ImageTooThin as error:
            report.holds(f"{name}.pil_u8", f"{name}.pil_u8" not in images, f"refused: {error}")
            continue
        report.equal(f"{name}.pil_u8", got, images.take(f"{name}.pil_u8").numpy())
    report_unused(images, report)


def check_stats_file(folder: Folder, _match: re.Match[str], report: Report) -> None:
    """A `norm_stats.json`: understood, and written again byte for byte."""
    text = folder.path(report.file).read_text()
    report.equal("text, written again", format_norm_stats(parse_norm_stats(text)), text)
