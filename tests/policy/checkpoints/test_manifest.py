"""`policy.json`: what is written is read, and what is missing, unknown or absurd is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from policy.checkpoints.errors import InvalidManifest, NewerFormat
from policy.checkpoints.kinds import KINDS, ModelConfig, kind_of
from policy.checkpoints.manifest import Manifest, format_manifest, parse_manifest, read_manifest
from policy.presets import HIGH_LEVEL_CAMERAS, PI0, PI0_FAST, PI0_SMALL, PI05, PI05_SMALL

MANIFEST = Manifest(
    embodiment="sim-kitchen",
    asset_id="understudy/sim-kitchen",
    normalization="quantile",
    prompt_low="openpi-pi05",
    prompt_high="subtask",
    cameras_high=HIGH_LEVEL_CAMERAS,
    crops={"front": (0.375, 0.0, 1.0, 1.0)},
    vector_names=("lift", "left_gripper"),
    delta_mask=(True, False),
    control_mode="joint",
    clip=5.0,
    default_prompt="tidy up",
    rate_hz=50.0,
    execute_steps=25,
    rtc_trained=True,
    training={"steps": 10, "sources": ["a", "b"]},
)


def plain(config: ModelConfig = PI05_SMALL) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(format_manifest(config, MANIFEST))
    return content


def parse(content: object) -> tuple[ModelConfig, Manifest]:
    return parse_manifest(json.dumps(content).encode())


@pytest.mark.parametrize("config", [PI05, PI0, PI05_SMALL, PI0_FAST, PI0_SMALL])
def test_every_kind_is_read_as_written(config: ModelConfig) -> None:
    assert parse_manifest(format_manifest(config, MANIFEST)) == (config, MANIFEST)
    assert plain(config)["kind"] == kind_of(config).name


def test_every_kind_of_the_table_has_its_own_name_and_configuration() -> None:
    assert [kind_of(config).name for config in (PI05, PI0, PI0_FAST, PI0_SMALL)] == list(KINDS)


def changed(path: str, value: object) -> dict[str, Any]:
    """The manifest with one value replaced; `...` deletes it."""
    content = plain()
    *outer, last = path.split(".")
    inner = content
    for name in outer:
        inner = inner[name]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("format", "zarr", "format is 'zarr'"),
        ("format_version", "one", "format_version is 'one'"),
        ("format_version", True, "format_version is True"),
        ("kind", "gpt", "kind 'gpt' is unknown; there are pi05, pi0, pi0-fast, pi0-small"),
        ("colour", "red", "unknown field `colour`"),
        ("config.vision.heads", ..., "config.vision.heads is missing"),
        ("config.language.depht", 4, "config.language.depht is unknown"),
        ("config.vision.heads", 0, "config.vision.heads is 0, and must be 1 to 10000000"),
        ("config.vision.depth", 10**30, "and must be 1 to 1000"),
        ("config.vocab_size", 10**30, "must be 1 to 10000000"),
        ("config.vision.heads", 3, "no multiple"),
        ("config.vision.heads", "four", "Expected `int`"),
        ("config.action_horizon", ..., "config.action_horizon is missing"),
        ("config", [], "config should be an object"),
        ("rate_hz", 0, "rate_hz must be above 0"),
        ("rate_hz", "fast", "Expected `float`"),
        ("rate_hz", ..., "missing required field `rate_hz`"),
        ("execute_steps", 51, "a chunk has only 50 steps"),
        ("execute_steps", 0, "at least 1"),
        ("normalization", "min-max", "min-max"),
        ("prompt_low", "subtask", "no form of the low level: openpi-pi0"),
        ("prompt_high", None, "has neither"),
        ("cameras_low", [], "cameras_low is empty"),
        ("cameras_low", ["a", "a"], "different names"),
        ("crops", {"front": [0.5, 0.0, 0.5, 1.0]}, "the crop of camera 'front' is top, left, bottom, right"),
        ("crops", {"front": [0.5, 0.0, 1.0]}, "crops"),
        ("control_mode", "telepathy", "telepathy"),
        ("delta_mask", [True] * 33, "33 entries"),
        ("asset_id", "../other", "within the checkpoint's folder"),
        ("tokenizer", "/etc/passwd", "within the checkpoint's folder"),
        ("fast", "", "within the checkpoint's folder"),
        ("clip", -1, "clip must be above 0"),
        ("created", "yesterday", "yesterday"),
        ("embodiment", " ", "embodiment is empty"),
    ],
)
def test_what_is_wrong_is_named(path: str, value: object, said: str) -> None:
    with pytest.raises(InvalidManifest) as raised:
        parse(changed(path, value))
    assert said in str(raised.value)


def test_a_file_from_before_there_were_crops_cuts_nothing() -> None:
    content = plain()
    del content["crops"]
    assert parse(content)[1].crops == {}


def test_a_newer_format_asks_for_a_newer_release(tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(json.dumps(changed("format_version", 2)))
    with pytest.raises(
        NewerFormat, match=r"policy\.json: format version 2, this software reads up to 1; use a"
    ):
        read_manifest(tmp_path / "policy.json")


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff\xfe", b'{"format": NaN}'])
def test_what_is_no_json_object_is_named(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "policy.json").write_bytes(text)
    with pytest.raises(InvalidManifest, match=r"policy\.json"):
        read_manifest(tmp_path / "policy.json")


def test_training_must_be_plain_values() -> None:
    with pytest.raises(InvalidManifest, match="plain JSON"):
        format_manifest(PI05, msgspec.structs.replace(MANIFEST, training={"model": object()}))
