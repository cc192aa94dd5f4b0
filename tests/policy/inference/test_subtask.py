"""The text head: one token at a time as if all were read at once, and phrases in one pass as if one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from policy.inference import subtask
from policy.inference.image_features import ImageFeatures
from policy.inference.subtask import MAX_BOXES, MAX_TEXT_TOKENS, SubtaskDecoder, Superseded
from policy.model.inputs import ModelInputs
from policy.model.paligemma import PaliGemma
from policy.model.reading import TargetTokens, read
from policy.text.sentencepieces import SentencePieceTokenizer
from policy.text.tokenizer import EOS
from policy.text.trie import PhraseTrie
from tests.policy.inference import golden

PROMPT = [2, 17, 300, 41, 8]
PHRASES = ["pick up the cup", "pick up the cup and the plate", "pick up the fork", "open the drawer", "done"]


@pytest.fixture(scope="module")
def paligemma() -> PaliGemma:
    """The golden language tower, its embedding scaled so that its text head is neither certain nor indifferent."""
    model = golden.model("pi05_asym").paligemma
    with torch.no_grad():
        model.language.embed_tokens.weight.mul_(4)
    return model


@pytest.fixture(scope="module")
def tokenizer() -> SentencePieceTokenizer:
    return SentencePieceTokenizer(golden.GOLDEN / "tiny_sp.model")


@pytest.fixture(scope="module")
def images_BNCYX() -> Tensor:
    return torch.rand((1, 2, 3, 224, 224), generator=torch.Generator().manual_seed(3)) * 2 - 1


def scores_at_once(paligemma: PaliGemma, images_BNCYX: Tensor, answer: Sequence[int]) -> Tensor:
    """Scores before each answer token, by training's pass over everything: [L, V]."""
    inputs = ModelInputs(
        images_BNCYX,
        torch.ones(images_BNCYX.shape[:2], dtype=torch.bool),
        torch.tensor([PROMPT]),
        torch.ones((1, len(PROMPT)), dtype=torch.bool),
        torch.zeros(1, 32),
    )
    tokens = torch.tensor([list(answer)])
    with torch.no_grad():
        scores = read(
            paligemma, inputs, answer=TargetTokens(tokens, torch.ones_like(tokens, dtype=torch.bool))
        )
    assert scores.answer_BLV is not None
    return scores.answer_BLV[0]


def encoded(paligemma: PaliGemma, images_BNCYX: Tensor) -> Tensor:
    with torch.no_grad():
        return paligemma.image_tokens(images_BNCYX)


def test_greedy_decoding_is_what_one_pass_over_its_answer_says(
    paligemma: PaliGemma, images_BNCYX: Tensor
) -> None:
    decoder = SubtaskDecoder(paligemma)
    answer = decoder.decode(encoded(paligemma, images_BNCYX), PROMPT, vocabulary=512)
    said = [*answer.tokens, *([EOS] if answer.ended else [])]
    scores = scores_at_once(paligemma, images_BNCYX, said)
    assert scores.argmax(dim=1).tolist() == said
    chosen = scores.log_softmax(dim=1)[torch.arange(len(said)), said]
    assert math.log(answer.probability) == pytest.approx(chosen.sum().item(), rel=1e-4)
    assert len(answer.tokens) <= MAX_TEXT_TOKENS
    again = decoder.decode(encoded(paligemma, images_BNCYX), PROMPT, vocabulary=512)
    assert again == answer, "what an earlier answer left in the cache shows"


