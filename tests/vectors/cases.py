"""Cases: one batch through a whole model, by each path that computes it; and its gradients, and its inside."""

from __future__ import annotations

import re

import torch
from torch import Tensor

from policy.model import flow
from policy.model.attention import fused
from policy.model.flow_model import FlowStep
from policy.model.inputs import ModelInputs
from policy.model.masks import positions
from policy.model.pi0 import Pi0
from policy.presets import LOW_LEVEL_CAMERAS
from tests.vectors.folder import Folder, Vectors, model_name
from tests.vectors.report import Report, report_unused


def inputs_of(case: Vectors) -> ModelInputs:
    """A case's observation, as the model takes it."""
    images = [case.take(f"in.image.{camera}").float() / 255 * 2 - 1 for camera in LOW_LEVEL_CAMERAS]
    masks = [case.take(f"in.image_mask.{camera}") for camera in LOW_LEVEL_CAMERAS]
    return ModelInputs(
        images_BNCYX=torch.stack(images, dim=1),
        image_mask_BN=torch.stack(masks, dim=1),
        tokens_BL=case.take("in.tokenized_prompt"),
        token_mask_BL=case.take("in.tokenized_prompt_mask"),
        state_BA=case.take("in.state"),
    )


def check_case(folder: Folder, match: re.Match[str], report: Report) -> None:
    """Sampled actions, every step on the way, velocities anywhere, and the loss."""
    case = folder.vectors(report.file)
    noise, actions = case.take("in.noise"), case.take("in.actions")
    model = folder.model(model_name(match), horizon=noise.shape[1])
    inputs = inputs_of(case)
    _check_walk(case, model, inputs, noise, report)
    fast = folder.sampler(model_name(match), horizon=noise.shape[1])
    for found in case.matching(r"out\.sampled_actions(?:_(\d+))?"):
        steps, expected = int(found[1] or flow.STEPS), case.take(found[0])
        plain = model.sample_actions(inputs, noise, steps=steps)
        report.close(f"{found[0]} (plain)", plain, expected)
        report.close(f"{found[0]} (fast)", fast.sample(inputs, noise, steps=steps), expected)
    with torch.no_grad():
        _check_velocities(case, model, inputs, noise, actions, report)
        loss = model.flow_error(inputs, actions, noise, case.take("in.time"))
        report.close("out.loss", loss, case.take("out.loss"))
        loss = model.flow_error(inputs, actions, noise, case.take("in.time"), attend=fused)
        report.close("out.loss (fused attention)", loss, case.take("out.loss"))
    report_unused(case, report)


def _check_walk(case: Vectors, model: Pi0, inputs: ModelInputs, noise: Tensor, report: Report) -> None:
    trace: list[FlowStep] = []
    model.sample_actions(inputs, noise, trace=trace)
    times = torch.tensor([step.time for step in trace])
    report.equal("out.sample.times", times, case.take("out.sample.times"))
    report.close("out.sample.x_t", torch.stack([step.x_BTA for step in trace]), case.take("out.sample.x_t"))
    velocities = torch.stack([step.velocity_BTA for step in trace])
    report.close("out.sample.v_t", velocities, case.take("out.sample.v_t"))


def _check_velocities(
    case: Vectors, model: Pi0, inputs: ModelInputs, noise: Tensor, actions: Tensor, report: Report
) -> None:
    prefix = model.prefill(inputs)
    for found in case.matching(r"(out\.v_(?:time\d+|at_case_time))\.v_t"):
        name = found[1]
        time = case.take("in.time" if name.endswith("case_time") else f"{name}.time")
        x_BTA = case.take(f"{name}.x_t")
        report.close(f"{name}.x_t", flow.interpolate(actions, noise, time), x_BTA)
        report.close(
            f"{name}.v_t", model.velocity(prefix, inputs.state_BA, x_BTA, time), case.take(f"{name}.v_t")
        )


def check_gradients(folder: Folder, match: re.Match[str], report: Report) -> None:
    """Gradients of the mean of the loss's elements; a parameter that gets none counts as zero."""
    gradients, case = folder.vectors(report.file), folder.vectors(f"{match['case']}.safetensors")
    model = folder.model(model_name(match), horizon=case.take("in.noise").shape[1])
    parameters = dict(model.named_parameters())
    for name, gradient in gradients_of(model, case).items():
        if name in gradients:
            got = torch.zeros_like(parameters[name]) if gradient is None else gradient
            report.close(name, got, gradients.take(name))
        elif gradient is not None:
            largest = gradient.abs().max().item()
            report.holds(
                f"{name} (none)", largest == 0, f"gets a gradient up to {largest:.3g}, and none there"
            )
    report_unused(gradients, report)


