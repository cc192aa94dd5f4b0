"""The attention rules, written out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from policy.model.masks import block_causal, positions
from policy.model.rules import Kind, Segment, attention_matrix, attention_positions

FOLDER = Path(__file__).parents[2] / "golden"
GOLDEN = load_file(FOLDER / "preproc_misc.safetensors")
FAST_SEQUENCES = json.loads((FOLDER / "tokenizer.json").read_text(encoding="utf-8"))["fast"]


def matrix(text: str) -> Tensor:
    """Rows of `x` (sees) and `.` (does not)."""
    return torch.tensor([[cell == "x" for cell in row] for row in text.split()])


def segments(*parts: tuple[Kind, int]) -> list[Segment]:
    return [Segment(kind, length) for kind, length in parts]


EVERYTHING = segments(
    (Kind.IMAGE, 2), (Kind.PROMPT, 2), (Kind.ANSWER, 2), (Kind.FAST, 3), (Kind.STATE, 1), (Kind.ACTION, 2)
)


def test_everything_at_once() -> None:
    valid = torch.ones(1, 12, dtype=torch.bool)
    expected = matrix(
        """
        xxxx........
        xxxx........
        xxxx........
        xxxx........
        xxxxx.......
        xxxxxx......
        xxxxxxx.....
        xxxxxxxx....
        xxxxxxxxx...
        xxxxxx...x..
        xxxxxx...xxx
        xxxxxx...xxx
        """
    )
    assert torch.equal(attention_matrix(EVERYTHING, valid)[0], expected)
    assert attention_positions(EVERYTHING, valid).tolist() == [[0, 1, 2, 3, 4, 5, 6, 7, 8, 6, 7, 8]]


def test_what_is_missing_is_neither_seen_nor_counted() -> None:
    """One camera of two masked, padding behind prompt, answer and FAST tokens."""
    parts = segments(
        (Kind.IMAGE, 1),
        (Kind.IMAGE, 1),
        (Kind.PROMPT, 2),
        (Kind.ANSWER, 2),
        (Kind.FAST, 2),
        (Kind.ACTION, 1),
    )
    valid = torch.tensor([[False, True, True, False, True, False, True, False, True]])
    expected = matrix(
        """
        .........
        .xx......
        .xx......
        .........
        .xx.x....
        .........
        .xx.x.x..
        .........
        .xx.x...x
        """
    )
    assert torch.equal(attention_matrix(parts, valid)[0], expected)
    assert attention_positions(parts, valid).tolist() == [[-1, 0, 1, 1, 2, 2, 3, 3, 3]]


def test_samples_of_a_batch_have_matrices_of_their_own() -> None:
    parts = segments((Kind.PROMPT, 2), (Kind.ACTION, 1))
    valid = torch.tensor([[True, True, True], [True, False, True]])
    found = attention_matrix(parts, valid)
    assert torch.equal(found[0], matrix("xx. xx. xxx"))
    assert torch.equal(found[1], matrix("x.. ... x.x"))
    assert attention_positions(parts, valid).tolist() == [[0, 1, 2], [0, 0, 1]]


@pytest.mark.parametrize("kind", ["pi0", "pi05"])
@pytest.mark.parametrize("seed", range(5))
def test_without_text_to_write_they_are_openpis_blocks(kind: str, seed: int) -> None:
    """Prefix, π0's state token, actions: as `block_causal` makes them, which the models use."""
    state = [(Kind.STATE, 1)] if kind == "pi0" else []
    parts = segments((Kind.IMAGE, 4), (Kind.IMAGE, 4), (Kind.PROMPT, 6), *state, (Kind.ACTION, 5))
    suffix = sum(part.length for part in parts) - 14
    generator = torch.Generator().manual_seed(seed)
    valid = torch.rand(3, 14, generator=generator) < 0.7
    valid = torch.cat((valid, torch.ones(3, suffix, dtype=torch.bool)), dim=1)
    starts = [0] * 14 + ([1] if kind == "pi0" else []) + [1, 0, 0, 0, 0]
    expected = block_causal(torch.tensor(starts).expand(3, -1), valid)
    assert torch.equal(attention_matrix(parts, valid), expected)
    assert torch.equal(attention_positions(parts, valid), positions(valid))


@pytest.mark.parametrize(
    ("case", "row", "parts"),
    [
        (0, 0, [(Kind.ANSWER, 6)]),  # all causal
        (0, 0, [(Kind.FAST, 6)]),
        (1, 0, [(Kind.PROMPT, 3), (Kind.ANSWER, 3)]),  # π0-FAST: the prompt, then causal tokens
        (1, 0, [(Kind.IMAGE, 2), (Kind.PROMPT, 1), (Kind.FAST, 3)]),
        (1, 1, [(Kind.PROMPT, 3), (Kind.STATE, 2), (Kind.ACTION, 1)]),
        (3, 0, [(Kind.IMAGE, 4), (Kind.PROMPT, 3), (Kind.STATE, 1), (Kind.ACTION, 3)]),  # π0
    ],
)
def test_openpis_masks_and_positions(case: int, row: int, parts: list[tuple[Kind, int]]) -> None:
    valid = GOLDEN[f"mask{case}.pad"][row : row + 1]
    expected = GOLDEN[f"mask{case}.out2d"][row : row + 1]
    assert torch.equal(attention_matrix(segments(*parts), valid), expected)
    places = GOLDEN[f"mask{case}.position_ids"][row : row + 1]
    assert torch.equal(attention_positions(segments(*parts), valid), places)


@pytest.mark.parametrize("case", range(len(FAST_SEQUENCES)))
def test_openpis_fast_sequences(case: int) -> None:
    """Its block flags for prompt and written tokens, behind images."""
    sequence = FAST_SEQUENCES[case]
    written = sum(sequence["ar_mask"])
    real = sum(sequence["token_mask"])
    rest = len(sequence["ar_mask"]) - real
    parts = segments((Kind.IMAGE, 3), (Kind.PROMPT, real - written), (Kind.FAST, written + rest))
    starts = torch.tensor([[0, 0, 0, *sequence["ar_mask"]]])
    valid = torch.tensor([[True, True, True, *sequence["token_mask"]]])
    assert torch.equal(attention_matrix(parts, valid), block_causal(starts, valid))
    assert torch.equal(attention_positions(parts, valid)[valid], positions(valid)[valid])


@pytest.mark.parametrize("case", range(4))
def test_blocks_are_openpis(case: int) -> None:
    starts, valid = GOLDEN[f"mask{case}.att"], GOLDEN[f"mask{case}.pad"]
    assert torch.equal(block_causal(starts, valid), GOLDEN[f"mask{case}.out2d"])
    assert torch.equal(positions(valid), GOLDEN[f"mask{case}.position_ids"])


def test_segments_must_fit_the_row() -> None:
    with pytest.raises(ValueError, match=r"segments of 2 prompt \+ 1 action = 3 tokens, for a row of 4"):
        attention_matrix(segments((Kind.PROMPT, 2), (Kind.ACTION, 1)), torch.ones(1, 4, dtype=torch.bool))
