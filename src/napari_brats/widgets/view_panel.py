"""The section "View": which modality is looked at, and how. Knows no viewer."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QAction,
    QCheckBox,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.core.window_level import Preset
from napari_brats.widgets.keys import KEYS, MODALITY_KEYS, READING_KEYS
from napari_brats.widgets.layout import Layout
from napari_brats.widgets.message import MessageLabel
from napari_brats.widgets.toggle_button import button_row, toggle_button
from napari_brats.widgets.window_level import Gesture

LAYOUT_TIPS = {
    Layout.SINGLE: "One view of one modality",
    Layout.SIDE_BY_SIDE: f"Each modality in its own cell ({KEYS['side_by_side']})",
    Layout.PLANES: f"Axial, coronal, sagittal and 3-D together, linked ({KEYS['planes']})",
}


class ViewPanel(QWidget):
    """Emits what the user wants to look at; shows what is looked at."""

    modality_shown = Signal(object)  # Modality
    layout_chosen = Signal(object)  # Layout
    crosshair_changed = Signal(bool)
    flicker_changed = Signal(bool)
    labels_visible_changed = Signal(bool)
    outline_changed = Signal(bool)
    opacity_changed = Signal(float)  # 0 to 1
    preset_chosen = Signal(object)  # Preset
    drag_changed = Signal(bool)
    gesture_chosen = Signal(object)  # Gesture
    surfaces_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(6, 6, 6, 6)
        self._layout.setSpacing(4)
        self._add_modality_row()
        self._add_layout_row()
        self._add_overlay_row()
        self._add_window_row()
        self._add_aids_row()
        self._message = MessageLabel()
        self._layout.addWidget(self._message)

    def show_modalities(self, present: Sequence[Modality], shown: Modality | None) -> None:
        """Enable a button for each modality of the case and mark the one on top."""
        for modality, button in self.modality_buttons.items():
            button.setEnabled(modality in present)
            button.setChecked(modality is shown)
        self.layout_buttons[Layout.SIDE_BY_SIDE].setEnabled(len(present) > 1)
        self.layout_buttons[Layout.PLANES].setEnabled(bool(present))
        self._flicker.setEnabled(len(present) > 1)

    def show_view(self, layout: Layout, flicker: bool, crosshair: bool) -> None:
        """Show which layout is in use, whether modalities flicker and the crosshair is drawn."""
        for choice, button in self.layout_buttons.items():
            button.setChecked(choice is layout)
        with QSignalBlocker(self._crosshair), QSignalBlocker(self._flicker):
            self._crosshair.setChecked(crosshair)
            self._flicker.setChecked(flicker)

    def show_overlay(self, visible: bool, outline: bool, opacity: float, *, is_there: bool) -> None:
        """Show how the label map lies over the image; offer nothing where there is none."""
        self._overlay_box.setEnabled(is_there)
        for box, on in ((self._labels_visible, visible), (self._outline, outline)):
            with QSignalBlocker(box):
                box.setChecked(on)
        with QSignalBlocker(self._opacity):
            self._opacity.setValue(round(opacity * 100))

    def show_window(self, text: str, is_dragging: bool) -> None:
        """Show width and level of the image (empty: there is none), and whether drags set them."""
        self._window_box.setEnabled(bool(text))
        self._window_text.setText(text)
        with QSignalBlocker(self._drag):
            self._drag.setChecked(is_dragging)

    def show_surfaces(self, is_on: bool, *, is_there: bool) -> None:
        """Show whether the regions stand as surfaces; offer it where there is a label map."""
        self._surfaces.setEnabled(is_there)
        with QSignalBlocker(self._surfaces):
            self._surfaces.setChecked(is_on)

    def show_note(self, text: str) -> None:
        """Say what is being done; nothing if ``text`` is empty."""
        self._message.show_note(text)

    def show_error(self, text: str) -> None:
        """Say what was refused."""
        self._message.show_error(text)

    def show_gesture(self, gesture: Gesture) -> None:
        """Mark what drags the window beside the mode, and say it in the button's tooltip."""
        for choice, action in self.gesture_actions.items():
            action.setChecked(choice is gesture)
        hint = "" if gesture is Gesture.NONE else f"The {gesture.value}, does so at any time."
        key = READING_KEYS["drag_window"][0]
        self._drag.setToolTip(
            f"While on, dragging with the left button sets the window of the image under the "
            f"mouse: to the right wider, up brighter ({key}). {hint}".strip()
        )

    def _add_modality_row(self) -> None:
        box, row = button_row()
        self.modality_buttons: dict[Modality, QPushButton] = {}
        for modality in MODALITIES:
            tip = f"Show {modality.title} ({MODALITY_KEYS[modality]})"
            button = toggle_button(modality.value, tip)
            button.clicked.connect(lambda _=False, m=modality: self.modality_shown.emit(m))
            self.modality_buttons[modality] = button
            row.addWidget(button)
        self._layout.addWidget(box)

    def _add_layout_row(self) -> None:
        """The buttons of the layouts."""
        box, row = button_row()
        self.layout_buttons: dict[Layout, QPushButton] = {}
        for layout, tip in LAYOUT_TIPS.items():
            button = toggle_button(layout.value, tip)
            button.clicked.connect(lambda _=False, la=layout: self.layout_chosen.emit(la))
            self.layout_buttons[layout] = button
            row.addWidget(button)
        self._layout.addWidget(box)

    def _add_aids_row(self) -> None:
        """What alternates between two modalities, and what marks one point in all views."""
        box, row = button_row()
        self._crosshair = toggle_button(
            "Crosshair",
            "Mark the common point in every view. A click without a tool, or moving with Shift, "
            "takes all views there",
        )
        self._crosshair.toggled.connect(self.crosshair_changed)
        row.addWidget(self._crosshair)
        self._flicker = toggle_button(
            "Flicker", f"Alternate between this modality and the next ({KEYS['flicker']})"
        )
        self._flicker.toggled.connect(self.flicker_changed)
        row.addWidget(self._flicker)
        self._surfaces = toggle_button(
            "Surfaces",
            f"The regions as smooth surfaces inside the brain, turned by dragging "
            f"({READING_KEYS['surfaces'][0]})",
        )
        self._surfaces.toggled.connect(self.surfaces_changed)
        row.addWidget(self._surfaces)
        self._layout.addWidget(box)

    def _add_overlay_row(self) -> None:
        self._overlay_box, row = button_row()
        self._labels_visible = QCheckBox("Labels")
        self._labels_visible.setToolTip(f"Show the label map ({KEYS['label_map_visible']})")
        self._labels_visible.toggled.connect(self.labels_visible_changed)
        self._outline = QCheckBox("Outline")
        self._outline.setToolTip(f"Borders only, or filled ({READING_KEYS['outline'][0]})")
        self._outline.toggled.connect(self.outline_changed)
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setRange(0, 100)
        more, less = (READING_KEYS[name][0] for name in ("more_opaque", "less_opaque"))
        self._opacity.setToolTip(f"How opaque the label map is ({more}, {less})")
        self._opacity.valueChanged.connect(lambda value: self.opacity_changed.emit(value / 100))
        row.addWidget(self._labels_visible)
        row.addWidget(self._outline)
        row.addWidget(self._opacity, 1)
        self._layout.addWidget(self._overlay_box)

    def _add_window_row(self) -> None:
        """Width and level of what is shown, its presets, and the mode in which drags set them."""
        self._window_box, row = button_row()
        self._window_text = QLabel()
        self._window_text.setToolTip("Window width (W) and level (L) of the image that is shown")
        self._presets = QToolButton()
        self._presets.setText("Window")
        self._presets.setStyleSheet("QToolButton { padding-right: 14px; }")  # room for its arrow
        self._presets.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._presets.setToolTip(
            "Presets for the image that is shown, side by side for all: from the 1st to the 99th "
            "percentile inside the brain, half and twice as wide, all values, or as opened"
        )
        self._presets.setMenu(self._preset_menu())
        self._drag = toggle_button("Drag", "Width and level by dragging")  # more once told how
        self._drag.toggled.connect(self.drag_changed)
        row.addWidget(self._window_text, 1)
        row.addWidget(self._presets)
        row.addWidget(self._drag)
        self._layout.addWidget(self._window_box)

    def _preset_menu(self) -> QMenu:
        menu = QMenu(self)
        keys = {Preset.AUTO: "auto_window", Preset.OPENED: "opened_window"}
        for preset in Preset:
            key = f"\t{READING_KEYS[keys[preset]][0]}" if preset in keys else ""
            action = menu.addAction(f"{preset.value}{key}")
            action.triggered.connect(lambda _=False, p=preset: self.preset_chosen.emit(p))
        menu.addSeparator()
        self.gesture_actions: dict[Gesture, QAction] = {}
        for gesture in Gesture:
            action = menu.addAction(f"Drag with {gesture.value}")
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, g=gesture: self.gesture_chosen.emit(g))
            self.gesture_actions[gesture] = action
        return menu
