"""The section "Post-process": sliders made from PostprocessOptions; asks about hand edits."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from magicgui.widgets import CheckBox, create_widget
from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.inference.postprocess import PostprocessOptions
from napari_brats.widgets.message import MessageLabel

READOUT_STYLE = "background: transparent; border: 0; padding: 0; min-width: 40px; max-width: 40px;"

_THRESHOLD = {"widget_type": "FloatSlider", "min": 0.01, "max": 0.99, "step": 0.01}
_RADIUS = {"widget_type": "FloatSlider", "min": 0.0, "max": 10.0, "step": 0.5}

_FORM: dict[str, tuple[str, dict[str, Any]]] = {
    "threshold_wt": ("WT threshold", _THRESHOLD),
    "threshold_tc": ("TC threshold", _THRESHOLD),
    "threshold_et": ("ET threshold", _THRESHOLD),
    "min_component_mm3": (
        "Smallest part, mm\u00b3",
        {"widget_type": "FloatSpinBox", "min": 0.0, "max": 100_000.0, "step": 50.0},
    ),
    "fill_holes": ("Fill holes", {"widget_type": "CheckBox"}),
    "closing_mm": ("Closing, mm", _RADIUS),
    "opening_mm": ("Opening, mm", _RADIUS),
}
"""How each option is shown; a new option without a row here is shown as magicgui sees fit."""


class PostprocessPanel(QWidget):
    """Emits `options_changed` with PostprocessOptions as the user moves a slider.

    `replace_requested` and `keep_edits_requested` answer `ask_about_edits`.
    """

    options_changed = Signal(object)
    replace_requested = Signal()
    keep_edits_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        defaults = PostprocessOptions()
        self.controls: dict[str, Any] = {}
        self.form = QWidget()
        rows = QFormLayout(self.form)
        rows.setContentsMargins(0, 0, 0, 0)
        for field in fields(defaults):
            control = _control(field.name, getattr(defaults, field.name))
            control.changed.connect(self._on_form_changed)
            self.controls[field.name] = control
            if isinstance(control, CheckBox):  # has its label in itself
                rows.addRow(control.native)
            else:
                rows.addRow(control.label, control.native)
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
        values = {name: control.value for name, control in self.controls.items()}
        shown: dict[str, Any] = {
            n: round(v, 2) if isinstance(v, float) else v for n, v in values.items()
        }
        return PostprocessOptions(**shown)  # no more digits than anyone can see and type again

    def set_options(self, options: PostprocessOptions) -> None:
        """Move the sliders without emitting anything."""
        for name, value in asdict(options).items():
            control = self.controls[name]
            with control.changed.blocked():
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
        if self.options() != PostprocessOptions():
            self.set_options(PostprocessOptions())
            self.options_changed.emit(PostprocessOptions())


class _EditsBar(QFrame):
    """The question that a slider asks before it replaces work done by hand."""

    def __init__(self) -> None:
        super().__init__()
        question = QLabel("The mask was edited by hand. The sliders would replace those edits.")
        question.setWordWrap(True)
        self.keep_button = QPushButton("Keep edits")
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


def _control(name: str, value: Any) -> Any:
    label, options = _FORM.get(name, (name.replace("_", " "), {}))
    options = dict(options)
    control = create_widget(
        value=value,
        name=name,
        label=label,
        widget_type=options.pop("widget_type", None),
        options=options,
    )
    for readout in control.native.findChildren(QDoubleSpinBox):
        # Of a slider. napari's style sheet makes it 90 pixels wide, twice what the number needs.
        readout.setStyleSheet(READOUT_STYLE)
    return control
