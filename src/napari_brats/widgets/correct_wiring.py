"""Connects the panel "Correct" with the tools: palette, rules, brush, steps, keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any

from napari.layers import Labels
from napari.utils.notifications import show_info
from qtpy.QtCore import QObject, QTimer
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QColorDialog

from napari_brats.core.edits.edit import PaintOver, PaintRules
from napari_brats.core.errors import BratsError
from napari_brats.core.labels import CONVENTIONS, Label
from napari_brats.widgets.case_group import convention_of
from napari_brats.widgets.correct_panel import CorrectPanel
from napari_brats.widgets.keys import KEYS, label_key
from napari_brats.widgets.label_look import LabelLook
from napari_brats.widgets.viewer_bridge import ViewerBridge
from napari_brats.workspace.settings import Settings, change_settings, read_settings

REMEMBER_MS = 1000
"""Settings are stored when nothing was changed for so long."""
BRUSH_STEP = 1.25
SAY_AGAIN_S = 10.0
"""The same refusal is not announced more often."""


class CorrectWiring(QObject):
    """Panel to tools and back, for the active case; remembers brush and colours."""

    def __init__(self, bridge: ViewerBridge, panel: CorrectPanel) -> None:
        super().__init__(bridge)
        self._bridge, self._tools, self._panel = bridge, bridge.tools, panel
        self._look = LabelLook(self)
        self._said: tuple[str, float] = ("", 0.0)
        self._remember = QTimer(self)
        self._remember.setSingleShot(True)
        self._remember.setInterval(REMEMBER_MS)
        self._remember.timeout.connect(self.store)
        self._take_settings()
        self._connect_panel()
        self._connect_tools()
        bridge.key_bindings.bind(self._actions())
        self._show_look()
        self._show()

    def _take_settings(self) -> None:
        settings = read_settings()
        self._tools.set_brush_mm(self._offered_mm(settings.brush_mm))
        self._panel.history_panel.show_limit(settings.history_mb)
        self._tools.set_history_bytes(self._panel.history_panel.limit_mb.value() * 2**20)
        self._look.take_colors(settings.label_colors)
        self._tools.rules = rules_from(settings)
        for layer in self._tools.layers:
            self._look.dress(layer)
        self._stored = self._chosen()

    def store(self) -> None:
        """Store what changed, at once. Harmless if nothing did."""
        self._remember.stop()
        chosen = self._chosen()
        if chosen == self._stored:
            return
        self._stored = chosen
        try:
            change_settings(**chosen)
        except BratsError as error:
            self._panel.message.show_error(str(error))

    def _chosen(self) -> dict[str, Any]:
        rules = self._tools.rules
        return {
            "brush_mm": self._tools.brush_mm,
            "label_colors": self._look.chosen_colors,
            "history_mb": self._panel.history_panel.limit_mb.value(),
            "locked_labels": names_of(rules.locked),
            "paint_over": rules.over.name.lower(),
        }

    def _connect_panel(self) -> None:
        tools, panel, palette = self._tools, self._panel, self._panel.palette_panel
        palette.label_chosen.connect(tools.choose_label)
        palette.locked_changed.connect(tools.set_locked)
        palette.shown_changed.connect(self._look.set_shown)
        palette.paint_over_changed.connect(tools.set_paint_over)
        palette.color_requested.connect(self._on_color_requested)
        panel.mode_chosen.connect(tools.choose_mode)
        panel.brush_mm_changed.connect(self._on_brush_mm)
        panel.brush_3d_changed.connect(tools.set_brush_3d)
        panel.new_label_map_requested.connect(self._on_new_label_map)
        panel.history_panel.undo_requested.connect(tools.undo)
        panel.history_panel.redo_requested.connect(tools.redo)
        panel.history_panel.step_requested.connect(self._on_step_requested)
        panel.history_panel.limit_changed.connect(self._on_limit)

    def _connect_tools(self) -> None:
        tools, bridge = self._tools, self._bridge
        tools.changed.connect(self._show)
        tools.changed.connect(self._on_tools_changed)
        tools.refused.connect(self._on_refused)
        tools.step_made.connect(self._on_step_made)
        tools.followed.connect(self._look.dress)
        self._look.changed.connect(self._show_look)
        bridge.cases_changed.connect(self._show)
        bridge.active_case_changed.connect(self._show)
        bridge.volumes.labels_changed.connect(self._panel.palette_panel.show_volumes)

    def _actions(self) -> dict[str, Callable[[], object]]:
        tools = self._tools
        actions: dict[str, Callable[[], object]] = {
            KEYS["brush_3d"]: lambda: tools.set_brush_3d(not tools.brush_3d),
            KEYS["erase"]: lambda: tools.choose_mode("erase"),
            KEYS["lock_label"]: self._on_lock_key,
            KEYS["show_label"]: self._on_show_key,
            KEYS["paint_over"]: self._on_paint_over_key,
            KEYS["smaller_brush"]: lambda: self._on_brush_mm(tools.brush_mm / BRUSH_STEP),
            KEYS["larger_brush"]: lambda: self._on_brush_mm(tools.brush_mm * BRUSH_STEP),
        }
        for label in (la for la in Label if la):
            actions[label_key(label)] = lambda la=label: self._on_label_key(la)
        return actions

    # -- showing

    def _show(self) -> None:
        tools, panel = self._tools, self._panel
        panel.palette_panel.show_labels(self._labels(), tools.label)
        panel.palette_panel.show_rules(tools.rules)
        panel.show_mode(tools.mode)
        panel.show_brush(tools.brush_mm, tools.brush_3d)
        panel.show_editable(bool(self._bridge.active_case_key), tools.target is not None)
        self._show_history()

    def _show_history(self) -> None:
        target = self._tools.target
        history = None if target is None else self._tools.history_of(target)
        self._panel.history_panel.show_history(history)

    def _show_look(self) -> None:
        self._panel.palette_panel.show_look(self._look.colors, self._look.hidden)

    def _labels(self) -> tuple[Label, ...]:
        """Those that the active case's convention can save."""
        key = self._bridge.active_case_key
        if not key:
            return ()
        return tuple(CONVENTIONS[convention_of(self._bridge.open_case(key))].values.values())

    # -- doing

    def _on_tools_changed(self) -> None:
        if self._chosen() != self._stored:
            self._remember.start()

    def _on_step_made(self, step: object) -> None:
        del step
        self._panel.message.clear_message()
        self._show_history()

    def _on_step_requested(self, done: int) -> None:
        target: Labels | None = self._tools.target
        if target is not None:
            self._tools.go_to_step(target, done)

    def _on_limit(self, limit_mb: int) -> None:
        self._tools.set_history_bytes(limit_mb * 2**20)
        self._show_history()
        self._remember.start()

    def _on_refused(self, reason: str) -> None:
        """Say it in the panel, and once in a while where the eyes are: over the image."""
        self._panel.message.show_note(reason)
        said, when = self._said
        if reason != said or time.monotonic() - when > SAY_AGAIN_S:
            self._said = reason, time.monotonic()
            show_info(reason)

    def _on_label_key(self, label: Label) -> None:
        """Paint it, unless the case's convention could not save it."""
        if label in self._labels():
            self._tools.choose_label(label)

    def _on_lock_key(self) -> None:
        label = self._tools.label
        if label:
            self._tools.set_locked(label, label not in self._tools.rules.locked)

    def _on_show_key(self) -> None:
        label = self._tools.label
        if label:
            self._look.set_shown(label, label in self._look.hidden)

    def _on_paint_over_key(self) -> None:
        choices = list(PaintOver)
        at = choices.index(self._tools.rules.over)
        self._tools.set_paint_over(choices[(at + 1) % len(choices)])

    def _on_brush_mm(self, diameter_mm: float) -> None:
        self._tools.set_brush_mm(self._offered_mm(diameter_mm))
        self._remember.start()

    def _offered_mm(self, diameter_mm: float) -> float:
        """The nearest diameter that the panel offers."""
        spin = self._panel.brush_mm
        return min(max(diameter_mm, spin.minimum()), spin.maximum())

    def _on_color_requested(self, label: Label) -> None:
        button = self._panel.palette_panel.rows[label].color
        dialog = QColorDialog(button.color, self._panel)
        dialog.setWindowTitle(f"Colour of {label.title}")
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.colorSelected.connect(lambda color: self._set_color(label, color))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _set_color(self, label: Label, color: QColor) -> None:
        self._look.set_color(label, (color.redF(), color.greenF(), color.blueF(), 1.0))
        self._remember.start()

    def _on_new_label_map(self) -> None:
        key = self._bridge.active_case_key
        if not key:
            return
        try:
            self._bridge.new_label_map(key)
        except BratsError as error:
            self._panel.message.show_error(str(error))


def rules_from(settings: Settings) -> PaintRules:
    """The locks and the choice of what to paint over that were stored; unknown names are none."""
    names = Label.__members__
    locked = frozenset(int(names[name]) for name in settings.locked_labels if name in names)
    choices = {over.name.lower(): over for over in PaintOver}
    return PaintRules(locked, choices.get(settings.paint_over, PaintRules().over))


def names_of(labels: Collection[int]) -> tuple[str, ...]:
    """How labels are called in the settings."""
    return tuple(label.name for label in Label if label in labels)
