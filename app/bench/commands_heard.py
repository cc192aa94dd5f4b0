"""Subtasks as they are understood of voices that nothing was trained on, to be told to a policy."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterable

import msgspec
import numpy as np

from app.bench.voice_clips import VOICES, command
from app.cli.outcome import CommandError
from app.kitchen_trials.bench import ToldOrder, told_orders
from app.speech.whisper.catalogue import SHIPPED
from app.speech.whisper.decision import Accepted, decide
from app.speech.whisper.model import ModelMissing, ModelUnreadable, load
from app.speech.whisper.phrases import KITCHEN_PHRASES
from app.speech.whisper.reading import Reader


def heard_orders(subtasks: Iterable[str], seeds: Iterable[int]) -> list[ToldOrder]:
    """Every subtask from every seed, counted as `told_orders` does, each spoken once and read by the app's recogniser.

    What the recogniser would ask about counts as not understood: nobody answers here.

    Raises:
        CommandError: without eSpeak, or the recogniser cannot be loaded.
    """
    try:
        reader = Reader(load(SHIPPED), KITCHEN_PHRASES)
    except (ModelMissing, ModelUnreadable) as error:
        raise CommandError(str(error)) from error
    told, orders = told_orders(subtasks, seeds), []
    for order in told:
        rng = np.random.default_rng([order.seed, zlib.crc32(order.subtask.encode())])
        decision = decide(reader.read(command(order.subtask, VOICES, rng).samples))
        heard = decision.phrase if isinstance(decision, Accepted) else ""
        orders.append(msgspec.structs.replace(order, heard=heard))
        found = f"heard {heard!r}" if heard else "not understood"
        print(f"{len(orders)} of {len(told)} spoken: {order.subtask}: {found}", file=sys.stderr, flush=True)
    return orders
