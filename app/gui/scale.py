"""The size of everything: chosen in the settings, or by the screen on the first start.

Qt takes the factor from its environment when the application is made, so a change counts from the next start on.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from PyQt6.QtWidgets import QApplication

from app.gui.settings import Settings

AUTO = "auto"
OPTIONS = (AUTO, "1", "1.25", "1.5", "1.75", "2")
"""As kept in the settings."""

QT_NAME, OURS_NAME = "QT_SCALE_FACTOR", "UNDERSTUDY_SCALE"
"""Qt's variable, and ours beside it that tells a factor set here from one that the user's desktop has set."""

LEAST_HEIGHT_PX = 720
"""The window at its lowest, and a title bar: a factor that leaves less of the screen is too large."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen: its height in pixels as the desktop counts them, its pixels an inch, the desktop's own scaling."""

    height_px: float
    dots_per_inch: float
    scaling: float


def set_factor(settings: Settings) -> None:
    """Tell Qt the factor; before the application is made. A factor that the desktop has set is left alone."""
    if QT_NAME in os.environ and OURS_NAME not in os.environ:
        return
    os.environ.pop(QT_NAME, None)
    os.environ.pop(OURS_NAME, None)
    factor = wanted(settings)
    if factor != 1.0:
        os.environ[QT_NAME] = os.environ[OURS_NAME] = f"{factor:g}"


def in_use() -> float:
    """The factor that counts now."""
    try:
        return float(os.environ.get(QT_NAME, "1"))
    except ValueError:
        return 1.0


def wanted(settings: Settings) -> float:
    """The factor that is chosen; `auto` is what the screen asked for when it was last looked at."""
    chosen = settings.auto_scale if settings.scale == AUTO else settings.scale
    try:
        factor = float(chosen)
    except ValueError:
        return 1.0
    return factor if 1.0 <= factor <= 2.0 else 1.0


def choose_by_screen(settings: Settings) -> bool:
    """Look at the screen and keep the factor it asks for; after the application is made, before a window is.

    Returns:
        Whether it is another one than counts now, so that the app must start again.
    """
    screen = QApplication.primaryScreen()
    if settings.scale != AUTO or screen is None or QApplication.platformName() == "offscreen":
        return False
    if QT_NAME in os.environ and OURS_NAME not in os.environ:
        return False
    scaled = in_use()  # what Qt tells is already divided by it
    seen = Screen(
        height_px=screen.availableGeometry().height() * scaled,
        dots_per_inch=screen.physicalDotsPerInch() * scaled,
        scaling=screen.devicePixelRatio() / scaled,
    )
    settings.auto_scale = f"{factor_for(seen):g}"
    settings.save()
    return wanted(settings) != in_use()


def factor_for(screen: Screen) -> float:
    """What a screen asks for: nothing where the desktop scales already, up to twice on a small and dense one."""
    if screen.scaling > 1.01:
        return 1.0
    known = 50.0 < screen.dots_per_inch < 500.0
    if screen.height_px >= 1900:  # 4K, less a panel
        factor = 2.0 if known and screen.dots_per_inch >= 200.0 else 1.5
        if known and screen.dots_per_inch < 120.0:
            factor = 1.25  # a television: large as it is
    elif screen.height_px >= 1300:
        factor = 1.25 if known and screen.dots_per_inch >= 120.0 else 1.0
    else:
        factor = 1.0
    return max(1.0, min(factor, screen.height_px / LEAST_HEIGHT_PX // 0.25 * 0.25))


def stepped(option: str, by: int, *, now: float) -> str:
    """The option larger or smaller by a step than the one chosen; from `auto`, than the factor that counts now."""
    fixed = OPTIONS[1:]
    if option == AUTO:
        option = min(fixed, key=lambda other: abs(float(other) - now))
    place = fixed.index(option) if option in fixed else 0
    return fixed[min(len(fixed) - 1, max(0, place + by))]
