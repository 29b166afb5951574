"""The section "Save": writing the label map with what belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.labels import CONVENTIONS
from napari_brats.widgets.message import MessageLabel


@dataclass(frozen=True)
class SaveRequest:
    """What to save, where and how.

    Attributes
    ----------
    path
        The label map's file (``.nii.gz`` or ``.nii``); everything else is written beside it.
    convention
        Name of the convention whose integers the label map is written in.
    region_masks
        Also WT, TC and ET as separate binary masks.
    itksnap
        Also an ITK-SNAP label description file.
    report
        Also a JSON with volumes, geometry and how the label map came about.
    overwrite
        Whether the user agreed to replace files that exist.
    """

    path: Path
    convention: str
    region_masks: bool = False
    itksnap: bool = False
    report: bool = True
    overwrite: bool = False


class SavePanel(QWidget):
    """Asks where to save, and asks again before a file is replaced."""

    save_requested = Signal(object)  # SaveRequest

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pending: SaveRequest | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(6, 6, 6, 6)
        self._add_target()
        self._add_options()
        self._add_question()
        self.message = MessageLabel()
        self._layout.addWidget(self.message)
        self.show_target(None, "brats2023")
        self.show_message("")

    def show_target(self, path: Path | None, convention: str) -> None:
        """Offer ``path`` and ``convention`` for the active label map; None if there is none."""
        self.path.setText(str(path) if path else "")
        with QSignalBlocker(self._convention):
            self._convention.setCurrentIndex(max(0, self._convention.findData(convention)))
        self.save.setEnabled(path is not None)
        self._drop_question()

    def ask_replace(
        self, request: SaveRequest, existing: Sequence[Path], changed: Sequence[Path] = ()
    ) -> None:
        """Ask whether ``existing`` may be replaced; yes emits ``request`` again, with leave.

        ``changed`` are files that somebody else changed since they were opened.
        """
        self._pending = replace(request, overwrite=True)
        words = []
        if changed:
            names = "\n".join(f"  {path}" for path in changed)
            words.append(f"Changed on disk since this case was opened:\n{names}")
        if existing:
            names = "\n".join(f"  {path.name}" for path in existing)
            words.append(f"In {request.path.parent} there is already\n{names}")
        words.append("Replace it?" if existing else "Save all the same?")
        show = self.question.show_error if changed else self.question.show_note
        show("\n".join(words))
        self.question_box.setVisible(True)
        self.save.setEnabled(False)
        self.show_message("")

    def show_saved(self, paths: Sequence[Path], kept: Path | None = None) -> None:
        """Say what was written, and where, and how the former version is called."""
        names = ", ".join(path.name for path in paths)
        former = f" The former version is kept as {kept.name}." if kept else ""
        self.show_message(f"Saved {names} in {paths[0].parent}.{former}")

    def show_message(self, text: str, *, is_error: bool = False) -> None:
        """Show ``text`` below the button; an empty one takes the message away."""
        (self.message.show_error if is_error else self.message.show_note)(text)

    def _add_target(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        row = QHBoxLayout()
        self.path = QLineEdit()
        self.path.setToolTip("The label map's file: .nii.gz or .nii")
        self.path.textChanged.connect(self.path.setToolTip)
        browse = QToolButton()
        browse.setText("\u2026")
        browse.setToolTip("Choose another folder or name")
        browse.clicked.connect(self._ask_path)
        row.addWidget(self.path, 1)
        row.addWidget(browse)
        form.addRow("File", row)
        self._convention = QComboBox()
        for name, convention in CONVENTIONS.items():
            self._convention.addItem(convention.title, name)
        self._convention.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._convention.setToolTip("The integers in which the label map is written")
        form.addRow("Labels", self._convention)
        self._layout.addLayout(form)

    def _add_options(self) -> None:
        self._report = QCheckBox("Volumes and provenance (JSON)")
        self._report.setToolTip("A record beside the mask: volumes, geometry, how it was made")
        self._report.setChecked(True)
        self._masks = QCheckBox("WT, TC and ET as binary masks")
        self._masks.setToolTip("Three more files beside the label map")
        self._itksnap = QCheckBox("ITK-SNAP label descriptions")
        self._itksnap.setToolTip("A text file with names and colours that ITK-SNAP reads")
        for box in (self._report, self._masks, self._itksnap):
            self._layout.addWidget(box)
        self.save = QPushButton("Save label map")
        self.save.setToolTip("Write the label map with its case's geometry; asks to replace")
        self.save.clicked.connect(self._on_save)
        self._layout.addWidget(self.save)

    def _add_question(self) -> None:
        self.question_box = QWidget()
        box = QVBoxLayout(self.question_box)
        box.setContentsMargins(0, 0, 0, 0)
        self.question = MessageLabel()
        box.addWidget(self.question)
        row = QHBoxLayout()
        self.replace = QPushButton("Replace")
        self.replace.setToolTip("Write over the files; the former version is kept once beside them")
        self.replace.clicked.connect(self._on_replace)
        self.keep = QPushButton("Keep")
        self.keep.setToolTip("Leave the files as they are")
        self.keep.clicked.connect(self._drop_question)
        row.addWidget(self.replace)
        row.addWidget(self.keep)
        box.addLayout(row)
        self._layout.addWidget(self.question_box)
        self.question_box.setVisible(False)

    def _request(self) -> SaveRequest:
        return SaveRequest(
            path=Path(self.path.text().strip()).expanduser(),
            convention=self._convention.currentData(),
            region_masks=self._masks.isChecked(),
            itksnap=self._itksnap.isChecked(),
            report=self._report.isChecked(),
        )

    def _on_save(self) -> None:
        if not self.path.text().strip():
            self.show_message("Say where to save: the file name is empty.", is_error=True)
            return
        self.save_requested.emit(self._request())

    def _on_replace(self) -> None:
        request = self._pending
        self._drop_question()
        if request is not None:
            self.save_requested.emit(request)

    def _drop_question(self) -> None:
        self._pending = None
        self.question_box.setVisible(False)
        self.save.setEnabled(bool(self.path.text()))

    def _ask_path(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self,
            "Save the label map",
            self.path.text(),
            "NIfTI (*.nii.gz *.nii)",
            options=QFileDialog.Option.DontConfirmOverwrite,  # the panel asks itself
        )
        if path:
            self.path.setText(path)
