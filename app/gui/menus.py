"""What has popped up over the window, and must not stay there."""

from __future__ import annotations

from PyQt6.QtWidgets import QApplication


def close_menus() -> None:
    """Close what has popped up: a menu or a list over the window would hide STOP, or stay on another page."""
    while (popup := QApplication.activePopupWidget()) is not None and popup.close():
        pass
