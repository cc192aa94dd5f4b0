"""SigLIP: an image as a row of tokens. Names of submodules are the checkpoint's."""

from __future__ import annotations

import functools
import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from policy.model import attention
from policy.model.activation import gelu
from policy.model.attention import Attend
from policy.model.branch import Branch
from policy.model.precision import is_mixed, stream_dtype
from policy.model.recompute import kept_or_recomputed
from policy.presets import VisionConfig

EPS = 1e-6


class Siglip(nn.Module):
    """Patches, learned positions, pre-norm transformer layers, a last norm; no pooling head.

    Source: Zhai et al. 2023; So400m/14 is the size in PaliGemma.
    """

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.config = config
        self.recomputes = False  # see `policy.model.recompute`
        channels = (3, *config.stem)
        stem = (nn.Conv2d(*pair, kernel_size=3, stride=2, padding=1) for pair in itertools.pairwise(channels))
        kernel = config.patch >> len(config.stem)
        self.embeddings = Branch(
            stem=nn.ModuleList(stem),
            patch_embedding=nn.Conv2d(channels[-1], config.width, kernel_size=kernel, stride=kernel),
            position_embedding=nn.Embedding(config.tokens, config.width),
        )
        self.encoder = Branch(layers=nn.ModuleList(SiglipLayer(config) for _ in range(config.depth)))
        self.post_layernorm = nn.LayerNorm(config.width, eps=EPS)

    def embed(self, images_BCYX: Tensor) -> Tensor:
        """Patches with their positions, [B, P, W], in the embedding's own dtype (float32 in any checkpoint)."""
        patch = self.embeddings.patch_embedding
        x_BCYX = self._through_stem(images_BCYX)
        if is_mixed(x_BCYX):
            return self._embed_mixed(x_BCYX)
        patches_BWYX = patch(x_BCYX.to(patch.weight.dtype))
        return patches_BWYX.flatten(2).transpose(1, 2) + self.embeddings.position_embedding.weight

    def _through_stem(self, x_BCYX: Tensor) -> Tensor:
        """What the patches are cut from: the image, or what the stem makes of it."""
        for convolution in self.embeddings.stem:
            x_BCYX = x_BCYX.to(stream_dtype(convolution.weight)).contiguous(memory_format=torch.channels_last)
            x_BCYX = gelu(convolution(x_BCYX))
        return x_BCYX

    def _embed_mixed(self, x_BCYX: Tensor) -> Tensor:
        """The same, in autocast's dtype: a convolution whose patches touch is a matrix product, and faster as one."""
        patch = self.embeddings.patch_embedding
        size = patch.kernel_size[0]
        x_BCYX = x_BCYX.to(stream_dtype(patch.weight))
        rows, columns = (side // size for side in x_BCYX.shape[2:])
        cut = x_BCYX[..., : rows * size, : columns * size]
        cut = cut.unflatten(3, (columns, size)).unflatten(2, (rows, size))  # B, C, row, y, column, x
        values_BPI = cut.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)
        patches_BPW = F.linear(values_BPI, patch.weight.flatten(1), patch.bias)
        return patches_BPW + self.embeddings.position_embedding.weight.to(patches_BPW.dtype)

    def forward(self, images_BCYX: Tensor, *, attend: Attend = attention.fused) -> Tensor:
        """Tokens [B, P, W] of images in [−1, 1]."""
        x_BPW = self.embed(images_BCYX).to(stream_dtype(self.post_layernorm.weight))
        for layer in self.encoder.layers:
            run = functools.partial(layer, attend=attend)
            x_BPW = kept_or_recomputed(run, x_BPW, recompute=self.recomputes)
        return self.post_layernorm(x_BPW)


class SiglipLayer(nn.Module):
    """Attention, then an MLP, each on a normalised copy and added back."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.layer_norm1 = nn.LayerNorm(config.width, eps=EPS)
        self.self_attn = SiglipAttention(config)
        self.layer_norm2 = nn.LayerNorm(config.width, eps=EPS)
        self.mlp = SiglipMlp(config)

    def forward(self, x_BPW: Tensor, *, attend: Attend = attention.fused) -> Tensor:
        """[B, P, W] to the same."""
        x_BPW = x_BPW + self.self_attn(self.layer_norm1(x_BPW), attend=attend)
        return x_BPW + self.mlp(self.layer_norm2(x_BPW))


class SiglipAttention(nn.Module):
    """Multi-head attention of the patches of one image among themselves."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.q_proj = nn.Linear(config.width, config.width)
        self.k_proj = nn.Linear(config.width, config.width)
        self.v_proj = nn.Linear(config.width, config.width)
        self.out_proj = nn.Linear(config.width, config.width)
        self.fused_qkv: tuple[Tensor, Tensor] | None = None  # see `policy.inference.fuse`

    def forward(self, x_BPW: Tensor, *, attend: Attend = attention.fused) -> Tensor:
        """[B, P, W] to the same."""
        if self.fused_qkv is None:
            q, k, v = self.q_proj(x_BPW), self.k_proj(x_BPW), self.v_proj(x_BPW)
        else:
            q, k, v = F.linear(x_BPW, *self.fused_qkv).chunk(3, dim=-1)
        q, k, v = (x.unflatten(-1, (self.heads, -1)).transpose(1, 2) for x in (q, k, v))
        return self.out_proj(attend(q, k, v, None))


class SiglipMlp(nn.Module):
    """Two linear layers around a GELU (tanh form)."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.width, config.mlp_width)
        self.fc2 = nn.Linear(config.mlp_width, config.width)

    def forward(self, x_BPW: Tensor) -> Tensor:
        """[B, P, W] to the same."""
        return self.fc2(gelu(self.fc1(x_BPW)))
