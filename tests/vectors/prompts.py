"""`tokenizer.json`: state bins, the exact texts given to the vocabulary, token ids and masks."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy.text.fast_layout import extract_fast_ids, fast_to_text_ids, tokenize_fast
from policy.text.prompts import OPENPI_PI0, OPENPI_PI05, render, state_to_bins, tokenize
from policy.text.sentencepieces import SentencePieceTokenizer
from policy.text.tokenizer import BOS, EOS, PAD, UNK
from tests.vectors.folder import Folder
from tests.vectors.report import Report

VOCABULARY = "tiny_sp.model"


class Watched:
    """A vocabulary that remembers what it was asked to encode, in the words of `encode_calls`."""

    def __init__(self, vocabulary: SentencePieceTokenizer) -> None:
        self._vocabulary = vocabulary
        self.calls: list[dict[str, Any]] = []

    @property
    def vocab_size(self) -> int:
        """Ids are below this."""
        return self._vocabulary.vocab_size

    def encode(self, text: str, *, bos: bool = False, eos: bool = False) -> list[int]:
        """Ids of `text`."""
        flags = {"add_bos": bos, "add_eos": eos}
        self.calls.append({"text": text, "kwargs": {name: True for name, flag in flags.items() if flag}})
        return self._vocabulary.encode(text, bos=bos, eos=eos)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids`."""
        return self._vocabulary.decode(ids)


def check_tokenizer(folder: Folder, _match: re.Match[str], report: Report) -> None:
    """Every part of the file."""
    content = folder.json(report.file)
    vocabulary = SentencePieceTokenizer(folder.path(VOCABULARY))
    for name, entries in content.items():
        if name == "note":
            continue
        if name == "sp":
            _check_vocabulary(entries, vocabulary, report)
        elif check := {
            "state_discretisation": _check_bins,
            "paligemma": _check_prompt,
            "fast": _check_fast,
        }.get(name):
            for index, entry in enumerate(entries):
                check(dict(entry), f"{name}[{index}]", vocabulary, report)
        else:
            report.fail(name, "nothing here understands this entry")


def _check_vocabulary(entry: dict[str, Any], vocabulary: SentencePieceTokenizer, report: Report) -> None:
    known: dict[str, object] = {
        "vocab_size": vocabulary.vocab_size,
        "bos": BOS,
        "eos": EOS,
        "pad": PAD,
        "unk": UNK,
        "newline": vocabulary.encode("\n"),
    }
    for name, expected in entry.items():
        report.equal(f"sp.{name}", known.get(name, "nothing here understands this entry"), expected)


def _check_bins(
    entry: dict[str, Any], name: str, _vocabulary: SentencePieceTokenizer, report: Report
) -> None:
    exact = [float.fromhex(text) for text in entry.pop("state_hex")]
    dtype = entry.pop("dtype")
    state = np.array(exact, dtype=dtype)
    report.equal(f"{name}.state", np.array(entry.pop("state"), dtype=dtype), state)
    report.equal(f"{name}.bins", state_to_bins(state).tolist(), entry.pop("bins"))
    texts = render(OPENPI_PI05, task="x", state=state)
    report.equal(f"{name}.string", texts, (f"Task: x, State: {entry.pop('string')};\nAction: ",))
    _leftover(entry, name, report)


def _check_prompt(
    entry: dict[str, Any], name: str, vocabulary: SentencePieceTokenizer, report: Report
) -> None:
    kind, most = entry.pop("kind"), entry.pop("max_len")
    state = _state(entry.pop("state"), entry.pop("state_dtype"))
    form = OPENPI_PI0 if state is None else OPENPI_PI05
    watched = Watched(vocabulary)
    with _warnings() as warnings:
        got = tokenize(form, watched, task=entry.pop("prompt"), state=state, max_tokens=most)
    report.equal(f"{name} {kind}: texts", watched.calls, entry.pop("encode_calls"))
    for item, array in (("tokens", got.ids_L), ("mask", got.mask_L)):
        expected = np.array(entry.pop(item), dtype=entry.pop(f"{item}_dtype"))
        report.equal(f"{name} {kind}: {item}", array, expected)
    valid = entry.pop("n_valid")
    report.equal(f"{name} {kind}: n_valid", int(got.mask_L.sum()), valid)
    _check_warning(warnings, _length(watched, vocabulary) > most, f"{name} {kind}", report)
    _leftover(entry, name, report)


