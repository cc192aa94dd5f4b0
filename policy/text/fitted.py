"""A small vocabulary fitted on the recordings' own words, for models too small to carry PaliGemma's 257,152 tokens.

Its file is a `sentencepiece` model like PaliGemma's: the same special ids, the newline as a token, every text spelled
in bytes where no piece covers it, and on request the location tokens. Ids in order:

    pad eos bos unk | newline | " -1" … " 255" | 256 bytes | pieces of text | spare | 1024 locations | FAST | 128 spare
"""

from __future__ import annotations

import io
import logging
import struct
from collections.abc import Iterable, Iterator

import sentencepiece

from policy.text.fast_layout import RESERVED
from policy.text.prompts import (
    CONTROL_MODES,
    OPENPI_PI0,
    OPENPI_PI05,
    QUESTION,
    STATE_BINS,
    SUBTASK,
    control_mode_marker,
    render,
)
from policy.text.sentencepieces import LOCATIONS, SentencePieceTokenizer, location_piece, refuse_unencodable
from policy.text.tokenizer import BOS, EOS, PAD, UNK
from recordings import Dataset, RecordingError

_SPACE = "▁"  # how sentencepiece writes one
_CONTROL, _USER_DEFINED = 3, 4  # types of pieces: never met in text, always met whole
_BYTES = 256

_log = logging.getLogger(__name__)


def fit_tokenizer(
    texts: Iterable[str],
    *,
    vocab_size: int,
    state_numbers: bool = True,
    locations: bool = False,
    fast_tokens: int = 0,
) -> SentencePieceTokenizer:
    """Fit byte-pair pieces on texts. The same texts give the same vocabulary, byte for byte, in any order.

    Args:
        texts: Tasks and subtasks, as `texts_of` reads them; how often one occurs does not matter.
        vocab_size: Exactly so many ids; those that the texts do not fill are spare.
        state_numbers: Each bin of the state is one token, so that a state of 19 numbers takes 19 tokens and not 70.
        locations: Add the 1024 location tokens that boxes are made of.
        fast_tokens: Keep so many ids for FAST action tokens, where `fast_layout.fast_to_text_ids` looks for them.

    Raises:
        TypeError: A text is no string.
        ValueError: There are no texts, or `vocab_size` leaves too little room for them.
    """
    unique = sorted({text.strip() for text in _checked(texts)} - {""})
    if not unique:
        message = "no text to fit a vocabulary on; record episodes with a task, or give texts"
        raise ValueError(message)
    if fast_tokens < 0:
        message = f"fast_tokens must be 0 or more, not {fast_tokens}"
        raise ValueError(message)
    numbers = [f"{_SPACE}{number}" for number in range(-1, STATE_BINS)] if state_numbers else []
    tail = (LOCATIONS if locations else 0) + (fast_tokens + RESERVED if fast_tokens else 0)
    sentences = list(_sentences(unique))
    characters = set("".join(sentences)) - {"\n"}  # any other is spelled in bytes
    least = UNK + 1 + 1 + len(numbers) + _BYTES + len(characters) + tail
    if vocab_size < least:
        message = (
            f"vocab_size {vocab_size} is too small: {len(characters)} characters, bytes, special tokens, "
            f"state numbers, locations and FAST tokens take {least}; allow more, or leave some out"
        )
        raise ValueError(message)
    model = _train(sentences, vocab_size=vocab_size - tail, symbols=["\n", *numbers])
    pieces = SentencePieceTokenizer(model).vocab_size
    spare = vocab_size - tail - pieces
    model += b"".join(_piece(f"<spare{index}>", _CONTROL) for index in range(spare))
    if locations:
        model += b"".join(_piece(location_piece(step), _USER_DEFINED) for step in range(LOCATIONS))
    if fast_tokens:
        model += b"".join(_piece(f"<fast{index}>", _CONTROL) for index in reversed(range(fast_tokens)))
        model += b"".join(_piece(f"<reserved{index}>", _CONTROL) for index in range(RESERVED))
    return SentencePieceTokenizer(model)


def lines_of_tokens(tokenizer: SentencePieceTokenizer) -> list[list[int]]:
    """Tokens that stand for places along a line, in order: numbers of the state, and locations in pictures.

    A line that a vocabulary has not as a whole is left out, such as the numbers where it spells them in digits.
    """
    numbers = [tokenizer.token(f"{_SPACE}{number}") for number in range(-1, STATE_BINS)]
    lines = [numbers, tokenizer.locations.tolist()]
    return [[token for token in line if token is not None] for line in lines if line and None not in line]


def texts_of(dataset: Dataset) -> Iterator[str]:
    """Tasks and subtasks of every episode in a dataset. Episodes that cannot be read are left out, and logged."""
    for info in dataset.episodes():
        if info.problem is not None:
            _log.warning("left out of the vocabulary: %s", info.problem)
            continue
        yield info.task
        try:
            yield from dataset.episode(info.id).subtasks
        except RecordingError as error:
            _log.warning("subtasks of episode %s left out of the vocabulary: %s", info.id, error)


def _checked(texts: Iterable[str]) -> Iterator[str]:
    if isinstance(texts, str):
        message = f"texts must be many strings, not the one string {texts!r}"
        raise TypeError(message)
    for text in texts:
        refuse_unencodable(text)
        yield text


def _sentences(texts: list[str]) -> Iterator[str]:
    """Every text as it will be met: in the prompts of both levels, and alone as an answer."""
    yield from (f"{control_mode_marker(mode)} " for mode in CONTROL_MODES)
    for text in texts:
        for form in (OPENPI_PI0, OPENPI_PI05, SUBTASK, QUESTION):
            yield from (part for part in render(form, task=text, state=[0.0]) if isinstance(part, str))


def _train(sentences: list[str], *, vocab_size: int, symbols: list[str]) -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=model,
        model_type="bpe",
        vocab_size=vocab_size,
        hard_vocab_limit=False,
        pad_id=PAD,
        eos_id=EOS,
        bos_id=BOS,
        unk_id=UNK,
        pad_piece="<pad>",
        eos_piece="<eos>",
        bos_piece="<bos>",
        unk_piece="<unk>",
        user_defined_symbols=symbols,
        character_coverage=1.0,
        byte_fallback=True,
        split_digits=True,
        # As PaliGemma's: text goes in as it is.
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        max_sentence_length=4 * max(map(len, sentences)) + 1,
        num_threads=1,
        minloglevel=2,  # it talks on the error stream otherwise
    )
    return model.getvalue()


def _piece(text: str, kind: int) -> bytes:
    """One more piece for the end of a model: field 1 of ModelProto, so appended bytes are an appended piece.

    Source: sentencepiece_model.proto; ModelProto.pieces = 1, SentencePiece {piece = 1, score = 2, type = 3}.
    """
    name = text.encode()
    body = b"\x0a" + _varint(len(name)) + name + b"\x15" + struct.pack("<f", 0.0) + b"\x18" + _varint(kind)
    return b"\x0a" + _varint(len(body)) + body


def _varint(number: int) -> bytes:
    groups = []
    while True:
        number, low = number >> 7, number & 0x7F
        groups.append(low | (0x80 if number else 0))
        if not number:
            return bytes(groups)
