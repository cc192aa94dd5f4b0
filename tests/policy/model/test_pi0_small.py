"""What π0-small has that the other flow models have not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from policy.model import attention
from policy.model.attention import additive
from policy.model.dit import Dit, modulated
from policy.model.pi0_small import Pi0Small
from policy.presets import BASELINES, PI0_SMALL, Pi0SmallConfig, TextEncoderConfig, TransformerConfig
from tests.policy.model import tiny


def millions(module: torch.nn.Module) -> float:
    return sum(parameter.numel() for parameter in module.parameters()) / 1e6


def test_the_paper_size_has_about_470_million_parameters() -> None:
    with torch.device("meta"):
        model = Pi0Small(PI0_SMALL)
    observation = model.observation
    split = {
        "image encoders": millions(observation.image_encoders),
        "text encoder": millions(observation.text_encoder),
        "observation transformer": millions(observation.layers),
        "action expert": millions(model.expert),
    }
    print(f"{millions(model):.1f} M:", ", ".join(f"{name} {size:.1f}" for name, size in split.items()))
    assert 460 < millions(model) < 480
    assert sum(split.values()) > 0.99 * millions(model)
    assert split["text encoder"] == pytest.approx(66.4, abs=0.1)  # DistilBERT's published size
    assert BASELINES["pi0-small"] is PI0_SMALL


def test_every_layer_of_the_expert_starts_as_the_identity() -> None:
    torch.manual_seed(0)
    dit = Dit(TransformerConfig(20, 3, 40, 2), action_dim=6, horizon=5, context_width=24)
    x_BTW, condition = torch.randn(2, 5, 20), torch.randn(2, 1, 20)
    for layer in dit.layers:
        context = layer.cross_attention.keys_values(torch.randn(2, 7, 24))
        assert torch.equal(layer(x_BTW, condition, context, None, attention.fused), x_BTW)


def test_the_first_velocity_is_zero_and_training_moves_it() -> None:
    torch.manual_seed(0)
    model = Pi0Small(tiny.PI0_SMALL_TINY)
    inputs, noise, time = tiny.observation(), tiny.chunk(), torch.tensor([0.4, 0.8])
    first = model.velocity(model.prefill(inputs), inputs.state_BA, noise, time)
    assert torch.equal(first, torch.zeros_like(first))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    moved = {}
    for _ in range(4):  # the output, then the gates, then what is behind them
        optimizer.zero_grad()
        model.flow_error(inputs, tiny.chunk(seed=5), noise, time).mean().backward()
        moved = {name: parameter.grad for name, parameter in model.named_parameters()}
        optimizer.step()
    # A key's bias moves all scores of a query alike, which softmax does not see.
    seen = {name: grad for name, grad in moved.items() if not name.endswith(("k_proj.bias", "k_lin.bias"))}
    silent = [name for name, grad in seen.items() if grad is None or grad.abs().sum() == 0]
    assert silent == []
    sources = moved["observation.sources.weight"]
    assert sources is not None
    assert (sources.abs().sum(dim=1) > 0).all()  # each camera, the text and the state


def test_cameras_share_no_weights() -> None:
    model = tiny.pi0_small()
    encoders = model.observation.image_encoders
    assert len({id(parameter) for parameter in encoders.parameters()}) == 3 * len(
        list(encoders[0].parameters())
    )
    inputs = tiny.observation()
    swapped = replace(inputs, images_BNCYX=inputs.images_BNCYX[:, [1, 0, 2]])
    first, second = (model.prefill(each).cache.keys[0] for each in (inputs, swapped))
    assert not torch.allclose(first, second, atol=1e-3)


def test_the_text_encoder_computes_what_distilbert_does() -> None:
    """Against the same in PyTorch's own post-norm layers."""
    model = tiny.pi0_small().observation.text_encoder
    config = tiny.PI0_SMALL_TINY.text
    tokens_BL, mask_BL = (
        torch.randint(0, config.vocab_size, (2, 8)),
        torch.arange(8) < torch.tensor([[5], [8]]),
    )
    x = model.embeddings.word_embeddings(tokens_BL) + model.embeddings.position_embeddings.weight[:8]
    x = F.layer_norm(x, (16,), model.embeddings.LayerNorm.weight, model.embeddings.LayerNorm.bias, eps=1e-12)
    for layer in model.transformer.layer:
        reference = torch.nn.TransformerEncoderLayer(
            16, 2, 32, dropout=0.0, activation="gelu", layer_norm_eps=1e-12, batch_first=True
        )
        own = layer.attention
        heads = (own.q_lin, own.k_lin, own.v_lin)
        names = {
            "self_attn.in_proj_weight": torch.cat([linear.weight for linear in heads]),
            "self_attn.in_proj_bias": torch.cat([linear.bias for linear in heads]),
            "self_attn.out_proj.weight": own.out_lin.weight,
            "self_attn.out_proj.bias": own.out_lin.bias,
        }
        parts = (("linear1", layer.ffn.lin1), ("linear2", layer.ffn.lin2))
        for name, part in (*parts, ("norm1", layer.sa_layer_norm), ("norm2", layer.output_layer_norm)):
            names |= {f"{name}.weight": part.weight, f"{name}.bias": part.bias}
        reference.load_state_dict(names)
        x = reference(x, src_key_padding_mask=~mask_BL)
    found = model(tokens_BL, additive(mask_BL, dtype=torch.float32)[:, None, None], attend=attention.fused)
    torch.testing.assert_close(found[mask_BL], x[mask_BL], atol=1e-5, rtol=1e-5)


def test_the_number_of_cameras_must_be_the_models() -> None:
    inputs = tiny.observation()
    two = replace(inputs, images_BNCYX=inputs.images_BNCYX[:, :2], image_mask_BN=inputs.image_mask_BN[:, :2])
    with pytest.raises(ValueError, match=r"2 cameras; .* each of 3"):
        tiny.pi0_small().prefill(two)


def test_a_prompt_longer_than_the_positions_is_refused() -> None:
    inputs = tiny.observation()
    long = replace(
        inputs,
        tokens_BL=F.pad(inputs.tokens_BL, (0, 9)),
        token_mask_BL=F.pad(inputs.token_mask_BL, (0, 9)),
    )
    with pytest.raises(ValueError, match="17 tokens; the text encoder has positions for 16"):
        tiny.pi0_small().prefill(long)
    with pytest.raises(ValueError, match="prompts of 48 tokens; the text encoder reads 16"):
        Pi0SmallConfig(text=TextEncoderConfig(max_tokens=16))


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="width 20 is no multiple of its 3 heads"):
        TransformerConfig(20, 1, 40, 3)


def test_a_modulation_of_nothing_is_the_plain_norm() -> None:
    x_BTW, nothing = torch.randn(2, 5, 20) * 3 + 1, torch.zeros(2, 1, 20)
    plain = F.layer_norm(x_BTW, (20,), eps=1e-6)
    torch.testing.assert_close(modulated(x_BTW, nothing, nothing), plain)
    torch.testing.assert_close(modulated(x_BTW, nothing + 0.5, nothing + 1), 2 * plain + 0.5)
