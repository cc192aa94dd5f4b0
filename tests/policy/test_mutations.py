"""Each bug that was put into openpi's model on purpose is put into this one, and the vectors must notice.

The names and what each bug changes are those of `tests/golden/mutations.json`. Bugs too small for the tolerance on
sampled actions are noticed by single operations, by the times of the Euler steps, or by time embeddings in float64.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from policy.model import flow, gemma, masks, norms, pi0, rope, siglip
from policy.model.gemma import Gemma
from policy.model.inputs import ModelInputs
from policy.model.norms import AdaRmsNorm, Modulation, RmsNorm
from policy.model.paligemma import PaliGemma
from policy.model.pi0 import Pi0
from tests.vectors import cases
from tests.vectors.folder import Folder
from tests.vectors.registry import check_file
from tests.vectors.report import Report

GOLDEN = Path(__file__).parents[1] / "golden"
BASELINE = "no mutation (baseline)"
MUTATIONS: dict[str, dict[str, float]] = json.loads((GOLDEN / "mutations.json").read_text())

PI0, PI05, PI05_TWO = "pi0_asym_case0", "pi05_asym_case0", "pi05_asym_case2"
UNIT_OPS, MISC = "unit_ops", "preproc_misc"

FIGURES = {PI0: "pi0/0", PI05: "pi05/0", PI05_TWO: "pi05/2"}
"""Vector files to the case that `mutations.json` gives a bug's effect for."""

Inject = Callable[[pytest.MonkeyPatch], None]


def checked(*files: str) -> list[Report]:
    """Reports of vector files. Models are built anew, with the bug in them."""
    folder = Folder(GOLDEN)
    reports = [check_file(folder, f"{file}.safetensors") for file in files]
    crashed = [row.problem for report in reports for row in report.rows if row.output == "the file"]
    assert not crashed, "the bug must give wrong numbers, not break the run"
    return reports


def failures(reports: list[Report]) -> list[str]:
    """Outputs that are not as they should be."""
    return [f"{report.file}: {row.output}" for report in reports for row in report.rows if not row.ok]


# -- the bugs ----------------------------------------------------------------------------------------------------------


def _embedding_not_scaled(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Gemma, "embed", lambda self, tokens_BL: self.embed_tokens(tokens_BL))


def _image_features_divided(patch: pytest.MonkeyPatch) -> None:
    right = PaliGemma.image_tokens

    def divided(self: PaliGemma, images: Tensor, **attend: Any) -> Tensor:
        return right(self, images, **attend) / self.language.config.width**0.5

    patch.setattr(PaliGemma, "image_tokens", divided)


def _rms_weight_alone(patch: pytest.MonkeyPatch) -> None:
    def forward(self: RmsNorm, x: Tensor, modulation: None = None) -> Tensor:
        return (norms.unit_rms(x) * self.weight.float()).to(x.dtype)

    def adaptive(self: AdaRmsNorm, x: Tensor, modulation: Modulation) -> Tensor:
        return (norms.unit_rms(x) * modulation.scale + modulation.shift).to(x.dtype)

    patch.setattr(RmsNorm, "forward", forward)
    patch.setattr(AdaRmsNorm, "forward", adaptive)


