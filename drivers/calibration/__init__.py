"""Calibrating a robot: what can be calibrated, what is measured for it, what follows, and how it gets into the profile.

Pure but for `save`, the one place that writes. Nothing here moves a robot; whoever does says what was seen.
"""

from drivers.calibration.change import Change, Key
from drivers.calibration.procedure import CalibrationError, Procedure, Sample
from drivers.calibration.procedures import procedures
from drivers.calibration.references import Reference
from drivers.calibration.save import Saved, save_profile
from drivers.calibration.stillness import Stillness

__all__ = [
    "CalibrationError",
    "Change",
    "Key",
    "Procedure",
    "Reference",
    "Sample",
    "Saved",
    "Stillness",
    "procedures",
    "save_profile",
]
