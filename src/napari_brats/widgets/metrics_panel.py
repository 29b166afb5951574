"""The section "Metrics": two label maps compared, live. Knows no viewer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import QSignalBlocker, QTimer, Signal
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.labels import REGIONS, Region
from napari_brats.io.layers import RGBA
from napari_brats.metrics.score import ScoreOptions
from napari_brats.widgets.choice_box import Choice, ChoiceBox
from napari_brats.widgets.message import MessageLabel
from napari_brats.widgets.metrics_form import MetricsForm
from napari_brats.widgets.metrics_tables import LesionTable, MetricsTable
from napari_brats.widgets.metrics_values import (
    BACKGROUND_NOTE,
    PairScore,
    empty_note,
    lesion_rows,
    lesions_csv,
    metric_rows,
    scores_csv,
    tab_separated,
)
from napari_brats.widgets.watched_panel import WatchedPanel

BUSY, BUSY_AFTER_MS = "scoring the last edit \u2026", 500
"""Said when the table is older than the label maps for so long."""

NEEDS_TWO = (
    "Two label maps of the active case are compared: the reference and a prediction, or those of "
    "two raters. Open the missing one (section 'Case'), press Run, or make one in 'Correct'."
)


class MetricsPanel(WatchedPanel):
    """Emits what is to be compared and how; shows scores, and offers them to copy and save."""

    choices_wanted = Signal()  # a list of label maps is about to open
    pair_chosen = Signal(str, str)  # ids of reference and prediction
    rules_changed = Signal()
    errors_changed = Signal()
    lesion_requested = Signal(object)  # LesionRow
    save_requested = Signal(object, object)  # Path, which may be replaced; PairScore

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.csv_path = Path()
        self._score: PairScore | None = None
        self.form, self.region_box = MetricsForm(), ChoiceBox()
        self.problem = MessageLabel()
        self.table, self.lesions = MetricsTable(), LesionTable()
        self.all_box = QCheckBox("All metrics")
        self.errors_box = QCheckBox("Show errors of")
        self.legend = QLabel()
        self.busy_label = QLabel(BUSY)
        self.busy_label.setVisible(False)
        self._busy_timer = QTimer(self)
        self._busy_timer.setSingleShot(True)
        self._busy_timer.setInterval(BUSY_AFTER_MS)
        self._busy_timer.timeout.connect(lambda: self.busy_label.setVisible(True))
        self.empty_note, self.note = QLabel(), QLabel(f"{BACKGROUND_NOTE} Research use only.")
        self.copy_button, self.save_button = QPushButton("Copy"), QPushButton("Save CSV\u2026")
        self.message = MessageLabel()
        self._lay_out()
        self._connect()
        self._show_rows()
        self.show_no_score(NEEDS_TWO)

    # -- what is set

    @property
    def options(self) -> ScoreOptions:
        """How to score."""
        return self.form.options

    @property
    def errors_of(self) -> Region | None:
        """The region whose errors are to be shown as a layer; None for no such layer."""
        return Region(self.region_box.chosen) if self.errors_box.isChecked() else None

    # -- what is shown

    def show_pair(self, maps: Sequence[Choice], reference: str, prediction: str) -> None:
        """Offer these label maps, with these two chosen."""
        self.form.show_pair(maps, reference, prediction)

    def show_no_score(self, text: str = "", *, is_error: bool = False) -> None:
        """Take the scores away, and say why there are none (if it is not that they will come)."""
        (self.problem.show_error if is_error else self.problem.show_note)(text)
        self.show_busy(False)
        self._show(None)

    def show_score(self, score: PairScore) -> None:
        """Show what came out."""
        self.problem.clear_message()
        self.message.clear_message()
        self.show_busy(False)
        self._show(score)

    def show_busy(self, busy: bool) -> None:
        """Say, unless it ends soon, that the scores are older than the label maps."""
        if not busy:
            self._busy_timer.stop()
            self.busy_label.setVisible(False)
        elif not self._busy_timer.isActive():
            self._busy_timer.start()

    def show_errors_removed(self) -> None:
        """The layer of errors was removed by other means."""
        with QSignalBlocker(self.errors_box):
            self.errors_box.setChecked(False)
        self.legend.setVisible(False)

    def show_legend(self, missed: RGBA, added: RGBA) -> None:
        """Name the colours of the errors."""
        self.legend.setText(
            f"<span style='color:{_html(missed)}'>\u25a0</span> missed "
            f"<span style='color:{_html(added)}'>\u25a0</span> added"
        )

    def show_message(self, text: str, *, is_error: bool = False) -> None:
        """Say how saving went."""
        (self.message.show_error if is_error else self.message.show_note)(text)

    def _show(self, score: PairScore | None) -> None:
        self._score = score
        regions = {} if score is None else score.regions
        self.table.show_scores(regions)
        self.lesions.show_lesions(lesion_rows(regions))
        self.empty_note.setText("" if score is None else empty_note(score))
        self.empty_note.setVisible(bool(self.empty_note.text()))
        for button in (self.copy_button, self.save_button):
            button.setEnabled(score is not None)

    def _show_rows(self) -> None:
        rows = metric_rows(self.options.tolerances_mm)
        self.table.set_rows([r for r in rows if r.is_main or self.all_box.isChecked()])
        self.table.show_scores({} if self._score is None else self._score.regions)

    # -- parts

    def _lay_out(self) -> None:
        self.region_box.set_choices([Choice(r.value, r.value, r.title) for r in REGIONS])
        self.region_box.setMinimumContentsLength(3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.form, self.problem, self.table, self.empty_note):
            layout.addWidget(widget)
        layout.addLayout(_row(self.all_box, self.busy_label))
        layout.addWidget(self.lesions)
        layout.addLayout(_row(self.errors_box, self.region_box))
        layout.addWidget(self.legend)
        layout.addLayout(_row(self.copy_button, self.save_button))
        for widget in (self.message, self.note):
            layout.addWidget(widget)
        for label in (self.empty_note, self.note):
            label.setWordWrap(True)
        self.legend.setVisible(False)
        self.errors_box.setToolTip(
            "A layer over the images, in one view: what the prediction misses and what it adds. "
            "It follows every edit and is never saved."
        )
        self.all_box.setToolTip("Also specificity, IoU, Hausdorff and mean distance")
        self.copy_button.setToolTip("All metrics and all lesions as text, cells apart by tabs")
        self.save_button.setToolTip("All metrics in one file, all lesions in a second one")

    def _connect(self) -> None:
        self.form.choices_wanted.connect(self.choices_wanted)
        self.form.pair_chosen.connect(self.pair_chosen)
        self.form.rules_changed.connect(self._show_rows)
        self.form.rules_changed.connect(self.rules_changed)
        self.form.refused.connect(lambda text: self.show_message(text, is_error=True))
        self.region_box.choice_changed.connect(self.errors_changed)
        self.errors_box.toggled.connect(self.legend.setVisible)
        self.errors_box.toggled.connect(lambda _on: self.errors_changed.emit())
        self.all_box.toggled.connect(lambda _on: self._show_rows())
        self.lesions.lesion_chosen.connect(self.lesion_requested)
        self.copy_button.clicked.connect(self._on_copy)
        self.save_button.clicked.connect(self._on_save)

    def _on_copy(self) -> None:
        if self._score is not None:
            QGuiApplication.clipboard().setText(_as_text(self._score))
            self.show_message("Copied: paste it into a sheet or a text.")

    def _on_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "Save the metrics", str(self.csv_path), "CSV (*.csv)"
        )
        if path and self._score is not None:
            self.save_requested.emit(Path(path), self._score)


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget, 1 if isinstance(widget, QPushButton) else 0)
    row.addStretch(0 if isinstance(widgets[0], QPushButton) else 1)
    return row


def _as_text(score: PairScore) -> str:
    """Both tables, below each other; a sheet takes each tab for a new cell."""
    return tab_separated(scores_csv(score)) + "\n" + tab_separated(lesions_csv(score))


def _html(color: RGBA) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in color[:3])
