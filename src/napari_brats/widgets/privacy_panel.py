"""The section "Settings and data": who edits, what is kept here, how to get rid of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.widgets.message import MessageLabel
from napari_brats.workspace.folders import KINDS


class PrivacyPanel(QWidget):
    """Shows what is kept by kind; asks before it is deleted."""

    editor_changed = Signal(str)
    open_folder_requested = Signal()
    delete_requested = Signal()
    diagnostics_requested = Signal()
    shown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        self._sizes: dict[str, QLabel] = {}
        self.editor = QLineEdit()
        self.editor.setPlaceholderText("not written into records")
        self.editor.setToolTip("Your name, written into the record beside label maps you save")
        self.editor.editingFinished.connect(lambda: self.editor_changed.emit(self.editor.text()))
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Editor's name", self.editor)
        layout.addLayout(form)
        self.folder = MessageLabel()
        layout.addWidget(self.folder)
        layout.addLayout(self._table())
        self.open_folder = _button("Open folder", "Show it in the system's file manager")
        self.delete = _button("Delete all\u2026", "Delete everything listed here; asks once more")
        self.diagnostics = _button(
            "Copy diagnostics",
            "Versions, device, screen, settings and last errors for a bug report, as text in the "
            "clipboard; paths and names of cases are left out",
        )
        layout.addLayout(_row(self.open_folder, self.delete))
        layout.addWidget(self.diagnostics)
        self.question = MessageLabel()
        self.confirm = _button("Delete", "Delete it now; this cannot be undone")
        self.keep = _button("Keep", "Leave everything as it is")
        self._answers = QWidget()
        self._answers.setLayout(_row(self.confirm, self.keep))
        self.message = MessageLabel()
        for part in (self.question, self._answers, self.message):
            layout.addWidget(part)
        self.open_folder.clicked.connect(self.open_folder_requested)
        self.diagnostics.clicked.connect(self.diagnostics_requested)
        self.delete.clicked.connect(self._ask)
        self.confirm.clicked.connect(self._on_confirm)
        self.keep.clicked.connect(lambda: self._show_question(""))
        self._show_question("")

    def show_editor(self, name: str) -> None:
        """Show the name that is stored."""
        with QSignalBlocker(self.editor):
            self.editor.setText(name)

    def show_kept(self, folder: Path, sizes: Mapping[str, int]) -> None:
        """Show where things are kept, and how much of each kind, in bytes."""
        self.folder.show_note(f"Kept in {folder}, for your eyes only.")
        for name, label in self._sizes.items():
            label.setText(_in_words(sizes.get(name, 0)))

    def show_message(self, text: str, *, is_error: bool = False) -> None:
        """Show ``text`` below the buttons; an empty one takes the message away."""
        (self.message.show_error if is_error else self.message.show_note)(text)

    def showEvent(self, event: object) -> None:
        """Ask for fresh numbers whenever the section is unfolded."""
        super().showEvent(event)
        self.shown.emit()

    def _table(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(0, 1)
        for row, (name, kind) in enumerate(KINDS.items()):
            title, size = QLabel(kind.title), QLabel("")
            size.setAlignment(Qt.AlignmentFlag.AlignRight)
            for label in (title, size):
                label.setToolTip(kind.holds)
            grid.addWidget(title, row, 0)
            grid.addWidget(size, row, 1)
            self._sizes[name] = size
        return grid

    def _ask(self) -> None:
        kinds = ", ".join(kind.title.lower() for kind in KINDS.values())
        self._show_question(
            f"Delete {kinds}? Unsaved edits of earlier sessions are lost. Saved label maps, your "
            f"settings and your own networks stay, and so do journals that another window uses."
        )

    def _on_confirm(self) -> None:
        self._show_question("")
        self.delete_requested.emit()

    def _show_question(self, text: str) -> None:
        self.question.show_note(text)
        self._answers.setVisible(bool(text))
        self.delete.setEnabled(not text)


def _in_words(size: int) -> str:
    if size < 1000:
        return f"{size} bytes" if size else "nothing"
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button


def _row(*buttons: QPushButton) -> QHBoxLayout:
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    for button in buttons:
        layout.addWidget(button)
    return layout
