"""A field for the path of a folder, with a button to choose one."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QToolButton, QWidget


class FolderEdit(QWidget):
    """Emits `path_changed` when another folder was typed or chosen."""

    path_changed = Signal(object)  # Path, or None where the field is empty

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._last: Path | None = None
        self.edit = QLineEdit()
        self.edit.setToolTip(title)
        self.browse = QToolButton()
        self.browse.setText("\u2026")
        self.browse.setToolTip(f"Choose: {title.lower()}")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.edit, 1)
        layout.addWidget(self.browse)
        self.edit.editingFinished.connect(self._on_edited)
        self.browse.clicked.connect(self._on_browse)

    def path(self) -> Path | None:
        """The folder; None where the field is empty. It need not exist."""
        text = self.edit.text().strip()
        return Path(text).expanduser() if text else None

    def set_path(self, path: Path | None) -> None:
        """Put a folder into the field."""
        self.edit.setText("" if path is None else str(path))
        self._on_edited()

    def _on_edited(self) -> None:
        path = self.path()
        self.edit.setToolTip(f"{self._title}: {path}" if path else self._title)
        if path != self._last:
            self._last = path
            self.path_changed.emit(path)

    def _on_browse(self) -> None:
        begin = self.path() or Path.home()
        chosen = QFileDialog.getExistingDirectory(self, self._title, str(begin))
        if chosen:
            self.set_path(Path(chosen))
