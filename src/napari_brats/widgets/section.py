"""A panel's section with a heading that folds it away, and the scroll area that holds them."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFrame,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

MIN_WIDTH = 310
"""In pixels: sliders stay usable, and half of a 1280 pixel window is left for the image."""


class Section(QWidget):
    """A heading that can be clicked, above its content."""

    def __init__(self, title: str, content: QWidget, *, is_open: bool = True) -> None:
        super().__init__()
        self.content = content
        self.heading = QToolButton()
        self.heading.setText(title)
        self.heading.setCheckable(True)
        self.heading.setToolTip(f"Fold or unfold the section '{title}'")
        self.heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.heading.setStyleSheet("QToolButton { font-weight: bold; text-align: left; }")
        self.heading.toggled.connect(self._on_heading_toggled)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.heading)
        layout.addWidget(content)
        self.heading.setChecked(is_open)
        self._on_heading_toggled(is_open)

    def _on_heading_toggled(self, is_open: bool) -> None:
        self.content.setVisible(is_open)
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self.heading.setArrowType(arrow)


class SectionArea(QScrollArea):
    """Sections below each other; scrolls up and down only and is as wide as they need.

    The mouse wheel scrolls: it changes a drop-down or slider only after a click into it, so that no
    value is changed by passing over it.
    """

    def __init__(self, sections: list[Section]) -> None:
        super().__init__()
        self.sections = tuple(sections)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QWidget()
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 4, 0, 4)
        for section in sections:
            layout.addWidget(section)
        layout.addStretch(1)
        self.setWidget(column)
        for kind in (QComboBox, QAbstractSpinBox, QAbstractSlider):
            for control in column.findChildren(kind):
                control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # a wheel gives no focus
                control.installEventFilter(self)

    def unfold(self, content: QWidget) -> None:
        """Open the section that holds ``content``, and scroll to it. Harmless if none does."""
        for section in self.sections:
            if section.content is content:
                section.heading.setChecked(True)
                QApplication.processEvents()  # laid out before it can be scrolled to
                self.ensureWidgetVisible(section.heading, 0, 0)
                self.ensureWidgetVisible(content, 0, 0)

    def minimumSizeHint(self) -> QSize:
        """Wide enough that nothing is cut off at the right."""
        column = self.widget()
        width = column.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(max(width, MIN_WIDTH), 120)

    def sizeHint(self) -> QSize:
        """The width it needs, and as much height as there is."""
        return QSize(self.minimumSizeHint().width(), super().sizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hand the wheel over a control that was not clicked into to the scroll area."""
        if (
            event.type() == QEvent.Type.Wheel
            and isinstance(watched, QWidget)
            and not watched.hasFocus()
        ):
            event.ignore()
            return True
        return bool(super().eventFilter(watched, event))
