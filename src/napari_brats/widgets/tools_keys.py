"""Enter, Escape and Space while a tool of ours has the mouse."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit

TAKE_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
DROP_KEY = Qt.Key.Key_Escape
MOVE_KEY = Qt.Key.Key_Space
KINDS = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride)


class ToolKeys(QObject):
    """Hears the keys wherever the focus is, canvas or panel, and only while it listens.

    ``take`` and ``drop`` say whether there was something to take or to drop; if not, the key is
    left to others. napari's own use of these keys in a labels layer is not reached otherwise.
    """

    def __init__(self, take: Callable[[], bool], drop: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._take, self._drop = take, drop
        self._is_listening = False
        self.is_moving = False
        """Whether Space is held: the mouse moves the view, as with napari's tools."""

    def listen(self, on: bool) -> None:
        """Listen from now on, or no more. Harmless when called twice."""
        if on != self._is_listening:
            self._is_listening, self.is_moving = on, False
            application = QApplication.instance()
            (application.installEventFilter if on else application.removeEventFilter)(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take or drop, and let nobody else have the key then."""
        if event.type() not in KINDS or not isinstance(event, QKeyEvent) or _is_elsewhere():
            return bool(super().eventFilter(watched, event))
        key, kind = event.key(), event.type()
        if key == MOVE_KEY and not event.isAutoRepeat():
            self.is_moving = kind != QEvent.Type.KeyRelease
        elif kind == QEvent.Type.KeyPress and key in TAKE_KEYS:
            return self._take()
        elif kind == QEvent.Type.KeyPress and key == DROP_KEY:
            return self._drop()
        return False


def _is_elsewhere() -> bool:
    """Whether somebody types into a field, or a list or a question is open."""
    application = QApplication.instance()
    return (
        application.activePopupWidget() is not None
        or application.activeModalWidget() is not None
        or isinstance(application.focusWidget(), QAbstractSpinBox | QLineEdit)
    )
