"""The high level: images and a task in, the words of the next subtask out, by the language tower and its text head.

Images and prompt are read once and leave keys and values; then comes one token at a time, written behind them. Prompt
tokens see each other, the answer sees what comes before it.

Axes besides the package's: N tokens of a tree of phrases.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from policy.inference.static_cache import StaticCache
from policy.inference.tables import rotary_table
from policy.model import attention
from policy.model.attention import additive
from policy.model.gemma import LayerModulation
from policy.model.paligemma import PaliGemma
from policy.model.rope import Rotation
from policy.text.tokenizer import EOS
from policy.text.trie import PhraseTrie, Prefix, normalise

MAX_TEXT_TOKENS = 20
"""Of a subtask; none in the training data is longer."""
MAX_BOXES = 4
LABEL_TOKENS = 8
"""Room for the name of a box, which comes after its four location tokens."""
TREE_ROWS = 32
"""Rows of scores over the vocabulary that are held at once."""


class Superseded(RuntimeError):
    """A newer request has come; the answer to this one is not wanted any more."""


@dataclass(frozen=True)
class Answer:
    """What the text head said.

    Attributes:
        tokens: Ids, the end-of-text token left out.
        probability: Product of the probabilities of its tokens, and of the end where it came.
        ended: Whether the end came, rather than the limit.
    """

    tokens: tuple[int, ...]
    probability: float
    ended: bool


@dataclass(frozen=True)
class _Read:
    """Images and prompt, read.

    Attributes:
        cache: Their keys and values, and room for the answer.
        length: How many tokens they are.
        scores_V: Of the first token of the answer, float32.
    """

    cache: StaticCache
    length: int
    scores_V: Tensor


def never() -> bool:
    """No newer request."""
    return False


class SubtaskDecoder:
    """Reads images and a prompt, and answers in words. For one sample at a time.

    Args:
        paligemma: In its dtype, on its device.
        locations: Ids of the location tokens of boxes; empty where the vocabulary has none.
    """

    def __init__(self, paligemma: PaliGemma, *, locations: Sequence[int] = ()) -> None:
        self._model = paligemma
        self._language = paligemma.language
        weight = self._language.layers[0].self_attn.o_proj.weight
        self._dtype, self._device = weight.dtype, weight.device
        self._locations = frozenset(int(token) for token in locations)
        self._cache: StaticCache | None = None
        self._rotary: Rotation | None = None

    @torch.no_grad()
    def decode(
        self,
        images_1SW: Tensor,
        prompt: Sequence[int],
        *,
        vocabulary: int,
        temperature: float = 0.0,
        generator: torch.Generator | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> Answer:
        """Say what comes to mind.

        Args:
            images_1SW: Tokens of the images, those of missing cameras left out.
            prompt: Token ids, without padding.
            vocabulary: Tokens from here on are never said: the text vocabulary has no words for them.
            temperature: 0 takes the most probable token; 1 draws as the model says.
            generator: For the draws, on the processor.
            cancelled: Asked before each token.

        Raises:
            Superseded: `cancelled` said so.
            ValueError: The prompt is empty, the temperature no number from 0 up, or the scores are not numbers.
        """
        if not (math.isfinite(temperature) and temperature >= 0):
            raise ValueError(f"temperature is {temperature}; it must be a number from 0 up")
        room = MAX_TEXT_TOKENS + (MAX_BOXES * (4 + LABEL_TOKENS) if self._locations else 0)
        read = self._read(images_1SW, prompt, room=room, cancelled=cancelled)
        scores_V, tokens, log_probability = read.scores_V, list[int](), 0.0
        while True:
            token = self._choose(scores_V[:vocabulary], tokens, temperature, generator)
            log_probability += float(scores_V.log_softmax(dim=0)[token])
            if math.isnan(log_probability):
                raise ValueError(
                    "the model's scores of text are not numbers; its weights or its images are broken"
                )
            if token == EOS:
                return Answer(tuple(tokens), math.exp(log_probability), ended=True)
            tokens.append(token)
            if self._full(tokens):
                return Answer(tuple(tokens), math.exp(log_probability), ended=False)
            _stop_if(cancelled)
            scores_V = self._say(read, len(tokens) - 1, token)

    @torch.no_grad()
    def choose(
        self,
        images_1SW: Tensor,
        prompt: Sequence[int],
        trie: PhraseTrie,
        *,
        cancelled: Callable[[], bool] = never,
    ) -> dict[str, float]:
        """How probable each of a list of phrases is, given that one of them is said: exactly, in one pass.

        All phrases are read at once, as the tree they are: a beginning that several share is one token, and each
        token sees images, prompt and its own beginning.

        Args:
            images_1SW: As for `decode`.
            prompt: As for `decode`.
            trie: The phrases.
            cancelled: Asked before the tree is read.

        Returns:
            Probability of each phrase, summing to 1, the most probable first.

        Raises:
            Superseded: `cancelled` said so.
            ValueError: The prompt is empty, or the scores are not numbers.
        """
        nodes = [prefix for prefix in trie.prefixes if prefix]
        read = self._read(images_1SW, prompt, room=max(len(nodes), 1), cancelled=cancelled)
        edges = _edges(read.scores_V[None], [()], trie)
        if nodes:
            _stop_if(cancelled)
            hidden_NW = self._read_tree(read, nodes)
            for start in range(0, len(nodes), TREE_ROWS):
                rows = slice(start, start + TREE_ROWS)
                edges |= _edges(self._model.text_logits(hidden_NW[rows]), nodes[rows], trie)
        joint = [
            math.fsum(edges[ids[:at]][token] for at, token in enumerate(ids))
            for ids in map(trie.ids_of, trie.phrases)
        ]
        probabilities = normalise(torch.tensor(joint, dtype=torch.float64).numpy()).tolist()
        ranked = sorted(zip(trie.phrases, probabilities, strict=True), key=lambda item: -item[1])
        return dict(ranked)

    # -- reading -------------------------------------------------------------------------------------------------------

    def _read(
        self, images_1SW: Tensor, prompt: Sequence[int], *, room: int, cancelled: Callable[[], bool]
    ) -> _Read:
        """Read images and prompt; of the last layer only what the last token needs."""
        if not prompt:
            raise ValueError("the prompt has no tokens; every prompt has at least the one that begins it")
        _stop_if(cancelled)
        text = self._language.embed(torch.tensor([list(prompt)], device=self._device))
        x_1SW = torch.cat((images_1SW.to(text.dtype), text), dim=1)
        length = x_1SW.shape[1]
        cache, rotary = self._room(length + room)
        slot = cache.at(0, length)
        plain = LayerModulation(None, None)
        for index, layer in enumerate(self._language.layers):
            q, k, v = layer.project(x_1SW, _part(rotary, 0, length), None)
            keys, values = slot.extend(index, k, v)
            if index + 1 == len(self._language.layers):
                q, x_1SW = q[:, :, -1:], x_1SW[:, -1:]
            x_1SW = layer.finish(x_1SW, attention.fused(q, keys, values, None), plain)
        return _Read(cache, length, self._model.text_logits(self._language.norm(x_1SW))[0, 0])

    def _say(self, read: _Read, index: int, token: int) -> Tensor:
        """Scores after token number `index` of the answer."""
        place = read.length + index
        _, rotary = self._room(place + 1)
        hidden = self._language(
            self._language.embed(torch.tensor([[token]], device=self._device)),
            rotation=_part(rotary, place, 1),
            mask=None,
            cache=read.cache.at(place, 1),
        )
        return self._model.text_logits(hidden)[0, 0]

    def _read_tree(self, read: _Read, nodes: Sequence[Prefix]) -> Tensor:
        """[N, W] after each beginning, each a token that sees its own beginnings only."""
        index_of = {prefix: index for index, prefix in enumerate(nodes)}
        sees_NN = torch.zeros((len(nodes), len(nodes)), dtype=torch.bool)
        for prefix, index in index_of.items():
            sees_NN[index, [index_of[prefix[:end]] for end in range(1, len(prefix) + 1)]] = True
        mask = torch.nn.functional.pad(sees_NN, (read.length, 0), value=True).to(self._device)
        places = torch.tensor([read.length + len(prefix) - 1 for prefix in nodes], device=self._device)
        _, rotary = self._room(read.length + len(nodes))
        tokens = torch.tensor([[prefix[-1] for prefix in nodes]], device=self._device)
        hidden = self._language(
            self._language.embed(tokens),
            rotation=Rotation(*(table[:, :, places] for table in rotary)),
            mask=additive(mask, dtype=self._dtype)[None, None],
            cache=read.cache.at(read.length, len(nodes)),
        )
        return hidden[0]

    # -- choosing ------------------------------------------------------------------------------------------------------

    def _choose(
        self, scores_V: Tensor, said: Sequence[int], temperature: float, generator: torch.Generator | None
    ) -> int:
        if self._locations and sum(token in self._locations for token in said) >= 4 * MAX_BOXES:
            scores_V = scores_V.clone()
            scores_V[sorted(token for token in self._locations if token < len(scores_V))] = -torch.inf
        if temperature == 0:
            return int(scores_V.argmax())
        probabilities = (scores_V / temperature).softmax(dim=0).cpu()
        return int(torch.multinomial(probabilities, 1, generator=generator))

    def _full(self, said: Sequence[int]) -> bool:
        located = sum(token in self._locations for token in said)
        return len(said) - located >= MAX_TEXT_TOKENS + LABEL_TOKENS * (located // 4)

    def _room(self, capacity: int) -> tuple[StaticCache, Rotation]:
        """The cache and the rotations, made again only when they are too small."""
        if self._cache is None or self._rotary is None or self._cache.capacity < capacity:
            config = self._language.config
            rounded = -(-capacity // 64) * 64
            self._cache = StaticCache(
                config, batch=1, capacity=rounded, dtype=self._dtype, device=self._device
            )
            self._rotary = rotary_table(
                rounded, head_dim=config.head_dim, dtype=self._dtype, device=self._device
            )
        return self._cache, self._rotary


def _edges(scores_NV: Tensor, prefixes: Sequence[Prefix], trie: PhraseTrie) -> dict[Prefix, dict[int, float]]:
    """Logarithm of the probability of each token that may come next, by beginning."""
    logs_NV = scores_NV.log_softmax(dim=1)
    found = {}
    for row, prefix in enumerate(prefixes):
        allowed = trie.allowed(prefix).tolist()
        found[prefix] = dict(zip(allowed, logs_NV[row, allowed].tolist(), strict=True))
    return found


def _part(rotary: Rotation, start: int, length: int) -> Rotation:
    return Rotation(*(table[:, :, start : start + length] for table in rotary))


def _stop_if(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Superseded("a newer request has come")
