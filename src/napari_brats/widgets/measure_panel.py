"""The section "Measures": lesions with volume, diameters and side, live. Knows no viewer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.labels import REGIONS, Region
from napari_brats.metrics.measures import LesionMeasures, TumourMeasures
from napari_brats.report.tables import DASH, Table, lesion_table, region_table, tables_to_text
from napari_brats.widgets.choice_box import Choice, ChoiceBox
from napari_brats.widgets.message import MessageLabel
from napari_brats.widgets.metrics_tables import CompactTable
from napari_brats.widgets.watched_panel import WatchedPanel

COLUMNS = ("ml", "long", "across", "mm\u00b2", "side")
TIPS = (
    "Volume in ml",
    "Longest line in an axial slice of the lesion, in mm",
    "Longest line at right angles to it in the same slice, in mm",
    "Product of both in mm\u00b2, the bidimensional measure of RANO; * edited by hand",
    "Side of the mid-sagittal plane of the brain; both: more than a tenth on either side",
)
NO_LABELS = "There is no label map to measure. Run a segmentation, or make one in 'Correct'."
NOTE = (
    "Research use only. Lines stay in the lesion and in one axial slice; click a row to go there."
)
MAX_ROWS = 9


class MeasurePanel(WatchedPanel):
    """Shows measures; emits what is to be drawn, looked at and saved."""

    lines_changed = Signal()
    automatic_requested = Signal()
    lesion_requested = Signal(object, int)  # Region, number of the lesion from 0
    save_requested = Signal(object)  # Path, which may be replaced

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.csv_path = Path()
        self._measures: TumourMeasures | None = None
        self._rows: list[tuple[Region, int]] = []
        self.table = CompactTable(COLUMNS, MAX_ROWS)
        self.problem, self.message = MessageLabel(), MessageLabel()
        self.place, self.note = QLabel(), QLabel(NOTE)
        self.lines_box, self.region_box = QCheckBox("Diameters of"), ChoiceBox()
        self.automatic_button = QPushButton("Automatic lines")
        self.copy_button, self.save_button = QPushButton("Copy"), QPushButton("Save CSV\u2026")
        self._set_up()
        self._lay_out()
        self.show_no_measures(NO_LABELS)

    @property
    def lines_of(self) -> Region | None:
        """The region whose diameters are to be drawn; None for none."""
        return Region(self.region_box.chosen) if self.lines_box.isChecked() else None

    def show_measures(self, measures: TumourMeasures) -> None:
        """Show what was measured."""
        self.problem.clear_message()
        self._measures = measures
        self._rows = [(r, n) for r in REGIONS for n in range(len(measures.lesions[r]))]
        self.table.setRowCount(len(self._rows))
        for row, (region, number) in enumerate(self._rows):
            alone = len(measures.lesions[region]) == 1
            name = QTableWidgetItem(region.value if alone else f"{region.value} {number + 1}")
            self.table.setVerticalHeaderItem(row, name)
            for column, text in enumerate(_cells(measures.lesions[region][number])):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                self.table.setItem(row, column, item)
        self.table.setVisible(bool(self._rows))
        self.table.updateGeometry()
        self.place.setText(" ".join(_sentences(measures)))
        self._refresh()

    def show_no_measures(self, text: str = "", *, is_error: bool = False) -> None:
        """Take the measures away, and say why there are none."""
        (self.problem.show_error if is_error else self.problem.show_note)(text)
        self._measures = None
        self._rows = []
        self.table.setRowCount(0)
        self.table.setVisible(False)
        self.place.setText("")
        self._refresh()

    def show_lines_removed(self) -> None:
        """The layer of lines was removed by other means."""
        with QSignalBlocker(self.lines_box):
            self.lines_box.setChecked(False)
        self._refresh()

    def show_message(self, text: str, *, is_error: bool = False) -> None:
        """Say how saving went."""
        (self.message.show_error if is_error else self.message.show_note)(text)

    def _refresh(self) -> None:
        measures = self._measures
        self.place.setVisible(bool(self.place.text()))
        for button in (self.copy_button, self.save_button):
            button.setEnabled(measures is not None)
        by_hand = measures is not None and any(
            lesion.diameters.by_hand for group in measures.lesions.values() for lesion in group
        )
        self.automatic_button.setVisible(by_hand)

    def _set_up(self) -> None:
        for column, tip in enumerate(TIPS):
            self.table.horizontalHeaderItem(column).setToolTip(tip)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.region_box.set_choices(
            [Choice(r.value, r.value, r.title) for r in (Region.ET, Region.TC, Region.WT)]
        )
        self.region_box.setMinimumContentsLength(3)
        for label in (self.place, self.note):
            label.setWordWrap(True)
        self.lines_box.setToolTip(
            "Two lines per lesion as a layer. Drag their ends: the product follows, and the report "
            "says that they were edited by hand."
        )
        self.automatic_button.setToolTip("Take the measured lines again instead of the edited ones")
        self.copy_button.setToolTip("The table as text, cells apart by tabs")
        self.table.cellClicked.connect(self._on_cell_clicked)
        self.table.verticalHeader().sectionClicked.connect(self._on_cell_clicked)
        self.lines_box.toggled.connect(lambda _on: self.lines_changed.emit())
        self.region_box.choice_changed.connect(self.lines_changed)
        self.automatic_button.clicked.connect(self.automatic_requested)
        self.copy_button.clicked.connect(self._on_copy)
        self.save_button.setToolTip("Write all lesions with their diameters into a file")
        self.save_button.clicked.connect(self._on_save)

    def _lay_out(self) -> None:
        lines = QHBoxLayout()
        for widget in (self.lines_box, self.region_box):
            lines.addWidget(widget)
        lines.addStretch(1)
        buttons = QHBoxLayout()
        for widget in (self.copy_button, self.save_button):
            buttons.addWidget(widget, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.problem, self.table, self.place):
            layout.addWidget(widget)
        layout.addLayout(lines)
        layout.addWidget(self.automatic_button)
        layout.addLayout(buttons)
        for widget in (self.message, self.note):
            layout.addWidget(widget)

    def _on_cell_clicked(self, row: int, _column: int = 0) -> None:
        if row < len(self._rows):
            self.lesion_requested.emit(*self._rows[row])

    def _on_copy(self) -> None:
        if self._measures is not None:
            text = tables_to_text(list(_tables(self._measures)))
            QGuiApplication.clipboard().setText(text)
            self.show_message("Copied: paste it into a sheet or a text.")

    def _on_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "Save the measures", str(self.csv_path), "CSV (*.csv)"
        )
        if path:
            self.save_requested.emit(Path(path))


def _tables(measures: TumourMeasures) -> Iterator[Table]:
    yield region_table(measures)
    if any(len(lesions) > 1 for lesions in measures.lesions.values()):
        yield lesion_table(measures)


def _cells(lesion: LesionMeasures) -> tuple[str, ...]:
    lines = lesion.diameters
    mark = "*" if lines.by_hand else ""
    volume = f"{lesion.volume_ml:.1f}" if lesion.volume_ml >= 1 else f"{lesion.volume_ml:.2f}"
    return (
        volume,
        f"{lines.longest_mm:.1f}",
        f"{lines.perpendicular_mm:.1f}",
        f"{lines.product_mm2:.0f}{mark}",
        lesion.side.value if lesion.side else DASH,
    )


def _sentences(measures: TumourMeasures) -> Iterator[str]:
    if not any(measures.lesions.values()):
        yield "The label map holds no tumour."
    multifocal = [r.value for r in REGIONS if measures.foci[r] > 1]
    if multifocal:
        counts = ", ".join(f"{measures.foci[Region(name)]} of {name}" for name in multifocal)
        yield f"Multifocal: {counts}."
    if measures.centre_distance_mm is not None:
        yield f"Tumour centre {measures.centre_distance_mm:.0f} mm from that of the brain."
