"""The shape tools of the section "Tools": what they act on, their amounts and their buttons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.labels import REGIONS, Label, Region
from napari_brats.widgets.choice_box import Choice, ChoiceBox
from napari_brats.widgets.keys import SHAPE_KEYS
from napari_brats.widgets.message import MessageLabel

IN_HAND = "label"
SLICE, VOLUME = "slice", "volume"


@dataclass(frozen=True)
class ShapeTool:
    """A button: its text, what it does in words, and the amount beside it, if any."""

    title: str
    tip: str
    amount: tuple[str, float, float, float] | None = None
    """Unit, default, largest value and step."""


TOOLS: Mapping[str, ShapeTool] = {
    "interpolate": ShapeTool(
        "Interpolate",
        "Fill the slices between painted ones, across the plane looked at; other labels stay",
        ("mm", 30.0, 200.0, 5.0),
    ),
}
"""The engine's word for each tool -> its button."""


@dataclass(frozen=True)
class ShapeRequest:
    """What a button asks for.

    Attributes
    ----------
    tool
        A key of `TOOLS`.
    region
        The region it is about; None: the label in hand.
    this_slice
        Whether it acts on the slice looked at only.
    amount
        In the unit of the tool; 0.0 where it has none.
    """

    tool: str
    region: Region | None
    this_slice: bool
    amount: float


class ShapeToolsPanel(QWidget):
    """Emits `requested` with a ShapeRequest."""

    requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.target_box = ChoiceBox()
        self.target_box.setToolTip("What the tools below act on")
        self.scope_box = ChoiceBox()
        self.scope_box.set_choices(
            (
                Choice(VOLUME, "in the volume", "The tools below act on all slices"),
                Choice(SLICE, "on this slice", "The tools below act on the slice looked at"),
            )
        )
        self.over_box = QCheckBox("Interpolate over other labels")
        self.over_box.setToolTip("Else only background is filled. Locked labels stay in any case")
        self.buttons: dict[str, QPushButton] = {}
        self.amounts: dict[str, QDoubleSpinBox] = {}
        self.message = MessageLabel()
        self._lay_out()
        self.show_label(Label.ED)

    def show_label(self, label: int) -> None:
        """Say which label is in hand."""
        names = {int(each): each.title for each in Label}
        title = names.get(label, f"label {label}") if label else "no label"
        self.target_box.show_choices(
            (
                Choice(IN_HAND, title, "The label that is painted with"),
                *(Choice(r.value, r.title, "All its labels together") for r in REGIONS),
            ),
            self.target_box.chosen or IN_HAND,
        )

    def set_enabled(self, enabled: bool) -> None:
        """Whether there is a label map to act on."""
        for button in self.buttons.values():
            button.setEnabled(enabled)

    def request(self, tool: str) -> ShapeRequest:
        """What the button of ``tool`` would ask for now."""
        chosen = self.target_box.chosen
        return ShapeRequest(
            tool,
            None if chosen == IN_HAND else Region(chosen),
            self.scope_box.chosen == SLICE,
            self.amounts[tool].value() if tool in self.amounts else 0.0,
        )

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        grid = QGridLayout()
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.target_box, 0, 0)
        grid.addWidget(self.scope_box, 0, 1)
        for row, (name, tool) in enumerate(TOOLS.items(), start=1):
            self._add_tool(grid, row, name, tool)
        layout.addLayout(grid)
        layout.addWidget(self.over_box)
        layout.addWidget(self.message)

    def _add_tool(self, grid: QGridLayout, row: int, name: str, tool: ShapeTool) -> None:
        button = QPushButton(tool.title)
        button.setToolTip(f"{tool.tip} ({SHAPE_KEYS[name]})" if name in SHAPE_KEYS else tool.tip)
        button.clicked.connect(lambda: self.requested.emit(self.request(name)))
        self.buttons[name] = button
        grid.addWidget(button, row, 0)
        if tool.amount is None:
            grid.addWidget(QLabel(""), row, 1)
            return
        unit, default, most, step = tool.amount
        box = QDoubleSpinBox()
        box.setRange(step, most)
        box.setSingleStep(step)
        box.setDecimals(1)
        box.setSuffix(f" {unit}")
        box.setValue(default)
        self.amounts[name] = box
        grid.addWidget(box, row, 1)
