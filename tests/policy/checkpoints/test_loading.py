"""Weights into models: exactly those of the file, or an error that names every tensor in the way."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, load_model, save_file
from torch import nn

from policy.checkpoints.cast import cast_for_inference, keeps_float32
from policy.checkpoints.errors import (
    CheckpointError,
    CorruptWeights,
    NotACheckpoint,
    NotFinite,
    TiedWeightsDiffer,
    WrongDtype,
    WrongKeys,
)
from policy.checkpoints.keys import EMBED_TOKENS, LM_HEAD
from policy.checkpoints.loading import load_into
from policy.checkpoints.weights import open_weights
from policy.model.pi0 import Pi0
from policy.presets import PI0, PI05, Pi0Config
from tests.policy.checkpoints.golden import GOLDEN, asym, config_of, meta_model, variant

OUT_BIAS = "action_out_proj.bias"
IN_WEIGHT = "action_in_proj.weight"


def assert_holds(model: nn.Module, path: Path) -> None:
    """Every tensor of the file is in the model, bit for bit, and the tied one under both names."""
    expected = load_file(path)
    expected[EMBED_TOKENS] = expected[LM_HEAD]
    state = model.state_dict()
    assert state.keys() == expected.keys()
    for name, tensor in state.items():
        assert torch.equal(tensor, expected[name]), name


@pytest.mark.parametrize("kind", ["pi0", "pi05"])
@pytest.mark.parametrize("on_meta", [True, False], ids=["meta", "allocated"])
def test_a_model_gets_every_weight_of_the_file(kind: str, on_meta: bool) -> None:
    config = config_of(asym(kind))
    model = meta_model(config) if on_meta else Pi0(config)
    load_into(model, open_weights(asym(kind)))
    assert_holds(model, asym(kind))


def test_it_is_what_safetensors_own_loader_gives() -> None:
    """Its `load_model` knows tied weights too, and is what openpi loads with."""
    model, theirs = (Pi0(config_of(asym("pi05"))) for _ in range(2))
    load_model(theirs, asym("pi05"))
    load_into(model, open_weights(asym("pi05")))
    for name, tensor in theirs.state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor)


@pytest.mark.parametrize("on_meta", [True, False], ids=["meta", "allocated"])
def test_tied_weights_are_one_parameter_afterwards(on_meta: bool) -> None:
    config = config_of(asym("pi05"))
    model = meta_model(config) if on_meta else Pi0(config)
    count = len(list(model.parameters()))
    load_into(model, open_weights(asym("pi05")))
    assert model.paligemma.lm_head.weight is model.paligemma.language.embed_tokens.weight
    assert len(list(model.parameters())) == count
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_model_on_the_meta_device_maps_the_file_instead_of_copying_it(tmp_path: Path) -> None:
    """A 256 MiB file, most of it a hole: were it read, the process would have grown by that."""
    path, numbers = tmp_path / "hole.safetensors", 64 << 20
    text = json.dumps({"weight": {"dtype": "F32", "shape": [1, numbers], "data_offsets": [0, 4 * numbers]}})
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text.encode())
        file.truncate(8 + len(text) + 4 * numbers)
    model = nn.Linear(numbers, 1, bias=False, device="meta")
    before = resident_bytes()
    load_into(model, open_weights(path))
    assert resident_bytes() - before < 32 << 20
    assert model.weight[0, -1] == 0


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_weights_take_the_models_own_dtypes() -> None:
    model = meta_model(config_of(asym("pi05")))
    cast_for_inference(model, torch.bfloat16)
    load_into(model, open_weights(asym("pi05")))
    stored = load_file(asym("pi05"))
    for name, tensor in model.state_dict().items():
        if name == EMBED_TOKENS:
            continue
        wanted = torch.float32 if keeps_float32(name) else torch.bfloat16
        assert tensor.dtype == wanted, name
        assert torch.equal(tensor, stored[name].to(wanted))


@pytest.mark.parametrize("config", [PI0, PI05], ids=["pi0", "pi05"])
def test_the_real_sizes_have_openpis_keys_shapes_and_dtypes(config: Pi0Config) -> None:
    listed = json.loads((GOLDEN / f"full_keys_{config.kind}.json").read_text())["state_dict"]
    model = meta_model(config)
    cast_for_inference(model, torch.bfloat16)
    ours = {
        name: {"shape": list(tensor.shape), "dtype": str(tensor.dtype).removeprefix("torch.")}
        for name, tensor in model.state_dict().items()
    }
    assert ours == listed
    assert model.paligemma.lm_head.weight is model.paligemma.language.embed_tokens.weight


def test_casting_to_float32_restores_every_weight_and_other_dtypes_are_refused() -> None:
    model = meta_model(config_of(asym("pi0")))
    cast_for_inference(model, torch.bfloat16)
    cast_for_inference(model, torch.float32)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    with pytest.raises(ValueError, match="float16"):
        cast_for_inference(model, torch.float16)


# -- what does not fit ---------------------------------------------------------------------------------------------


def test_missing_extra_and_mis_shaped_tensors_are_all_listed_and_nothing_is_loaded(tmp_path: Path) -> None:
    changed = variant(
        asym("pi05"),
        tmp_path / "changed.safetensors",
        {
            OUT_BIAS: None,
            "time_mlp_in.weight": None,
            "extra.weight": torch.zeros(2, 3),
            IN_WEIGHT: torch.zeros(40, 31),
        },
    )
    model = Pi0(config_of(asym("pi05")))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(WrongKeys) as raised:
        load_into(model, open_weights(changed))
    assert "2 tensors missing, 1 unexpected, 1 of another shape" in str(raised.value)
    assert str(raised.value).splitlines()[1:] == [
        f"missing: {OUT_BIAS} [32]",
        "missing: time_mlp_in.weight [40, 40]",
        "unexpected: extra.weight [2, 3]",
        f"wrong shape: {IN_WEIGHT} is [40, 31], expected [40, 32]",
    ]
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_a_pi0_file_is_not_bent_into_a_pi05_model() -> None:
    with pytest.raises(WrongKeys) as raised:
        load_into(meta_model(config_of(asym("pi05"))), open_weights(asym("pi0")))
    assert "unexpected: state_proj.weight" in str(raised.value)
    assert "missing: time_mlp_in.weight" in str(raised.value)


@pytest.mark.parametrize("kept", [LM_HEAD, EMBED_TOKENS])
def test_either_name_of_the_tied_tensor_is_enough(tmp_path: Path, kept: str) -> None:
    tied = load_file(asym("pi05"))[LM_HEAD]
    path = variant(asym("pi05"), tmp_path / "one.safetensors", {LM_HEAD: None} | {kept: tied})
    model = meta_model(config_of(asym("pi05")))
    load_into(model, open_weights(path))
    assert_holds(model, asym("pi05"))


def test_without_either_name_both_are_missing(tmp_path: Path) -> None:
    path = variant(asym("pi05"), tmp_path / "none.safetensors", {LM_HEAD: None})
    with pytest.raises(WrongKeys, match="2 tensors missing"):
        load_into(meta_model(config_of(asym("pi05"))), open_weights(path))


def test_both_names_must_hold_the_same_numbers(tmp_path: Path) -> None:
    tied = load_file(asym("pi05"))[LM_HEAD]
    model = meta_model(config_of(asym("pi05")))
    same = variant(asym("pi05"), tmp_path / "same.safetensors", {EMBED_TOKENS: tied.clone()})
    load_into(model, open_weights(same))
    assert_holds(model, asym("pi05"))
    other = tied.clone()
    other[3, 5] += 1e-3
    differs = variant(asym("pi05"), tmp_path / "differs.safetensors", {EMBED_TOKENS: other})
    with pytest.raises(TiedWeightsDiffer, match="embed_tokens"):
        load_into(model, open_weights(differs))


def test_weights_that_are_not_finite_are_found_when_asked_for(tmp_path: Path) -> None:
    weight = load_file(asym("pi05"))[IN_WEIGHT]
    weight[0, :3] = float("nan")
    weight[1, 0] = float("inf")
    path = variant(asym("pi05"), tmp_path / "nan.safetensors", {IN_WEIGHT: weight})
    model = meta_model(config_of(asym("pi05")))
    load_into(model, open_weights(path))
    with pytest.raises(NotFinite, match=re.escape(f"{IN_WEIGHT}: 4 of 1280")):
        load_into(model, open_weights(path), check_finite=True)
    load_into(model, open_weights(asym("pi05")), check_finite=True)


@pytest.mark.parametrize("dtype", [torch.int64, torch.float64, torch.uint8])
def test_numbers_that_are_no_weights_are_refused(tmp_path: Path, dtype: torch.dtype) -> None:
    path = variant(asym("pi05"), tmp_path / "wrong.safetensors", {OUT_BIAS: torch.zeros(32, dtype=dtype)})
    with pytest.raises(WrongDtype, match=OUT_BIAS):
        load_into(meta_model(config_of(asym("pi05"))), open_weights(path))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_files_are_widened(tmp_path: Path, dtype: torch.dtype) -> None:
    path = tmp_path / "half.safetensors"
    save_file({name: tensor.to(dtype) for name, tensor in load_file(asym("pi05")).items()}, path)
    model = meta_model(config_of(asym("pi05")))
    load_into(model, open_weights(path))
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert torch.equal(model.action_in_proj.weight, load_file(path)[IN_WEIGHT].float())


# -- files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [0, 4, 8, 5000, -1])
def test_a_file_cut_short_is_named(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes(asym("pi05").read_bytes()[:keep])
    with pytest.raises(CorruptWeights, match=r"cut short"):
        open_weights(path)


def damaged(header: dict[str, object], data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


@pytest.mark.parametrize(
    "content",
    [
        b"\x10\0\0\0\0\0\0\0" + b"not json at all!",
        b"\x02\0\0\0\0\0\0\0[]",
        b"\xff" * 64,
        damaged({}, b""),
        damaged({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, bytes(4)),
        damaged({"a": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}, bytes(12)),
        damaged({"a": {"dtype": "F33", "shape": [2], "data_offsets": [0, 8]}}, bytes(8)),
        damaged({"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}, bytes(8)),
        damaged({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(9)),
        damaged({"a": {"dtype": "F32", "shape": "two", "data_offsets": [0, 8]}}, bytes(8)),
    ],
)
def test_a_file_that_contradicts_itself_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(CorruptWeights, match=r"model\.safetensors"):
        open_weights(tmp_path)


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    torch.save({"weight": torch.zeros(3)}, path)
    with pytest.raises(CorruptWeights):
        open_weights(path)


def sharded(folder: Path, source: Path, parts: int = 3) -> dict[str, str]:
    tensors = load_file(source)
    names = sorted(tensors)
    places = {name: f"model-{i % parts + 1:05}-of-{parts:05}.safetensors" for i, name in enumerate(names)}
    for file in sorted(set(places.values())):
        save_file({name: tensors[name] for name in names if places[name] == file}, folder / file)
    index = {"metadata": {"total_size": 1}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return places


def test_several_files_joined_by_an_index_are_one_checkpoint(tmp_path: Path) -> None:
    sharded(tmp_path, asym("pi05"))
    model = meta_model(config_of(asym("pi05")))
    load_into(model, open_weights(tmp_path))
    assert_holds(model, asym("pi05"))
    assert len(open_weights(tmp_path).files) == 3


def test_an_index_that_does_not_fit_its_files_is_an_error_that_lists_it_all(tmp_path: Path) -> None:
    places = sharded(tmp_path, asym("pi05"))
    (tmp_path / places[OUT_BIAS]).unlink()
    other = next(file for file in places.values() if file != places[OUT_BIAS])
    places["not.there"] = other
    stray = next(name for name, file in places.items() if file == other)
    del places[stray]
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    with pytest.raises(CorruptWeights) as raised:
        open_weights(tmp_path)
    for said in (f"{places[OUT_BIAS]} is missing", f"not.there is not in {other}", f"{other} holds {stray}"):
        assert said in str(raised.value)


@pytest.mark.parametrize("file", ["../secret.safetensors", "/etc/passwd", "a/b.safetensors"])
def test_an_index_cannot_lead_out_of_its_folder(tmp_path: Path, file: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": file}}))
    with pytest.raises(CorruptWeights, match="beside it"):
        open_weights(tmp_path)


def test_what_is_no_checkpoint_says_what_it_may_be(tmp_path: Path) -> None:
    with pytest.raises(NotACheckpoint, match="neither"):
        open_weights(tmp_path)
    with pytest.raises(NotACheckpoint, match="No such file"):
        open_weights(tmp_path / "missing")
    (tmp_path / "params").mkdir()
    with pytest.raises(NotACheckpoint, match="JAX"):
        open_weights(tmp_path)
    step = tmp_path / "run" / "20000"
    step.mkdir(parents=True)
    (step / "model.safetensors").write_bytes(b"")
    with pytest.raises(NotACheckpoint, match=r"did you mean .*/run/20000"):
        open_weights(tmp_path / "run")
    assert issubclass(NotACheckpoint, CheckpointError)
