"""The training learns, goes on where it was interrupted, and writes what stock Whisper loads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import whisper
from whisper.model import MultiHeadAttention

from app.speech.whisper import train
from app.speech.whisper.batches import IGNORED, labelled
from app.speech.whisper.clips import Room
from app.speech.whisper.mel import log_mel
from app.speech.whisper.model import load, tokenizer_for
from app.speech.whisper.phrases import KITCHEN_PHRASES, UNKNOWN, written
from app.speech.whisper.pupil import DIMENSIONS, Pupil, exact_share, losses
from app.speech.whisper.vocabulary import Vocabulary, all_texts

SMALL = replace(DIMENSIONS, n_audio_state=32, n_audio_layer=1, n_text_state=32, n_text_layer=1)


@pytest.fixture(autouse=True)
def _own_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training chooses threads and a kind of attention for its process."""
    monkeypatch.setattr(MultiHeadAttention, "use_sdpa", MultiHeadAttention.use_sdpa)
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)


def test_every_token_of_the_training_has_a_number() -> None:
    tokenizer = tokenizer_for()
    vocabulary = Vocabulary(tokenizer, all_texts())
    assert len(vocabulary.tokens) < 2500
    for text in (
        "carry the sponge to the sink",
        "we never open the green door",
        "pick up the phone",
        "don't go home",
    ):
        tokens = [vocabulary.tokens[number] for number in vocabulary.encode(text)]
        assert tokenizer.decode(tokens) == (
            written(text) if text in KITCHEN_PHRASES else UNKNOWN + written(text)
        )


def test_targets_are_whispers() -> None:
    vocabulary = Vocabulary(tokenizer_for(), all_texts())
    batch = labelled(np.zeros((2, 3200), np.float32), ["open the drawer", ""], vocabulary)
    text = vocabulary.encode("open the drawer")
    assert batch.tokens_BT[0].tolist() == [vocabulary.sot, vocabulary.no_timestamps, *text]
    assert batch.targets_BT[0].tolist() == [vocabulary.no_timestamps, *text, vocabulary.eot]
    assert batch.tokens_BT[1, 0] == vocabulary.sot
    assert batch.targets_BT[1].tolist() == [vocabulary.no_speech, *[IGNORED] * (len(text) + 1)]
    assert batch.letter_counts.tolist() == [len("open the drawer"), 0]


@torch.no_grad()
def test_the_trained_rows_alone_give_the_whole_table_s_probabilities(tmp_path: Path) -> None:
    """What is left out of the softmax while training is added exactly."""
    torch.manual_seed(0)
    vocabulary = Vocabulary(tokenizer_for(), all_texts())
    pupil = Pupil(len(vocabulary.tokens), dimensions=SMALL)
    torch.save(pupil.whole(vocabulary, dimensions=SMALL), tmp_path / "small.pt")
    whole = load(tmp_path / "small.pt").whisper
    # Through half precision, as the file has it.
    pupil.whisper.load_state_dict({name: value.half() for name, value in pupil.whisper.state_dict().items()})
    mel = torch.randn(1, 80, 512)
    numbers = torch.tensor(
        [[vocabulary.sot, vocabulary.no_timestamps, *vocabulary.encode("open the drawer")]]
    )
    logits, _ = pupil(mel, numbers)
    theirs = whole(mel, torch.tensor(vocabulary.tokens)[numbers]).log_softmax(-1)
    ours = logits.log_softmax(-1)
    torch.testing.assert_close(ours[..., :-1], theirs[..., vocabulary.tokens], atol=1e-4, rtol=1e-4)
    assert float(ours[..., -1].exp().sum()) > 0


@pytest.mark.timeout(240)
def test_it_learns_a_few_clips() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    vocabulary = Vocabulary(tokenizer_for(), all_texts())
    room = Room(rng)
    sounds = np.stack([room.nothing_said(128 * 320) for _ in range(4)])
    batch = labelled(sounds, ["open the drawer", "lower the lift", "we like tea", ""], vocabulary)
    pupil = Pupil(len(vocabulary.tokens), dimensions=SMALL)
    mel = log_mel(batch.audio_BN, n_mels=80)
    optimizer = torch.optim.AdamW(pupil.parameters(), lr=5e-3)
    first = float(losses(pupil, batch, mel)[0].detach())
    for _ in range(40):
        text, spelling = losses(pupil, batch, mel)
        optimizer.zero_grad()
        (text + 0.4 * spelling).backward()
        optimizer.step()
    assert float(text.detach()) < 0.3 * first
    assert exact_share(pupil, [batch])[0] >= 0.75


@pytest.mark.timeout(240)
def test_it_is_run_from_the_command_line_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(train, "DIMENSIONS", SMALL)
    monkeypatch.setattr(train, "Pupil", lambda used: Pupil(used, dimensions=SMALL))
    monkeypatch.setattr(Pupil, "whole", lambda self, vocabulary: WHOLE(self, vocabulary, dimensions=SMALL))
    monkeypatch.setattr(train, "CHECK_VOICES", train.CHECK_VOICES[:1])
    path = tmp_path / "small.pt"
    counts = [
        "--each",
        "1",
        "--others",
        "6",
        "--within",
        "2",
        "--near",
        "2",
        "--accents",
        "1",
        "--batch",
        "2",
    ]
    few = [*counts, "--cache", str(tmp_path / "cache")]
    assert train.main([str(path), "--minutes", "0.001", *few]) == 0
    assert "from step 0," in capsys.readouterr().out
    assert train.main([str(path), "--minutes", "0.001", *few]) == 0
    assert "from step 0," not in capsys.readouterr().out
    assert whisper.load_model(str(path), device="cpu").dims == SMALL
    before = torch.load(path, weights_only=True)["model_state_dict"]["encoder.conv1.weight"]
    warm = tmp_path / "warm.pt"
    assert train.main([str(warm), "--minutes", "0.001", "--warm", str(path), *few]) == 0
    assert "from step 0," in capsys.readouterr().out
    after = torch.load(warm, weights_only=True)["model_state_dict"]["encoder.conv1.weight"]
    assert torch.allclose(before, after, atol=0.01)
    warm.unlink()
    warm.with_suffix(".state").unlink()
    assert sorted(file.suffix for file in tmp_path.iterdir() if file.is_file()) == [".pt", ".state"]


WHOLE = Pupil.whole
