"""The section "Tools": which tool is in hand, what it writes, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QObject

from napari_brats.core.edits.edit import Edit
from napari_brats.core.edits.similar import Appearance
from napari_brats.widgets.keys import TOOL_KEYS
from napari_brats.widgets.tool_previews import Preview
from napari_brats.widgets.tools_brush import SmartBrush
from napari_brats.widgets.tools_copy import NO_NEIGHBOUR, copied, neighbour
from napari_brats.widgets.tools_host import ToolsHost
from napari_brats.widgets.tools_images import CaseAppearance
from napari_brats.widgets.tools_keys import ToolKeys
from napari_brats.widgets.tools_lasso import Lasso
from napari_brats.widgets.tools_lesion import LesionPicker
from napari_brats.widgets.tools_panel import (
    DEFAULT_STRICTNESS,
    DELETE,
    KEEP,
    LASSO,
    LESION_ACTIONS,
    OUTLINE,
    RELABEL,
    SMART_BRUSH,
    STRICTNESS_OF,
    WAND,
    ToolsPanel,
)
from napari_brats.widgets.tools_pointer import MouseTool, Place
from napari_brats.widgets.tools_wand import Wand

READING = "Reading what the modalities show, once for this case."
READY = "{tool} is ready: it compares {count} modalities."
NOTHING_LIKE = "No modality shows anything there: the smart brush paints nothing."
NO_SLICE = "This tool works on slices: leave the 3-D view first."
NO_LABEL = "The background is chosen, which is not copied. Choose a label, or copy all labels."
NO_CHANGE = "{tool}: nothing changed; it was so already."
DID = "{tool}: {voxels:,} voxels, {ml:.2f} ml. Ctrl+Z undoes it."

STEP_NAMES = {
    WAND: "Wand",
    LASSO: "Lasso",
    DELETE: "Delete lesion",
    RELABEL: "Relabel lesion",
    KEEP: "Keep only lesion",
}
"""What a tool's steps are called in the history."""


