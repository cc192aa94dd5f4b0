"""The bench of FAST: its figures, and that it would notice."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from app.bench import fast as bench
from app.bench.figures import Figures
from app.bench.motions import DIMS, STEPS, Range, motion_chunks
from policy.actions.fast import FastTokenizer
from policy.actions.tokenizer import MalformedTokens


def test_it_reports_what_it_promises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "FITTED_ON", 300)
    parser = argparse.ArgumentParser()
    bench.add_arguments(parser)
    path = tmp_path / "figures.json"
    bench.run(parser.parse_args(["--chunks", "40", "--strings", "1000", "--json", str(path)]))
    found = json.loads(path.read_text())
    assert found["tokens_per_chunk"] <= 65
    assert found["rmse_of_range"] <= 0.012
    assert found["random_strings"] == 1000 == found["exact"] + found["refused"]
    assert (found["wrong"], found["strings_constrained"]) == (0, 400)
    assert {
        "tokens_per_chunk_p99",
        "tokens_per_chunk_max",
        "encode_ms",
        "decode_ms",
        "machine_cpu",
    } <= found.keys()


def test_it_refuses_to_measure_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run(argparse.Namespace(chunks=0, strings=1, seed=0, json=None)) == 2
    assert "must be at least 1" in capsys.readouterr().err


@pytest.mark.parametrize("count", [1, 4])
def test_few_strings_are_enough(fast: FastTokenizer, count: int) -> None:
    figures = Figures()
    bench.measure_strings(fast, count, np.random.default_rng(0), figures)
    assert figures.missed() == []


class Lying(FastTokenizer):
    """Answers refused strings with zeros, as if they were a chunk."""

    def decode(self, ids):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """A chunk whatever comes."""
        try:
            return super().decode(ids)
        except MalformedTokens:
            return np.zeros((self.horizon, self.action_dim))


class Short(FastTokenizer):
    """Loses the last step."""

    def decode(self, ids):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """A step short."""
        return super().decode(ids)[:-1]


class Strict(FastTokenizer):
    """Refuses everything."""

    def decode(self, ids):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Nothing."""
        raise MalformedTokens(str(len(ids)))


@pytest.mark.parametrize("kind", [Lying, Short, Strict])
def test_it_notices_a_decoder_that_is_wrong(fast: FastTokenizer, kind: type[FastTokenizer]) -> None:
    broken = kind(
        fast.vocabulary.bpe, scale=fast.scale, min_token=fast.min_token, horizon=STEPS, action_dim=DIMS
    )
    figures = Figures()
    bench.measure_strings(broken, 50, np.random.default_rng(0), figures)
    assert "wrong" in figures.missed()


def test_motions_are_smooth_and_all_dimensions_move() -> None:
    chunks = motion_chunks(200, seed=0)
    assert chunks.shape == (200, STEPS, DIMS)
    scale = Range.of(chunks)
    normalized = scale.normalized(chunks)
    assert np.quantile(np.abs(normalized), 0.97) <= 1
    assert np.abs(np.diff(normalized, axis=1)).max() < 0.5
    assert (np.ptp(normalized, axis=1) > 0.05).mean(axis=0).min() > 0.1
    assert (np.ptp(normalized, axis=1) > 0.05).sum(axis=1).mean() > 6
    np.testing.assert_array_equal(motion_chunks(30, seed=4), motion_chunks(30, seed=4))
    noise = motion_chunks(200, seed=0, noise=0.005) - chunks
    np.testing.assert_allclose(noise.std(axis=(0, 1)), 0.005 * (scale.q99 - scale.q01), rtol=0.05)
