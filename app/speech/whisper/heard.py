"""What a recogniser makes of one utterance. Plain values: those who decide and show need no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known phrase, and how well it explains what was said.

    Attributes:
        phrase: as it was given.
        score: log-probability of the phrase, of all its tokens and the end together; comparable between phrases, and
            with `Reading.logprob`.
        mean_score: the same for each token.
    """

    phrase: str
    score: float
    mean_score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One utterance, read twice: freely, and as each known phrase.

    Attributes:
        text: what was said, as the model writes it when nothing is expected of it.
        logprob: of that text, all its tokens and the end together.
        mean_logprob: the same for each token: Whisper's `avg_logprob`.
        no_speech: 0 to 1, the model's own opinion that nobody speaks.
        candidates: every known phrase, the likeliest first.
        duration_s: of the utterance as it was given.
        cut_s: how much of it at the end was left out, because the model hears no more at once.
        loudest_dbfs: of its loudest twentieth of a second.
        encode_ms: spent on turning sound into features.
        transcribe_ms: spent on the free text.
        score_ms: spent on the known phrases.
        unclear: 0 to 1, that the text begins with dots: how Whisper writes what it half understood, and the shipped
            recogniser what is no command.
    """

    text: str
    logprob: float
    mean_logprob: float
    no_speech: float
    candidates: tuple[Candidate, ...]
    duration_s: float
    cut_s: float
    loudest_dbfs: float
    encode_ms: float
    transcribe_ms: float
    score_ms: float
    unclear: float = 0.0

    @property
    def total_ms(self) -> float:
        """From sound to readings."""
        return self.encode_ms + self.transcribe_ms + self.score_ms
