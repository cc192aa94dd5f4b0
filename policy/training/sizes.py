"""What a recipe's model is, before a single tensor of it is made."""

from __future__ import annotations

from policy.checkpoints.folder import load
from policy.presets import PRESETS, Pi0Config
from policy.training.recipe import Recipe
from policy.training.samples import SampleForm


class NotTrainable(ValueError):
    """Recipes train π0 and π0.5; the message says what was found instead."""


def config_of(recipe: Recipe) -> Pi0Config:
    """Kind and sizes of the model.

    Raises:
        CheckpointError: The checkpoint to start from cannot be read.
        NotTrainable: It holds a model of another kind.
    """
    model = recipe.model
    if model.start is None:
        return PRESETS[model.preset or ""]
    config = load(model.start).config
    if not isinstance(config, Pi0Config):
        raise NotTrainable(f"{model.start} holds a {type(config).__name__}; a recipe goes on from π0 or π0.5")
    return config


def form_of(recipe: Recipe) -> SampleForm:
    """What samples have to fit; raises as `config_of`."""
    config = config_of(recipe)
    return recipe.form(image_size=config.vision.image_size, horizon=config.action_horizon)
