"""`load_policy` reads what people type: a device's name, and a path from the home folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.checkpoints.infer_config import Known
from policy.inference.loading import load_policy
from policy.inference.policy import Pi05Policy
from tests.policy.inference.golden import GOLDEN


@pytest.mark.parametrize("device", ["gpu", "", "cuda:x"])
def test_a_device_that_there_is_not_is_said_before_anything_is_read(tmp_path: Path, device: str) -> None:
    with pytest.raises(ValueError, match=f"no device '{device}'; choose cpu, cuda or auto"):
        load_policy(tmp_path / "missing", device=device)


def test_the_home_folder_may_be_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(GOLDEN))
    policy = load_policy(
        "~/ckpt/aloha_pi05",
        config="pi05_aloha",
        tokenizer="~/tiny_sp.model",
        device="cpu",
        known=Known(vision_heads=4),
    )
    assert isinstance(policy, Pi05Policy)
    assert policy.metadata["name"] == "aloha_pi05"
