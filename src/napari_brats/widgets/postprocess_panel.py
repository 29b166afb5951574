"""The section "Post-process": sliders made from PostprocessOptions; asks about hand edits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from magicgui.widgets import CheckBox, create_widget
from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.labels import REGIONS
from napari_brats.inference.postprocess_options import PostprocessOptions
from napari_brats.widgets.message import MessageLabel

READOUT_STYLE = "background: transparent; border: 0; padding: 0; min-width: 40px; max-width: 40px;"

_THRESHOLD = {"widget_type": "FloatSlider", "min": 0.01, "max": 0.99, "step": 0.01}
_LENGTH = {"widget_type": "FloatSlider", "min": 0.0, "max": 10.0, "step": 0.5}
_VOLUME = {"widget_type": "FloatSpinBox", "min": 0.0, "max": 99_999.0, "step": 50.0}
_COUNT = {"widget_type": "FloatSpinBox", "min": 0, "max": 99, "step": 1}

_ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "threshold_wt": ("WT threshold", _THRESHOLD),
    "threshold_tc": ("TC threshold", _THRESHOLD),
    "threshold_et": ("ET threshold", _THRESHOLD),
    "smooth_mm": ("Smoothing, mm", {**_LENGTH, "max": 5.0}),
    "closing_mm": ("Closing, mm", _LENGTH),
    "opening_mm": ("Opening, mm", _LENGTH),
    "fill_holes": ("Fill holes of WT and TC", {"widget_type": "CheckBox"}),
    "et_to_ncr_mm3": ("Least ET in all, mm\u00b3", _VOLUME),
    "tc_reach_mm": ("TC near ET, mm", {**_LENGTH, "max": 30.0}),
}
"""The options with a row of their own: label and control."""

_TABLE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "min_component_{}_mm3": ("Least part, mm\u00b3", "any", _VOLUME),
    "largest_{}": ("Parts kept", "all", _COUNT),
}
"""The options with a row in the table of regions: label, what 0 is called, and control."""

_TIPS = {
    "smooth_mm": "Smooths the probabilities by a Gaussian of this standard deviation",
    "closing_mm": "Closes gaps that a ball of this radius does not fit into",
    "opening_mm": "Takes off what is thinner than a ball of this radius",
    "fill_holes": "Holes of ET stay: they are the necrotic core",
    "et_to_ncr_mm3": "ET of less than this in total becomes NCR",
    "tc_reach_mm": "TC farther than this from ET becomes ED, given 1 ml of ET; 0 leaves it",
    "min_component_{}_mm3": "Smaller connected parts of {} are dropped, with what is inside them",
    "largest_{}": "Only this many connected parts of {} are kept, the largest ones",
}


class PostprocessPanel(QWidget):
    """Emits `options_changed` with PostprocessOptions as the user moves a slider.

    `replace_requested` and `keep_edits_requested` answer `ask_about_edits`. ``defaults`` is what
    "Reset" goes back to.
    """

    options_changed = Signal(object)
    replace_requested = Signal()
    keep_edits_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.defaults = PostprocessOptions()
        self.controls: dict[str, Any] = {}
        self.form = QWidget()
        self._fill_form()
        self.reset_button = QPushButton("Reset")
        self.reset_button.setToolTip("Back to the values a run starts with")
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.edits_bar = _EditsBar()
        self.message = MessageLabel()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.hint, self.form, self.reset_button, self.edits_bar):
            layout.addWidget(widget)
        layout.addWidget(self.message)
        self.reset_button.clicked.connect(self._on_reset_clicked)
        self.edits_bar.replace_button.clicked.connect(self.replace_requested)
        self.edits_bar.keep_button.clicked.connect(self.keep_edits_requested)
        self.set_enabled(False, "Run a segmentation first; then the mask follows these sliders.")

    def options(self) -> PostprocessOptions:
        """What the sliders say."""
        shown = {name: _as_typed(name, control.value) for name, control in self.controls.items()}
        return PostprocessOptions(**shown)

    def set_options(self, options: PostprocessOptions) -> None:
        """Move the sliders without emitting anything."""
        for name, value in asdict(options).items():
            control = self.controls[name]
            with control.changed.blocked():
                if not isinstance(control, CheckBox):  # a card may tell more than a slider shows
                    control.min, control.max = min(control.min, value), max(control.max, value)
                control.value = value

    def set_enabled(self, enabled: bool, hint: str = "") -> None:
        """Whether there is something to post-process; ``hint`` says what to do where not."""
        self.form.setEnabled(enabled)
        self.reset_button.setEnabled(enabled)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        if not enabled:
            self.ask_about_edits(False)

    def ask_about_edits(self, asking: bool) -> None:
        """Show or hide the question whether hand edits may be replaced."""
        self.edits_bar.setVisible(asking)

    def show_error(self, text: str) -> None:
        """Say what went wrong and what to do; empty hides it."""
        self.message.show_error(text)

    def _on_form_changed(self) -> None:
        self.options_changed.emit(self.options())

    def _on_reset_clicked(self) -> None:
        if self.options() != self.defaults:
            self.set_options(self.defaults)
            self.options_changed.emit(self.defaults)

    def _fill_form(self) -> None:
        rows = QFormLayout(self.form)
        rows.setContentsMargins(0, 0, 0, 0)
        for name, (label, options) in _ROWS.items():
            control = self._add_control(name, label, options, _TIPS.get(name, ""))
            if isinstance(control, CheckBox):  # has its label in itself
                rows.addRow(control.native)
            else:
                rows.addRow(control.label, control.native)
            if isinstance(control.native, QDoubleSpinBox):
                _say_zero(control.native, "any")
        rows.addRow(self._table())

    def _table(self) -> QWidget:
        """The options that each region has of its own: a row each, a column per region."""
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        for column, region in enumerate(REGIONS, start=1):
            grid.setColumnStretch(column, 1)
            grid.addWidget(QLabel(region.value), 0, column)
        for row, (name, (label, zero, options)) in enumerate(_TABLE.items(), start=1):
            grid.addWidget(QLabel(label), row, 0)
            for column, region in enumerate(REGIONS, start=1):
                option, tip = name.format(region.lower()), _TIPS[name].format(region.value)
                control = self._add_control(option, f"{region.value} {label}", options, tip)
                _make_narrow(control.native, zero)
                grid.addWidget(control.native, row, column)
        return table

    def _add_control(self, name: str, label: str, options: Mapping[str, Any], tip: str) -> Any:
        control = _control(name, label, getattr(self.defaults, name), options)
        control.native.setToolTip(tip)
        control.changed.connect(self._on_form_changed)
        self.controls[name] = control
        return control


class _EditsBar(QFrame):
    """The question that a slider asks before it replaces work done by hand."""

    def __init__(self) -> None:
        super().__init__()
        question = QLabel("The mask was edited by hand. The sliders would replace those edits.")
        question.setWordWrap(True)
        self.keep_button = QPushButton("Keep edits")
        self.keep_button.setToolTip("Leave the mask as it is; the sliders go back")
        self.replace_button = QPushButton("Replace")
        self.replace_button.setToolTip("Undo (Ctrl+Z) brings the edits back")
        buttons = QHBoxLayout()
        buttons.addWidget(self.keep_button)
        buttons.addWidget(self.replace_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.addWidget(question)
        layout.addLayout(buttons)
        self.setObjectName("edits_bar")
        self.setStyleSheet("#edits_bar { border: 2px solid #E69F00; border-radius: 3px; }")


def _control(name: str, label: str, value: Any, options: Mapping[str, Any]) -> Any:
    settings = dict(options)
    control = create_widget(
        value=value,
        name=name,
        label=label,
        widget_type=settings.pop("widget_type"),
        options=settings,
    )
    for readout in control.native.findChildren(QDoubleSpinBox):
        # Of a slider. napari's style sheet makes it 90 pixels wide, twice what the number needs.
        readout.setStyleSheet(READOUT_STYLE)
    return control


def _as_typed(name: str, value: Any) -> Any:
    """No more digits than anyone can see and type again; parts are counted."""
    if isinstance(value, bool):
        return value
    return int(value) if name.startswith("largest") else round(value, 2)


def _make_narrow(box: QDoubleSpinBox, zero: str) -> None:
    """Three of them fit beside a label."""
    box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    box.setStyleSheet("min-width: 44px; padding: 1px 2px;")
    _say_zero(box, zero)


def _say_zero(box: QDoubleSpinBox, zero: str) -> None:
    """Whole numbers, and a word for 0."""
    box.setDecimals(0)
    box.setSpecialValueText(zero)
