"""The shape tools of the section "Tools": what they act on, their amounts and their buttons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.edits.scheme import NESTED, Scheme
from napari_brats.core.labels import REGIONS, Label, Region
from napari_brats.widgets.choice_box import Choice, ChoiceBox
from napari_brats.widgets.keys import SHAPE_KEYS
from napari_brats.widgets.message import MessageLabel
from napari_brats.widgets.toggle_button import button_row

IN_HAND = "label"
SLICE, VOLUME = "slice", "volume"


@dataclass(frozen=True)
class Amount:
    """A number beside a button: what it means, its unit, default, bounds and step."""

    tip: str
    unit: str
    default: float
    least: float
    most: float
    step: float


BUTTONS: Mapping[str, tuple[str, str]] = {
    "interpolate": (
        "Interpolate",
        "Fill the slices left out between painted ones, across the plane looked at",
    ),
    "smooth": ("Smooth", "Smooth the outline, and the borders between the labels of a region"),
    "grow": ("Grow", "Widen by so many mm, where the labels around may be taken"),
    "shrink": ("Shrink", "Take off so many mm; the labels around get what is taken off"),
    "fill_holes": ("Fill holes", "Fill what is enclosed with the nearest label"),
    "keep_largest": ("Keep largest", "Remove all connected parts but the largest"),
    "remove_islands": ("Remove islands", "Remove connected parts smaller than this volume"),
}
"""The engine's word for a tool -> its button, and what it does."""

ROWS: tuple[tuple[tuple[str, ...], Amount | None], ...] = (
    (
        ("interpolate",),
        Amount("Painted slices further apart are not connected", "mm", 30, 1, 200, 5),
    ),
    (("smooth",), Amount("Standard deviation of the Gaussian", "mm", 1, 0.1, 10, 0.5)),
    (("grow", "shrink"), Amount("By how much Grow and Shrink move borders", "mm", 1, 0.1, 30, 0.5)),
    (
        ("remove_islands",),
        Amount("The least volume of a part that is kept", "mm\u00b3", 50, 1, 99_999, 50),
    ),
    (("fill_holes", "keep_largest"), None),
)
"""The buttons from top to bottom, with the amount that those of a row share."""


@dataclass(frozen=True)
class ShapeRequest:
    """What a button asks for.

    Attributes
    ----------
    tool
        A key of `BUTTONS`.
    region
        The region it is about; None: the label in hand.
    this_slice
        Whether it acts on the slice looked at only.
    amount
        In the unit of the tool; 0.0 where it has none.
    scheme
        How the labels around and inside are treated.
    over_labels
        Whether interpolation paints over other labels, too.
    """

    tool: str
    region: Region | None
    this_slice: bool
    amount: float = 0.0
    scheme: Scheme = NESTED
    over_labels: bool = False


class ShapeToolsPanel(QWidget):
    """Emits `requested` with a ShapeRequest."""

    requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.target_box = ChoiceBox()
        self.scope_box = ChoiceBox()
        for box in (self.target_box, self.scope_box):
            box.setMinimumContentsLength(6)  # two of them fit beside each other
        self.scope_box.set_choices(
            (
                Choice(VOLUME, "volume", "The tools below act on all slices"),
                Choice(SLICE, "slice", "The tools below act on the slice looked at"),
            )
        )
        self.nested_box = _check(
            "Keep regions nested",
            "Growing WT, ED or RC takes background only; TC takes ED; ET, NCR and the rest of the "
            "core never leave WT, and what they lose goes to their neighbours in WT.\n"
            "Off: takes anything, and gives to whatever is nearest. Locks hold in any case",
            checked=True,
        )
        self.cut_box = _check(
            "Cut what sticks out",
            "When WT or TC shrinks, ET and NCR outside the new outline are cut with it. "
            "Off: they stay",
            checked=True,
        )
        self.over_box = _check(
            "Interpolate over other labels",
            "Off: only background is filled. Locked labels stay in any case",
            checked=False,
        )
        self.buttons: dict[str, QPushButton] = {}
        self._amounts: dict[str, QDoubleSpinBox] = {}
        self.message = MessageLabel()
        self._lay_out()
        self.show_label(0)

    def show_label(self, label: int) -> None:
        """Say which label is in hand."""
        names = {int(each): each.title for each in Label if each}
        title = names.get(label, f"label {label}" if label else "chosen label")
        self.target_box.show_choices(
            (
                Choice(IN_HAND, title, "The tools below act on the label that is painted with"),
                *(
                    Choice(r.value, r.title, f"The tools below act on {r.title}: all its labels")
                    for r in REGIONS
                ),
            ),
            self.target_box.chosen or IN_HAND,
        )

    def set_enabled(self, enabled: bool) -> None:
        """Whether there is a label map to act on, and no tool at work."""
        for button in self.buttons.values():
            button.setEnabled(enabled)

    def request(self, tool: str) -> ShapeRequest:
        """What the button of ``tool`` would ask for now."""
        chosen = self.target_box.chosen
        return ShapeRequest(
            tool,
            None if chosen == IN_HAND else Region(chosen),
            self.scope_box.chosen == SLICE,
            self._amounts[tool].value() if tool in self._amounts else 0.0,
            Scheme(self.nested_box.isChecked(), self.cut_box.isChecked()),
            self.over_box.isChecked(),
        )

    def set_amount(self, tool: str, amount: float) -> None:
        """Set the number beside a button."""
        self._amounts[tool].setValue(amount)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        grid = QGridLayout()
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        grid.addWidget(self.target_box, 0, 0)
        grid.addWidget(self.scope_box, 0, 1)
        for row, (names, amount) in enumerate(ROWS, start=1):
            buttons, line = button_row()
            for name in names:
                self._add_button(line, name)
            grid.addWidget(buttons, row, 0, 1, 2 if amount is None else 1)
            if amount is not None:
                box = _spin_box(amount)
                self._amounts |= dict.fromkeys(names, box)
                grid.addWidget(box, row, 1)
        layout.addLayout(grid)
        for box in (self.nested_box, self.cut_box, self.over_box):
            layout.addWidget(box)
        layout.addWidget(self.message)

    def _add_button(self, line: QHBoxLayout, name: str) -> None:
        text, tip = BUTTONS[name]
        button = QPushButton(text)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setToolTip(f"{tip} ({SHAPE_KEYS[name]})" if name in SHAPE_KEYS else tip)
        button.clicked.connect(lambda: self.requested.emit(self.request(name)))
        self.buttons[name] = button
        line.addWidget(button)


def _check(text: str, tip: str, *, checked: bool) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(tip)
    box.setChecked(checked)
    return box


def _spin_box(amount: Amount) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setDecimals(0 if amount.least >= 1 else 1)
    box.setRange(amount.least, amount.most)
    box.setSingleStep(amount.step)
    box.setSuffix(f" {amount.unit}")
    box.setValue(amount.default)
    box.setToolTip(amount.tip)
    return box
