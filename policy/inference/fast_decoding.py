"""Writing tokens one after another with a cache, within a grammar: how π0-FAST makes a chunk."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from policy.inference.static_cache import CacheSlot, StaticCache
from policy.model import attention
from policy.model.attention import Attend, additive
from policy.model.inputs import ModelInputs
from policy.model.paligemma import PaliGemma
from policy.model.rope import rotation
from policy.model.rules import Kind, Segment, attention_matrix, attention_positions

MAX_TOKENS = 256
"""Of a chunk, as in openpi."""

Progress = TypeVar("Progress")


class Grammar(Protocol[Progress]):
    """What may be written. `policy.actions.fast_grammar.ActionGrammar` is one."""

    @property
    def lead(self) -> tuple[int, ...]:
        """Ids that are written first, whatever the model says."""
        ...

    def start(self) -> Progress:
        """After the lead."""
        ...

    def allowed(self, progress: Progress) -> NDArray[np.bool_]:
        """[V]: which ids may come next."""
        ...

    def advance(self, progress: Progress, token: int) -> Progress:
        """Progress after a token."""
        ...

    def complete(self, progress: Progress) -> bool:
        """Whether the model need not be asked any more."""
        ...

    def closing(self, progress: Progress) -> list[int]:
        """Ids that end what was written, from wherever it stands."""
        ...


@dataclass(frozen=True)
class Written:
    """What was written for one sample.

    Attributes:
        tokens: Lead and end included.
        cut: Whether it was ended for its length.
    """

    tokens: list[int]
    cut: bool


@torch.no_grad()
def write(
    paligemma: PaliGemma,
    inputs: ModelInputs,
    grammar: Grammar[Progress],
    *,
    max_tokens: int = MAX_TOKENS,
    temperature: float = 0.0,
    generator: torch.Generator | None = None,
    attend: Attend = attention.fused,
) -> list[Written]:
    """Let the model write, of what the grammar allows.

    Args:
        paligemma: The model.
        inputs: The observation.
        grammar: What may be written.
        max_tokens: The model is asked for so many tokens at most; then the grammar ends what was written.
        temperature: 0 writes the most probable token; above, tokens are drawn, at 1 as probably as the model says.
        generator: For draws, on the processor.
        attend: The attention.

    Returns:
        For each sample, tokens that the grammar accepts, always.

    Raises:
        ValueError: `max_tokens` is below 1, `temperature` below 0, the grammar is for another vocabulary, or scores
            are not numbers.
    """
    if max_tokens < 1:
        message = f"{max_tokens} tokens at most; at least 1 is needed (openpi: {MAX_TOKENS})"
        raise ValueError(message)
    if not (math.isfinite(temperature) and temperature >= 0):
        raise ValueError(f"temperature is {temperature}; it must be a number from 0 up")
    session = _Session(paligemma, inputs, grammar.lead, room=max_tokens, attend=attend)
    batch = len(inputs.tokens_BL)
    progress = [grammar.start() for _ in range(batch)]
    tokens: list[list[int]] = [list(grammar.lead) for _ in range(batch)]
    for step in range(max_tokens):
        writing = [not grammar.complete(each) for each in progress]
        if not any(writing):
            break
        if step:
            session.read([row[-1] for row in tokens])
        for sample, scores_V in enumerate(session.scores_BV):
            if writing[sample]:
                allowed_V = grammar.allowed(progress[sample])
                token = _next(scores_V, allowed_V, temperature=temperature, generator=generator)
                tokens[sample].append(token)
                progress[sample] = grammar.advance(progress[sample], token)
    return [
        Written([*row, *grammar.closing(each)], cut=not grammar.complete(each))
        for row, each in zip(tokens, progress, strict=True)
    ]


def _next(
    scores_V: Tensor,
    allowed_V: NDArray[np.bool_],
    *,
    temperature: float,
    generator: torch.Generator | None,
) -> int:
    if len(scores_V) != len(allowed_V):
        message = f"the model scores {len(scores_V)} tokens, the grammar has {len(allowed_V)}; give both one vocabulary"
        raise ValueError(message)
    allowed = torch.from_numpy(allowed_V).to(scores_V.device)
    scores_V = scores_V.masked_fill(~allowed, -torch.inf)
    best = int(scores_V.argmax())  # one that is no number, if there is any
    if not math.isfinite(float(scores_V[best])):
        message = f"the model's score of token {best} is {float(scores_V[best])}; its weights or its images are broken"
        raise ValueError(message)
    if not temperature:
        return best
    probabilities_V = (scores_V.cpu().double() / temperature).softmax(dim=0)
    return int(torch.multinomial(probabilities_V, 1, generator=generator))


class _Session:
    """A language tower in the middle of writing: its cache, and its scores of the next token."""

    def __init__(
        self, paligemma: PaliGemma, inputs: ModelInputs, lead: tuple[int, ...], *, room: int, attend: Attend
    ) -> None:
        self._paligemma, self._attend = paligemma, attend
        tower = paligemma.language
        x_BSW, valid_BS = paligemma.embed_prefix(inputs)
        lead_BL = torch.tensor(lead, dtype=torch.int64, device=x_BSW.device).expand(len(x_BSW), -1)
        x_BSW = torch.cat((x_BSW, tower.embed(lead_BL)), dim=1)
        segments = [Segment(Kind.PROMPT, valid_BS.shape[1]), Segment(Kind.FAST, len(lead))]
        valid_BS = F.pad(valid_BS, (0, len(lead)), value=True)
        self._cache = StaticCache(
            tower.config,
            batch=len(x_BSW),
            capacity=x_BSW.shape[1] + room,
            dtype=x_BSW.dtype,
            device=x_BSW.device,
        )
        self._valid_BS = valid_BS
        self._position_B = valid_BS.sum(dim=1) - 1
        hidden_BSW = self._run(
            x_BSW,
            attention_positions(segments, valid_BS),
            attention_matrix(segments, valid_BS),
            self._cache.at(0, x_BSW.shape[1]),
        )
        place_S = torch.arange(x_BSW.shape[1], device=x_BSW.device)
        last_B = place_S.where(valid_BS, 0).amax(dim=1)
        self.scores_BV = paligemma.text_logits(hidden_BSW[torch.arange(len(x_BSW)), last_B])

    def read(self, tokens_B: list[int]) -> None:
        """Read what was written last; then `scores_BV` are those of the token after it."""
        start = self._valid_BS.shape[1]
        self._valid_BS = F.pad(self._valid_BS, (0, 1), value=True)
        self._position_B = self._position_B + 1
        tokens_BL = torch.tensor(tokens_B, device=self._valid_BS.device)[:, None]
        hidden_BSW = self._run(
            self._paligemma.language.embed(tokens_BL),
            self._position_B[:, None],
            self._valid_BS[:, None],
            self._cache.at(start, 1),
        )
        self.scores_BV = self._paligemma.text_logits(hidden_BSW[:, 0])

    def _run(self, x_BSW: Tensor, positions_BS: Tensor, sees_BSS: Tensor, slot: CacheSlot) -> Tensor:
        tower = self._paligemma.language
        return tower(
            x_BSW,
            rotation=rotation(positions_BS, head_dim=tower.config.head_dim, dtype=x_BSW.dtype),
            mask=additive(sees_BSS, dtype=x_BSW.dtype)[:, None],
            cache=slot,
            attend=self._attend,
        )
