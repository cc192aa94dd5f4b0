"""`understudy policy info`: every layout, every problem, and no weight read."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from app.cli.main import main
from policy.checkpoints.info import describe
from policy.checkpoints.keys import EMBED_TOKENS, pi0_shapes
from policy.presets import PI05
from tests.policy.checkpoints.golden import ASYM, FULL, GOLDEN, asym, lerobot_folder, openpi_folder
from tests.policy.checkpoints.test_save import save_again

REAL_PARTS = {
    "vision tower": 412442352,
    "projector": 2361344,
    "embedding": 526647296,
    "language model": 1981884416,
    "action expert": 427932672,
    "expert lm_head (unused)": 263323648,
    "heads": 2165792,
}


def run(*args: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, dict[str, Any]]:
    """Exit code, text and JSON of the command."""
    code = main(["policy", "info", *args, "--json", "-"])
    said = capsys.readouterr()
    return code, said.err, json.loads(said.out)


def test_openpis_folder(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, plain = run(str(GOLDEN / "ckpt" / "aloha_pi05"), "--config", "pi05_aloha", capsys=capsys)
    assert code == 0
    assert plain["ok"]
    assert (plain["layout"], plain["kind"], plain["normalization"]) == ("openpi", "pi05", "quantile")
    assert plain["sizes"]["action_horizon"] == 50
    assert plain["sizes"]["vision"]["heads"] is None
    assert plain["stats"]["trossen"]["state"] == {"width": 14, "has_quantiles": True, "degenerate": []}
    assert plain["dtypes"] == {"F32": plain["parameter_count"]}
    assert "heads not said" in text
    assert "state 14; actions 14" in text


def test_what_nobody_said_is_none_and_named() -> None:
    info = describe(asym("pi05"))
    assert info.sizes["action_horizon"] is None
    assert info.sizes["language"]["heads"] == 8
    assert len(info.unknown) == 3
    assert info.problems == ()
    known = describe(asym("pi05"), known=ASYM)
    assert (known.unknown, known.sizes["action_horizon"], known.sizes["vision"]["heads"]) == ((), 7, 4)


def test_lerobots_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, plain = run(str(lerobot_folder(tmp_path / "theirs", "pi05")), capsys=capsys)
    assert code == 0
    assert plain["layout"] == "lerobot"
    assert plain["sizes"]["action_horizon"] == 7
    assert plain["lerobot"] == {
        "type": "pi05",
        "chunk_size": 7,
        "n_action_steps": 5,
        "cameras": ["base_0_rgb"],
    }
    assert "LeRobot's folder" in text
    assert "statistics of lerobot" in text


def test_our_own_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_again(tmp_path / "ours")
    code, text, plain = run(str(tmp_path / "ours"), capsys=capsys)
    assert code == 0
    assert plain["layout"] == "understudy"
    assert plain["unknown"] == []
    assert plain["manifest"]["embodiment"] == "sim-kitchen"
    for said in ("5 at 50 Hz", "steps 10, recipe kitchen", "no subtasks", "can be loaded"):
        assert said in text
    facts = dict(line.split("  ", 1) for line in text.splitlines() if "  " in line.strip())
    assert facts["embodiment"].strip() == "sim-kitchen"
    assert facts["relative actions"].strip() == "none"


def test_a_path_that_cannot_even_be_looked_at_is_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, plain = run("/" + 300 * "a", capsys=capsys)
    assert code == 1
    assert "File name too long" in text
    assert len(plain["problems"]) == 1


def test_dimensions_that_hardly_moved_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = openpi_folder(tmp_path / "theirs", "pi05")
    shutil.copyfile(GOLDEN / "norm_stats_1" / "norm_stats.json", folder / "assets/trossen/norm_stats.json")
    code, text, plain = run(str(folder), capsys=capsys)
    assert code == 0
    assert plain["stats"]["trossen"]["state"]["degenerate"] == [2]
    assert "dimension 2 hardly moved" in text


def test_every_problem_is_told_and_the_exit_code_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_again(tmp_path / "ours")
    file = tmp_path / "ours" / "model.safetensors"
    tensors = load_file(file)
    del tensors["time_mlp_out.bias"]
    tensors["action_out_proj.bias"] = torch.zeros(31)
    tensors["stray"] = torch.zeros(1, dtype=torch.int32)
    save_file(tensors, file)
    shutil.rmtree(tmp_path / "ours" / "assets")
    code, text, plain = run(str(tmp_path / "ours"), capsys=capsys)
    assert code == 1
    assert not plain["ok"]
    assert len(plain["problems"]) == 3
    for said in (
        "stray: I32",
        "missing: time_mlp_out.bias [40]",
        "unexpected: stray [1]",
        "wrong shape: action_out_proj.bias is [31], expected [32]",
        "norm_stats.json is missing",
    ):
        assert said in text
    assert "can be loaded" not in text


def test_what_is_not_in_the_files_is_said_with_the_options_that_give_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = str(asym("pi05"))
    code, text, _ = run(path, capsys=capsys)
    assert code == 0
    assert "48 wide: give --vision-heads N; the steps of a chunk: give --config NAME" in text
    _, text, plain = run(path, "--vision-heads", "4", "--config", "pi05_aloha", capsys=capsys)
    assert plain["unknown"] == []
    assert plain["sizes"]["vision"]["heads"] == 4
    assert "not in the files" not in text
    code, text, _ = run(path, "--vision-heads", "5", capsys=capsys)
    assert code == 1
    assert "no multiple of its 5 heads" in text


def test_a_configuration_of_another_kind_is_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = run(str(GOLDEN / "ckpt" / "aloha_pi05"), "--config", "pi0_aloha", capsys=capsys)
    assert code == 1
    assert "holds a pi05 model, and pi0 was asked for" in text


def test_an_unknown_configuration_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "info", str(asym("pi05")), "--config", "pi05_alhoa"]) == 1
    assert "did you mean 'pi05_aloha'" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"nonsense" * 100])
def test_what_is_no_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    path = tmp_path / "model.safetensors"
    if content is not None:
        path.write_bytes(content)
    code, text, plain = run(str(path), capsys=capsys)
    assert code == 1
    assert plain["kind"] is None
    assert "problem: " in text


def real_size(path: Path) -> Path:
    """π0.5 in bf16 at its real size, 7 GB of it a hole in the file."""
    offset, header = 0, {}
    for name, shape in pi0_shapes(PI05).items():
        if name == EMBED_TOKENS:
            continue
        size = 2
        for length in shape:
            size *= length
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": (offset, offset + size)}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + offset)
    return path


def test_seven_gigabytes_are_described_without_reading_them(tmp_path: Path) -> None:
    path = real_size(tmp_path / "model.safetensors")
    assert path.stat().st_size > 7e9
    started = time.process_time()
    info = describe(path)
    seconds = time.process_time() - started
    assert info.problems == ()
    assert dict(info.parameters) == REAL_PARTS
    assert info.parameter_count == 3616757520
    assert info.bytes == 2 * 3616757520
    assert info.sizes["vision"]["heads"] == 16
    assert len(info.unknown) == 2
    assert seconds < 1
    assert describe(GOLDEN / "ckpt" / "aloha_pi0", known=FULL).problems == ()
