"""Enter and Escape while a tool shows what it would paint."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QApplication

TAKE_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
DROP_KEY = Qt.Key.Key_Escape


class PreviewKeys(QObject):
    """Hears the two keys wherever the focus is, canvas or panel, and only while it listens.

    napari's own use of them in a labels layer (end or forget a polygon) is not reached then.
    """

    def __init__(self, take: Callable[[], None], drop: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._take, self._drop = take, drop
        self._is_listening = False

    def listen(self, on: bool) -> None:
        """Listen from now on, or no more. Harmless when called twice."""
        if on != self._is_listening:
            self._is_listening = on
            application = QApplication.instance()
            (application.installEventFilter if on else application.removeEventFilter)(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take or drop, and let nobody else have the key."""
        kind = event.type()
        if kind not in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride):
            return bool(super().eventFilter(watched, event))
        if not isinstance(event, QKeyEvent) or event.key() not in (*TAKE_KEYS, DROP_KEY):
            return False
        if kind == QEvent.Type.ShortcutOverride:
            event.accept()  # no shortcut, but a key that is pressed
        else:
            (self._drop if event.key() == DROP_KEY else self._take)()
        return True
