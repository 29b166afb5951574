"""The section "Case": which file was taken for which modality, why, and how to correct it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.labels import CONVENTIONS
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.widgets.case_view import CaseView
from napari_brats.widgets.elided_label import ElidedLabel
from napari_brats.widgets.message import MessageLabel
from napari_brats.widgets.start_box import StartBox

NOT_CHOSEN = "(missing)"
IMAGE_FILES = "Images (*.nii *.nii.gz *.mha);;All files (*)"


class CasePanel(QWidget):
    """Shows a `CaseView` and says what the user wants changed."""

    open_requested = Signal(object)  # list[Path]
    sample_requested = Signal()
    case_activated = Signal(str)
    modality_chosen = Signal(object, str)  # Modality, source id ("" takes it away)
    convention_chosen = Signal(str)
    resample_requested = Signal(object)  # Modality onto whose grid
    load_rest_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = CaseView()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(6, 6, 6, 6)
        self._add_case_row()
        self._add_folder_row()
        self._add_modality_rows()
        self._add_convention_row()
        self._add_grid_rows()
        self.warnings = MessageLabel()
        self._layout.addWidget(self.warnings)
        self.show_case(CaseView())

    def show_case(self, view: CaseView) -> None:
        """Show ``view``; an empty one says how to begin."""
        self._view = view
        has_case = bool(view.case_key)
        self.start_box.setVisible(not has_case)
        self._case_body.setVisible(has_case)
        _fill(self.cases, view.open_cases, view.case_key)
        self.cases.setVisible(has_case)
        others = {str(path): case_id for path, case_id in view.folder_cases.items()}
        _fill(self._folder, {"": f"{len(others)} cases in this folder", **others}, "")
        self._folder.setVisible(bool(others))
        self._show_modalities()
        _fill(self.convention, {n: c.title for n, c in CONVENTIONS.items()}, view.convention)
        self._convention_reason.setText(view.convention_reason)
        self._convention_reason.setVisible(bool(view.convention_reason))
        self._grid.setText(view.grid)
        self._grid.setVisible(has_case and not view.grid_problem)
        self.grid_problem.show_error(view.grid_problem)
        self._grid_box.setVisible(bool(view.grid_problem))
        _fill(self._onto, {m.value: f"Grid of {m}" for m in view.chosen}, _preferred(view.chosen))
        self.rest.setText(f"Open the rest ({view.rest})")
        self.rest.setVisible(view.rest > 0)
        self.warnings.show_note("\n".join(f"\u26a0 {text}" for text in view.warnings))

    def show_error(self, text: str) -> None:
        """Show why something was refused; an empty text takes the message away."""
        self.error.show_error(text)

    def show_note(self, text: str) -> None:
        """Show what is being done; an empty text takes the message away."""
        self.error.show_note(text)

    def _add_case_row(self) -> None:
        row = QHBoxLayout()
        opener = QPushButton("Open case\u2026")
        opener.setToolTip("Open the folder or the files of a case")
        menu = QMenu(opener)
        menu.addAction("Folder of a case or of cases\u2026").triggered.connect(self.ask_folder)
        menu.addAction("Files of a case\u2026").triggered.connect(self.ask_files)
        opener.setMenu(menu)
        row.addWidget(opener)
        self.rest = QPushButton()
        self.rest.setToolTip("Files of this case that were found and are not open yet")
        self.rest.clicked.connect(self.load_rest_requested)
        row.addWidget(self.rest)
        row.addStretch(1)
        self._layout.addLayout(row)
        self.cases = _combo("The active case: run, save and volumes are about this one")
        self.cases.activated.connect(
            lambda index: self.case_activated.emit(self.cases.itemData(index))
        )
        self._layout.addWidget(self.cases)
        self.start_box = StartBox()
        self.start_box.folder_requested.connect(self.ask_folder)
        self.start_box.files_requested.connect(self.ask_files)
        self.start_box.sample_requested.connect(self.sample_requested)
        self._layout.addWidget(self.start_box)
        self.error = MessageLabel()
        self._layout.addWidget(self.error)

    def _add_folder_row(self) -> None:
        self._folder = _combo("The folder you opened holds these cases; choose one to open it")
        self._folder.activated.connect(self._on_folder_case)
        self._layout.addWidget(self._folder)

    def _add_modality_rows(self) -> None:
        self._case_body = QWidget()
        grid = QGridLayout(self._case_body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(1, 1)
        self.files: dict[Modality, QComboBox] = {}
        self.reasons: dict[Modality, ElidedLabel] = {}
        for index, modality in enumerate(MODALITIES):
            name = QLabel(modality.value)
            name.setToolTip(modality.title)
            files = _combo("")
            files.activated.connect(
                lambda item, m=modality: self.modality_chosen.emit(m, self.files[m].itemData(item))
            )
            reason = ElidedLabel(is_dim=True)
            self.files[modality], self.reasons[modality] = files, reason
            grid.addWidget(name, 2 * index, 0)
            grid.addWidget(files, 2 * index, 1)
            grid.addWidget(reason, 2 * index + 1, 1)
        self.missing = MessageLabel()
        grid.addWidget(self.missing, 2 * len(MODALITIES), 0, 1, 2)
        self._layout.addWidget(self._case_body)

    def _add_convention_row(self) -> None:
        grid = self._case_body.layout()
        row = 2 * len(MODALITIES) + 1
        label = QLabel("Labels")
        label.setToolTip("The label convention: which integer means what in this case's files")
        self.convention = _combo("The label convention of this case")
        self.convention.activated.connect(
            lambda index: self.convention_chosen.emit(self.convention.itemData(index))
        )
        self._convention_reason = ElidedLabel(is_dim=True)
        grid.addWidget(label, row, 0)
        grid.addWidget(self.convention, row, 1)
        grid.addWidget(self._convention_reason, row + 1, 1)

    def _add_grid_rows(self) -> None:
        self._grid = ElidedLabel()
        self._layout.addWidget(self._grid)
        self._grid_box = QWidget()
        box = QVBoxLayout(self._grid_box)
        box.setContentsMargins(0, 0, 0, 0)
        self.grid_problem = MessageLabel()
        box.addWidget(self.grid_problem)
        self.resample = QPushButton("Resample onto one grid")
        self.resample.setToolTip("Bring all modalities onto the grid chosen above")
        self.resample.clicked.connect(
            lambda: self.resample_requested.emit(Modality(self._onto.currentData()))
        )
        self._onto = _combo("The modality whose grid the others take")
        box.addWidget(self._onto)
        box.addWidget(self.resample)
        self._layout.addWidget(self._grid_box)

    def _show_modalities(self) -> None:
        view = self._view
        names = _without_common_start([source.title for source in view.sources])
        titles = {
            source.source_id: name if source.is_open else f"{name} (on disk)"
            for source, name in zip(view.sources, names, strict=True)
        }
        whole = {source.source_id: source.title for source in view.sources}
        for modality in MODALITIES:
            chosen = view.chosen.get(modality, "")
            _fill(self.files[modality], {"": NOT_CHOSEN, **titles}, chosen)
            reason = view.reasons.get(modality, "")
            self.reasons[modality].setText(reason)
            self.reasons[modality].setVisible(bool(reason))
            self.files[modality].setToolTip(
                f"{modality.title}: {whole[chosen]}\n{reason}" if chosen else modality.title
            )
        missing = ", ".join(view.missing)
        self.missing.show_note(f"Missing: {missing}" if missing else "")

    def _on_folder_case(self, index: int) -> None:
        if path := self._folder.itemData(index):
            self.open_requested.emit([Path(path)])

    def ask_folder(self) -> None:
        """Let the user choose a folder, and ask for it to be opened."""
        if folder := QFileDialog.getExistingDirectory(self, "Open a case"):
            self.open_requested.emit([Path(folder)])

    def ask_files(self) -> None:
        """Let the user choose files, and ask for them to be opened."""
        files, _ = QFileDialog.getOpenFileNames(self, "Open a case", "", IMAGE_FILES)
        if files:
            self.open_requested.emit([Path(file) for file in files])


def _preferred(chosen: Mapping[Modality, str]) -> str:
    first = Modality.T1C if Modality.T1C in chosen else next(iter(chosen), None)
    return "" if first is None else first.value  # Qt finds a plain text only


def _without_common_start(titles: Sequence[str]) -> list[str]:
    """File names without what they share up to a separator, so that the telling end is seen."""
    shared = os.path.commonprefix(titles) if len(titles) > 1 else ""  # noqa: RUF071 (characters)
    cut = max(shared.rfind(separator) for separator in "_-. ") + 1
    return [f"\u2026{title[cut:]}" if cut > 3 else title for title in titles]


def _combo(tooltip: str) -> QComboBox:
    """A drop-down that may be narrower than its longest entry."""
    combo = QComboBox()
    combo.setToolTip(tooltip)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(8)
    return combo


def _fill(combo: QComboBox, titles: Mapping[str, str], chosen: str) -> None:
    """Fill a drop-down without telling anyone."""
    with QSignalBlocker(combo):
        combo.clear()
        for key, title in titles.items():
            combo.addItem(title, key)
        combo.setCurrentIndex(max(0, combo.findData(chosen)))
