"""Choosing a file or a folder, beside the window's work and never over STOP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog, QWidget

from app.gui import tokens


class PathChooser:
    """At most one dialog at a time.

    Args:
        title: what is chosen.
        folder: whether a folder is chosen rather than a file.
        chosen: told the path.
    """

    def __init__(self, *, title: str, folder: bool, chosen: Callable[[str], None]) -> None:
        self._title = title
        self._folder = folder
        self._chosen = chosen
        self._dialog: QFileDialog | None = None

    def open(self, host: QWidget | None, *, start: str) -> None:
        """Open the dialog over a window; where to begin counts if it exists."""
        if host is not None and self._dialog is None:
            self._dialog = _open_over(host, title=self._title, start=start, folder=self._folder)
            self._dialog.fileSelected.connect(self._chosen)
            self._dialog.destroyed.connect(self._forget)

    def close(self) -> None:
        """Nothing is chosen any more."""
        if self._dialog is not None:
            self._dialog.close()

    def _forget(self) -> None:
        self._dialog = None


def _open_over(host: QWidget, *, title: str, start: str, folder: bool) -> QFileDialog:
    """A dialog that waits for nothing: the window goes on, STOP stays in reach, and it goes with the window."""
    dialog = QFileDialog(host, title, start if Path(start).exists() else "")
    # A native one is modal, and takes Escape for itself.
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setFileMode(QFileDialog.FileMode.Directory if folder else QFileDialog.FileMode.ExistingFile)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setModal(False)
    gap_px, corner = tokens.steps(6), host.mapToGlobal(host.rect().topLeft())
    room_px = host.width() - tokens.SIDE_WIDTH_PX - 2 * gap_px
    dialog.resize(min(tokens.steps(180), room_px), host.height() - 2 * gap_px)
    dialog.show()
    dialog.move(corner.x() + gap_px, corner.y() + gap_px)
    return dialog