def _rms_eps(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(norms, "EPS", 1e-5)


def _layer_norm_eps(patch: pytest.MonkeyPatch) -> None:
    # Read when a model is built.
    patch.setattr(siglip, "EPS", 1e-5)


def _exact_gelu_in_gemma(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gemma, "gelu", F.gelu)


def _exact_gelu_in_siglip(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(siglip, "gelu", F.gelu)


def _max_period(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(flow, "MAX_PERIOD", 5.0)


def _embed_time(patch: pytest.MonkeyPatch, change: Callable[[Tensor], Tensor]) -> None:
    right = flow.embed_time
    patch.setattr(flow, "embed_time", lambda time, width: change(right(time, width)))


def _cosines_first(patch: pytest.MonkeyPatch) -> None:
    _embed_time(patch, lambda embedding: torch.cat(embedding.chunk(2, dim=-1)[::-1], dim=-1))


def _time_in_float32(patch: pytest.MonkeyPatch) -> None:
    def embed(time: Tensor, width: int) -> Tensor:
        fraction = torch.linspace(0.0, 1.0, width // 2)
        period = flow.MIN_PERIOD * (flow.MAX_PERIOD / flow.MIN_PERIOD) ** fraction
        angle = time.float()[..., None] * (2 * torch.pi / period)
        return torch.cat((angle.sin(), angle.cos()), dim=-1).double()

    patch.setattr(flow, "embed_time", embed)


def _modulation(patch: pytest.MonkeyPatch, change: Callable[[Modulation], Modulation]) -> None:
    right = AdaRmsNorm.modulation
    patch.setattr(AdaRmsNorm, "modulation", lambda self, condition: change(right(self, condition)))


def _gate_ignored(patch: pytest.MonkeyPatch) -> None:
    _modulation(patch, lambda m: m._replace(gate=torch.ones_like(m.gate)))


def _shift_first(patch: pytest.MonkeyPatch) -> None:
    _modulation(patch, lambda m: Modulation(scale=m.shift, shift=m.scale, gate=m.gate))


def _gate_first(patch: pytest.MonkeyPatch) -> None:
    _modulation(patch, lambda m: Modulation(scale=m.gate, shift=m.shift, gate=m.scale))


def _one_silu(patch: pytest.MonkeyPatch) -> None:
    def condition(self: Pi0, time: Tensor) -> Tensor:
        return self.time_mlp_out(F.silu(self.time_mlp_in(self.embed_time(time))))

    patch.setattr(Pi0, "time_condition", condition)


def _positions_ignore_masks(patch: pytest.MonkeyPatch) -> None:
    def arange(valid_BS: Tensor) -> Tensor:
        return torch.arange(valid_BS.shape[1]).expand_as(valid_BS)

    for module in (masks, pi0, cases):
        patch.setattr(module, "positions", arange)


def _suffix_causal(patch: pytest.MonkeyPatch) -> None:
    def starts(self: Pi0) -> list[int]:
        return [1] * (self.config.action_horizon + (self.config.kind == "pi0"))

    patch.setattr(Pi0, "suffix_starts", starts)


def _state_sees_actions(patch: pytest.MonkeyPatch) -> None:
    def starts(self: Pi0) -> list[int]:
        return [1] + [0] * (self.config.action_horizon - (self.config.kind != "pi0"))

    patch.setattr(Pi0, "suffix_starts", starts)


def _inputs(patch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    right = cases.inputs_of
    patch.setattr(cases, "inputs_of", lambda case: ModelInputs(**change(vars(right(case)))))


def _image_masks_ignored(patch: pytest.MonkeyPatch) -> None:
    right = PaliGemma.embed_prefix

    def embed_prefix(self: PaliGemma, inputs: ModelInputs, **attend: Any) -> tuple[Tensor, Tensor]:
        everything = torch.ones_like(inputs.image_mask_BN)
        return right(self, ModelInputs(**(vars(inputs) | {"image_mask_BN": everything})), **attend)

    patch.setattr(PaliGemma, "embed_prefix", embed_prefix)


def _wrists_swapped(patch: pytest.MonkeyPatch) -> None:
    def swapped(fields: dict[str, Any]) -> dict[str, Any]:
        order = [0, 2, 1]
        images, seen = fields["images_BNCYX"], fields["image_mask_BN"]
        return fields | {"images_BNCYX": images[:, order], "image_mask_BN": seen[:, order]}

    _inputs(patch, swapped)


def _rope_off(patch: pytest.MonkeyPatch) -> None:
    right = rope.inverse_frequencies
    patch.setattr(rope, "inverse_frequencies", lambda head_dim, **where: right(head_dim, **where) * 1.001)


def _times_not_added_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(flow, "euler_times", lambda steps=flow.STEPS: [1 - k / steps for k in range(steps)])


INJECTORS: dict[str, tuple[Inject, tuple[str, ...], str]] = {
    "language embedding not scaled by sqrt(width)": (_embedding_not_scaled, (PI0,), "sampled_actions"),
    "image features divided by sqrt(width) (stock HF PaliGemma)": (
        _image_features_divided,
        (PI0,),
        "sampled_actions",
    ),
    "RMSNorm uses w instead of (1+w)": (_rms_weight_alone, (PI0,), "sampled_actions"),
    "RMSNorm eps 1e-5": (_rms_eps, (UNIT_OPS,), "rms1.out"),
    "SigLIP LayerNorm eps 1e-5": (_layer_norm_eps, (UNIT_OPS,), "ln1.out"),
    "Gemma MLP exact-erf GELU": (_exact_gelu_in_gemma, (PI0,), "sampled_actions"),
    "SigLIP MLP exact-erf GELU": (_exact_gelu_in_siglip, (PI0,), "sampled_actions"),
    "time max_period 5.0": (_max_period, (PI0,), "sampled_actions"),
    "time sin/cos halves swapped": (_cosines_first, (PI0,), "sampled_actions"),
    "time embedding computed in float32": (_time_in_float32, (MISC,), "time.emb1024_f64"),
    "adaRMS gate ignored": (_gate_ignored, (PI05,), "sampled_actions"),
    "adaRMS chunk order shift,scale,gate": (_shift_first, (PI05,), "sampled_actions"),
    "adaRMS chunk order gate last<->first": (_gate_first, (PI05,), "sampled_actions"),
    "second SiLU of time MLP missing (pi05)": (_one_silu, (PI05,), "sampled_actions"),
    "positions = arange instead of cumsum(mask)-1": (_positions_ignore_masks, (PI0,), "sampled_actions"),
    "suffix fully causal": (_suffix_causal, (PI0,), "sampled_actions"),
    "pi0: state token may see actions": (_state_sees_actions, (PI0,), "sampled_actions"),
    "image masks ignored": (_image_masks_ignored, (PI0,), "sampled_actions"),
    "wrist cameras swapped": (_wrists_swapped, (PI05_TWO,), "sampled_actions"),
    "RoPE freqs off by 0.1%": (_rope_off, (PI0,), "sampled_actions"),
    "Euler time 1-k*dt instead of accumulated f32": (_times_not_added_up, (PI0,), "sample.times"),
}
"""For each bug: how it is put in, the files that must notice, and an output of theirs that must be off."""


def test_all_bugs_are_known() -> None:
    assert set(MUTATIONS) == {BASELINE, *INJECTORS}


def test_without_a_bug_nothing_fails() -> None:
    assert failures(checked(PI0, PI05, PI05_TWO, UNIT_OPS, MISC)) == []


@pytest.mark.parametrize("name", [name for name in MUTATIONS if name != BASELINE])
def test_bug_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    inject, files, output = INJECTORS[name]
    inject(monkeypatch)
    reports = checked(*files)
    failed = failures(reports)
    assert any(output in line for line in failed), f"unnoticed where it should be; noticed were {failed}"
    # It is the same bug: it moves the actions as far as it moved openpi's.
    for report in reports:
        if figure := FIGURES.get(report.file.removesuffix(".safetensors")):
            rows = {row.output: row for row in report.rows}
            moved = rows["out.sampled_actions (plain)"].absolute
            assert moved == pytest.approx(MUTATIONS[name][figure], rel=0.02, abs=5e-6)
