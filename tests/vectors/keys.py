"""Keys, shapes and dtypes of the real sizes, and weights files as such."""

from __future__ import annotations

import re
from collections import Counter

import torch

from policy.checkpoints.cast import cast_for_inference
from policy.checkpoints.folder import Checkpoint
from policy.checkpoints.keys import EMBED_TOKENS, LM_HEAD, part_of, pi0_shapes
from policy.checkpoints.loading import read_tensors
from policy.model.pi0 import Pi0
from policy.presets import PRESETS
from tests.vectors.folder import Folder, built, config_of, model_name
from tests.vectors.report import Report

GROUPS = {
    "vision tower": "vision_tower",
    "projector": "projector",
    "embedding": "embed (tied lm_head)",
    "language model": "language_model",
    "action expert": "expert",
    "expert lm_head (unused)": "expert lm_head (unused)",
    "heads": "heads",
}
"""Parts of a model as this project calls them, and as the files do."""


def check_full_keys(folder: Folder, match: re.Match[str], report: Report) -> None:
    """The real size, built without memory: every key, shape and dtype, the tie, and the numbers of parameters."""
    wanted = folder.json(report.file)
    kind = match["kind"]
    with torch.device("meta"):
        model = Pi0(PRESETS[kind])
    cast_for_inference(model, torch.bfloat16)
    state = model.state_dict(keep_vars=True)
    tensors = wanted.pop("state_dict")
    missing, extra = sorted(tensors.keys() - state.keys()), sorted(state.keys() - tensors.keys())
    report.holds(f"{len(tensors)} keys", not missing and not extra, f"missing {missing}, too many {extra}")
    for name, entry in tensors.items():
        if name not in state:
            continue
        got = {"shape": list(state[name].shape), "dtype": str(state[name].dtype).removeprefix("torch.")}
        report.equal(name, got, entry)
    shapes = {name: list(shape) for name, shape in pi0_shapes(PRESETS[kind]).items()}
    report.equal(
        "the table of names and shapes", shapes, {name: entry["shape"] for name, entry in tensors.items()}
    )
    report.equal("model", kind, wanted.pop("model"))
    report.equal("n_params", sum(p.numel() for p in model.parameters()), wanted.pop("n_params"))
    report.equal(
        "tied_lm_head_embed", state[LM_HEAD] is state[EMBED_TOKENS], wanted.pop("tied_lm_head_embed")
    )
    groups: Counter[str] = Counter()
    for name, parameter in model.named_parameters():
        groups[GROUPS[part_of(name)]] += parameter.numel()
    report.equal("groups", dict(groups), wanted.pop("groups"))
    for key in wanted:
        report.fail(key, "nothing here understands this entry")


def check_weights(folder: Folder, match: re.Match[str], report: Report) -> None:
    """Weights load whole and into their own model only, whether or not a case uses them."""
    name = model_name(match)
    checkpoint = folder.checkpoint(name)
    report.equal("sizes, read off the file", checkpoint.config, config_of(name))
    check_whole(checkpoint, report)


def check_whole(checkpoint: Checkpoint, report: Report) -> None:
    """Build the model, and compare every tensor with the file's."""
    model = built(checkpoint)
    stored = dict(read_tensors(checkpoint.weights))
    wanted = {name: tensor for name, tensor in model.state_dict().items() if name in stored}
    # The file keeps one name of the tied tensor.
    missing = sorted(model.state_dict().keys() - wanted.keys() - {LM_HEAD, EMBED_TOKENS})
    extra = sorted(stored.keys() - wanted.keys())
    report.holds(f"{len(stored)} tensors", not missing and not extra, f"missing {missing}, unused {extra}")
    wrong = [
        name for name, tensor in wanted.items() if not torch.equal(tensor, stored[name].to(tensor.dtype))
    ]
    report.holds("every one in its place", not wrong, f"other numbers in the model: {wrong}")
