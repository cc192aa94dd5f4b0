"""Exports a dataset, with its labels, as a LeRobot dataset of format v3.0, which the stock `lerobot` package loads."""

from recordings.lerobot.errors import (
    DifferentExport,
    NoExportHere,
    NothingToExport,
    TargetFull,
    TargetInUse,
    TargetNotEmpty,
    UnknownReviewer,
)
from recordings.lerobot.export import Share, export
from recordings.lerobot.plan import ExportOptions
from recordings.lerobot.records import REPORT, Exported, LeftOut, Report

__all__ = [
    "REPORT",
    "DifferentExport",
    "ExportOptions",
    "Exported",
    "LeftOut",
    "NoExportHere",
    "NothingToExport",
    "Report",
    "Share",
    "TargetFull",
    "TargetInUse",
    "TargetNotEmpty",
    "UnknownReviewer",
    "export",
]
