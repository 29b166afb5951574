"""The section "Tools": brush, wand and lasso that know the modalities, slices, one lesion."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.labels import REGIONS, Label
from napari_brats.widgets.choice_box import Choice, ChoiceBox
from napari_brats.widgets.keys import TOOL_KEYS
from napari_brats.widgets.message import MessageLabel
from napari_brats.widgets.toggle_button import button_row, toggle_button

SMART_BRUSH, WAND, LASSO, OUTLINE = "smart_brush", "wand", "lasso", "outline"
DELETE, RELABEL, KEEP = "delete", "relabel", "keep"
SLICE, VOLUME = "slice", "volume"
IN_HAND, ALL = "label", "all"
UNDER_CURSOR = "cursor"
DEFAULT_STRICTNESS = 50
STRICTNESS_OF: Mapping[Label, int] = {Label.ED: 35, Label.ET: 55}
"""Oedema is wide and varied, enhancing tumour narrow: what did best on 9 of the 17 cases of BraTS
2021, starting from the middle of the whole and of the enhancing tumour."""
DEFAULT_REACH_MM = 40.0
WHOLE_BRAIN_MM = 150.0

MOUSE_TOOLS: Mapping[str, tuple[str, str]] = {
    SMART_BRUSH: (
        "Smart brush",
        (
            "The brush paints only what looks like the place where the stroke began, on all "
            "modalities, and is connected with the cursor; erases so, too"
        ),
    ),
    WAND: (
        "Wand",
        (
            "Click: grow a region of what looks alike, on all modalities. Drag up or down, or move "
            "the slider, to change the strictness; Enter or a double click takes it, Escape drops "
            "it"
        ),
    ),
    LASSO: (
        "Lasso",
        "Drag round something to fill it with the chosen label; hold Ctrl to erase inside",
    ),
    OUTLINE: (
        "Polygon",
        "Click the corners of an outline, double click to fill it (napari: 3)",
    ),
}
"""The name of a tool of the mouse -> button text, what it does."""

LESION_ACTIONS: Mapping[str, tuple[str, str]] = {
    DELETE: ("Delete", "Click a lesion to delete it"),
    RELABEL: ("Relabel", "Click a lesion to give it the chosen label"),
    KEEP: ("Keep", "Click a lesion to delete all others"),
}
"""What can be done to a lesion -> button text, what it does."""


class ToolsPanel(QWidget):
    """Emits what the user wants done; shows which tool is in hand and what it did."""

    tool_chosen = Signal(str)  # one of MOUSE_TOOLS or LESION_ACTIONS; "" puts it away
    strictness_changed = Signal(int)
    scope_changed = Signal()  # radius, slice or volume
    take_requested = Signal()
    drop_requested = Signal()
    copy_requested = Signal(int)  # -1: to the previous slice, 1: to the next

    def __init__(self, *below: QWidget, parent: QWidget | None = None) -> None:
        """``below``: more tools of the same section."""
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(6, 6, 6, 6)
        self._tools = QButtonGroup(self)
        self._tools.setExclusive(False)  # a tool in hand can be put away
        self.buttons: dict[str, QPushButton] = {}
        self._content = QWidget()
        self._column = QVBoxLayout(self._content)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self._content)
        self.message = MessageLabel()
        self._add_mouse_tools()
        self._add_strictness()
        self._add_wand()
        self._add_copying()
        self._add_lesion()
        self._layout.addWidget(self.message)
        for panel in below:
            self._layout.addWidget(panel)

    @property
    def strictness(self) -> int:
        """0 (loose) to 100 (strict)."""
        return int(self._strictness.value())

    @property
    def reach_mm(self) -> float | None:
        """How far the wand reaches; None: through the whole brain."""
        value = float(self._reach.value())
        return None if value >= WHOLE_BRAIN_MM else value

    @property
    def on_slice(self) -> bool:
        """Whether the wand stays on the slice."""
        return bool(self._scope.chosen == SLICE)

    @property
    def copies_all(self) -> bool:
        """Whether all labels of a slice are copied, not only the one in hand."""
        return bool(self._what.chosen == ALL)

    @property
    def lesion_of(self) -> str:
        """Of what a lesion is a part: a region's name, or `UNDER_CURSOR`: that label."""
        return str(self._lesion_of.chosen)

    def set_strictness(self, strictness: float) -> None:
        """Move the slider; emits if that changes it."""
        self._strictness.setValue(round(strictness))

    def show_tool(self, name: str) -> None:
        """Mark the tool in hand; "" marks none."""
        for each, button in self.buttons.items():
            with QSignalBlocker(button):
                button.setChecked(each == name)

    def show_preview(self, on: bool) -> None:
        """Whether there is a preview to take or to drop."""
        self.take_button.setEnabled(on)
        self.drop_button.setEnabled(on)

    def show_editable(self, has_label_map: bool) -> None:
        """Offer the tools where there is a label map."""
        self._content.setEnabled(has_label_map)

    def _add_mouse_tools(self) -> None:
        box, row = button_row()
        for name, (text, tip) in MOUSE_TOOLS.items():
            self._add_tool(row, name, text, tip)
        self._column.addWidget(box)

    def _add_tool(self, row: QHBoxLayout, name: str, text: str, tip: str) -> None:
        key = TOOL_KEYS.get(name)
        button = toggle_button(text, f"{tip} ({key})" if key else tip)
        button.toggled.connect(lambda on: self.tool_chosen.emit(name if on else ""))
        self.buttons[name] = button
        row.addWidget(button)

    def _add_strictness(self) -> None:
        row = QHBoxLayout()
        row.addWidget(QLabel("Strictness"))
        self._strictness = QSlider(Qt.Orientation.Horizontal)
        self._strictness.setRange(0, 100)
        self._strictness.setValue(DEFAULT_STRICTNESS)
        self._strictness.setToolTip(
            "How alike voxels must be for smart brush and wand: right is stricter, paints less. "
            "Each label keeps its own"
        )
        row.addWidget(self._strictness, 1)
        value = QLabel()
        value.setMinimumWidth(value.fontMetrics().horizontalAdvance("100"))
        value.setNum(DEFAULT_STRICTNESS)
        self._strictness.valueChanged.connect(value.setNum)
        self._strictness.valueChanged.connect(self.strictness_changed)
        row.addWidget(value)
        self._column.addLayout(row)

    def _add_wand(self) -> None:
        box, row = button_row()
        row.addWidget(QLabel("Wand"))
        self._scope = _narrow_choices(
            Choice(VOLUME, "in volume", "The wand grows through the slices"),
            Choice(SLICE, "on slice", "The wand stays on the slice that is clicked"),
        )
        self._scope.choice_changed.connect(self.scope_changed)
        row.addWidget(self._scope, 1)
        self._reach = QDoubleSpinBox()
        self._reach.setRange(5.0, WHOLE_BRAIN_MM)
        self._reach.setDecimals(0)
        self._reach.setSingleStep(5.0)
        self._reach.setSuffix(" mm")
        self._reach.setValue(DEFAULT_REACH_MM)
        self._reach.setToolTip(
            f"How far from the click the wand reaches; {WHOLE_BRAIN_MM:.0f} mm: the whole brain"
        )
        self._reach.setKeyboardTracking(False)
        widest = f"{WHOLE_BRAIN_MM:.0f} mm"
        self._reach.setMinimumWidth(self._reach.fontMetrics().horizontalAdvance(widest) + 76)
        self._reach.valueChanged.connect(self.scope_changed)
        row.addWidget(self._reach)
        self._column.addWidget(box)
        box, row = button_row()
        self.take_button = _button(
            "Take (Enter)", "Paint what the wand shows (Enter, or a double click)"
        )
        self.take_button.clicked.connect(self.take_requested)
        self.drop_button = _button("Drop (Escape)", "Forget what the wand shows (Escape)")
        self.drop_button.clicked.connect(self.drop_requested)
        row.addWidget(self.take_button)
        row.addWidget(self.drop_button)
        self.show_preview(False)
        self._column.addWidget(box)

    def _add_copying(self) -> None:
        box, row = button_row()
        row.addWidget(QLabel("Copy"))
        self._what = _narrow_choices(
            Choice(IN_HAND, "chosen", "Only the label that is painted with is copied"),
            Choice(ALL, "all", "All labels of the slice are copied"),
        )
        row.addWidget(self._what, 1)
        self.copy_buttons: dict[int, QPushButton] = {}
        for step, where in ((-1, "previous"), (1, "next")):
            key = TOOL_KEYS[f"copy_{where}"]
            tip = f"Copy the labels of this slice to the {where} one, and go there ({key})"
            button = _button(f"to {where}", tip)
            button.clicked.connect(lambda _=False, by=step: self.copy_requested.emit(by))
            self.copy_buttons[step] = button
            row.addWidget(button)
        self._column.addWidget(box)

    def _add_lesion(self) -> None:
        box, row = button_row()
        row.addWidget(QLabel("Lesion"))
        self._lesion_of = _narrow_choices(
            Choice(UNDER_CURSOR, "label", "A connected part of the label that is clicked"),
            *(Choice(r.value, str(r), f"A connected part of the {r.title}") for r in REGIONS),
        )
        row.addWidget(self._lesion_of, 1)
        for name, (text, tip) in LESION_ACTIONS.items():
            self._add_tool(row, name, text, tip)
        self._column.addWidget(box)


def _narrow_choices(*choices: Choice) -> ChoiceBox:
    box = ChoiceBox()
    box.setMinimumContentsLength(2)  # the panel is to be usable at 340 pixels
    box.set_choices(choices)
    return box


def _button(text: str, tooltip: str) -> QPushButton:
    """A button that leaves the keyboard to the canvas and is as narrow as its text."""
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setMinimumWidth(button.fontMetrics().horizontalAdvance(text) + 12)
    return button
