"""The section "Compare": two label maps, and a third one made of both. Knows no viewer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from qtpy.QtCore import QSignalBlocker, Signal
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

from napari_brats.core.edits.differences import Difference, Part
from napari_brats.core.labels import REGIONS, Region
from napari_brats.io.layers import RGBA
from napari_brats.widgets.choice_box import Choice, ChoiceBox
from napari_brats.widgets.compare_decisions import Verdict, summary
from napari_brats.widgets.compare_table import DifferenceTable
from napari_brats.widgets.keys import KEYS
from napari_brats.widgets.message import MessageLabel

ALL_LABELS = "all"
NEEDS_TWO = (
    "Two label maps of the active case are compared: those of two raters, or a network's and "
    "yours. Press Run, or add a file."
)
SMALL_MM3 = 10.0

UNDECIDED_CHOICES = (
    Choice(Difference.ONLY_A.name, "as in A", "The third mask begins as a copy of A"),
    Choice(Difference.ONLY_B.name, "as in B", "The third mask begins as a copy of B"),
    Choice(Difference.NONE.name, "background", "It begins with what A and B agree on"),
)


class ComparePanel(QWidget):
    """Emits what is to be compared and what was decided; shows the differences and their state."""

    choices_wanted = Signal()  # a list of label maps is about to open
    pair_chosen = Signal(str, str)  # ids of A and B
    compare_requested = Signal()
    files_requested = Signal(object)  # tuple of Paths
    overlay_changed = Signal()
    figures_requested = Signal()
    part_requested = Signal(object)  # Part
    take_requested = Signal(object, object)  # tuple of Parts, Verdict
    paint_requested = Signal(object)  # Part

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.a_box, self.b_box, self.region_box = ChoiceBox(), ChoiceBox(), ChoiceBox()
        self.undecided_box = ChoiceBox()
        self.compare_button, self.add_button = QPushButton("Compare"), QPushButton("Add file\u2026")
        self.message = MessageLabel()
        self.figures = QLabel()
        self.figures_button = QPushButton("All figures")
        self.overlay_box = QCheckBox("Show over the images")
        self.legend = QLabel()
        self.table = DifferenceTable()
        self.state = QLabel()
        self.previous_button, self.next_button = QPushButton("Previous"), QPushButton("Next")
        self.a_button, self.b_button = QPushButton("Take A"), QPushButton("Take B")
        self.paint_button = QPushButton("Paint it")
        self.onward_box = QCheckBox("Then go to the next one")
        self.small_box = QDoubleSpinBox()
        self.small_a_button, self.small_b_button = QPushButton("A"), QPushButton("B")
        self._set_up()
        self._lay_out()
        self._connect()
        self.show_no_comparison(NEEDS_TWO)

    # -- what is set

    @property
    def region(self) -> Region | None:
        """The region that is compared; None for all labels."""
        chosen = self.region_box.chosen
        return None if chosen == ALL_LABELS else Region(chosen)

    @property
    def undecided(self) -> Difference:
        """What undecided differences are in a third mask: as in A, as in B, or background."""
        return Difference[self.undecided_box.chosen]

    # -- what is shown

    def show_pair(self, maps: Sequence[Choice], a: str, b: str) -> None:
        """Offer these label maps, with these two chosen."""
        for box, name in ((self.a_box, a), (self.b_box, b)):
            box.show_choices(maps if name else (), name)
            box.setEnabled(len(maps) > 1)
        self.compare_button.setEnabled(bool(a and b))

    def show_busy(self) -> None:
        """Say that the label maps are being compared."""
        self.compare_button.setEnabled(False)
        self.message.show_note("Comparing \u2026")

    def show_no_comparison(self, text: str = "", *, is_error: bool = False) -> None:
        """Take the differences away, and say why there are none."""
        self.show_message(text, is_error=is_error)
        self._show_parts((), lambda _part: "")
        self.figures.setText("")
        self.state.setText("")
        self.compare_button.setEnabled(bool(self.a_box.chosen and self.b_box.chosen))

    def show_comparison(
        self, items: Sequence[Part], place_of: Callable[[Part], str], figures: str
    ) -> None:
        """List the differences, from large to small, with a line of figures."""
        self.message.clear_message()
        self.compare_button.setEnabled(True)
        self.figures.setText(figures)
        self._show_parts(items, place_of)
        self.show_verdicts({})

    def show_verdicts(self, verdicts: Mapping[int, Verdict]) -> None:
        """Tick what is decided."""
        self.table.model_.show_verdicts(verdicts)
        self.state.setText(summary(self.table.model_.items, verdicts))

    def show_message(self, text: str, *, is_error: bool = False) -> None:
        """Say something below the choice of the label maps."""
        (self.message.show_error if is_error else self.message.show_note)(text)

    def show_overlay_removed(self) -> None:
        """The layer of the comparison was removed by other means."""
        with QSignalBlocker(self.overlay_box):
            self.overlay_box.setChecked(False)
        self.legend.setVisible(False)

    def show_legend(self, colors: Mapping[int, RGBA]) -> None:
        """Name the colours of the layer."""
        parts = [
            f"<span style='color:{_html(color)}'>\u25a0</span>&nbsp;{Difference(value).title}"
            for value, color in colors.items()
        ]
        self.legend.setText(" ".join(parts).replace("only ", "only&nbsp;"))

    # -- what is decided, by button or key

    def step(self, by: int) -> None:
        """Go to the next (1) or former (-1) difference that is not decided."""
        if self.table.model_.items and not self.table.step(by):
            self.show_message("All differences are decided. Save the third mask in 'Save'.")

    def take(self, verdict: Verdict) -> None:
        """Give the chosen difference the labels of A or of B."""
        if self.table.chosen is not None:
            self.take_requested.emit((self.table.chosen,), verdict)

    def _take_small(self, verdict: Verdict) -> None:
        limit = self.small_box.value()
        model = self.table.model_
        parts = tuple(
            part
            for row, part in enumerate(model.items)
            if part.volume_mm3 < limit and not model.is_decided(row)
        )
        if parts:
            self.take_requested.emit(parts, verdict)
        else:
            self.show_message(f"No undecided difference is below {limit:g} mm\u00b3.")

    # -- parts

    def _show_parts(self, items: Sequence[Part], place_of: Callable[[Part], str]) -> None:
        self.table.show_parts(items, place_of)
        self.deciding.setVisible(bool(items))

    def _set_up(self) -> None:
        self.region_box.set_choices(
            [
                Choice(ALL_LABELS, "all labels", "Every voxel whose label differs"),
                *(Choice(r.value, r.title, f"Only what is in {r} or is not") for r in REGIONS),
            ]
        )
        self.undecided_box.set_choices(UNDECIDED_CHOICES)
        self.small_box.setRange(0.1, 1e6)
        self.small_box.setDecimals(1)
        self.small_box.setValue(SMALL_MM3)
        self.small_box.setSuffix(" mm\u00b3")
        self.overlay_box.setChecked(True)
        self.onward_box.setChecked(True)
        for label in (self.figures, self.legend, self.state):
            label.setWordWrap(True)
        for widget, text in (
            (self.compare_button, "Find where A and B differ as they are now"),
            (self.add_button, "Open one more label map of this case, e.g. of another rater"),
            (self.figures_button, "Dice, HD95, volumes and more of A and B, in 'Metrics'"),
            (self.overlay_box, "A layer over the images, without what is decided; never saved"),
            (self.previous_button, f"The undecided one before ({KEYS['previous_difference']})"),
            (self.next_button, f"The next undecided difference ({KEYS['next_difference']})"),
            (self.a_button, f"The third mask gets A's labels here ({KEYS['take_a']})"),
            (self.b_button, f"The third mask gets B's labels here ({KEYS['take_b']})"),
            (self.paint_button, "Paint it yourself: the first stroke here decides"),
            (self.onward_box, "After Take A or Take B"),
            (self.small_box, "Differences smaller than this are decided all at once"),
            (self.small_a_button, "Take A for all undecided differences below this size: one step"),
            (self.small_b_button, "Take B for all undecided differences below this size: one step"),
        ):  # fmt: skip
            widget.setToolTip(text)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("A", self.a_box)
        form.addRow("B", self.b_box)
        form.addRow("Compare", self.region_box)
        self.deciding = QWidget()
        inner = QVBoxLayout(self.deciding)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addLayout(_row(self.overlay_box, self.figures_button))
        inner.addWidget(self.legend)
        inner.addLayout(_row(self.previous_button, self.next_button))
        inner.addLayout(_row(self.a_button, self.b_button, self.paint_button))
        inner.addWidget(self.state)
        inner.addWidget(self.table)
        inner.addWidget(self.onward_box)
        inner.addLayout(
            _row(QLabel("All below"), self.small_box, self.small_a_button, self.small_b_button)
        )
        inner.addLayout(_row(QLabel("Undecided"), self.undecided_box))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addLayout(_row(self.compare_button, self.add_button))
        for widget in (self.message, self.figures, self.deciding):
            layout.addWidget(widget)

    def _connect(self) -> None:
        for box in (self.a_box, self.b_box):
            box.about_to_open.connect(self.choices_wanted)
            box.choice_changed.connect(
                lambda: self.pair_chosen.emit(self.a_box.chosen, self.b_box.chosen)
            )
        self.region_box.choice_changed.connect(self._on_region_changed)
        self.compare_button.clicked.connect(self.compare_requested)
        self.add_button.clicked.connect(self._on_add)
        self.figures_button.clicked.connect(self.figures_requested)
        self.overlay_box.toggled.connect(self.legend.setVisible)
        self.overlay_box.toggled.connect(lambda _on: self.overlay_changed.emit())
        self.table.part_chosen.connect(self.part_requested)
        self.previous_button.clicked.connect(lambda: self.step(-1))
        self.next_button.clicked.connect(lambda: self.step(1))
        self.a_button.clicked.connect(lambda: self.take(Verdict.A))
        self.b_button.clicked.connect(lambda: self.take(Verdict.B))
        self.paint_button.clicked.connect(self._on_paint)
        self.small_a_button.clicked.connect(lambda: self._take_small(Verdict.A))
        self.small_b_button.clicked.connect(lambda: self._take_small(Verdict.B))

    def _on_region_changed(self) -> None:
        if self.table.model_.items:
            self.compare_requested.emit()

    def _on_paint(self) -> None:
        if self.table.chosen is not None:
            self.paint_requested.emit(self.table.chosen)
        else:
            self.show_message("Choose a difference in the list first.")

    def _on_add(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(
            self, "Add label maps of this case", "", "Label maps (*.nii *.nii.gz *.mha)"
        )
        if paths:
            self.files_requested.emit(tuple(Path(path) for path in paths))


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget, 0 if isinstance(widget, QLabel | QCheckBox) else 1)
    return row


def _html(color: RGBA) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in color[:3])
