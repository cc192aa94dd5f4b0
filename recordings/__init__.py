"""Understudy's recordings: episodes of state, action, images, sound and events that plain zarr opens.

`recordings.align`, `recordings.verify` and `recordings.repair` are imported on their own: verifying loads zarr, which a
process that only records has no use for.
"""

from recordings.attributes import ClockAnchor, Counts, EpisodeAttributes, Repaired
from recordings.dataset import Dataset
from recordings.episode import ActionRows, AudioTrack, CameraFrames, Episode, SimulationRows, StateRows
from recordings.errors import (
    DamagedData,
    DiskFull,
    EpisodeClosed,
    EpisodeExists,
    EpisodeInUse,
    FolderNotWritable,
    FrameMissing,
    NotADataset,
    NotAnEpisode,
    RecordingError,
    StorageFailed,
    TimeNotIncreasing,
    UnknownCamera,
    UnknownEpisode,
    WrongShape,
)
from recordings.frames import encode_jpeg, encode_jpegxl
from recordings.info import DISTURBED_TAG, EVALUATION_TAG, EpisodeInfo, evaluation_of
from recordings.recovery import Damage
from recordings.spec import ActionSource, CameraSpec, Environment, EpisodeSpec, Event, FrameEncoding, Outcome
from recordings.writer import EpisodeWriter

__all__ = [
    "DISTURBED_TAG",
    "EVALUATION_TAG",
    "ActionRows",
    "ActionSource",
    "AudioTrack",
    "CameraFrames",
    "CameraSpec",
    "ClockAnchor",
    "Counts",
    "Damage",
    "DamagedData",
    "Dataset",
    "DiskFull",
    "Environment",
    "Episode",
    "EpisodeAttributes",
    "EpisodeClosed",
    "EpisodeExists",
    "EpisodeInUse",
    "EpisodeInfo",
    "EpisodeSpec",
    "EpisodeWriter",
    "Event",
    "FolderNotWritable",
    "FrameEncoding",
    "FrameMissing",
    "NotADataset",
    "NotAnEpisode",
    "Outcome",
    "RecordingError",
    "Repaired",
    "SimulationRows",
    "StateRows",
    "StorageFailed",
    "TimeNotIncreasing",
    "UnknownCamera",
    "UnknownEpisode",
    "WrongShape",
    "encode_jpeg",
    "encode_jpegxl",
    "evaluation_of",
]
