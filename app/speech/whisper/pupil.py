"""The recogniser as it is trained: a small Whisper that also learns to spell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from whisper.model import ModelDimensions, Whisper

from app.speech.whisper.batches import IGNORED, LETTERS, Batch
from app.speech.whisper.mel import encode, log_mel
from app.speech.whisper.vocabulary import Vocabulary

DIMENSIONS = ModelDimensions(
    n_mels=80,
    n_audio_ctx=256,
    n_audio_state=128,
    n_audio_head=4,
    n_audio_layer=4,
    n_vocab=51864,
    n_text_ctx=32,
    n_text_state=128,
    n_text_head=4,
    n_text_layer=3,
)
"""7.9 million numbers, 6.6 of them in the table of tokens that every Whisper has. The context is 5.12 s."""


class Pupil(nn.Module):
    """The model as it is trained: Whisper with the used tokens only, and the layer that spells."""

    def __init__(self, used: int, *, dimensions: ModelDimensions = DIMENSIONS) -> None:
        super().__init__()
        self.whisper = Whisper(ModelDimensions(**(asdict(dimensions) | {"n_vocab": used})))
        self.spell = nn.Linear(dimensions.n_audio_state, len(LETTERS) + 1)
        self._unused_log = math.log(dimensions.n_vocab - used)
        decoder = self.whisper.decoder
        nn.init.normal_(decoder.positional_embedding, std=0.05)
        with torch.no_grad():
            # Some direction in which all used rows lie: 51,000 logits of zero have to be outweighed from the start.
            common = torch.sign(torch.randn(dimensions.n_text_state))
            decoder.ln.bias.copy_(common)
            decoder.token_embedding.weight.normal_(std=0.1).add_(0.08 * common)

    def forward(self, mel_BMF: Tensor, tokens_BT: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the used tokens, with one more for all unused together (B, T, U + 1); of the letters (C, B, L)."""
        features_BCD = encode(self.whisper.encoder, mel_BMF)
        logits_BTU = self.whisper.decoder(tokens_BT, features_BCD)
        unused = torch.full_like(logits_BTU[..., :1], self._unused_log)
        return torch.cat((logits_BTU, unused), dim=-1), self.spell(features_BCD).float().permute(1, 0, 2)

    def take(self, checkpoint: dict[str, Any], vocabulary: Vocabulary) -> None:
        """Begin with a whole checkpoint's weights; the layer that spells, which none has, stays as it is.

        Raises:
            RuntimeError: the checkpoint is of other dimensions.
        """
        name = "decoder.token_embedding.weight"
        state = dict(checkpoint["model_state_dict"])
        state[name] = state[name][vocabulary.tokens]
        self.whisper.load_state_dict(state)

    def whole(self, vocabulary: Vocabulary, *, dimensions: ModelDimensions = DIMENSIONS) -> dict[str, object]:
        """The checkpoint in Whisper's own format, in half precision."""
        state = {name: value.half() for name, value in self.whisper.state_dict().items()}
        table = torch.zeros(dimensions.n_vocab, dimensions.n_text_state, dtype=torch.float16)
        table[vocabulary.tokens] = state["decoder.token_embedding.weight"]
        state["decoder.token_embedding.weight"] = table
        return {"dims": asdict(dimensions), "model_state_dict": state}


def losses(pupil: Pupil, batch: Batch, mel_BMF: Tensor) -> tuple[Tensor, Tensor]:
    """Of the text, and of the spelling."""
    logits, letters = pupil(mel_BMF, batch.tokens_BT)
    text = functional.cross_entropy(logits.flatten(0, 1), batch.targets_BT.flatten(), ignore_index=IGNORED)
    counts = torch.full((letters.shape[1],), letters.shape[0])
    spelling = functional.ctc_loss(
        letters.log_softmax(-1), batch.letters, counts, batch.letter_counts, zero_infinity=True
    )
    return text, spelling


@torch.no_grad()
def exact_share(pupil: Pupil, batches: Sequence[Batch]) -> tuple[float, float]:
    """Share of clips of which every token is the likeliest, and the mean loss."""
    pupil.eval()
    right, total, loss = 0, 0, 0.0
    for batch in batches:
        logits, _ = pupil(log_mel(batch.audio_BN, n_mels=DIMENSIONS.n_mels), batch.tokens_BT)
        hit = (logits.argmax(-1) == batch.targets_BT) | (batch.targets_BT == IGNORED)
        right += int(hit.all(dim=1).sum())
        total += len(hit)
        loss += float(functional.cross_entropy(logits.flatten(0, 1), batch.targets_BT.flatten())) / len(
            batches
        )
    pupil.train()
    return right / total, loss
