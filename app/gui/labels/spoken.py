"""What was said in an episode, as spans beside the labels; free of Qt."""

from __future__ import annotations

from collections.abc import Iterable

from recordings import Event
from recordings.labels import Origin, SpanLabel, Tier

_LAST_WORDS = ("accepted", "ask", "rejected")


def utterances(events: Iterable[Event]) -> tuple[SpanLabel, ...]:
    """Each utterance once, from its begin to its end, with what was accepted or else what was heard."""
    spans: dict[str, SpanLabel] = {}
    for event in events:
        data = event.data
        if event.kind != "utterance" or data.get("state") not in _LAST_WORDS:
            continue
        number, began, ended = str(data.get("utterance", "")), data.get("began_ns"), data.get("ended_ns")
        if isinstance(began, int) and isinstance(ended, int) and ended > began:
            text = str(data.get("accepted") or data.get("heard") or "")
            spans[number] = SpanLabel(
                f"said-{number}", Tier.UTTERANCE, began, ended, text, origin=Origin("recording", number)
            )
    return tuple(sorted(spans.values(), key=lambda span: span.start_ns))