def gradients_of(model: Pi0, case: Vectors) -> dict[str, Tensor | None]:
    """By parameter; None for what gets none."""
    loss = model.flow_error(
        inputs_of(case), case.take("in.actions"), case.take("in.noise"), case.take("in.time")
    )
    parameters = dict(model.named_parameters())
    gradients = torch.autograd.grad(loss.mean(), list(parameters.values()), allow_unused=True)
    return dict(zip(parameters, gradients, strict=True))


def check_inside(folder: Folder, match: re.Match[str], report: Report) -> None:
    """What is computed on the way: embeddings, masks, positions, cached keys and values."""
    inside, case = folder.vectors(report.file), folder.vectors(f"{match['case']}.safetensors")
    model = folder.model(model_name(match), horizon=case.take("in.noise").shape[1])
    for name, tensor in inside_of(model, case).items():
        if name in inside:
            report.close(name, tensor, inside.take(name))
    report_unused(inside, report)


@torch.no_grad()
def inside_of(model: Pi0, case: Vectors) -> dict[str, Tensor]:
    """Every quantity by the name that such files give it; masks are those that the attention is really given."""
    inputs, time = inputs_of(case), case.take("in.time")
    x_BTA = flow.interpolate(case.take("in.actions"), case.take("in.noise"), time)
    seen: list[Tensor] = []

    def watched(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        if mask is not None:  # the patches of an image all see each other
            seen.append(mask[:, 0] == 0)
        return fused(q, k, v, mask)

    embeddings, valid_BS = model.paligemma.embed_prefix(inputs)
    prefix = model.prefill(inputs, attend=watched)
    prefix_sees = seen[0]
    seen.clear()
    model.velocity(prefix, inputs.state_BA, x_BTA, time, attend=watched)
    suffix_sees = seen[0]
    batch, in_suffix, in_all = suffix_sees.shape
    in_prefix = in_all - in_suffix
    blind = torch.zeros(batch, in_prefix, in_suffix, dtype=torch.bool)
    suffix_itself = suffix_sees[:, :, in_prefix:]
    suffix_valid = suffix_itself.diagonal(dim1=1, dim2=2)
    suffix = model.embed_suffix(inputs.state_BA, x_BTA, time)
    found = {
        "prefix_embs": embeddings,
        "prefix_pad_masks": valid_BS,
        "prefix_att_masks": _block_starts(prefix_sees, valid_BS),
        "prefix_position_ids": positions(valid_BS),
        "suffix_embs": suffix.tokens_BTW,
        "suffix_pad_masks": suffix_valid,
        "suffix_att_masks": torch.tensor(model.suffix_starts()).expand(batch, -1).float(),
        "joint_att_2d": torch.cat((torch.cat((prefix_sees, blind), dim=2), suffix_sees), dim=1),
        "joint_position_ids": positions(torch.cat((valid_BS, suffix_valid), dim=1)),
        "time_embedding": model.embed_time(time),
    }
    if model.config.kind == "pi05":
        found["adarms_cond"] = model.time_condition(time)
    for index, camera in enumerate(LOW_LEVEL_CAMERAS):
        image = inputs.images_BNCYX[:, index : index + 1]
        found[f"image_features.{camera}"] = model.paligemma.image_tokens(image)
        found[f"vision_last_hidden.{camera}"] = model.paligemma.vision(image[:, 0])
    for layer, (keys, values) in enumerate(zip(prefix.cache.keys, prefix.cache.values, strict=True)):
        found[f"kv.layer{layer}.key"], found[f"kv.layer{layer}.value"] = keys, values
    return found


def _block_starts(sees_BSS: Tensor, valid_BS: Tensor) -> Tensor:
    """True where a token is unseen by the valid one before it: it begins a new block."""
    starts_BS = torch.zeros_like(valid_BS)
    for row, (sees, valid) in enumerate(zip(sees_BSS, valid_BS, strict=True)):
        tokens = valid.nonzero()[:, 0]
        starts_BS[row, tokens[1:]] = ~sees[tokens[:-1], tokens[1:]]
    return starts_BS
