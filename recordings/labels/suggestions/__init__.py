"""Suggested subtasks: `suggest(episode, labels, earlier=patterns_of_task(dataset, store, task))`."""

from recordings.labels.suggestions.chosen import without_overlaps
from recordings.labels.suggestions.earlier import Pattern, alike, pattern_of, patterns_of_task
from recordings.labels.suggestions.extent import extent, grid
from recordings.labels.suggestions.gripper import GripperEvent, gripper_events
from recordings.labels.suggestions.pause import Motion, Pause, motion, pauses, velocity_minima
from recordings.labels.suggestions.suggest import suggest

__all__ = [
    "GripperEvent",
    "Motion",
    "Pattern",
    "Pause",
    "alike",
    "extent",
    "grid",
    "gripper_events",
    "motion",
    "pattern_of",
    "patterns_of_task",
    "pauses",
    "suggest",
    "velocity_minima",
    "without_overlaps",
]
