"""The high level of a policy: an observation and a task to the next subtask, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from policy.inference.facts import PolicyFacts
from policy.inference.image_features import ImageFeatures
from policy.inference.subtask import SubtaskDecoder, never
from policy.model.pi0 import Pi0
from policy.text.boxes import parse_answer
from policy.text.prompts import PromptFormat, read_answer
from policy.text.sentencepieces import SentencePieceTokenizer
from policy.text.tokenizer import BOS, TextTokenizer
from policy.text.trie import PhraseTrie
from policy.transforms.embodiments.understudy import Understudy
from policy.transforms.norm_stats import NormStats
from policy.transforms.pipeline import build_pipeline
from policy.transforms.tokenize import prompt_tokenizer
from policy.types import RequestError, Subtask

KEPT_TRIES = 8
"""Lists of allowed phrases whose trees are kept."""


class HighLevel:
    """Names subtasks.

    Args:
        model: Whose language tower speaks.
        facts: What weights do not say; `prompt_high` is how it is asked.
        stats: Of `state`.
        tokenizer: The model's vocabulary.
        features: Image tokens, shared with the low level.

    Raises:
        ValueError: `facts` has no form of prompt for it.
    """

    def __init__(
        self,
        model: Pi0,
        facts: PolicyFacts,
        stats: Mapping[str, NormStats],
        tokenizer: TextTokenizer,
        features: ImageFeatures,
    ) -> None:
        if facts.prompt_high is None:
            raise ValueError(f"{facts.name} has no form of prompt for subtasks")
        self._form: PromptFormat = facts.prompt_high
        self._cameras = facts.cameras_high
        self._model = model
        self._tokenizer = tokenizer
        self._features = features
        embodiment = facts.config.embodiment
        if isinstance(embodiment, Understudy):
            embodiment = replace(embodiment, slots=facts.cameras_high)
        config = replace(facts.config, embodiment=embodiment, discrete_state=self._form.has_state)
        self._pipeline = build_pipeline(
            config,
            stats,
            prompt_tokenizer(config, tokenizer, form=self._form),
            image_size=model.config.vision.image_size,
        )
        locations = tokenizer.locations.tolist() if isinstance(tokenizer, SentencePieceTokenizer) else ()
        self._decoder = SubtaskDecoder(model.paligemma, locations=locations)
        self._tries: dict[tuple[str, ...], PhraseTrie] = {}

    def name(
        self,
        raw: Mapping[str, Any],
        *,
        allowed: Sequence[str] = (),
        temperature: float = 0.0,
        generator: torch.Generator | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> Subtask:
        """The next subtask; arguments and errors are those of `Pi05Policy.subtask`.

        Args:
            raw: The observation in the embodiment's own keys, the task as `prompt`.
            allowed: Phrases to choose from.
            temperature: 0 says what is most probable.
            generator: For draws.
            cancelled: Asked before each token.
        """
        trie = None if not len(allowed) else self._trie(allowed)
        sample = self._pipeline.inputs(raw)
        frames = [sample["image"][name] for name in self._cameras if sample["image_mask"].get(name, True)]
        ids = sample["tokenized_prompt"][sample["tokenized_prompt_mask"]].tolist()
        images = self._features.of(frames).flatten(1, 2)
        if trie is not None:
            ranked = self._decoder.choose(images, ids, trie, cancelled=cancelled)
            text, probability = next(iter(ranked.items()))
            return Subtask(text, probability)
        answer = self._decoder.decode(
            images,
            ids,
            vocabulary=min(self._tokenizer.vocab_size, self._model.config.vocab_size),
            temperature=temperature,
            generator=generator,
            cancelled=cancelled,
        )
        boxes, text = parse_answer(read_answer(self._form, self._tokenizer.decode(answer.tokens)))
        return Subtask(text, answer.probability, boxes, cut=not answer.ended)

    def warm_up(self) -> None:
        """Make the buffers and run every layer once, on nothing in particular."""
        config = self._model.config
        size = config.vision.image_size
        images = torch.zeros((1, len(self._cameras), 3, size, size))
        with torch.no_grad():
            tokens = self._model.paligemma.image_tokens(images.to(self._model.action_in_proj.weight.device))
        self._decoder.decode(tokens, [BOS] * (config.max_prompt_tokens // 2), vocabulary=config.vocab_size)

    def _trie(self, allowed: Sequence[str]) -> PhraseTrie:
        if isinstance(allowed, str) or not all(isinstance(phrase, str) for phrase in allowed):
            raise RequestError(f"allowed is {allowed!r:.80}; it must be a list of phrases")
        key = tuple(allowed)
        if key not in self._tries:
            try:
                trie = PhraseTrie(key, self._tokenizer, form=self._form)
            except ValueError as error:
                raise RequestError(f"the allowed phrases cannot be used: {error}") from error
            while len(self._tries) >= KEPT_TRIES:
                del self._tries[next(iter(self._tries))]
            self._tries[key] = trie
        return self._tries[key]
