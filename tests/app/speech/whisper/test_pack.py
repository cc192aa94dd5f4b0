"""A packed checkpoint is the same to torch, and smaller."""

from __future__ import annotations

from pathlib import Path

import torch

from app.speech.whisper.pack import pack


def test_a_packed_checkpoint_holds_the_same_numbers_in_less_room(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    table = torch.zeros(5_000, 32, dtype=torch.float16)
    table[:50] = torch.randn(50, 32, generator=torch.Generator().manual_seed(0)).half()
    torch.save({"dims": {"n_vocab": 5_000}, "model_state_dict": {"table": table}}, path)
    loose = path.stat().st_size
    pack(path)
    assert path.stat().st_size < loose / 10
    assert list(tmp_path.iterdir()) == [path]
    found = torch.load(path, weights_only=True)
    assert found["dims"] == {"n_vocab": 5_000}
    assert torch.equal(found["model_state_dict"]["table"], table)
