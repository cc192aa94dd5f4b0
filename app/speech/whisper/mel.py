"""What Whisper's encoder is given: the logarithm of a Mel spectrogram, as long as an utterance needs and no longer.

Legend: B batch, M Mel bands, F frames of 10 ms, C positions of the encoder (20 ms each), D features.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional
from whisper.audio import HOP_LENGTH, N_FFT, mel_filters
from whisper.model import AudioEncoder

SAMPLES_PER_POSITION = 2 * HOP_LENGTH
"""Of the encoder: its second convolution halves the frames."""


def log_mel(audio_BN: Tensor, *, n_mels: int) -> Tensor:
    """Spectrograms (B, M, F) of sounds (B, N) in units of full scale, N a multiple of a frame.

    The same numbers as `whisper.audio.log_mel_spectrogram` gives one sound: that one takes the greatest value of a
    whole batch for the floor of each.
    """
    window = torch.hann_window(N_FFT, device=audio_BN.device)
    stft = torch.stft(audio_BN, N_FFT, HOP_LENGTH, window=window, return_complex=True)
    power = stft[..., :-1].abs() ** 2
    log_BMF = (mel_filters(audio_BN.device, n_mels) @ power).clamp(min=1e-10).log10()
    floor = log_BMF.amax(dim=(1, 2), keepdim=True) - 8.0
    return (torch.maximum(log_BMF, floor) + 4.0) / 4.0


def encode(encoder: AudioEncoder, mel_BMF: Tensor) -> Tensor:
    """Features (B, C, D) of spectrograms that may be shorter than the encoder's whole context.

    Whisper's own `forward` insists on 30 s. Its position codes are sines, so the first ones stand for a shorter sound
    as well, and the cost falls with the length.
    """
    x = functional.gelu(encoder.conv1(mel_BMF))
    x = functional.gelu(encoder.conv2(x)).permute(0, 2, 1)
    x = (x + encoder.positional_embedding[: x.shape[1]]).to(x.dtype)
    for block in encoder.blocks:
        x = block(x)
    features: Tensor = encoder.ln_post(x)
    return features