def test_the_end_ends(paligemma: PaliGemma, images_BNCYX: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = SubtaskDecoder(paligemma)
    free = decoder.decode(encoded(paligemma, images_BNCYX), PROMPT, vocabulary=512)
    third = free.tokens[2]
    monkeypatch.setattr(subtask, "EOS", third)
    ended = decoder.decode(encoded(paligemma, images_BNCYX), PROMPT, vocabulary=512)
    assert ended.ended
    assert ended.tokens == free.tokens[: free.tokens.index(third)]
    assert ended.probability > free.probability


def test_tokens_without_words_are_never_said(paligemma: PaliGemma, images_BNCYX: Tensor) -> None:
    answer = SubtaskDecoder(paligemma).decode(encoded(paligemma, images_BNCYX), PROMPT, vocabulary=40)
    assert max(answer.tokens, default=0) < 40


def test_temperature_draws_and_the_seed_decides(paligemma: PaliGemma, images_BNCYX: Tensor) -> None:
    decoder, images = SubtaskDecoder(paligemma), encoded(paligemma, images_BNCYX)

    def drawn(seed: int, temperature: float = 1.0) -> tuple[int, ...]:
        generator = torch.Generator().manual_seed(seed)
        return decoder.decode(
            images, PROMPT, vocabulary=512, temperature=temperature, generator=generator
        ).tokens

    assert drawn(1) == drawn(1)
    assert len({drawn(seed) for seed in range(4)}) > 1
    assert drawn(1, 1e-4) == decoder.decode(images, PROMPT, vocabulary=512).tokens


def test_phrases_in_one_tree_are_what_they_are_one_by_one(
    paligemma: PaliGemma, images_BNCYX: Tensor, tokenizer: SentencePieceTokenizer
) -> None:
    trie = PhraseTrie(PHRASES, tokenizer)
    ranked = SubtaskDecoder(paligemma).choose(encoded(paligemma, images_BNCYX), PROMPT, trie)
    joint = {}
    for phrase in PHRASES:
        ids = list(trie.ids_of(phrase))
        logs = scores_at_once(paligemma, images_BNCYX, ids).log_softmax(dim=1)
        joint[phrase] = logs[torch.arange(len(ids)), ids].sum().exp().item()
    total = sum(joint.values())
    assert sum(ranked.values()) == pytest.approx(1.0)
    assert list(ranked.values()) == sorted(ranked.values(), reverse=True)
    for phrase, probability in ranked.items():
        assert probability == pytest.approx(joint[phrase] / total, rel=1e-3), phrase
    assert min(ranked.values()) > 0


def test_one_phrase_is_certain(
    paligemma: PaliGemma, images_BNCYX: Tensor, tokenizer: SentencePieceTokenizer
) -> None:
    trie = PhraseTrie(["open the drawer"], tokenizer)
    images = encoded(paligemma, images_BNCYX)
    assert SubtaskDecoder(paligemma).choose(images, PROMPT, trie) == {"open the drawer": pytest.approx(1.0)}


def test_a_newer_request_stops_it_within_a_token(
    paligemma: PaliGemma, images_BNCYX: Tensor, tokenizer: SentencePieceTokenizer
) -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    decoder, images = SubtaskDecoder(paligemma), encoded(paligemma, images_BNCYX)
    with pytest.raises(Superseded):
        decoder.decode(images, PROMPT, vocabulary=512, cancelled=cancelled)
    assert asked == 4
    with pytest.raises(Superseded):
        decoder.choose(images, PROMPT, PhraseTrie(PHRASES, tokenizer), cancelled=lambda: True)


def test_boxes_have_room_of_their_own_and_no_more(paligemma: PaliGemma, images_BNCYX: Tensor) -> None:
    """With every token a location, boxes stop at their limit and the words at theirs."""
    images = encoded(paligemma, images_BNCYX)
    free = SubtaskDecoder(paligemma).decode(images, PROMPT, vocabulary=512)
    located = SubtaskDecoder(paligemma, locations=range(3, 300)).decode(images, PROMPT, vocabulary=512)
    count = sum(3 <= token < 300 for token in located.tokens)
    assert count <= 4 * MAX_BOXES
    assert located.ended or len(located.tokens) - count == MAX_TEXT_TOKENS + subtask.LABEL_TOKENS * (
        count // 4
    )
    assert len(located.tokens) > len(free.tokens)


def test_scores_that_are_no_numbers_are_an_error(paligemma: PaliGemma, images_BNCYX: Tensor) -> None:
    images = torch.full_like(encoded(paligemma, images_BNCYX), torch.nan)
    with pytest.raises(ValueError, match="scores of text are not numbers"):
        SubtaskDecoder(paligemma).decode(images, PROMPT, vocabulary=512)


@pytest.mark.parametrize("temperature", [-1.0, math.nan, math.inf])
def test_a_temperature_that_is_none(paligemma: PaliGemma, temperature: float) -> None:
    with pytest.raises(ValueError, match=f"temperature is {temperature}"):
        SubtaskDecoder(paligemma).decode(
            torch.zeros(1, 4, 72), PROMPT, vocabulary=512, temperature=temperature
        )


def test_an_empty_prompt_is_refused(paligemma: PaliGemma, images_BNCYX: Tensor) -> None:
    with pytest.raises(ValueError, match="the prompt has no tokens"):
        SubtaskDecoder(paligemma).decode(encoded(paligemma, images_BNCYX), [], vocabulary=512)


def test_image_tokens_are_made_once_a_frame() -> None:
    batches = []

    def encode(images_BNCYX: Tensor) -> Tensor:
        batches.append(images_BNCYX.shape[1])
        return images_BNCYX.mean(dim=(3, 4))[:, :, None]

    frames = [np.full((14, 14, 3), value, np.uint8) for value in (10, 20, 30, 40)]
    features = ImageFeatures(encode, kept=4)
    first = features.of(frames)
    assert batches == [4]
    second = features.of([frames[0].copy(), frames[2], frames[3]])
    assert batches == [4], "frames seen at the high level were encoded again"
    assert torch.equal(second[0, 1], first[0, 2])
    frames[0][0, 0, 0] = 11  # a camera's buffer, used again
    assert features.known(frames) == 3
    third = features.of(frames)
    assert batches == [4, 1]
    assert not torch.equal(third[0, 0], first[0, 0])
    features.of([np.full((14, 14, 3), value, np.uint8) for value in (1, 2, 3)])
    assert features.known(frames) == 1, "only so many frames are kept"
    features.forget()
    assert features.known(frames) == 0