def _check_fast(entry: dict[str, Any], name: str, vocabulary: SentencePieceTokenizer, report: Report) -> None:
    most, ids, calls = entry.pop("max_len"), entry.pop("fast_ids"), entry.pop("encode_calls")
    watched = Watched(vocabulary)
    task = re.match(r"Task: (.*), State: ", calls[0]["text"], re.DOTALL)
    if task is None:
        report.fail(name, f"no task can be found in {calls[0]['text']!r}")
        return
    with _warnings() as warnings:
        state = np.array(entry.pop("state"))
        got = tokenize_fast(watched, task=task[1], state=state, fast_ids=ids, max_tokens=most)
    report.equal(f"{name}: texts", watched.calls, calls)
    report.equal(f"{name}: tokens", got.ids_L.tolist(), entry.pop("tokens"))
    report.equal(f"{name}: token_mask", got.mask_L.tolist(), entry.pop("token_mask"))
    report.equal(f"{name}: ar_mask", got.causal_L.astype(int).tolist(), entry.pop("ar_mask"))
    report.equal(f"{name}: loss_mask", got.taught_L.tolist(), entry.pop("loss_mask"))
    # Without actions the file still gives the mapped ids of the chunk before: from them the way back leads to its ids.
    mapped = entry.pop("mapped_ids")
    known = ids if ids is not None else _read_back(vocabulary, [*vocabulary.encode("Action: "), *mapped])
    text_ids = fast_to_text_ids(known, vocab_size=vocabulary.vocab_size)
    report.equal(f"{name}: mapped_ids", text_ids.tolist(), mapped)
    cut = _length(watched, vocabulary) + len(ids or []) > most
    if ids is not None and not cut:
        report.equal(
            f"{name}: fast_ids, read back", _read_back(vocabulary, got.ids_L[got.mask_L].tolist()), ids
        )
    _check_warning(warnings, cut, name, report)
    _leftover(entry, name, report)


def _read_back(vocabulary: SentencePieceTokenizer, ids: list[int]) -> list[int]:
    found = extract_fast_ids(vocabulary, ids, fast_vocab_size=vocabulary.vocab_size)
    return [] if found is None else found.tolist()


def _state(values: list[float] | None, dtype: str | None) -> NDArray[np.floating] | None:
    return None if values is None else np.array(values, dtype=dtype)


def _length(watched: Watched, vocabulary: SentencePieceTokenizer) -> int:
    """Tokens of all texts that were encoded."""
    return sum(
        len(vocabulary.encode(call["text"], bos="add_bos" in call["kwargs"], eos="add_eos" in call["kwargs"]))
        for call in watched.calls
    )


def _check_warning(warnings: list[logging.LogRecord], cut: bool, name: str, report: Report) -> None:
    said = bool(warnings)
    report.holds(
        f"{name}: says when it cuts", said == cut, "cut without a word" if cut else "warns without a cut"
    )


def _leftover(entry: dict[str, Any], name: str, report: Report) -> None:
    for key in entry:
        report.fail(f"{name}.{key}", "nothing here understands this entry")


@contextmanager
def _warnings() -> Iterator[list[logging.LogRecord]]:
    """Keep the product's warnings off the screen, and give them."""
    records: list[logging.LogRecord] = []
    logger, handler = logging.getLogger("policy"), logging.Handler(logging.WARNING)
    handler.emit = records.append  # type: ignore[method-assign]
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield records
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagated
