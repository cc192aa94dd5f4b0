from __future__ import annotations

import pytest
from PyQt6.QtWidgets import QApplication, QPushButton, QWidget

from app.gui.widgets.flow import Flow


@pytest.mark.parametrize(("width_px", "lines"), [(330, 1), (329, 2), (220, 2), (110, 3), (40, 3)])
def test_what_does_not_fit_goes_to_the_next_line(qapp: QApplication, width_px: int, lines: int) -> None:
    host = QWidget()
    flow = Flow(gap_px=15)
    host.setLayout(flow)
    buttons = [QPushButton() for _ in range(3)]
    for button in buttons:
        button.setFixedSize(100, 30)
        flow.addWidget(button)
    host.resize(width_px, 200)
    host.show()
    assert flow.heightForWidth(width_px) == 30 * lines + 15 * (lines - 1)
    tops = [button.y() for button in buttons]
    assert len(set(tops)) == lines
    assert all(button.width() == 100 for button in buttons)
    assert all(button.geometry().right() < width_px for button in buttons) or width_px < 100
