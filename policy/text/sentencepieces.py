"""A text vocabulary in a `sentencepiece` file: PaliGemma's own, or a small one fitted on recordings."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
from numpy.typing import NDArray

from policy.text.tokenizer import BOS, EOS, PAD, UNK

LOCATIONS = 1024
"""Steps along each edge of an image that location tokens tell apart."""

WHERE_PALIGEMMAS_IS = (
    "PaliGemma's vocabulary is the public file gs://big_vision/paligemma_tokenizer.model "
    "(4 MB, `gsutil cp` or https://storage.googleapis.com/big_vision/paligemma_tokenizer.model)"
)

_SPECIAL = (("pad", PAD), ("eos", EOS), ("bos", BOS), ("unk", UNK))
_LOCATION = re.compile(r"(<loc\d{4}>)", re.ASCII)


class BadVocabulary(ValueError):
    """A vocabulary file that cannot be used; the message says why and what to do."""


class SentencePieceTokenizer:
    """Text to token ids and back, by a `sentencepiece` model. Threads may share it, and processes pass it on.

    Args:
        model: A model file, or the content of one.

    Raises:
        FileNotFoundError: There is no such file.
        BadVocabulary: It is no sentencepiece model, or its special ids differ from those the models are trained with.
    """

    def __init__(self, model: Path | str | bytes) -> None:
        content, source = (model, "these bytes") if isinstance(model, bytes) else (_read(model), str(model))
        self._model = content
        self._processor = _open(content, source)
        _check_special_ids(self._processor, source)
        self._vocab_size = int(self._processor.get_piece_size())
        self._locations = self._find_locations()
        self._step_of = {int(token): step for step, token in enumerate(self._locations)}
        # PaliGemma's location pieces are ordinary entries in some copies of the file: looked up by name they exist,
        # yet plain encoding spells them out in letters. There they are put in and taken out by hand.
        self._locations_by_hand = bool(self._step_of) and not self._plain_locations()

    @property
    def vocab_size(self) -> int:
        """Ids are below this."""
        return self._vocab_size

    @property
    def model(self) -> bytes:
        """Content of the model file."""
        return self._model

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the model, in hexadecimal: equal for equal vocabularies."""
        return hashlib.sha256(self._model).hexdigest()

    @property
    def locations(self) -> NDArray[np.int64]:
        """Ids of `<loc0000>` to `<loc1023>`, [1024]; empty where the vocabulary has no location tokens."""
        return self._locations

    def save(self, path: Path | str) -> None:
        """Write the model file that any sentencepiece reads."""
        Path(path).write_bytes(self._model)

    def encode(self, text: str, *, bos: bool = False, eos: bool = False) -> list[int]:
        """Ids of `text` as it stands, with the special tokens asked for.

        The names of special tokens in `text` are text like any other.

        Raises:
            TypeError: `text` is no string.
            ValueError: `text` holds half of a surrogate pair, which no encoding can express.
        """
        refuse_unencodable(text)
        ids = self._encode_with_locations(text) if self._locations_by_hand else self._encode(text)
        return [*([BOS] if bos else []), *ids, *([EOS] if eos else [])]

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids`; special tokens are left out.

        Raises:
            ValueError: An id is outside the vocabulary.
        """
        kept = []
        for token in ids:
            if not 0 <= token < self._vocab_size:
                message = f"token {token} is outside the vocabulary of {self._vocab_size} tokens"
                raise ValueError(message)
            if token > UNK:
                kept.append(int(token))
        if self._locations_by_hand:
            return self._decode_with_locations(kept)
        return self._decode(kept)

    def piece(self, token: int) -> str:
        """The piece of text behind an id, with `▁` for a space.

        Raises:
            ValueError: The id is outside the vocabulary.
        """
        if not 0 <= token < self._vocab_size:
            message = f"token {token} is outside the vocabulary of {self._vocab_size} tokens"
            raise ValueError(message)
        return str(self._processor.id_to_piece(int(token)))

    def token(self, piece: str) -> int | None:
        """The id of a piece, None where the vocabulary does not have it."""
        token = int(self._processor.piece_to_id(piece))
        return token if self.piece(token) == piece else None

    def _find_locations(self) -> NDArray[np.int64]:
        tokens = [self.token(location_piece(step)) for step in range(LOCATIONS)]
        found = np.array([token for token in tokens if token is not None], dtype=np.int64)
        if len(found) != LOCATIONS:
            found = np.empty(0, dtype=np.int64)
        found.setflags(write=False)
        return found

    def _plain_locations(self) -> bool:
        first, last = int(self._locations[0]), int(self._locations[-1])
        text = f"a{location_piece(0)}{location_piece(LOCATIONS - 1)}"
        ids = self._encode(text)
        return ids[-2:] == [first, last] and self._decode(ids) == text

    def _encode(self, text: str) -> list[int]:
        return [int(token) for token in self._processor.encode(text)]

    def _decode(self, ids: list[int]) -> str:
        return str(self._processor.decode(ids)) if ids else ""

    def _encode_with_locations(self, text: str) -> list[int]:
        ids: list[int] = []
        for part in _LOCATION.split(text):
            step = int(part[4:8]) if _LOCATION.fullmatch(part) else LOCATIONS
            ids += [int(self._locations[step])] if step < LOCATIONS else self._encode(part)
        return ids

    def _decode_with_locations(self, ids: list[int]) -> str:
        text, run = "", list[int]()
        for token in ids:
            if token in self._step_of:
                text += self._decode(run) + location_piece(self._step_of[token])
                run = []
            else:
                run.append(token)
        return text + self._decode(run)


def refuse_unencodable(text: object) -> None:
    """Refuse what is no text.

    Raises:
        TypeError: It is no string.
        ValueError: It holds half of a surrogate pair, which no encoding can express.
    """
    if not isinstance(text, str):
        message = f"text must be a string, not {type(text).__name__}: {text!r}"
        raise TypeError(message)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = (
            f"text {text!r} holds half a surrogate pair at position {error.start}; decode it properly first"
        )
        raise ValueError(message) from error


def location_piece(step: int) -> str:
    """Name of the location token for a step, 0 to 1023."""
    return f"<loc{step:04d}>"


def _read(path: Path | str) -> bytes:
    path = Path(path)
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        message = f"no text vocabulary at {path}. {WHERE_PALIGEMMAS_IS}; a small model has its own beside its weights"
        raise FileNotFoundError(message) from error
    except IsADirectoryError as error:
        message = f"{path} is a folder; give the sentencepiece model file in it"
        raise BadVocabulary(message) from error


def _open(content: bytes, source: str) -> Any:
    try:
        # An empty model is accepted by sentencepiece and then complains on every use.
        if not content:
            raise RuntimeError("it is empty")
        return sentencepiece.SentencePieceProcessor(model_proto=content)
    except RuntimeError as error:
        message = (
            f"{source}: {len(content)} bytes that are no whole sentencepiece model; "
            f"was a download cut short? {WHERE_PALIGEMMAS_IS}"
        )
        raise BadVocabulary(message) from error


def _check_special_ids(processor: Any, source: str) -> None:
    seen = {name: int(getattr(processor, f"{name}_id")()) for name, _ in _SPECIAL}
    if seen != dict(_SPECIAL):
        message = (
            f"{source}: special ids are {seen}, the models are trained with {dict(_SPECIAL)}. "
            f"This is another model's vocabulary. {WHERE_PALIGEMMAS_IS}"
        )
        raise BadVocabulary(message)
