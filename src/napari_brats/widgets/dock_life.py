"""How a dock widget ends: with its window, or when somebody closes its dock."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QEvent, QObject, Signal
from qtpy.QtWidgets import QDockWidget, QWidget


class DockLife(QObject):
    """Shuts a widget down with its window, and deletes it when its dock is closed.

    The cross on the title bar of napari's dock asks ``may_close`` first.
    """

    shown = Signal()
    dock_closed = Signal()  # the viewer stays; what the widget drew in it is still there

    def __init__(
        self,
        widget: QWidget,
        shut_down: Callable[[], None],
        may_close: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__(widget)
        self._widget, self._shut_down, self._may_close = widget, shut_down, may_close
        self._dock: QDockWidget | None = None
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the widget; no event is held back."""
        if watched is self._widget:
            self._follow(event.type())
        return False

    def _follow(self, kind: QEvent.Type) -> None:
        if kind == QEvent.Type.Show:
            self._stand_before_the_cross()
            self.shown.emit()
        elif kind == QEvent.Type.Close:
            self._shut_down()
        elif kind == QEvent.Type.ParentChange and self._widget.parent() is None:
            self.dock_closed.emit()  # napari takes the widget out of a dock that it closes
            self._shut_down()
            self._widget.deleteLater()

    def _stand_before_the_cross(self) -> None:
        """Ask before napari closes the dock: it looks its method up at each click."""
        dock = dock_of(self._widget)
        if dock is None or dock is self._dock or not hasattr(dock, "destroyOnClose"):
            return
        self._dock = dock
        close = dock.destroyOnClose
        dock.destroyOnClose = lambda: close() if self._may_close() else None


def dock_of(widget: QWidget) -> QDockWidget | None:
    """The dock that a widget is in."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent
