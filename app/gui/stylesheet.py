"""The Qt stylesheet, made from the tokens. Fonts are set on widgets, so that figures keep their equal width."""

from __future__ import annotations

from string import Template

from app.gui import tokens

_TEMPLATE = Template(
    """
* { color: $text; outline: none; }
QWidget#ground, QMainWindow { background: $ground; }
QWidget#panel { background: $panel; }
QWidget#bar { background: $panel; border-bottom: 1px solid $line; }
QWidget#foot { background: $panel; border-top: 1px solid $line; }
QWidget#side { background: $panel; border-left: 1px solid $line; }
QFrame#card { background: $raised; border: 1px solid $line; border-radius: ${corner}px; }
QFrame#notice { background: $raised; border: none; border-top: 1px solid $line; }
QFrame#floating { background: $panel; border: 1px solid $line; border-radius: ${corner}px; }
QFrame#rule { background: $line; border: none; max-height: 1px; min-height: 1px; }
QLabel { background: transparent; }
QLabel[dim="true"] { color: $dim; }
QLabel#toast { background: $raised; border: 1px solid $line; border-radius: ${corner}px; padding: 8px 16px; }
QPushButton { background: $raised; border: 1px solid $line; border-radius: ${corner}px; padding: 0 12px; }
QPushButton:hover { border-color: $dim; }
QPushButton:pressed { background: $line; }
QPushButton:focus { border: 2px solid $focus; }
QPushButton:disabled { color: $dim; background: transparent; }
QPushButton[flat="true"] { background: transparent; border-color: transparent; }
QPushButton[flat="true"]:hover { background: $raised; }
QPushButton[flat="true"]:checked { background: $raised; border-color: $line; }
QPushButton[flat="true"]:focus { border: 2px solid $focus; }
QPushButton[choice="true"] { padding: 0 4px; color: $dim; }
QPushButton[choice="true"]:checked { background: $panel; border: 2px solid $text; color: $text; }
QPushButton[choice="true"]:focus { border: 2px solid $focus; }
QLineEdit, QPlainTextEdit, QComboBox, QSpinBox, QDoubleSpinBox {
    background: $ground; border: 1px solid $line; border-radius: ${corner}px; padding: 4px 8px;
    selection-background-color: $focus; selection-color: $on_hue; }
QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus {
    border: 2px solid $focus; }
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {
    width: 0; border: none; }
QCheckBox { background: transparent; spacing: 8px; }
QCheckBox:focus { color: $focus; text-decoration: underline; }
QCheckBox::indicator { width: 16px; height: 16px; border: 1px solid $dim; border-radius: 4px; background: $ground; }
QCheckBox::indicator:focus { border: 2px solid $focus; }
QCheckBox::indicator:checked { background: $focus; border-color: $focus; }
QComboBox QLineEdit, QComboBox QLineEdit:focus { border: none; padding: 0; background: transparent; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox QAbstractItemView { background: $panel; border: 1px solid $line; selection-background-color: $raised;
    selection-color: $text; }
QTableView, QListView, QPlainTextEdit#log { background: $ground; border: 1px solid $line;
    border-radius: ${corner}px; gridline-color: $line; selection-background-color: $raised; selection-color: $text; }
QTableView:focus, QListView:focus { border: 1px solid $focus; }
QTableView::item, QListView::item { padding: 4px 8px; border: none; }
QTableView::item:selected, QListView::item:selected { background: $raised; color: $text; }
QHeaderView, QHeaderView::section, QTableCornerButton::section { background: $ground; color: $dim; border: none;
    padding: 0 8px; }
QSlider::groove:horizontal { height: 6px; background: $line; border-radius: 3px; }
QSlider::sub-page:horizontal { height: 6px; background: $dim; border-radius: 3px; }
QSlider::handle:horizontal { width: 16px; margin: -6px 0; border-radius: 8px; background: $text; }
QSlider:focus::handle:horizontal { background: $focus; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: $line; border-radius: 4px; min-height: 32px; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; width: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QScrollBar:horizontal { background: transparent; height: 10px; }
QScrollBar::handle:horizontal { background: $line; border-radius: 4px; min-width: 32px; }
QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: none; }
QMenu { background: $panel; border: 1px solid $line; padding: 4px; }
QMenu::item { color: $text; padding: 6px 24px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: $raised; }
QMenu::item:disabled { color: $dim; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QMenu::indicator { width: 14px; height: 14px; border: 1px solid $dim; border-radius: 4px; margin-left: 6px; }
QMenu::indicator:checked { background: $focus; border-color: $focus; }
QToolTip { background: $panel; color: $text; border: 1px solid $line; padding: 4px 8px; }
"""
)


def stylesheet(palette: tokens.Palette) -> str:
    """The stylesheet of a palette."""
    return _TEMPLATE.substitute(
        ground=palette.ground,
        panel=palette.panel,
        raised=palette.raised,
        line=palette.line,
        text=palette.text,
        dim=palette.text_dim,
        focus=tokens.TELEOP,
        on_hue=tokens.ON_HUE,
        corner=tokens.CORNER_PX,
    )
