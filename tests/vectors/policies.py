"""Whole policies from their checkpoint folders: a robot's observation in, a robot's actions out."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor

from policy.checkpoints.folder import Checkpoint, load
from policy.checkpoints.infer_config import Known, known_of
from policy.checkpoints.weights import WEIGHTS_FILE
from policy.inference.loading import load_policy
from policy.inference.sampler import Sampler
from policy.presets import LOW_LEVEL_CAMERAS, Kind
from policy.text.sentencepieces import SentencePieceTokenizer
from policy.transforms.compose import Sample
from policy.transforms.configs import TrainedConfig, known_config
from policy.transforms.pipeline import Pipeline, build_pipeline
from policy.transforms.to_tensors import to_tensors
from policy.transforms.tokenize import prompt_tokenizer
from tests.vectors.folder import DUMMY, Folder, ModelName, Vectors, built, config_of
from tests.vectors.keys import check_whole
from tests.vectors.prompts import VOCABULARY
from tests.vectors.report import FLOAT32, FLOAT64, Report, Tolerance, report_unused

INDEX = "policy.json"
BF16_FACTOR = 2.0
"""Our bfloat16 may differ from openpi's by this many times what openpi's differs from its own float32: the two round in
other places, so they agree no better than either does with the truth."""

GEMMA_NORMS = re.compile(r".*\.(language_model|gemma_expert\.model)\.(.*layernorm|norm)\.weight")
"""Weights of Gemma's plain norms; adaptive ones have a `dense` layer instead."""


@dataclass(frozen=True)
class Loaded:
    """A policy as its folder describes it."""

    config: TrainedConfig
    checkpoint: Checkpoint
    pipeline: Pipeline


def check_policy(folder: Folder, match: re.Match[str], report: Report) -> None:
    """The model's inputs, its answer, and what the robot gets; in float32 and in bfloat16."""
    name = match["name"]
    entries = folder.json(INDEX)
    if name not in entries:
        report.fail(INDEX, f"it has no entry {name!r}")
        return
    entry, vectors = entries[name], folder.vectors(report.file)
    loaded = load_policy_at(folder.path(f"ckpt/{name}"), entry, folder.path(VOCABULARY))
    request = {**observation_of(vectors), "prompt": entry["prompt"]}
    sample = loaded.pipeline.inputs(request)
    _check_inputs(vectors, sample, entry, report)
    noise = vectors.take("in.noise")
    noise_BTA = noise.reshape(-1, *noise.shape[-2:])
    request["noise"] = noise.numpy()
    with tempfile.TemporaryDirectory() as scratch:
        path = _as_in_that_run(loaded, vectors, sample, noise_BTA, Path(scratch), report)
        for dtype, suffix in ((torch.float32, ""), (torch.bfloat16, "_bfloat16")):
            again = load_policy_at(
                path if not suffix else loaded.checkpoint.path, entry, folder.path(VOCABULARY)
            )
            _check_model_actions(vectors, again, sample, noise_BTA, dtype, suffix, report)
            _check_reply(vectors, again, entry, request, dtype, suffix, folder.path(VOCABULARY), report)
    figures = rounding_of(vectors.take("mid.model_actions_bfloat16"), vectors.take("mid.model_actions"))
    for figure, expected in entry["bf16_vs_f32_model_actions"].items():
        name = f"{INDEX} bf16_vs_f32_model_actions.{figure}"
        if figure in figures:
            report.close(name, np.array(figures[figure]), np.array(expected))
        else:
            report.fail(name, "nothing here understands this entry")
    report_unused(vectors, report)


def check_checkpoint(folder: Folder, match: re.Match[str], report: Report) -> None:
    """The weights of a policy, whether or not there are vectors of it."""
    entry = folder.json(INDEX).get(match["name"])
    if entry is None:
        report.fail(INDEX, f"it has no entry {match['name']!r}")
        return
    check_whole(
        load_policy_at(folder.path(f"ckpt/{match['name']}"), entry, folder.path(VOCABULARY)).checkpoint,
        report,
    )


def load_policy_at(path: Path, entry: Mapping[str, Any], vocabulary: Path) -> Loaded:
    """A policy from its checkpoint folder and its entry in `policy.json`."""
    config = known_config(entry["train_config"])
    checkpoint = load(path, known=_known(config), kind=config.kind)
    tokenizer = prompt_tokenizer(config, SentencePieceTokenizer(vocabulary))
    pipeline = build_pipeline(config, checkpoint.stats_of(config.asset_id), tokenizer)
    return Loaded(config, checkpoint, pipeline)


