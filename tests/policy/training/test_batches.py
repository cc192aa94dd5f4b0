"""Samples to batches: what inference would see, what counts, and the same draws wherever a sample is taught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from policy.model.initialise import initialise
from policy.model.pi0 import Pi0
from policy.presets import PRESETS
from policy.text.fast_layout import text_to_fast_ids
from policy.text.tokenizer import EOS
from policy.training.batches import CLIP, SampleUnfit, StepBatch
from policy.training.parts import Parts
from policy.training.recipe import Images, Stage
from policy.training.samples import TrainingSample
from policy.training.seeds import Place
from policy.training.step_loss import StepLoss
from policy.transforms.configs import TrainedConfig
from policy.transforms.embodiments.understudy import Understudy
from policy.transforms.pipeline import build_pipeline
from policy.transforms.to_tensors import to_tensors
from policy.transforms.tokenize import prompt_tokenizer
from tests.policy.training import synthetic
from tests.policy.training.synthetic import CAMERAS, DIM, HORIZON, POST, PRE, TINY, sample

PLACE = Place(seed=0, stage=0, step=3)
BOTH = Stage(name="both", steps=1, batch=6, draws=2, bf16=False)
MOVED = Images(recolour=True, move=True)


def made(
    parts: Parts,
    samples: list[TrainingSample],
    stage: Stage = BOTH,
    *,
    place: Place = PLACE,
    images: Images | None = None,
) -> StepBatch:
    return synthetic.batcher(parts, images=images).step_batch(samples, stage, place)


def test_each_level_is_as_narrow_as_what_it_holds(parts: Parts) -> None:
    low, high, question = made(parts, [sample(seed) for seed in range(8)]).parts
    assert [len(part.inputs.tokens_BL) for part in (low, high, question)] == [4, 2, 2]
    assert [part.inputs.images_BNCYX.shape[1] for part in (low, high, question)] == [2, 1, 1]
    assert question.inputs.tokens_BL.shape[1] < low.inputs.tokens_BL.shape[1]
    assert low.fast is not None
    assert low.flow is not None
    assert low.answer is None
    assert low.draws == 2
    for part in (high, question):
        assert part.answer is not None
        assert part.fast is None
        assert part.flow is None


def test_what_a_stage_does_not_teach_is_not_there(parts: Parts) -> None:
    samples = [sample(seed) for seed in range(8)]
    (low, *_) = made(parts, samples, PRE).parts
    assert low.flow is None
    (low, *_) = made(parts, samples, POST).parts
    assert low.fast is None
    without_words = Stage(name="actions alone", steps=1, text=0.0)
    batch = made(parts, samples, without_words)
    assert len(batch.parts) == 1
    assert batch.size == 8


def test_the_model_sees_what_it_will_see_at_inference(parts: Parts) -> None:
    taught = sample(0, "low")
    assert taught.actions is not None
    robot = parts.robot
    config = TrainedConfig(
        name="toy", kind="pi05", embodiment=Understudy(DIM, slots=CAMERAS), asset_id="toy",
        action_horizon=HORIZON, normalization="quantile", discrete_state=True,
        max_prompt_tokens=TINY.max_prompt_tokens, action_dim=TINY.action_dim, delta=robot.delta, clip=CLIP,
    )  # fmt: skip
    pipeline = build_pipeline(
        config, robot.stats, prompt_tokenizer(config, parts.tokenizer), image_size=synthetic.SIDE
    )
    images = {"front": taught.images["base_0_rgb"], "right_wrist": taught.images["right_wrist_0_rgb"]}
    seen = pipeline.inputs(
        {"images": images, "state": taught.state, "prompt": taught.prompt, "actions": taught.actions}
    )
    expected = to_tensors([seen], cameras=CAMERAS, trim=True)
    (part,) = made(parts, [taught], POST).parts
    for name, tensor in vars(expected).items():
        assert torch.equal(getattr(part.inputs, name), tensor), name
    assert part.flow is not None
    assert torch.equal(part.flow.actions_BTA[0], torch.from_numpy(seen["actions"].astype(np.float32)))


def test_steps_past_the_end_and_padded_dimensions_do_not_count(parts: Parts) -> None:
    taught = sample(2, "low")
    assert taught.valid is not None
    assert not taught.valid.all()
    (part,) = made(parts, [taught], POST).parts
    assert part.flow is not None
    for counts_TA in part.flow.counts_BTA:
        assert torch.equal(counts_TA[:, :DIM], torch.from_numpy(taught.valid)[:, None].expand(-1, DIM))
        assert not counts_TA[:, DIM:].any()


def test_fast_tokens_are_the_chunk(parts: Parts) -> None:
    taught = sample(0, "low")
    (part,) = made(parts, [taught], PRE).parts
    assert part.fast is not None
    assert parts.fast is not None
    assert taught.state is not None
    ids = part.fast.tokens_BL[0, part.fast.mask_BL[0]].tolist()
    end = parts.tokenizer.encode("|")
    assert ids[-1 - len(end) :] == [*end, EOS]
    spelled = parts.fast.decode(text_to_fast_ids(ids[: -1 - len(end)], vocab_size=TINY.vocab_size))
    relative = synthetic.chunk(0, taught.state) - taught.state * [1, 1, 0, 0]
    assert np.abs(spelled - relative).max() < 0.3
    assert np.corrcoef(spelled.ravel(), relative.ravel())[0, 1] > 0.98


def test_the_shipped_presets_vocabulary_has_room_for_text_and_actions() -> None:
    from policy.training.parts import _FIXED

    assert PRESETS["pi05-kitchen"].vocab_size - _FIXED >= 800


@pytest.mark.parametrize("images", [Images(recolour=False), MOVED])
def test_a_sample_is_drawn_for_by_its_place_in_the_step_alone(parts: Parts, images: Images) -> None:
    samples = [sample(seed, "low") for seed in range(6)]
    (whole,) = made(parts, samples, POST, images=images).parts
    assert whole.flow is not None
    for rank in range(2):
        (part,) = made(
            parts, samples[rank::2], POST, place=replace(PLACE, rank=rank, world=2), images=images
        ).parts
        assert part.flow is not None
        assert torch.equal(part.inputs.images_BNCYX, whole.inputs.images_BNCYX[rank::2])
        rows = whole.flow.noise_BTA.unflatten(0, (6, 2))[rank::2].flatten(0, 1)
        assert torch.equal(part.flow.noise_BTA, rows)
    other = made(parts, samples, POST, place=replace(PLACE, step=4), images=images).parts[0]
    assert other.flow is not None
    assert not torch.equal(other.flow.noise_BTA, whole.flow.noise_BTA)


def test_pictures_move_at_the_low_level_alone_and_never_on_a_wrist(parts: Parts) -> None:
    images = Images(recolour=False, move=True)
    still = made(parts, [sample(seed) for seed in range(8)], images=Images(recolour=False)).parts
    moved = made(parts, [sample(seed) for seed in range(8)], images=images).parts
    front, wrist = (
        [part[0].inputs.images_BNCYX[:, camera] for part in (still, moved)] for camera in range(2)
    )
    assert not torch.allclose(*front, atol=1e-3)
    assert torch.allclose(*wrist, atol=1e-6)
    for before, after in zip(still[1:], moved[1:], strict=True):
        assert torch.equal(before.inputs.images_BNCYX, after.inputs.images_BNCYX)


@torch.no_grad()
def test_a_step_is_the_mean_of_its_samples_each_alone(parts: Parts) -> None:
    model = Pi0(TINY)
    initialise(model, generator=torch.Generator().manual_seed(0), zeros=False)
    loss = StepLoss(model)
    samples = [sample(seed) for seed in range(6)]
    together = loss(made(parts, samples), BOTH)
    alone = [
        loss(made(parts, [own], place=replace(PLACE, rank=at, world=6)), BOTH)
        for at, own in enumerate(samples)
    ]
    assert torch.allclose(together, torch.stack(alone).mean(dim=0), atol=1e-5)
    assert (together > 0).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda own: replace(own, robot="other"), "robot 'other' has no statistics; there are those of toy"),
        (lambda own: replace(own, state=None), "a sample of the low level needs a state"),
        (
            lambda own: replace(own, actions=own.actions[:3]),
            r"a chunk for robot 'toy' is \[8, 4\], not \[3, 4\]",
        ),
        (lambda own: replace(own, state=own.state * np.nan), "state or actions are not finite"),
        (lambda own: replace(own, images={}), "there is no image at all"),
        (
            lambda own: replace(own, images={"top": own.images["base_0_rgb"]}),
            r"cameras \['top'\] are none of",
        ),
        (lambda own: replace(own, level="high"), "a sample of the high level needs an answer"),
    ],
)
def test_a_sample_that_cannot_be_taught_is_named(
    parts: Parts, change: Callable[[Any], TrainingSample], message: str
) -> None:
    own = sample(0, "low")
    if "high level" in message:
        own = replace(own, images={"base_0_rgb": own.images["base_0_rgb"]})
    with pytest.raises(SampleUnfit, match=f"^episode-0 of demos at 1.000 s: {message}"):
        made(parts, [change(own)])
