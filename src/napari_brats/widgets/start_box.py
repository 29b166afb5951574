"""What the panel says while no case is open: what to do first, with the buttons that do it."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

FIRST = (
    "No case is open. Drop the folder or the files of one examination into the window (T1, T1 with "
    "contrast, T2 and FLAIR, in any order and naming), or open them here:"
)


class StartBox(QWidget):
    """Emits which of the three ways to begin was chosen."""

    folder_requested = Signal()
    files_requested = Signal()
    sample_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        text = QLabel(FIRST)
        text.setWordWrap(True)
        self.folder_button = QPushButton("Folder\u2026")
        self.files_button = QPushButton("Files\u2026")
        self.sample_button = QPushButton("Open the sample")
        row = QHBoxLayout()
        for button, tip, signal in (
            (self.folder_button, "Open the folder of a case, or of cases", self.folder_requested),
            (self.files_button, "Open the image files of one case", self.files_requested),
            (
                self.sample_button,
                "A synthetic brain with a glioma and its mask, to try everything on",
                self.sample_requested,
            ),
        ):
            button.setToolTip(tip)
            button.clicked.connect(signal)
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(text)
        layout.addLayout(row)
