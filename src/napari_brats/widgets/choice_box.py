"""A drop-down of named choices whose list may be renewed while one is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtGui import QPaintEvent
from qtpy.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter, QWidget


@dataclass(frozen=True)
class Choice:
    """One entry of a drop-down: the engine's word, the user's words, and more in the tool tip."""

    name: str
    title: str
    details: str = ""


class ChoiceBox(QComboBox):
    """Never makes the panel wider than its dock; the list and the tool tip show full titles.

    Emits `about_to_open` before the list is shown, so that it can be renewed.
    """

    about_to_open = Signal()
    choice_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(10)
        self.currentIndexChanged.connect(self._on_index_changed)

    @property
    def chosen(self) -> str:
        """The name of the chosen entry; empty while there is none."""
        choice = self.currentData()
        return "" if choice is None else choice.name

    def set_choices(self, choices: Sequence[Choice]) -> None:
        """Offer these, keeping the chosen one where it is still there."""
        had_one, before = self.count() > 0, self.chosen
        # With nothing chosen so far it is the first one, even if another is called "".
        first = choices[0].name if choices else ""
        self.show_choices(choices, before if had_one else first)
        if self.chosen != before:
            self.choice_changed.emit()

    def show_choices(self, choices: Sequence[Choice], chosen: str) -> None:
        """Offer these with one of them chosen (else the first), without word of it."""
        if [self.itemData(index) for index in range(self.count())] != list(choices):
            with QSignalBlocker(self):
                self.clear()
                for choice in choices:
                    self.addItem(choice.title, choice)
        names = [choice.name for choice in choices]
        with QSignalBlocker(self):
            self.setCurrentIndex(names.index(chosen) if chosen in names else min(0, len(names) - 1))
        self._show_details()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box with a title that ends in dots where it does not fit."""
        del event
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideRight, field.width() - 4
        )
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def showPopup(self) -> None:
        """Show the list, after whoever fills it could renew it."""
        self.about_to_open.emit()
        super().showPopup()

    def _on_index_changed(self) -> None:
        self._show_details()
        self.choice_changed.emit()

    def _show_details(self) -> None:
        choice = self.currentData()
        self.setToolTip("" if choice is None else choice.details)
