"""The words that can be triggers, and how sure the spotter must be of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from app.inputs.trigger import WORD

TRIGGER_PREFIX = f"{WORD}:"
"""Before a phrase, it makes a trigger's name: `word:robot stop`."""

USUAL_THRESHOLD = -26.0
"""For a phrase that nobody has measured: rather one said again than one not said."""


class UnknownWord(ValueError):
    """A phrase with a word that the English dictionary does not have."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase to listen for.

    Attributes:
        text: one to three words of English, in small letters.
        threshold: the least score that counts. A score is how much better, per 10 ms, the phrase explains what was
            heard than any sequence of English sounds would, in natural logarithms ×10⁴ as the acoustic model has them;
            0 is as good, and below -40 most of it is something else. Found by `understudy bench thresholds`.
        urgent: whether it is heeded even while the app itself speaks.
    """

    text: str
    threshold: float = USUAL_THRESHOLD
    urgent: bool = False

    @property
    def trigger(self) -> str:
        """Its name as a trigger."""
        return TRIGGER_PREFIX + self.text


PHRASES = (
    Phrase("robot stop", -28.0, urgent=True),
    Phrase("start recording", -35.0),
    Phrase("success", -39.0),
    Phrase("it failed", -28.0),
    Phrase("drop it", -20.0),
    Phrase("hold still", -25.0, urgent=True),
    Phrase("take it back", -46.0),
)
"""Those that are bound to something from the start, with measured thresholds."""


def phrase_of(text: str) -> Phrase:
    """A phrase by its words: with its measured threshold, or as one that nobody has measured.

    One with the word `stop` in it is always urgent.
    """
    wanted = " ".join(text.lower().split())
    for phrase in PHRASES:
        if phrase.text == wanted:
            return phrase
    return Phrase(wanted, urgent="stop" in wanted.split())


def phrases_of(triggers: Iterable[str], *, urgent: Collection[str] = ()) -> tuple[Phrase, ...]:
    """The phrases among triggers, each once; triggers of other kinds are passed over.

    Args:
        triggers: by name.
        urgent: those that are urgent whatever their words, such as what stops the robot.
    """
    texts = (name.removeprefix(TRIGGER_PREFIX) for name in triggers if name.startswith(TRIGGER_PREFIX))
    phrases = {phrase.text: phrase for phrase in map(phrase_of, texts) if phrase.text}
    return tuple(
        replace(phrase, urgent=True) if phrase.trigger in urgent else phrase for phrase in phrases.values()
    )
