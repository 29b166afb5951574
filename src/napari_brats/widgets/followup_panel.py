"""The panel "Follow-up": time points of a patient, and what came of the tumour. No viewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats import INTENDED_USE
from napari_brats.core.labels import REGIONS, Region
from napari_brats.core.progress import Progress
from napari_brats.followup.change import CHANGE_COLORS
from napari_brats.followup.response import CITATION
from napari_brats.followup.time_points import Pick
from napari_brats.widgets.choice_box import Choice, ChoiceBox
from napari_brats.widgets.folder_edit import FolderEdit
from napari_brats.widgets.followup_engine import FollowUpRequest
from napari_brats.widgets.followup_table import FiguresTable, PointRow, TimePointTable
from napari_brats.widgets.message import MessageLabel
from napari_brats.widgets.picture import Picture
from napari_brats.widgets.run_progress import RunProgress

SIDE_BY_SIDE, CHECKERBOARD, FLICKER = "side by side", "checkerboard", "flicker"
VIEWS = (
    Choice(
        SIDE_BY_SIDE, "Side by side", "Both time points, each in its cell; the views are linked"
    ),
    Choice(CHECKERBOARD, "Checkerboard", "Tiles of both in turn: borders run on if they fit"),
    Choice(FLICKER, "Flicker", "One and the other in turn"),
)
LEAVE_OUT = Choice("", "are left out", "Only label maps that are there are compared")


@dataclass(frozen=True)
class Figures:
    """What the panel shows of one region: table rows, and a picture (empty: none)."""

    rows: Sequence[tuple[Sequence[str], str]]
    plot: bytes


class FollowUpPanel(QWidget):
    """Emits what the user chose and asked for; shows what it is told."""

    folder_changed = Signal(object)  # Path
    compare_requested = Signal(object)  # FollowUpRequest
    cancel_requested = Signal()
    view_changed = Signal(str, object, str)  # pair, Region, view
    save_requested = Signal(object)  # Path

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder = FolderEdit("Folder of the patient")
        self.points = TimePointTable()
        self.bundle_box = ChoiceBox()
        self.register_box = QCheckBox("Register onto the first")
        self.register_box.setToolTip("Move the later images rigidly onto those of the first day")
        self.register_box.setChecked(True)
        self.noise = _noise_box()
        self.compare_button = QPushButton("Register and compare")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("End the comparison; nothing is shown of it")
        self.progress = RunProgress()
        self.message = MessageLabel()
        self.results = QWidget()
        self.pair_box, self.region_box, self.view_box = ChoiceBox(), ChoiceBox(), ChoiceBox()
        self.figures = FiguresTable()
        self.crossed = MessageLabel()
        self.plot = Picture()
        self.save_button = QPushButton("Save table\u2026")
        self.save_button.setToolTip("Write the figures of all time points into a file")
        self._whens: dict[str, str] = {}
        self._figures: Mapping[Region, Figures] = {}
        self._running = False
        self.region_box.set_choices([Choice(r.value, r.title) for r in REGIONS])
        self.view_box.set_choices(VIEWS)
        self._lay_out()
        self._connect()
        self.show_time_points(())

    def set_bundles(self, bundles: Sequence[Choice]) -> None:
        """Offer these networks for time points without a label map."""
        titled = [Choice(b.name, f"segmented: {b.title}", b.details) for b in bundles]
        self.bundle_box.set_choices([*titled, LEAVE_OUT])

    def show_time_points(self, rows: Sequence[PointRow]) -> None:
        """List the time points of the folder; former results go."""
        self._whens = {row.name: row.when for row in rows}
        self.points.set_rows(rows)
        self.points.setVisible(bool(rows))
        self.results.setVisible(False)
        self._figures = {}

    def show_comparison(
        self, pairs: Sequence[Choice], figures: Mapping[Region, Figures], notes: str
    ) -> None:
        """Show what came out; ``notes`` is what the user should know of it."""
        self._figures = figures
        self.pair_box.blockSignals(True)
        self.pair_box.set_choices(pairs)
        self.pair_box.blockSignals(False)
        self.pair_box.setEnabled(bool(pairs))
        self.view_box.setEnabled(bool(pairs))
        self.results.setVisible(True)
        self.message.show_note(notes)
        self._show_region()
        self._on_view_changed()

    def set_running(self, running: bool) -> None:
        """Show that a comparison began or ended."""
        self._running = running
        if running:
            self.message.clear_message()
        self.progress.set_running(running)
        self._refresh()

    def show_progress(self, progress: Progress) -> None:
        """Show how far it is."""
        self.progress.show_progress(progress)

    def show_note(self, text: str) -> None:
        """Say something worth knowing."""
        self.message.show_note(text)

    def show_error(self, text: str) -> None:
        """Say what went wrong and what to do."""
        self.message.show_error(text)

    @property
    def region(self) -> Region:
        """The region that is shown."""
        return Region(self.region_box.chosen)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Patient", self.folder)
        form.addRow(self.points)
        form.addRow("Without label map", self.bundle_box)
        form.addRow("Noise", self.noise)
        form.addRow(self.register_box)
        buttons = QHBoxLayout()
        buttons.addWidget(self.compare_button, 2)
        buttons.addWidget(self.cancel_button, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addLayout(buttons)
        for widget in (self.progress, self.message, self.results):
            layout.addWidget(widget)
        use = QLabel(f"{CITATION} {INTENDED_USE}")
        use.setWordWrap(True)
        layout.addWidget(use)
        self._lay_out_results()

    def _lay_out_results(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Compare", self.pair_box)
        form.addRow("Region", self.region_box)
        form.addRow("View", self.view_box)
        layout = QVBoxLayout(self.results)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        for widget in (_legend(), self.figures, self.crossed, self.plot, self.save_button):
            layout.addWidget(widget)

    def _connect(self) -> None:
        self.folder.path_changed.connect(self.folder_changed)
        self.points.edited.connect(self._refresh)
        self.compare_button.clicked.connect(self._on_compare_clicked)
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.region_box.choice_changed.connect(self._show_region)
        for box in (self.pair_box, self.region_box, self.view_box):
            box.choice_changed.connect(self._on_view_changed)
        self.save_button.clicked.connect(self._on_save_clicked)

    def _refresh(self) -> None:
        enough = len(self.points.ticked()) > 1
        self.compare_button.setEnabled(enough and not self._running)
        self.compare_button.setToolTip(
            "Register the ticked time points onto the first and compare them"
            if enough
            else "Choose the folder of a patient and tick at least two time points."
        )
        self.cancel_button.setEnabled(self._running)
        for widget in (self.folder, self.points, self.bundle_box, self.noise, self.register_box):
            widget.setEnabled(not self._running)

    def _show_region(self) -> None:
        shown = self._figures.get(self.region)
        if shown is None:
            return
        self.figures.set_rows(shown.rows)
        lines = [f"{cells[0]}: {crossed}" for cells, crossed in shown.rows if crossed]
        listing = "\n".join(lines) or "none"
        self.crossed.show_note(f"Thresholds crossed ({self.region}):\n{listing}")
        self.plot.show_png(shown.plot)

    def _on_compare_clicked(self) -> None:
        picks = tuple(
            Pick(name, "" if when == self._whens.get(name) else when)
            for name, when in self.points.ticked()
        )
        noise = self.noise.value() or None
        self.compare_requested.emit(
            FollowUpRequest(picks, self.register_box.isChecked(), self.bundle_box.chosen, noise)
        )

    def _on_view_changed(self) -> None:
        if self.pair_box.chosen:
            self.view_changed.emit(self.pair_box.chosen, self.region, self.view_box.chosen)

    def _on_save_clicked(self) -> None:
        begin = str((self.folder.path() or Path.home()) / "followup.csv")
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the table", begin, "CSV (*.csv)")
        if chosen:
            self.save_requested.emit(Path(chosen))


def _noise_box() -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(0, 100)
    box.setDecimals(0)
    box.setSuffix(" %")
    box.setSpecialValueText("from network")
    box.setToolTip(
        "How far measuring the same tumour again may lead from a value; 'from network': from the "
        "Dice that it expects of its label maps, where that is known"
    )
    return box


def _legend() -> QLabel:
    """The colours of the change map with their names."""
    parts = []
    for change, (red, green, blue, _) in CHANGE_COLORS.items():
        color = "#" + "".join(f"{round(255 * part):02x}" for part in (red, green, blue))
        parts.append(f"<span style='color:{color}'>\u25a0</span>&nbsp;{change.title}")
    legend = QLabel(" &nbsp; ".join(parts))
    legend.setTextFormat(Qt.TextFormat.RichText)
    legend.setWordWrap(True)
    return legend
