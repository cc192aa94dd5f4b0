"""Single operations: each through the real module with the weights of a checkpoint. Group names may end in digits."""

from __future__ import annotations

import re
from collections.abc import Callable

import torch
from torch import Tensor

from policy.model import attention, gemma, rope, siglip
from policy.model.norms import AdaRmsNorm, Modulation, add_residual
from policy.model.pi0 import Pi0
from tests.vectors.folder import ASYM, Folder, ModelName, Vectors, model_name
from tests.vectors.report import Report, report_unused

Op = Callable[[Pi0, Vectors, str, Report], None]


def check_unit_ops(folder: Folder, match: re.Match[str], report: Report) -> None:
    """Every operation of the file."""
    ops = folder.vectors(report.file)
    model = folder.model(model_name(match) if match["kind"] else ModelName("pi05", ASYM))
    with torch.no_grad():
        for group in ops.groups():
            op = OPS.get(group.rstrip("0123456789"))
            if op is not None:
                op(model, ops, group, report)
    report_unused(ops, report)


def _rms(model: Pi0, ops: Vectors, group: str, report: Report) -> None:
    norm = model.paligemma.language.layers[0].input_layernorm
    report.close(f"{group}.out", norm(ops.take(f"{group}.x")), ops.take(f"{group}.out"))


def _ada(model: Pi0, ops: Vectors, group: str, report: Report) -> None:
    norm = model.expert.layers[0].input_layernorm
    modulation = _modulation(norm, ops.take(f"{group}.cond"))
    report.close(f"{group}.out", norm(ops.take(f"{group}.x"), modulation), ops.take(f"{group}.out"))
    report.close(f"{group}.gate", modulation.gate, ops.take(f"{group}.gate"))


def _modulation(norm: object, condition: Tensor) -> Modulation:
    if not isinstance(norm, AdaRmsNorm):
        raise TypeError("the expert of this model has no adaptive norms; adaRMS needs a pi05 model")
    return norm.modulation(condition)


def _ln(model: Pi0, ops: Vectors, group: str, report: Report) -> None:
    norm = model.paligemma.vision.encoder.layers[0].layer_norm1
    report.close(f"{group}.out", norm(ops.take(f"{group}.x")), ops.take(f"{group}.out"))


def _gated(model: Pi0, ops: Vectors, group: str, report: Report) -> None:
    modulation = _modulation(model.expert.layers[0].input_layernorm, ops.take("ada0.cond"))
    got = add_residual(ops.take(f"{group}.x"), ops.take(f"{group}.y"), modulation)
    report.close(f"{group}.out", got, ops.take(f"{group}.out"))


def _gelu(_model: Pi0, ops: Vectors, group: str, report: Report) -> None:
    x = ops.take(f"{group}.x")
    report.close(f"{group}.gemma_act", gemma.gelu(x), ops.take(f"{group}.gemma_act"))
    report.close(f"{group}.siglip_act", siglip.gelu(x), ops.take(f"{group}.siglip_act"))


def _gemma_mlp(model: Pi0, ops: Vectors, group: str, report: Report) -> None:
    mlp = model.paligemma.language.layers[0].mlp
    report.close(f"{group}.out", mlp(ops.take(f"{group}.x")), ops.take(f"{group}.out"))


def _siglip_mlp(model: Pi0, ops: Vectors, group: str, report: Report) -> None:
    mlp = model.paligemma.vision.encoder.layers[0].mlp
    report.close(f"{group}.out", mlp(ops.take(f"{group}.x")), ops.take(f"{group}.out"))


def _siglip_attn(model: Pi0, ops: Vectors, group: str, report: Report) -> None:
    attn = model.paligemma.vision.encoder.layers[0].self_attn
    report.close(f"{group}.out", attn(ops.take(f"{group}.x")), ops.take(f"{group}.out"))


def _patch(model: Pi0, ops: Vectors, group: str, report: Report) -> None:
    image = ops.take(f"{group}.image_u8").float() / 255 * 2 - 1
    vision = model.paligemma.vision
    report.close(f"{group}.embeddings", vision.embed(image), ops.take(f"{group}.embeddings"))
    report.close(f"{group}.last_hidden", vision(image), ops.take(f"{group}.last_hidden"))
    report.close(
        f"{group}.features", model.paligemma.image_tokens(image[:, None]), ops.take(f"{group}.features")
    )


def _rope(_model: Pi0, ops: Vectors, group: str, report: Report) -> None:
    q, k = ops.take(f"{group}.q"), ops.take(f"{group}.k")
    head_dim = q.shape[-1]
    report.close(f"{group}.inv_freq", rope.inverse_frequencies(head_dim), ops.take(f"{group}.inv_freq"))
    rotation = rope.rotation(ops.take(f"{group}.position_ids"), head_dim=head_dim, dtype=q.dtype)
    # Here each angle is kept once; openpi repeats it for both halves of a head.
    report.close(f"{group}.cos", torch.cat((rotation.cos, rotation.cos), -1)[:, 0], ops.take(f"{group}.cos"))
    report.close(f"{group}.sin", torch.cat((rotation.sin, rotation.sin), -1)[:, 0], ops.take(f"{group}.sin"))
    report.close(f"{group}.q_out", rope.rotate(q, rotation), ops.take(f"{group}.q_out"))
    report.close(f"{group}.k_out", rope.rotate(k, rotation), ops.take(f"{group}.k_out"))


def _attn(_model: Pi0, ops: Vectors, group: str, report: Report) -> None:
    q, k, v, sees = (ops.take(f"{group}.{name}") for name in ("q", "k", "v", "mask"))
    mask = attention.additive(sees, dtype=q.dtype)[:, None]
    report.close(f"{group}.weights", attention.weights(q, k, mask), ops.take(f"{group}.weights"))
    for name, attend in (("fused", attention.fused), ("eager", attention.eager)):
        out = attend(q, k, v, mask).unflatten(-1, (q.shape[1], -1))
        report.close(f"{group}.out_bthd ({name})", out, ops.take(f"{group}.out_bthd"))


def _time_mlp(model: Pi0, ops: Vectors, group: str, report: Report) -> None:
    t = ops.take(f"{group}.t")
    report.close(f"{group}.emb", model.embed_time(t), ops.take(f"{group}.emb"))
    report.close(f"{group}.cond", model.time_condition(t), ops.take(f"{group}.cond"))


OPS: dict[str, Op] = {
    "rms": _rms,
    "ada": _ada,
    "ln": _ln,
    "gated": _gated,
    "gelu": _gelu,
    "gemma_mlp": _gemma_mlp,
    "siglip_mlp": _siglip_mlp,
    "siglip_attn": _siglip_attn,
    "patch": _patch,
    "rope": _rope,
    "attn": _attn,
    "time_mlp": _time_mlp,
}
