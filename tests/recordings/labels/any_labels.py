"""Labels of every kind, as nobody would think them up."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st

from recordings.labels import (
    BoxKey,
    BoxLabel,
    EpisodeLabel,
    EpisodeLabels,
    Label,
    Origin,
    Progress,
    Seen,
    SpanLabel,
    State,
    Tier,
)
from recordings.labels.formats import EpisodeClock
from recordings.spec import Outcome

CLOCK = EpisodeClock("20261120-233015-0007", 123_456_789_012_345, 123_456_789_012_345 + 90_000_000_000)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["pick up the cup", "", " a --> b ", '<c>&amp;\n\n=1;"2"', "a\r\n \r\tb", "\x00\x1f\ufffe", "Größe 🤖"]
)
PLAIN_TEXTS = st.text("abc üß<>&-\"';,\n", max_size=20).map(str.strip)
ORIGINS = st.builds(
    Origin,
    by=st.sampled_from(["human", "spoken", "eaf"]),
    source=TEXTS,
    confidence=st.none() | st.floats(0, 1),
    edited=st.booleans(),
)
STATES = st.sampled_from(State)
MOMENTS = st.integers(CLOCK.start_ns, CLOCK.end_ns - 2)


@st.composite
def spans(
    draw: st.DrawFn, label_id: str, *, texts: st.SearchStrategy[str] = TEXTS, tier: Tier | None = None
) -> SpanLabel:
    start_ns = draw(MOMENTS)
    return SpanLabel(
        label_id,
        tier or draw(st.sampled_from([Tier.UTTERANCE, Tier.INTERVENTION, Tier.NOTE])),
        start_ns,
        draw(
            st.integers(start_ns + 1, min(CLOCK.end_ns, start_ns + draw(st.sampled_from([3, 10**7, 10**11]))))
        ),
        draw(texts),
        draw(STATES),
        draw(ORIGINS),
        draw(st.integers(-1, 1)),
    )


@st.composite
def subtasks(draw: st.DrawFn, *, texts: st.SearchStrategy[str] = TEXTS) -> list[SpanLabel]:
    """Side by side, or with gaps."""
    edges = sorted(draw(st.sets(MOMENTS, max_size=8)))
    return [
        SpanLabel(f"5{number:02d}", Tier.SUBTASK, start, end, draw(texts), origin=draw(ORIGINS))
        for number, (start, end) in enumerate(pairwise(edges))
        if draw(st.booleans())
    ]


@st.composite
def boxes(draw: st.DrawFn, label_id: str) -> BoxLabel:
    keys = []
    for time_ns in sorted(draw(st.sets(MOMENTS, min_size=1, max_size=4))):
        left, right = sorted(draw(st.lists(st.floats(0, 1), min_size=2, max_size=2, unique=True)))
        top, bottom = sorted(draw(st.lists(st.floats(0, 1), min_size=2, max_size=2, unique=True)))
        keys.append(BoxKey(time_ns, left, top, right, bottom, draw(st.sampled_from(Seen))))
    camera = draw(st.sampled_from(["front", "left-wrist"]))
    return BoxLabel(label_id, camera, draw(TEXTS), tuple(keys), draw(STATES), draw(ORIGINS))


JUDGEMENTS = st.builds(
    EpisodeLabel,
    outcome=st.sampled_from(Outcome),
    rating=st.none() | st.integers(1, 5),
    flagged=st.booleans(),
    progress=st.sampled_from(Progress),
    comment=TEXTS,
)


@st.composite
def any_labels(draw: st.DrawFn) -> EpisodeLabels:
    """Everything that a reviewer may have said."""
    labels: list[Label] = [*draw(subtasks())]
    labels += [draw(spans(f"a{number}")) for number in range(draw(st.integers(0, 4)))]
    labels += [draw(boxes(f"b{number}")) for number in range(draw(st.integers(0, 2)))]
    if draw(st.booleans()):
        labels.append(draw(JUDGEMENTS))
    return EpisodeLabels(labels)
