"""π0-FAST: what it reads, what it scores, and that a chunk is always a chunk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from policy.actions.fast import FastTokenizer
from policy.actions.fast_grammar import ActionGrammar
from policy.actions.tokenizer import MalformedTokens
from policy.checkpoints.loading import load_into
from policy.checkpoints.weights import open_weights
from policy.inference.fast_decoding import Grammar, Written, write
from policy.model.flow_targets import draw_targets
from policy.model.inputs import ModelInputs
from policy.model.losses import PRE_TRAINING, LossWeights, TrainingBatch, compute_loss
from policy.model.pi0_fast import Pi0Fast, nothing_written
from policy.model.reading import TargetTokens, padded_targets
from policy.presets import PI0_FAST
from policy.text.fast_layout import extract_fast_ids, fast_to_text_ids, tokenize_fast
from policy.text.sentencepieces import SentencePieceTokenizer
from tests.policy.model import tiny

GOLDEN = Path(__file__).parents[2] / "golden"
T, A = 6, 4


def smooth(count: int, *, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    phase = (
        rng.uniform(0, 2 * np.pi, (count, 1, A))
        + rng.uniform(0.1, 0.6, (count, 1, A)) * np.arange(T)[:, None]
    )
    return rng.uniform(0.2, 0.9, (count, 1, A)) * np.sin(phase)


@pytest.fixture(scope="module")
def text() -> SentencePieceTokenizer:
    return SentencePieceTokenizer(GOLDEN / "tiny_sp.model")


@pytest.fixture(scope="module")
def grammar(text: SentencePieceTokenizer) -> ActionGrammar:
    return ActionGrammar(FastTokenizer.fit(smooth(200, seed=0), scale=8, vocab_size=300), text)


def model(*, seed: int = 0) -> Pi0Fast:
    return tiny.filled(Pi0Fast(replace(tiny.PI0_FAST_TINY, vocab_size=512)), seed=seed)


# -- scores ------------------------------------------------------------------------------------------------------------


def test_keys_are_pi0s_without_the_expert() -> None:
    fast, pi0 = tiny.filled(Pi0Fast(tiny.PI0_FAST_TINY)), tiny.pi0("pi0")
    expected = {key for key in pi0.state_dict() if key.startswith("paligemma_with_expert.paligemma.")}
    assert set(fast.state_dict()) == expected
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in Pi0Fast(PI0_FAST).parameters())
    assert count == 2_923_335_408  # PaliGemma 3B: 412.4 + 2.4 + 526.6 + 1981.9 M


def test_one_pass_scores_what_token_by_token_scores() -> None:
    network, inputs = model(), tiny.observation()
    written = TargetTokens(
        torch.tensor([[30, 31, 32, 33], [40, 41, 0, 0]]), torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]]) > 0
    )
    with torch.no_grad():
        scores = network.token_logits(inputs, written)
        for length in range(4):
            so_far = TargetTokens(written.tokens_BL[:, :length], written.mask_BL[:, :length])
            alone = network.next_token_logits(inputs, so_far)
            real = written.mask_BL[:, length]
            torch.testing.assert_close(scores[real, length], alone[real], atol=1e-4, rtol=1e-4)
        nothing = network.next_token_logits(inputs, nothing_written(2))
        torch.testing.assert_close(nothing, scores[:, 0], atol=1e-4, rtol=1e-4)


def test_weights_in_lerobots_layout_load(tmp_path: Path) -> None:
    """Behind `model.`, and the tied tensor under the text head's name alone."""
    network = model(seed=3)
    state = {
        f"model.{name}": tensor for name, tensor in network.state_dict().items() if "embed_tokens" not in name
    }
    save_file(state, tmp_path / "model.safetensors")
    loaded = model(seed=4)
    load_into(loaded, open_weights(tmp_path))
    inputs = tiny.observation()
    with torch.no_grad():
        first, second = (each.next_token_logits(inputs, nothing_written(2)) for each in (network, loaded))
    assert torch.equal(first, second)


def test_a_masked_camera_and_padding_have_exactly_no_influence() -> None:
    network, inputs = model(), tiny.without_camera(tiny.observation(), 1)
    images = inputs.images_BNCYX.clone()
    images[:, 1] = 0.5
    other = replace(inputs, images_BNCYX=images, tokens_BL=inputs.tokens_BL.where(inputs.token_mask_BL, 9))
    with torch.no_grad():
        first, second = (network.next_token_logits(each, nothing_written(2)) for each in (inputs, other))
    assert torch.equal(first, second)