class ToolsController(QObject):
    """One tool has the left button at a time; the smart brush is napari's own brush, filtered."""

    def __init__(self, panel: ToolsPanel, viewer: ToolsHost, parent: QObject) -> None:
        super().__init__(parent)
        self._panel, self._viewer = panel, viewer
        self._chosen = ""
        self._layer: Labels | None = None
        self._strictness = {int(label): value for label, value in STRICTNESS_OF.items()}
        self._images = CaseAppearance(viewer, self)
        self._brush = SmartBrush(self._appearance, lambda: panel.strictness)
        self.wand = Wand(panel, self._appearance, self)
        self._lasso = Lasso(self)
        self._lesion = LesionPicker(lambda: panel.lesion_of, self)
        self._keys = ToolKeys(self._take, self._drop, self)
        self._connect()
        self.show_tools()

    def _connect(self) -> None:
        panel, tools = self._panel, self._viewer.tools
        panel.tool_chosen.connect(self.choose)
        panel.strictness_changed.connect(self._on_strictness)
        panel.take_requested.connect(self.wand.take)
        panel.drop_requested.connect(self.wand.drop)
        panel.copy_requested.connect(self.copy_slice)
        self.wand.previewed.connect(self._on_wand_previewed)
        self._lasso.previewed.connect(self._viewer.pointer.show_preview)
        for tool in (self.wand, self._lasso, self._lesion):
            tool.said.connect(self._say)
            tool.taken.connect(self._on_taken)
        self._images.ready.connect(self._on_ready)
        self._images.failed.connect(self._say_error)
        self._viewer.pointer.pressed.connect(self._on_pressed)
        self._viewer.pointer.is_held_off = lambda: self._keys.is_moving
        tools.changed.connect(self.show_tools)
        tools.refused.connect(self._say_error)
        tools.step_made.connect(self._on_step)

    @property
    def images(self) -> CaseAppearance:
        """What the modalities show, for tools beside these."""
        return self._images

    @property
    def actions(self) -> dict[str, Callable[[], None]]:
        """Key -> what it does."""
        return {
            TOOL_KEYS[name]: lambda name=name: self.choose("" if self._chosen == name else name)
            for name in (SMART_BRUSH, WAND, LASSO, DELETE)
        } | {
            TOOL_KEYS["copy_previous"]: lambda: self.copy_slice(-1),
            TOOL_KEYS["copy_next"]: lambda: self.copy_slice(1),
        }

    def close(self) -> None:
        """Put the tool away and compute no more."""
        self._put_away()
        self._images.forget()

    # -- which tool

    def choose(self, name: str) -> None:
        """Take a tool in hand, or put away the one that is; "" takes none."""
        self._put_away()
        tools, layer = self._viewer.tools, self._viewer.tools.target
        self._panel.message.clear_message()
        if layer is None or not name:
            self._panel.show_tool("")
            return
        self._layer, self._chosen = layer, name
        layer.visible = True  # what is hidden cannot be seen to change
        if name in (SMART_BRUSH, WAND) and not self._prepare(layer):
            self._chosen = ""
        elif name == OUTLINE:
            tools.choose_mode("polygon")
        elif name == SMART_BRUSH:
            tools.brush_filter = self._brush
            if tools.mode not in ("paint", "erase"):
                tools.choose_mode("paint")
        else:
            tools.choose_mode("pan_zoom")  # or napari's own tool would act, too
            tools.keeps_mode = True
            layer.cursor = "cross"
            self._lesion.action = name
            self._viewer.pointer.tool = self._tool_of(name)
            self._keys.listen(True)
        self._panel.show_tool(self._chosen)

    def show_tools(self) -> None:
        """Follow the label map in hand, and napari's own tools: they put ours away."""
        tools = self._viewer.tools
        self._panel.show_editable(tools.target is not None)
        if tools.target is not self._layer:
            self._put_away()
            self._images.forget()
            self._layer = tools.target
        elif self._chosen and tools.mode not in self._modes:
            self._put_away()
        self._panel.show_tool(self._chosen)
        self._show_strictness()

    def _show_strictness(self) -> None:
        """That of the label in hand; what the wand shows stays as it is shown."""
        if not self.wand.is_showing:
            label = self._viewer.tools.label
            self._panel.set_strictness(self._strictness.get(label, DEFAULT_STRICTNESS))

    def _on_strictness(self, strictness: int) -> None:
        self._strictness[self._viewer.tools.label] = strictness

    @property
    def _modes(self) -> tuple[str, ...]:
        """napari's modes that leave the tool in hand."""
        if self._chosen == SMART_BRUSH:
            return ("paint", "erase", "pan_zoom")  # the last while Space is held
        return ("polygon",) if self._chosen == OUTLINE else ("pan_zoom",)

    def _tool_of(self, name: str) -> MouseTool:
        if name in LESION_ACTIONS:
            return self._lesion
        return self.wand if name == WAND else self._lasso

    def _put_away(self) -> None:
        self.wand.drop()
        self._lasso.drop()
        if self._viewer.pointer.tool is not None and self._layer is not None:
            self._viewer.pointer.tool = None
            self._layer.cursor = "standard"
        self._viewer.tools.brush_filter = None
        self._viewer.tools.keeps_mode = False
        self._keys.listen(False)
        self._chosen = ""

    def _take(self) -> bool:
        was_showing = self.wand.is_showing
        self.wand.take()
        return was_showing

    def _drop(self) -> bool:
        """Drop what is shown; a second time, put the tool away."""
        if self.wand.is_showing:
            self.wand.drop()
        else:
            self.choose("")
        return True

    # -- what tools ask for

    def _prepare(self, layer: Labels) -> bool:
        """Have the modalities read; False and a word if there is nothing to read."""
        problem = self._images.prepare(layer)
        if problem:
            self._say_error(problem)
        elif not self._images.is_for(layer):
            self._say(READING)
        return not problem

    def _appearance(self, layer: Labels) -> Appearance | None:
        if self._images.is_for(layer):
            return self._images.value
        self._prepare(layer)
        return None

    def _on_ready(self) -> None:
        if self._chosen in (SMART_BRUSH, WAND) and self._images.value is not None:
            count = len(self._images.value.images)
            name = "The wand" if self._chosen == WAND else "The smart brush"
            self._say(READY.format(tool=name, count=count))
            self.wand.start_again()

    def _on_pressed(self, place: Place) -> None:
        if self._chosen == SMART_BRUSH and not self._brush.begin(place):
            self._say(NO_SLICE if place.plane is None else NOTHING_LIKE)
        elif self._viewer.pointer.tool is not None and place.plane is None:
            self._say(NO_SLICE)

    def _on_wand_previewed(self, layer: Labels, preview: Preview | None) -> None:
        self._viewer.pointer.show_preview(layer, preview)
        self._panel.show_preview(preview is not None)
        self._show_strictness()

    # -- what is written

    def copy_slice(self, step: int) -> None:
        """Copy the slice looked at to its neighbour, and go there."""
        tools, pointer = self._viewer.tools, self._viewer.pointer
        layer = tools.target
        plane = None if layer is None else pointer.plane(layer)
        if layer is None or plane is None:
            self._say(NO_SLICE)
            return
        if not tools.label and not self._panel.copies_all:
            self._say(NO_LABEL)
            return
        target = neighbour(layer, plane, step)
        if target is None:
            self._say(NO_NEIGHBOUR.format(where="next" if step > 0 else "previous"))
            return
        edit = copied(layer, plane, target, None if self._panel.copies_all else tools.label)
        if isinstance(edit, Edit):
            self._write(layer, edit, "Copy slice")
        else:
            self._say(edit)
        pointer.go_to(layer, target)

    def _on_taken(self, layer: Labels, edit: Edit) -> None:
        self._write(layer, edit, STEP_NAMES[self._chosen])

    def _write(self, layer: Labels, edit: Edit, tool: str) -> None:
        if not (layer.data[edit.box] != edit.labels).any():
            self._say(NO_CHANGE.format(tool=tool))
        else:
            self._viewer.tools.apply(layer, edit, tool=tool)  # the step, or a refusal, is told

    def _on_step(self, step: Any) -> None:
        if step.kind == "do" and step.tool in {*STEP_NAMES.values(), "Copy slice", SmartBrush.name}:
            ml = step.voxels * float(np.prod(np.abs(step.layer.scale))) / 1000
            self._say(DID.format(tool=step.tool, voxels=step.voxels, ml=ml))

    def _say(self, text: str) -> None:
        self._panel.message.show_note(text)
        self._viewer.pointer.show_status(text)

    def _say_error(self, text: str) -> None:
        self._panel.message.show_error(text)
        self._viewer.pointer.show_status(text)
