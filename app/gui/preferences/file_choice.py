"""Choosing a file or a folder, beside the window's work and never over STOP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog, QWidget

from app.gui import tokens


def choose_path(
    host: QWidget, *, title: str, start: str, folder: bool, chosen: Callable[[str], None]
) -> QFileDialog:
    """Open a dialog that waits for nothing: the window goes on, and STOP stays in reach.

    Args:
        host: the page over which it lies; it goes with the page.
        title: what is chosen.
        start: where to begin.
        folder: whether a folder is chosen rather than a file.
        chosen: told the path.
    """
    dialog = QFileDialog(host, title, start if Path(start).exists() else "")
    dialog.setOption(
        QFileDialog.Option.DontUseNativeDialog
    )  # a native one is modal, and takes Escape for itself
    dialog.setFileMode(QFileDialog.FileMode.Directory if folder else QFileDialog.FileMode.ExistingFile)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setModal(False)
    dialog.fileSelected.connect(chosen)
    gap = tokens.steps(6)
    dialog.resize(
        min(tokens.steps(180), host.width() - tokens.SIDE_WIDTH_PX - 2 * gap), host.height() - 2 * gap
    )
    dialog.show()
    dialog.move(
        host.mapToGlobal(host.rect().topLeft()).x() + gap, host.mapToGlobal(host.rect().topLeft()).y() + gap
    )
    return dialog