def _known(config: TrainedConfig) -> Known:
    """What the small checkpoints do not say: the "dummy" model's heads, and the configuration's own lengths."""
    sizes = config_of(ModelName(cast("Kind", config.kind), DUMMY))
    return replace(
        known_of(sizes), action_horizon=config.action_horizon, max_prompt_tokens=config.max_prompt_tokens
    )


def _as_in_that_run(
    loaded: Loaded, vectors: Vectors, sample: Sample, noise_BTA: Tensor, scratch: Path, report: Report
) -> Path:
    """The checkpoint with the weights that the float32 results were computed with: its own, or nearly.

    openpi's constructor makes the weights of Gemma's plain norms in bfloat16, and `to_bfloat16_for_selected_params`
    widens them afterwards, whatever the precision asked for. That was switched off in the run behind these vectors (the
    README's item 4), so what was loaded into those weights was rounded. Whichever of the two explains the vectors is
    used, and it is said which.
    """
    expected = vectors.take("mid.model_actions")
    exact = built(loaded.checkpoint).sample_actions(to_tensors([sample]), noise_BTA)
    if torch.allclose(exact, expected, atol=FLOAT32.absolute, rtol=FLOAT32.relative):
        return loaded.checkpoint.path
    weights = load_file(loaded.checkpoint.path / WEIGHTS_FILE)
    rounded = {
        name: w.bfloat16().float() if GEMMA_NORMS.fullmatch(name) else w for name, w in weights.items()
    }
    path = scratch / loaded.checkpoint.path.name
    shutil.copytree(loaded.checkpoint.path / "assets", path / "assets")
    save_file(rounded, path / WEIGHTS_FILE)
    off = float((exact - expected).abs().max())
    report.note(
        "computed with Gemma's norm weights rounded to bfloat16, as in the run that made these float32 vectors; with"
        f" the exact weights mid.model_actions is {off:.1e} away"
    )
    return path


def observation_of(vectors: Vectors) -> dict[str, Any]:
    """A request; `|` in a tensor's name goes one level down."""
    raw: dict[str, Any] = {}
    for found in vectors.matching(r"in\.obs\.(.+)"):
        *above, last = found[1].split("|")
        level = raw
        for part in above:
            level = level.setdefault(part, {})
        level[last] = vectors.take(found[0]).numpy()
    return raw


def flat(sample: Sample) -> dict[str, NDArray[Any]]:
    """A sample by the names of `mid.inputs`."""
    named: dict[str, NDArray[Any]] = {}
    for name, value in sample.items():
        if isinstance(value, dict):
            named |= {f"{name}|{camera}": np.asarray(item) for camera, item in value.items()}
        else:
            named[name] = np.asarray(value)
    return named


def _check_inputs(vectors: Vectors, sample: Sample, entry: Mapping[str, Any], report: Report) -> None:
    named = flat(sample)
    described = {name: f"{array.dtype}{list(array.shape)}" for name, array in named.items()}
    report.equal(f"{INDEX} input_dtypes", described, entry["input_dtypes"])
    for name, array in named.items():
        expected = vectors.take(f"mid.inputs.{name}").numpy()
        exact = array.dtype.kind != "f"
        if exact:
            report.equal(f"mid.inputs.{name}", array, expected)
        else:
            report.close(f"mid.inputs.{name}", array, expected, tolerance=FLOAT64)
    images = to_tensors([sample]).images_BNCYX
    shapes = [list(images[:, index].shape) for index in range(len(LOW_LEVEL_CAMERAS))]
    report.equal(f"{INDEX} model_image_shape", shapes, entry["model_image_shape"])


def _check_model_actions(
    vectors: Vectors,
    loaded: Loaded,
    sample: Sample,
    noise_BTA: Tensor,
    dtype: torch.dtype,
    suffix: str,
    report: Report,
) -> None:
    """The model alone, by each path, on inputs that were compared already."""
    model = built(loaded.checkpoint, dtype=dtype)
    plain = model.sample_actions(to_tensors([sample]), noise_BTA)
    expected = vectors.take(f"mid.model_actions{suffix}")
    tolerance = _bf16_tolerance(vectors, "mid.model_actions") if suffix else FLOAT32
    report.close(f"mid.model_actions{suffix} (plain)", plain, expected, tolerance=tolerance)
    if not suffix:
        # The fast path joins the model's projections in place, so it comes last. In bfloat16 the reply is made by it.
        fast = Sampler(model).sample(to_tensors([sample], trim=True), noise_BTA)
        report.close("mid.model_actions (fast)", fast, expected, tolerance=tolerance)
    answer = loaded.pipeline.outputs(plain[0].numpy(), sample)["actions"]
    tolerance = _bf16_tolerance(vectors, "out.actions") if suffix else FLOAT32
    expected_actions = vectors.take(f"out.actions{suffix}").numpy()
    report.close(f"out.actions{suffix} (plain)", answer, expected_actions, tolerance=tolerance)


