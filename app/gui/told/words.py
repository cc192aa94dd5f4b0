"""How subtasks, utterances, proposals and chunks are put in words. No Qt."""

from __future__ import annotations

import math

from app.autonomy.choice import PolicyKind
from app.gui.wording import counted, millis, size
from app.session.policy_view import FinishedTask, PolicyView, ProposalView, SubtaskView
from app.session.voice_view import UtteranceView, VoiceView

ORIGINS = {
    "voice": "by voice",
    "key": "by key",
    "typed": "typed",
    "model": "its own",
    "remote": "the remote model’s",
    "task": "the whole task",
}
BY_PERSON = frozenset({"voice", "key", "typed"})
"""Origins that are somebody's word."""

VERDICTS = {
    "applied": "done now",
    "same": "as before",
    "stale": "too late",
    "vetoed": "vetoed",
    "overridden": "you said otherwise",
    "failed": "failed",
}


def percent(share: float) -> str:
    """A share of one as "96 %", or nothing where it is none."""
    return "" if math.isnan(share) else f"{share:.0%}".replace("%", " %")


def minutes(span_ns: int) -> str:
    """A span as "0:12"."""
    whole = max(0, span_ns // 1_000_000_000)
    return f"{whole // 60}:{whole % 60:02d}"


def origin_words(subtask: SubtaskView) -> str:
    """Whose word a subtask is, and how sure: "by voice  96 %"; what was chosen or typed is sure."""
    words = ORIGINS.get(subtask.origin, subtask.origin)
    sure = subtask.origin in ("key", "typed", "task") or math.isnan(subtask.confidence)
    return words if sure else f"{words}  {percent(subtask.confidence)}"


def state_words(subtask: SubtaskView, now_ns: int) -> str:
    """What has become of it: "acting for 0:12"."""
    if subtask.gave_up:
        return f"given up: {subtask.gave_up}"
    if subtask.done:
        return f"done, after {minutes(now_ns - subtask.applied_ns)}; waiting for the next"
    if not subtask.first_action_ns:
        return "about to act"
    return f"acting for {minutes(now_ns - subtask.first_action_ns)}"


def finished_words(finished: FinishedTask) -> tuple[str, str]:
    """That a task is done, and what it took: "Done: tidy up", "4 subtasks in 1:32"."""
    return f"Done: {finished.task}", f"{counted(finished.subtasks, 'subtask')} in {minutes(finished.took_ns)}"


def utterance_words(utterance: UtteranceView, *, takes: bool) -> tuple[str, str]:
    """What is said of an utterance: a line, and a smaller one below it; keys as ids of actions in braces.

    Args:
        utterance: what was said.
        takes: whether the robot takes subtasks now; otherwise they are only shown.
    """
    heard = f"“{utterance.heard}”" if utterance.heard else "nothing"
    match utterance.state:
        case "speaking":
            return "Listening to you", "Let go when it is said"
        case "reading":
            return "Reading", "What was said is being put in words"
        case "ask":
            return "Which one was it?", f"{{subtask.more}} none of these.  Heard {heard}"
        case "accepted":
            if utterance.corrected:
                return f"“{utterance.corrected}”", f"Put right; was heard as {heard}"
            sure = f"{percent(utterance.confidence)} sure" if utterance.confidence else ""
            took = (
                f"read in {millis(utterance.reading_ms, 0)}" if not math.isnan(utterance.reading_ms) else ""
            )
            rest = ", ".join(part for part in (sure, took) if part)
            if _plain(utterance.heard) not in ("", _plain(utterance.accepted)):
                rest = f"Heard {heard}, {rest}"
            return (
                f"“{utterance.accepted}”",
                rest if takes else f"{rest}. Only shown: {{mode.listen}} has it done",
            )
        case "rejected":
            why = utterance.reason or "unlike any subtask"
            return "Not taken", f"Heard {heard}: {why}.  {{subtask.amend}} puts it right"
        case _:
            return "Lost what was said", utterance.reason or "say it again"


def _plain(words: str) -> str:
    """Words without what a recogniser adds to them: capitals and stops."""
    return " ".join("".join(letter if letter.isalnum() else " " for letter in words.lower()).split())


def voice_words(voice: VoiceView) -> tuple[str, str]:
    """What keeps the voice from being ready, as two lines; empty when nothing does."""
    model = model_words(voice.model)
    match voice.state:
        case "ready":
            return "", ""
        case "downloading":
            done = size(voice.done_bytes)
            of = f" of {size(voice.total_bytes)}" if voice.total_bytes else ""
            return f"Fetching {model}: {done}{of}", voice.detail
        case "no model":
            return f"No recogniser: {model}", voice.detail or "choose another in Settings"
        case "lost":
            return "The recogniser is lost", voice.detail or "it is started again by itself"
        case _:
            return f"Loading {model}", voice.detail


def model_words(model: str) -> str:
    """A recogniser's name; of a path the end."""
    return model.replace("\\", "/").rsplit("/", 1)[-1]


def ago_words(span_ns: int) -> str:
    """How long ago, to a second: "now", "3 s", "2 min"."""
    whole = max(0, span_ns // 1_000_000_000)
    if not whole:
        return "now"
    return f"{whole} s" if whole < 120 else f"{whole // 60} min"


def proposal_words(proposal: ProposalView) -> str:
    """What became of a proposal."""
    return VERDICTS.get(proposal.verdict, proposal.verdict)


def chunk_words(policy: PolicyView) -> str:
    """How far into its chunk the robot is: "chunk 112, step 17 of 50"."""
    if policy.chunk < 0 or math.isnan(policy.chunk_step):
        return "no chunk runs"
    return f"chunk {policy.chunk}, step {int(policy.chunk_step)} of {policy.horizon}"


def timing_words(policy: PolicyView) -> str:
    """How long it takes for a chunk and for a thought."""
    parts = []
    if not math.isnan(policy.chunk_ms_p50):
        most = "" if math.isnan(policy.chunk_ms_p95) else f" (p95 {policy.chunk_ms_p95:.0f})"
        parts.append(f"a chunk takes {millis(policy.chunk_ms_p50, 0)}{most}")
    if not math.isnan(policy.subtask_ms_p50):
        parts.append(f"a thought {millis(policy.subtask_ms_p50, 0)}")
    return ", ".join(parts)


def trouble_words(policy: PolicyView) -> str:
    """What went wrong with chunks; empty when nothing did."""
    parts = []
    if policy.late_chunks:
        parts.append(f"{policy.late_chunks} late")
    if policy.refused_chunks:
        parts.append(f"{policy.refused_chunks} refused" + (f": {policy.refusal}" if policy.refusal else ""))
    return ", ".join(parts)


def learned_words(policy: PolicyView) -> str:
    """What moves the robot, in the banner: never more than it is."""
    match policy.choice.kind:
        case PolicyKind.SCRIPTED:
            return "Scripted policy, not learned"
        case PolicyKind.RANDOM:
            return "Random weights, for timing only"
        case _:
            return f"Policy: {policy.name or policy.choice.source}"