# -- writing -----------------------------------------------------------------------------------------------------------


def test_the_cache_writes_what_the_plain_model_would(grammar: ActionGrammar) -> None:
    network, inputs = model(), tiny.observation()
    for sample, found in enumerate(write(network.paligemma, inputs, grammar)):
        one = tiny.sample(inputs, sample)
        tokens, progress = list(grammar.lead), grammar.start()
        while not grammar.complete(progress):
            so_far = torch.tensor([tokens])
            scores = network.next_token_logits(one, TargetTokens(so_far, torch.ones_like(so_far) > 0))[0]
            allowed = torch.from_numpy(grammar.allowed(progress))
            tokens.append(int(scores.masked_fill(~allowed, -torch.inf).argmax()))
            progress = grammar.advance(progress, tokens[-1])
        assert found == Written([*tokens, *grammar.end], cut=False)


@pytest.mark.parametrize("max_tokens", [1, 2, 3, 7, 256])
def test_a_chunk_is_always_a_chunk(
    grammar: ActionGrammar, text: SentencePieceTokenizer, max_tokens: int
) -> None:
    inputs = tiny.observation(4)
    for seed in range(4):
        for written in write(model(seed=seed).paligemma, inputs, grammar, max_tokens=max_tokens):
            actions = grammar.chunk(written.tokens)
            assert actions.shape == (T, A)
            assert np.isfinite(actions).all()
            if max_tokens == 1:
                assert written.cut
            if max_tokens == 256:
                assert not written.cut
            ids = extract_fast_ids(text, written.tokens, fast_vocab_size=grammar.fast.vocab_size)
            assert ids is not None
            np.testing.assert_array_equal(grammar.fast.decode(ids), actions)


def test_what_is_cut_short_ends_in_zeros(grammar: ActionGrammar) -> None:
    """The coefficients written first are kept; those that are left are zero."""
    network, inputs = model(seed=2).paligemma, tiny.observation(1)
    (whole,), (cut,) = write(network, inputs, grammar), write(network, inputs, grammar, max_tokens=4)
    assert cut.cut
    first, last = (
        np.rint(grammar.fast.coefficients(grammar.chunk(each.tokens))).astype(int) for each in (whole, cut)
    )
    kept = int(np.flatnonzero(first != last)[0])
    assert kept > 0
    assert not last[kept + 1 :].any()


def test_closing_from_anywhere_gives_a_whole_chunk(text: SentencePieceTokenizer) -> None:
    """Also from within a character: a vocabulary whose codes pass 127 has characters of two bytes."""
    grammar = ActionGrammar(FastTokenizer.fit(smooth(200, seed=0), scale=60, vocab_size=300), text)
    rng, halves = np.random.default_rng(0), 0
    for _ in range(200):
        tokens, progress = list(grammar.lead), grammar.start()
        for _ in range(rng.integers(0, 12)):
            if not grammar.complete(progress):
                tokens.append(int(rng.choice(np.flatnonzero(grammar.allowed(progress)))))
                progress = grammar.advance(progress, tokens[-1])
        halves += progress.waiting > 0
        assert grammar.chunk([*tokens, *grammar.closing(progress)]).shape == (T, A)
    assert halves > 3


def test_a_batch_writes_what_each_sample_would(grammar: ActionGrammar) -> None:
    network, inputs = model().paligemma, tiny.observation(3)
    together = write(network, inputs, grammar)
    alone = [write(network, tiny.sample(inputs, index), grammar)[0] for index in range(3)]
    assert together == alone


def test_free_text_ends_at_the_end_of_text() -> None:
    class Anything:
        """No rules: whatever the model says, until it says 1."""

        lead: tuple[int, ...] = ()

        def start(self) -> bool:
            return False

        def allowed(self, progress: bool) -> NDArray[np.bool_]:
            return np.ones(512, dtype=np.bool_)

        def advance(self, progress: bool, token: int) -> bool:
            return token == 1

        def complete(self, progress: bool) -> bool:
            return progress

        def closing(self, progress: bool) -> list[int]:
            return [] if progress else [1]

    free: Grammar[bool] = Anything()
    network, inputs = model(), tiny.observation(1)
    with torch.no_grad():
        network.paligemma.language.embed_tokens.weight[1] *= 2.2
    (written,) = write(network.paligemma, inputs, free, max_tokens=64)
    assert written.tokens[-1] == 1
    assert written.tokens.count(1) == 1


