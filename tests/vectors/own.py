"""Vector files of this project's own numbers. They show that a file's names are understood, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from policy.model.flow_model import FlowStep
from policy.transforms.norm_stats import NormStats, save_norm_stats
from policy.transforms.to_tensors import to_tensors
from tests.vectors import policies
from tests.vectors.cases import inputs_of
from tests.vectors.folder import Folder, ModelName, Vectors, built


def own_case(folder: Path, name: ModelName, case: str, *, batch: int) -> Path:
    """A case file, with inputs by chance and outputs by our own plain model.

    The first prompt is as long as it may be, the last of several is one token. The first sample lacks the last camera,
    the second the first camera: its positions start at -1.
    """
    model = Folder(folder).model(name)
    horizon, length = model.config.action_horizon, model.config.max_prompt_tokens
    random = torch.Generator().manual_seed(len(case) + batch)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=random)

    tensors: dict[str, Tensor] = {
        "in.actions": normal(batch, horizon, 32),
        "in.noise": normal(batch, horizon, 32),
        "in.state": normal(batch, 32),
        "in.time": torch.rand(batch, generator=random),
        "in.tokenized_prompt_mask": torch.arange(length)
        < torch.linspace(length, 1, batch).to(torch.int64)[:, None],
    }
    tokens = torch.randint(4, 500, (batch, length), generator=random)
    tensors["in.tokenized_prompt"] = tokens * tensors["in.tokenized_prompt_mask"]
    for index, camera in enumerate(("base_0_rgb", "left_wrist_0_rgb", "right_wrist_0_rgb")):
        shape = (batch, 3, 224, 224)
        tensors[f"in.image.{camera}"] = torch.randint(0, 256, shape, generator=random, dtype=torch.uint8)
        tensors[f"in.image_mask.{camera}"] = torch.tensor([(index - row) % 3 != 2 for row in range(batch)])
    path = folder / f"{name.text}_{case}.safetensors"
    save_file(tensors, path)
    inputs = inputs_of(Vectors(path))
    noise, actions, time = tensors["in.noise"], tensors["in.actions"], tensors["in.time"]
    trace: list[FlowStep] = []
    tensors["out.sampled_actions"] = model.sample_actions(inputs, noise, trace=trace)
    tensors["out.sampled_actions_5"] = model.sample_actions(inputs, noise, steps=5)
    tensors["out.sample.times"] = torch.tensor([step.time for step in trace])
    tensors["out.sample.x_t"] = torch.stack([step.x_BTA for step in trace])
    tensors["out.sample.v_t"] = torch.stack([step.velocity_BTA for step in trace])
    with torch.no_grad():
        tensors["out.loss"] = model.flow_error(inputs, actions, noise, time)
        prefix = model.prefill(inputs)
        for label, at in (("at_case_time", time), ("time0", torch.ones(batch))):
            x_BTA = at[:, None, None] * noise + (1 - at[:, None, None]) * actions
            tensors[f"out.v_{label}.x_t"] = x_BTA
            tensors[f"out.v_{label}.v_t"] = model.velocity(prefix, inputs.state_BA, x_BTA, at)
        tensors["out.v_time0.time"] = torch.ones(batch)
    path.unlink()
    save_file(tensors, path)
    return path


def own_policy(folder: Path, name: str, weights: Path) -> None:
    """The checkpoint folder of a DROID or LIBERO policy, and the vectors that our own policy makes with it."""
    path, file = folder / f"ckpt/{name}", folder / f"policy_{name}.safetensors"
    path.mkdir(parents=True)
    shutil.copy(weights, path / "model.safetensors")
    entries = json.loads((folder / "policy.json").read_text())
    entry = entries[name]
    action_dim = entry["out_actions_shape"][1]
    stats = {
        item: NormStats(
            mean=np.full(d, 0.1), std=np.full(d, 2.0), q01=np.full(d, -2.0), q99=np.linspace(1, 3, d)
        )
        for item, d in (("state", 8), ("actions", action_dim))
    }
    save_norm_stats(path / "assets", entry["asset_id"], stats)
    random = np.random.default_rng(1)
    image = torch.from_numpy(random.integers(0, 256, (120, 160, 3), dtype=np.uint8))
    tensors: dict[str, Tensor] = {
        "in.noise": torch.from_numpy(random.normal(size=(entry["action_horizon"], 32)).astype("f"))
    }
    if name.startswith("droid"):
        tensors |= {
            "in.obs.observation/exterior_image_1_left": image,
            "in.obs.observation/wrist_image_left": image.flip(0).contiguous(),
            "in.obs.observation/joint_position": torch.from_numpy(random.normal(size=7)),
            "in.obs.observation/gripper_position": torch.tensor(0.25, dtype=torch.float64),
        }
    else:
        tensors |= {
            "in.obs.observation/image": image,
            "in.obs.observation/wrist_image": image.float().div(255).flip(0).contiguous(),
            "in.obs.observation/state": torch.from_numpy(random.normal(size=8)),
        }
    save_file(tensors, file)
    loaded = policies.load_policy_at(path, entry, folder / "tiny_sp.model")
    sample = loaded.pipeline.inputs({**policies.observation_of(Vectors(file)), "prompt": entry["prompt"]})
    tensors |= {
        f"mid.inputs.{key}": torch.from_numpy(value.copy()) for key, value in policies.flat(sample).items()
    }
    for dtype, suffix in ((torch.float32, ""), (torch.bfloat16, "_bfloat16")):
        model = built(loaded.checkpoint, dtype=dtype)
        actions = model.sample_actions(to_tensors([sample]), tensors["in.noise"][None])
        answer = loaded.pipeline.outputs(actions[0].numpy(), sample)["actions"]
        tensors |= {f"mid.model_actions{suffix}": actions, f"out.actions{suffix}": torch.from_numpy(answer)}
    file.unlink()
    save_file(tensors, file)
    entry["bf16_vs_f32_model_actions"] = policies.rounding_of(
        tensors["mid.model_actions_bfloat16"], tensors["mid.model_actions"]
    )
    (folder / "policy.json").write_text(json.dumps(entries))
