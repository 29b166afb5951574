"""A panel whose contents are worked out only while somebody can see it."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QWidget


class WatchedPanel(QWidget):
    """Tells when it comes into sight and when it goes."""

    shown_changed = Signal(bool)

    def showEvent(self, event: QShowEvent) -> None:
        """What it shows is needed from now on."""
        super().showEvent(event)
        self.shown_changed.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks any more."""
        super().hideEvent(event)
        self.shown_changed.emit(False)