def test_a_grammar_of_another_vocabulary_is_refused(grammar: ActionGrammar) -> None:
    network = tiny.filled(Pi0Fast(replace(tiny.PI0_FAST_TINY, vocab_size=600)))
    with pytest.raises(ValueError, match="the model scores 600 tokens, the grammar has 512"):
        write(network.paligemma, tiny.observation(1), grammar)
    with pytest.raises(ValueError, match="0 tokens at most; at least 1"):
        write(network.paligemma, tiny.observation(1), grammar, max_tokens=0)


# -- the grammar -------------------------------------------------------------------------------------------------------


def test_what_is_taught_is_what_the_grammar_accepts(
    grammar: ActionGrammar, text: SentencePieceTokenizer
) -> None:
    for chunk in smooth(20, seed=3):
        fast_ids = grammar.fast.encode(chunk)
        taught = tokenize_fast(text, task="fold the towel", state=np.zeros(A), fast_ids=fast_ids, pad=False)
        answer = taught.ids_L[taught.causal_L].tolist()
        np.testing.assert_array_equal(grammar.chunk(answer), grammar.fast.decode(fast_ids))
        progress = grammar.start()
        for token in answer[len(grammar.lead) : -len(grammar.end)]:
            assert grammar.allowed(progress)[token]
            progress = grammar.advance(progress, token)
        assert grammar.complete(progress)
        assert not grammar.allowed(progress).any()


@pytest.mark.parametrize("spoil", ["lead", "end", "short", "text"])
def test_anything_else_is_refused(grammar: ActionGrammar, spoil: str) -> None:
    good = [*grammar.lead, *grammar.closing(grammar.start())]
    assert not grammar.chunk(good).any()
    first, last = len(grammar.lead), len(good) - len(grammar.end)
    bad = {
        "lead": good[1:],
        "end": good[:-1],
        "short": [*good[: last - 1], *good[last:]],
        "text": [*good[:first], 5, *good[first + 1 :]],
    }[spoil]
    with pytest.raises(MalformedTokens):
        grammar.chunk(bad)


def test_a_vocabulary_without_room_is_refused(text: SentencePieceTokenizer) -> None:
    large = FastTokenizer.fit(smooth(400, seed=0), scale=60, vocab_size=600)
    assert large.vocab_size > 512 - 132
    with pytest.raises(ValueError, match="fit FAST with fewer tokens, or use a larger vocabulary"):
        ActionGrammar(large, text)


# -- learning ----------------------------------------------------------------------------------------------------------


def test_it_learns_two_chunks_and_writes_them(grammar: ActionGrammar, text: SentencePieceTokenizer) -> None:
    torch.manual_seed(0)
    network = Pi0Fast(replace(tiny.PI0_FAST_TINY, vocab_size=512))
    with torch.no_grad():
        network.paligemma.language.embed_tokens.weight.mul_(0.05)
    chunks = smooth(2, seed=4)
    inputs = tiny.observation()
    taught = batch_of(grammar, chunks, inputs)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(80):
        optimizer.zero_grad()
        compute_loss(network, taught, PRE_TRAINING).total.backward()
        optimizer.step()
    for written, chunk in zip(write(network.paligemma, inputs, grammar), chunks, strict=True):
        np.testing.assert_array_equal(
            grammar.chunk(written.tokens), grammar.fast.decode(grammar.fast.encode(chunk))
        )


def batch_of(grammar: ActionGrammar, chunks: NDArray[np.float64], inputs: ModelInputs) -> TrainingBatch:
    ids = [fast_to_text_ids(grammar.fast.encode(chunk), vocab_size=grammar.vocab_size) for chunk in chunks]
    rows = [[*grammar.lead, *each.tolist(), *grammar.end] for each in ids]
    return TrainingBatch(inputs, fast=padded_targets(rows, vocab_size=grammar.vocab_size))


def test_flow_cannot_be_taught_to_a_model_without_an_expert() -> None:
    drawn = draw_targets(tiny.chunk(), step_mask_BT=torch.ones(2, tiny.HORIZON, dtype=torch.bool))
    with pytest.raises(TypeError, match="Pi0Fast has no action expert"):
        compute_loss(model(), TrainingBatch(tiny.observation(), flow=drawn), LossWeights())
