"""A FAST tokenizer as a folder, in the layout of the published processor: its files, its keys.

Source: `physical-intelligence/fast` on Hugging Face. Its class is code in that repository, which `transformers` runs
when told to trust it; nothing here does. A folder written here names that class, so it loads there as it does here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

PROCESSOR, TOKENIZER = "processor_config.json", "tokenizer.json"
TOKENIZER_CONFIG, SPECIAL_TOKENS = "tokenizer_config.json", "special_tokens_map.json"
SUBFOLDER = "bpe_tokenizer"
"""Where newer versions of `transformers` put the tokenizer's own files."""
PROCESSOR_CLASS = "UniversalActionProcessor"
AUTO_MAP = {
    "AutoProcessor": "physical-intelligence/fast--processing_action_tokenizer.UniversalActionProcessor"
}
GREATEST = 2**20
"""Of the whole numbers in `processor_config.json`, far beyond any that makes sense."""
NO_LIMIT = 1000000000000000019884624838656
"""How `transformers` writes that texts may have any length: int(1e30)."""


@dataclass(frozen=True)
class SavedFast:
    """What a folder holds.

    Attributes:
        bpe: The byte-pair encoder.
        scale: What coefficients are multiplied with before they are rounded.
        min_token: Coefficient of the character with code 0.
        horizon: Steps of a chunk.
        action_dim: Dimensions of a step.
    """

    bpe: Tokenizer
    scale: float
    min_token: int
    horizon: int
    action_dim: int


def write(folder: Path, saved: SavedFast) -> None:
    """Write the files of a folder, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    shared: dict[str, object] = {"auto_map": AUTO_MAP, "processor_class": PROCESSOR_CLASS}
    processor: dict[str, object] = {
        "action_dim": saved.action_dim,
        "min_token": saved.min_token,
        "scale": int(saved.scale) if saved.scale == int(saved.scale) else saved.scale,
        "time_horizon": saved.horizon,
        "vocab_size": saved.bpe.get_vocab_size(),
    }
    tokenizer_config: dict[str, object] = {
        "added_tokens_decoder": {},
        "clean_up_tokenization_spaces": False,  # it would drop coefficients: some pairs of them look like " ."
        "model_max_length": NO_LIMIT,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    _write_json(folder / PROCESSOR, shared | processor)
    _write_json(folder / TOKENIZER_CONFIG, shared | tokenizer_config)
    _write_json(folder / SPECIAL_TOKENS, {})
    saved.bpe.save(str(folder / TOKENIZER))


def read(folder: Path, *, horizon: int | None, action_dim: int | None) -> SavedFast:
    """Read a folder; sizes that are given go before those that it names.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is damaged or is none of FAST's; the message names it.
    """
    if not folder.is_dir():
        message = f"{folder}: no such folder; a FAST tokenizer is a folder with {PROCESSOR} and {TOKENIZER}"
        raise FileNotFoundError(message)
    path = folder / PROCESSOR
    config = _read_json(path)
    vocab_size = _whole(config, "vocab_size", path, least=1)
    for name, given, key in (("horizon", horizon, "time_horizon"), ("action_dim", action_dim, "action_dim")):
        if given is None and config.get(key) is None:
            message = f"{path} does not say the chunk's {name}; give `{name}` when loading it"
            raise ValueError(message)
    bpe_path = folder / TOKENIZER
    if not bpe_path.exists() and (folder / SUBFOLDER / TOKENIZER).exists():
        bpe_path = folder / SUBFOLDER / TOKENIZER
    bpe = _read_bpe(bpe_path)
    if bpe.get_vocab_size() > vocab_size:
        message = f"{bpe_path} has {bpe.get_vocab_size()} tokens, but {path} says vocab_size {vocab_size}"
        raise ValueError(message)
    return SavedFast(
        bpe=bpe,
        scale=_scale(config, path),
        min_token=_whole(config, "min_token", path, least=-GREATEST),
        horizon=horizon if horizon is not None else _whole(config, "time_horizon", path, least=1),
        action_dim=action_dim if action_dim is not None else _whole(config, "action_dim", path, least=1),
    )


def _read_bpe(path: Path) -> Tokenizer:
    content = _read_json(path)
    for key, kind in (("model", "BPE"), ("pre_tokenizer", "ByteLevel")):
        part = content.get(key)
        if not isinstance(part, dict) or part.get("type") != kind or part.get("add_prefix_space"):
            message = (
                f"{path} is no byte-level byte-pair encoder: its {key} must be {kind}, and is {_brief(part)}"
            )
            raise ValueError(message)
    model = content["model"]
    for key in ("dropout", "continuing_subword_prefix", "end_of_word_suffix"):
        # The first would encode a chunk differently each time; the others are no bytes that a token spells.
        if isinstance(model, dict) and model.get(key):
            message = f"{path}: its model has {key} {model[key]!r}, which FAST has not; it must be null"
            raise ValueError(message)
    for key in ("added_tokens", "normalizer", "post_processor"):
        # Each could change text on its way to the tokens: coefficients would come back as others.
        part = content.get(key)
        if part and not (isinstance(part, dict) and part.get("type") == "ByteLevel"):
            message = f"{path} has {key}, which FAST has not: {_brief(part)}; this is a vocabulary of words"
            raise ValueError(message)
    try:
        bpe = Tokenizer.from_str(json.dumps(content))
    except Exception as error:  # the library raises no narrower one
        message = f"{path} is damaged: {error}"
        raise ValueError(message) from error
    # `transformers` saves how it last cut and filled a batch, and sets both anew at each call.
    bpe.no_truncation()
    bpe.no_padding()
    return bpe


def _brief(part: object) -> str:
    text = json.dumps(
        {key: part[key] for key in part if key not in {"vocab", "merges"}} if isinstance(part, dict) else part
    )
    return text if len(text) <= 80 else f"{text[:80]}…"


def _scale(config: Mapping[str, object], path: Path) -> float:
    value = config.get("scale")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= GREATEST:
        message = f"{path}: scale must be a number above 0 and at most {GREATEST}, not {value!r}"
        raise ValueError(message)
    return float(value)


def _whole(config: Mapping[str, object], key: str, path: Path, *, least: int) -> int:
    value = config.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= GREATEST:
        message = f"{path}: {key} must be a whole number from {least} to {GREATEST}, not {value!r}"
        raise ValueError(message)
    return value


def _read_json(path: Path) -> dict[str, object]:
    if not path.is_file():
        message = f"{path} is missing; a FAST tokenizer is a folder with {PROCESSOR} and {TOKENIZER}"
        raise FileNotFoundError(message)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError are
        message = f"{path} is no JSON: {error}"
        raise ValueError(message) from error
    if not isinstance(content, dict):
        message = f"{path} must hold an object, not a {type(content).__name__}"
        raise ValueError(message)
    return content


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(dict(sorted(content.items())), indent=2) + "\n", encoding="utf-8")