def _check_reply(
    vectors: Vectors,
    loaded: Loaded,
    entry: Mapping[str, Any],
    request: Mapping[str, Any],
    dtype: torch.dtype,
    suffix: str,
    vocabulary: Path,
    report: Report,
) -> None:
    """From the folder to the reply that a client would get."""
    policy = load_policy(
        loaded.checkpoint.path,
        config=entry["train_config"],
        tokenizer=vocabulary,
        device="cpu",
        dtype=dtype,
        known=_known(loaded.config),
    )
    reply = policy.infer(request)
    report.equal(f"{INDEX} output_keys{suffix}", sorted(reply), sorted(entry["output_keys"]))
    tolerance = _bf16_tolerance(vectors, "out.actions") if suffix else FLOAT32
    expected = vectors.take(f"out.actions{suffix}").numpy()
    report.close(f"out.actions{suffix} (policy)", reply["actions"], expected, tolerance=tolerance)


def rounding_of(rough: Tensor, exact: Tensor) -> dict[str, float]:
    """How far bfloat16 is from float32, in the words of `policy.json`; `rel` is of the vectors' lengths."""
    off = rough - exact
    return {
        "max": float(off.abs().max()),
        "mean": float(off.abs().mean()),
        "rel": float(off.norm() / exact.norm()),
    }


def _bf16_tolerance(vectors: Vectors, output: str) -> Tolerance:
    return Tolerance(BF16_FACTOR * float(_difference(vectors, output).max()), 0.0)


def _difference(vectors: Vectors, output: str) -> Tensor:
    """Between openpi's bfloat16 and its float32."""
    return (vectors.take(f"{output}_bfloat16") - vectors.take(output)).abs()


def check_index(folder: Folder, _match: re.Match[str], report: Report) -> None:
    """What is said of each policy, against the configuration of that name here."""
    for name, entry in folder.json(report.file).items():
        facts = _facts(known_config(entry["train_config"]))
        if (folder.root / f"ckpt/{name}").is_dir():
            path = folder.path(f"ckpt/{name}")
            facts |= _facts_of_folder(load_policy_at(path, entry, folder.path(VOCABULARY)))
        else:
            report.note(f"no ckpt/{name} in the folder: only what is said of that policy is checked")
        for key, expected in entry.items():
            if key in facts:
                report.equal(f"{name}.{key}", facts[key], expected)
            elif key not in NEEDS_FOLDER | WITH_VECTORS:
                report.fail(f"{name}.{key}", "nothing here understands this entry")


NEEDS_FOLDER = {"input_transforms", "output_transforms"}
WITH_VECTORS = {
    "train_config",
    "prompt",
    "output_keys",
    "input_dtypes",
    "model_image_shape",
    "bf16_vs_f32_model_actions",
}
"""Read, or compared, where the policy's vectors are checked."""


def _facts(config: TrainedConfig) -> dict[str, object]:
    """A configuration in the words of `policy.json`."""
    return {
        "model_type": f"ModelType.{config.kind.upper()}",
        "asset_id": config.asset_id,
        "action_horizon": config.action_horizon,
        "discrete_state_input": config.discrete_state,
        "max_token_len": config.max_prompt_tokens,
        "use_quantile_norm": config.normalization == "quantile",
        "out_actions_dtype": "float64",
        "out_actions_shape": [config.action_horizon, config.embodiment.action_dim],
        "metadata": dict(config.metadata),
    }


def _facts_of_folder(loaded: Loaded) -> dict[str, object]:
    """Names of the transforms. openpi injects the default prompt twice, which changes nothing."""
    robot, default = type(loaded.config.embodiment).__name__, "InjectDefaultPrompt"
    into = [type(transform).__name__ for transform in loaded.pipeline.into.transforms]
    into.insert(into.index("ResizeImages"), default)
    out_of = [type(transform).__name__ for transform in loaded.pipeline.out_of.transforms]
    return {
        "input_transforms": [default, f"{robot}Inputs", *into],
        "output_transforms": [*out_of, f"{robot}Outputs"],
        "use_quantile_norm": loaded.checkpoint.normalization == "quantile",
    }
