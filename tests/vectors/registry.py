"""Which checker takes which file. A file that no pattern matches is a failure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from tests.vectors import augmentation, cases, keys, policies, preprocessing, prompts, unit_ops, wire
from tests.vectors.folder import MODEL, Folder
from tests.vectors.report import Report

Checker = Callable[[Folder, "re.Match[str]", Report], None]


def _no_vectors(why: str) -> Checker:
    def check(_folder: Folder, _match: re.Match[str], report: Report) -> None:
        report.note(why)

    return check


def _figures(why: str) -> Checker:
    """JSON that holds nothing to compare."""

    def check(folder: Folder, _match: re.Match[str], report: Report) -> None:
        folder.json(report.file)
        report.note(why)

    return check


CHECKERS: tuple[tuple[str, Checker], ...] = (
    (rf"{MODEL}_case\d+\.safetensors", cases.check_case),
    (rf"(?P<case>{MODEL}_case\d+)_grads\.safetensors", cases.check_gradients),
    (rf"(?P<case>{MODEL}_case\d+)_debug\.safetensors", cases.check_inside),
    (rf"{MODEL}_weights\.safetensors", keys.check_weights),
    (rf"unit_ops(?:_{MODEL})?\.safetensors", unit_ops.check_unit_ops),
    (r"preproc_misc\.safetensors", preprocessing.check_misc),
    (r"preproc_resize\.safetensors", preprocessing.check_resize),
    (r"preproc_resize\.json", preprocessing.check_resize_index),
    (r"preproc_augment\.safetensors", augmentation.check_augment),
    (r"preproc_augment\.json", augmentation.check_draws),
    (r"preproc_norm\.safetensors", preprocessing.check_norm),
    (r"preproc_delta\.safetensors", preprocessing.check_delta),
    (r"tokenizer\.json", prompts.check_tokenizer),
    (r"norm_stats_\d+/norm_stats\.json", preprocessing.check_stats_file),
    (r"ckpt/[^/]+/assets/.+/norm_stats\.json", preprocessing.check_stats_file),
    (r"ckpt/(?P<name>[^/]+)/model\.safetensors", policies.check_checkpoint),
    (r"policy_(?P<name>.+)\.safetensors", policies.check_policy),
    (r"policy\.json", policies.check_index),
    (r"wire/[^/]+\.msgpack", wire.check_message),
    (r"wire/wire\.json", wire.check_index),
    (r"full_keys_(?P<kind>pi05|pi0)\.json", keys.check_full_keys),
    (r"README\.md", _no_vectors("read by people")),
    (r"tiny_sp\.model", _no_vectors("the text vocabulary of tokenizer.json and of the policies")),
    (
        r"mutations\.json",
        _figures("deliberate bugs and what they change, for tests/policy/test_mutations.py"),
    ),
    (r"jax_crosscheck\.json", _figures("openpi's two models against each other; nothing to compute here")),
)
"""Patterns of whole paths within the folder, the first match counts."""


def check_file(folder: Folder, file: str) -> Report:
    """Check one file; whatever goes wrong is a failure in its report."""
    report = Report(file)
    for pattern, checker in CHECKERS:
        match = re.fullmatch(pattern, file)
        if match is None:
            continue
        try:
            with one_thread():
                checker(folder, match, report)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this file's failure, and the others go on
            report.fail("the file", f"{type(error).__name__}: {error}")
        return report
    report.fail("the file", "nothing here understands a file of this name")
    return report


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute as the vectors were computed; and threads that wait for each other on a busy machine are slower."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
