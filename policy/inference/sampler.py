"""Chunks of actions from a model, fast: one prepared pass for each shape of input, kept for the next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from policy.inference import fuse
from policy.inference.action_pass import ActionPass
from policy.inference.cuda_graph import GraphRunner, Streams, streams_on
from policy.inference.pass_batch import PassBatch, PassShape
from policy.inference.rtc import Continuation
from policy.inference.static_runner import StaticRunner
from policy.inference.tables import FlowTables, flow_tables
from policy.inference.techniques import FAST, Techniques
from policy.inference.trim import Trimmed, trim
from policy.model.flow import STEPS, euler_times
from policy.model.inputs import ModelInputs
from policy.model.pi0 import Pi0

GPU_BUCKET = 32
"""Prompt tokens: on a GPU each multiple is a graph of its own. Also a multiple of what its attention kernels want."""
KEPT_PASSES = 24
"""Shapes whose buffers and graphs are kept; the one not used for longest goes first."""

Runner = Callable[[PassBatch], tuple[Tensor, Tensor]]


class Sampler:
    """Samples action chunks.

    A model serves one sampler, or several with equal `fused_projections`: that switch is in the model itself. Made for
    one caller at a time.

    Args:
        model: In its dtype, on its device, in evaluation mode. Its weights must not change afterwards, except through
            `forget`.
        techniques: Which short cuts are taken.
        bucket: Prompt lengths are rounded up to a multiple of this; 1 on a processor unless given.
        static_buffers: Copy inputs to fixed buffers even where there is no graph; for tests of what a graph does.
    """

    def __init__(
        self,
        model: Pi0,
        *,
        techniques: Techniques = FAST,
        bucket: int | None = None,
        static_buffers: bool = False,
    ) -> None:
        self.model = model
        self.device = model.action_in_proj.weight.device
        on_gpu = self.device.type == "cuda"
        self.techniques = techniques if on_gpu else replace(techniques, cuda_graph=False)
        self._bucket = bucket if bucket is not None else GPU_BUCKET if on_gpu else 1
        self._static_buffers = static_buffers
        self._tables: dict[int, FlowTables] = {}
        self._runners: OrderedDict[PassShape, Runner] = OrderedDict()
        self._streams: Streams | None = streams_on(self.device) if self.techniques.cuda_graph else None
        (fuse.fuse if techniques.fused_projections else fuse.part)(model)

    def sample(
        self,
        inputs: ModelInputs,
        noise_BTA: Tensor,
        *,
        steps: int = STEPS,
        continuation: Continuation | None = None,
    ) -> Tensor:
        """Walk from noise to actions.

        Args:
            inputs: The observation, on any device.
            noise_BTA: Standard normal, float32; where the walk starts.
            steps: Euler steps.
            continuation: What the chunk goes on from, if anything.

        Returns:
            Normalised actions, float32 [B, T, A], on the model's device.

        Raises:
            ValueError: Noise or plan have another shape than the model's chunks.
        """
        return self.sample_with_features(inputs, noise_BTA, steps=steps, continuation=continuation)[0]

    def sample_with_features(
        self,
        inputs: ModelInputs,
        noise_BTA: Tensor,
        *,
        features_BNPW: Tensor | None = None,
        steps: int = STEPS,
        continuation: Continuation | None = None,
    ) -> tuple[Tensor, dict[int, Tensor]]:
        """As `sample`, with image tokens that are known already, or to be known.

        Args:
            inputs: The observation; its images are not read where `features_BNPW` is given.
            noise_BTA: As for `sample`.
            features_BNPW: What `encode` makes of the images.
            steps: As for `sample`.
            continuation: As for `sample`.

        Returns:
            The actions; and for each camera that was encoded, by index, its tokens [B, P, W].
        """
        config = self.model.config
        trimmed, shape, batch = self.prepared(
            inputs, noise_BTA, features_BNPW=features_BNPW, steps=steps, continuation=continuation
        )
        actions, tokens = self._runner(shape, batch)(batch)
        if features_BNPW is not None:
            return actions, {}
        each = tokens.unflatten(1, (-1, config.vision.tokens)) if trimmed.cameras else tokens
        return actions, {camera: each[:, index] for index, camera in enumerate(trimmed.cameras)}

    def prepared(
        self,
        inputs: ModelInputs,
        noise_BTA: Tensor,
        *,
        features_BNPW: Tensor | None = None,
        steps: int = STEPS,
        continuation: Continuation | None = None,
    ) -> tuple[Trimmed, PassShape, PassBatch]:
        """What is left of the inputs, and as a pass takes it; arguments are those of `sample_with_features`."""
        config = self.model.config
        expected = (len(inputs.tokens_BL), config.action_horizon, config.action_dim)
        self._check(noise_BTA, expected, "noise")
        trimmed = trim(inputs, self.techniques, bucket=self._bucket)
        kept = trimmed.inputs
        images = kept.images_BNCYX
        if features_BNPW is not None:
            images = features_BNPW[:, list(trimmed.cameras)].flatten(1, 2)
        plan, weights = noise_BTA, noise_BTA[:, :, 0]
        if continuation is not None:
            self._check(continuation.actions_BTA, expected, "the plan of the chunk in progress")
            plan, weights = continuation.actions_BTA, continuation.weights_T.expand(expected[:2])
        batch = PassBatch(
            images=images,
            image_mask_BN=kept.image_mask_BN,
            tokens_BL=kept.tokens_BL,
            token_mask_BL=kept.token_mask_BL,
            state_BA=kept.state_BA,
            noise_BTA=noise_BTA,
            plan_BTA=plan,
            weights_BT=weights,
        )
        shape = PassShape(
            batch=len(kept.tokens_BL),
            cameras=kept.image_mask_BN.shape[1],
            prompt=kept.tokens_BL.shape[1],
            padded=trimmed.padded,
            encoded=features_BNPW is not None,
            steps=steps,
            continuation="none" if continuation is None else continuation.way,
        )
        return trimmed, shape, batch

    def made(self, shape: PassShape) -> ActionPass:
        """A pass for inputs of a shape, with buffers of its own."""
        return ActionPass(
            self.model, self.tables(shape.steps), shape, self.techniques, key_multiple=self._bucket
        )

    @torch.no_grad()
    def encode(self, images_BNCYX: Tensor) -> Tensor:
        """Tokens of images, [B, N, P, W], for the language tower at either level."""
        tokens = self.model.paligemma.image_tokens(images_BNCYX.to(self.device))
        return tokens.unflatten(1, (images_BNCYX.shape[1], -1))

    def tables(self, steps: int) -> FlowTables:
        """What depends on flow time alone, made when first asked for."""
        if steps not in self._tables:
            if self.techniques.step_tables:
                self._tables[steps] = flow_tables(self.model, steps)
            else:
                self._tables[steps] = FlowTables(tuple(euler_times(steps)), (), None)
        return self._tables[steps]

    @property
    def kept(self) -> tuple[PassShape, ...]:
        """Shapes for which a pass is ready, the one used last at the end."""
        return tuple(self._runners)

    def forget(self) -> None:
        """Drop everything that was made of the weights; call it when they have changed."""
        self._tables.clear()
        self._runners.clear()
        (fuse.fuse if self.techniques.fused_projections else fuse.part)(self.model)

    def _runner(self, shape: PassShape, example: PassBatch) -> Runner:
        runner = self._runners.pop(shape, None)
        if runner is None:
            while len(self._runners) >= KEPT_PASSES:
                self._runners.popitem(last=False)
            runner = self._runs(shape, example)
        self._runners[shape] = runner
        return runner

    def _runs(self, shape: PassShape, example: PassBatch) -> Runner:
        action_pass = self.made(shape)
        if self._streams is not None:
            beside = next((each for each in self._runners.values() if isinstance(each, GraphRunner)), None)
            return GraphRunner(action_pass, example, device=self.device, streams=self._streams, beside=beside)
        if self._static_buffers:
            return StaticRunner(action_pass, example, device=self.device)
        return lambda batch: action_pass(batch.to(self.device))

    def _check(self, tensor: Tensor, expected: tuple[int, ...], name: str) -> None:
        if tuple(tensor.shape) != expected or tensor.dtype != torch.float32:
            message = (
                f"{name} is {tensor.dtype} {list(tensor.shape)}; the model takes float32 {list(expected)}"
            )
            raise ValueError(message)
