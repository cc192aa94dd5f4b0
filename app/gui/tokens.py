"""The only place that names a colour, a size or a font: the values of the design, and what to ask them for.

Meaning has one hue each (Okabe and Ito's, told apart by colour-blind eyes) and is never carried by hue alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtGui import QFont, QFontDatabase

from app.messages import Mode

FAMILY = "Inter"

TEXT_SMALL_PX = 12
TEXT_PX = 14
TEXT_LARGE_PX = 17
TEXT_TITLE_PX = 22
TEXT_BANNER_PX = 34
FIGURE_SHARE = 0.34
"""Height of the one huge figure, a countdown, as a share of the picture that it is drawn over."""

STEP_PX = 4
CORNER_PX = 6
LINE_PX = 1
FOCUS_PX = 2
EDGE_PX = 4
ICON_PX = 18
ICON_BANNER_PX = 40
RING_PX = 44
CONTROL_HEIGHT_PX = 36
BAR_HEIGHT_PX = 48
FOOT_HEIGHT_PX = 72
SIDE_WIDTH_PX = 356
PAGE_KEYS_FROM_PX = 1560
ROOMY_FOOT_FROM_PX = 1220

MOTION_MS = 150
TOAST_MS = 1800
RELEASE_HOLD_MS = 800


@dataclass(frozen=True, slots=True)
class Palette:
    """The neutral colours of a theme; the hues of meaning below are the same in every theme."""

    name: str
    ground: str
    panel: str
    raised: str
    line: str
    text: str
    text_dim: str


DARK = Palette("dark", "#101317", "#171B21", "#1F242C", "#2B323C", "#E8EBF0", "#98A2B0")
LIGHT = Palette("light", "#F6F7F9", "#FFFFFF", "#EDEFF3", "#D9DDE4", "#171B21", "#5B6675")
PALETTES = {palette.name: palette for palette in (DARK, LIGHT)}

HOLD = "#98A2B0"
TELEOP = "#56B4E9"
VERBAL = "#CC79A7"
AUTONOMOUS = "#E69F00"
ALARM = "#D55E00"
GOOD = "#009E73"
WARNING = "#E69F00"
ON_HUE = "#101317"
ON_ALARM = "#FFFFFF"
PICTURE_GROUND = "#0A0C0F"
SCRIM_ALPHA = 150
STALE_ALPHA = 170
GHOST_ALPHA = 110
FILL_ALPHA = 60


@dataclass(frozen=True, slots=True)
class ModeLook:
    """How a mode is named and shown: word, one line of what it means, hue, ink on that hue, icon."""

    word: str
    meaning: str
    hue: str
    ink: str
    icon: str


MODE_LOOKS = {
    Mode.STOPPED: ModeLook("Stopped", "Deaf to every source until released", ALARM, ON_ALARM, "mdi6.octagon"),
    Mode.HOLD: ModeLook("Hold", "The robot keeps its pose", HOLD, ON_HUE, "mdi6.pause"),
    Mode.TELEOP: ModeLook(
        "Teleoperate", "The robot follows the leaders", TELEOP, ON_HUE, "mdi6.hand-back-right"
    ),
    Mode.REPLAY: ModeLook("Replay", "The robot repeats an episode", HOLD, ON_HUE, "mdi6.replay"),
    Mode.VERBAL: ModeLook("Verbal", "The robot does what it is told", VERBAL, ON_HUE, "mdi6.chat"),
    Mode.AUTONOMOUS: ModeLook(
        "Autonomous", "The robot decides for itself", AUTONOMOUS, ON_HUE, "mdi6.creation"
    ),
}

LEVEL_HUES = {"error": ALARM, "warning": WARNING, "info": TELEOP}
LEVEL_ICONS = {"error": "mdi6.alert-octagon", "warning": "mdi6.alert", "info": "mdi6.information-outline"}


@dataclass(frozen=True, slots=True)
class OutcomeLook:
    """How an episode's outcome is named and shown."""

    word: str
    hue: str
    icon: str


OUTCOME_LOOKS = {
    "success": OutcomeLook("Success", GOOD, "mdi6.check-bold"),
    "failure": OutcomeLook("Failure", ALARM, "mdi6.close-thick"),
    "unset": OutcomeLook("Not judged", HOLD, "mdi6.circle-outline"),
}


_DEEPER = {TELEOP: "#0B6BA3", WARNING: "#8A5A00", ALARM: "#B34500", GOOD: "#00734F"}


def ink_of(hue: str, palette: Palette) -> str:
    """A hue of meaning as it is written and drawn in thin lines: deeper on light grounds, to be legible."""
    return _DEEPER.get(hue, hue) if palette is LIGHT else hue


def family() -> str:
    """The design's family where it is installed, else the system's. Needs a QApplication."""
    if FAMILY in QFontDatabase.families():
        return FAMILY
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()


def font(size_px: int = TEXT_PX, *, bold: bool = False) -> QFont:
    """The family at one of the sizes above, with figures of equal width so that numbers do not dance."""
    made = QFont(family())
    made.setPixelSize(size_px)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def figure_font(picture_px: int) -> QFont:
    """The font of the one huge figure over a picture of this height, never smaller than two banners."""
    return font(max(2 * TEXT_BANNER_PX, round(FIGURE_SHARE * picture_px)), bold=True)


def steps(count: int) -> int:
    """A distance of so many spacing steps, in pixels."""
    return count * STEP_PX
