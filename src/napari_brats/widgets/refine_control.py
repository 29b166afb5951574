"""The tool "Refine": strokes in, a border shown, and one undo step when it is accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_brats.core.boxes import bounding_box
from napari_brats.core.edits.refine import FloatArray, refined_labels
from napari_brats.core.edits.targets import Target, labels_in
from napari_brats.core.labels import Label, Mask, union_mask
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.refine_job import RefineSession, refine_job
from napari_brats.widgets.refine_panel import RefinePanel
from napari_brats.widgets.refine_stroke import RefineStroke, Voxels
from napari_brats.widgets.shape_tools_panel import ShapeToolsPanel
from napari_brats.widgets.tool_previews import RegionPreview
from napari_brats.widgets.tools_images import CaseAppearance
from napari_brats.widgets.tools_keys import ToolKeys

NO_TARGET = "Choose a label or a region first: Refine moves its border."
READING = "Reading what the modalities show; the stroke waits for it."
SHOWN = "{change:+.2f} ml of {target}. Enter accepts, Escape rejects; more strokes refine it."
FORBIDDEN = "Nothing was changed: what the new border would change is locked, or kept nested."
DID = "Refine: {voxels:,} voxels, {ml:.2f} ml. Ctrl+Z undoes it."
SAME = "The border stays where it is: draw along the middle of what is wrong."

ProbabilityOf = Callable[[Any, Target], FloatArray | None]
"""What a network said of a label or region on the grid of a layer, in display order; or None."""


class RefineController(QObject):
    """Strokes are solved one after the other in the worker, each from where the last one led."""

    about_to_take_mouse = Signal()

    def __init__(
        self,
        panel: RefinePanel,
        settings: ShapeToolsPanel,
        viewer: Any,
        images: CaseAppearance,
        probability_of: ProbabilityOf,
        parent: QObject,
    ) -> None:
        """``settings`` say which label or region; ``viewer`` is the bridge."""
        super().__init__(parent)
        self._panel, self._settings, self._viewer = panel, settings, viewer
        self._images, self._probability_of = images, probability_of
        self._session: RefineSession | None = None
        self._job: RunningJob | None = None
        self._is_chosen = False
        self._stroke = RefineStroke(self)
        self._keys = ToolKeys(self._on_take_key, self._on_drop_key, self)
        self._stroke.drawing.connect(self._on_drawing)
        self._stroke.drawn.connect(self._on_drawn)
        is_held_off = viewer.pointer.is_held_off
        viewer.pointer.is_held_off = lambda: is_held_off() or self._keys.is_moving
        panel.chosen.connect(self.choose)
        panel.accept_requested.connect(self.accept)
        panel.reject_requested.connect(self.reject)
        settings.target_box.choice_changed.connect(self._on_target_changed)
        images.ready.connect(self._solve_next)
        images.failed.connect(self._on_problem)
        viewer.tools.changed.connect(self.show_tools)
        viewer.pointer.tool_changed.connect(self.show_tools)
        self.show_tools()

    def toggle(self) -> None:
        """Take the tool in hand, or put it away."""
        self.choose(not self._is_chosen)

    def choose(self, on: bool) -> None:
        """Take the tool in hand, or put it away and forget what was not accepted."""
        tools = self._viewer.tools
        self._put_away()
        self._panel.message.clear_message()
        if on and tools.target is not None and self._target() is None:
            self._panel.message.show_error(NO_TARGET)
        elif on and tools.target is not None:
            self.about_to_take_mouse.emit()
            tools.choose_mode("pan_zoom")  # or napari's own tool would act, too
            tools.keeps_mode = True
            self._is_chosen = True
            self._viewer.pointer.tool = self._stroke
            self._keys.listen(True)
            self._on_problem(self._images.prepare(tools.target))
        self.show_tools()

    def show_tools(self) -> None:
        """Follow the label map in hand; whoever else takes the mouse puts this tool away."""
        tools = self._viewer.tools
        lost_mouse = self._viewer.pointer.tool is not self._stroke or tools.mode != "pan_zoom"
        if self._is_chosen and (lost_mouse or tools.target is None):
            self._put_away()
        if self._session is not None and self._session.layer is not tools.target:
            self.reject()
        self._panel.show_editable(tools.target is not None)
        self._panel.show_chosen(self._title() if self._is_chosen else "")

    def accept(self) -> None:
        """Write the border that is shown, as one step."""
        session = self._session
        self.reject()
        if session is None:
            return
        layer = session.layer
        edit = refined_labels(
            layer.data,
            session.target,
            session.before,
            session.after,
            session.spacing_mm,
            session.scheme,
        )
        voxels = 0 if edit is None else self._viewer.tools.apply(layer, edit, tool="Refine")
        ml = voxels * float(np.prod(session.spacing_mm)) / 1000
        self._panel.message.show_note((DID if voxels else FORBIDDEN).format(voxels=voxels, ml=ml))

    def reject(self) -> None:
        """Forget the strokes and what they led to. Harmless when there are none."""
        session, self._session = self._session, None
        if self._job is not None:
            self._job.cancel()
        self._panel.show_preview(False)
        self._panel.message.clear_message()
        if session is not None:
            self._viewer.pointer.show_preview(session.layer, None)

    def close(self) -> None:
        """Put the tool away and compute no more."""
        self._put_away()

    def _put_away(self) -> None:
        self.reject()
        self._stroke.drop()
        self._keys.listen(False)
        self._is_chosen = False
        if self._viewer.pointer.tool is self._stroke:
            self._viewer.pointer.tool = None
            self._viewer.tools.keeps_mode = False

    def _on_take_key(self) -> bool:
        was_showing = self._session is not None
        self.accept()
        return was_showing

    def _on_drop_key(self) -> bool:
        """Reject what is shown; a second time, put the tool away."""
        if self._session is not None:
            self.reject()
        else:
            self.choose(False)
        return True

    # -- strokes

    def _on_drawing(self, layer: Any, voxels: Voxels, belongs: bool) -> None:
        session = self._session_of(layer)
        if session is not None:
            self._show(session, (voxels, belongs))

    def _on_drawn(self, layer: Any, voxels: Voxels, belongs: bool) -> None:
        session = self._session_of(layer)
        if session is None:
            return
        self._show(session, (voxels, belongs))
        session.waiting.append((voxels, belongs))
        if not self._images.is_for(layer):
            self._panel.message.show_note(READING)
            self._on_problem(self._images.prepare(layer))
        self._solve_next()

    def _session_of(self, layer: Any) -> RefineSession | None:
        target = self._target()
        if self._session is None and target is not None:
            before = union_mask(np.asarray(layer.data), labels_in(target))
            x, y, z = (float(abs(edge)) for edge in layer.scale)
            scheme = self._settings.request("refine").scheme
            self._session = RefineSession(layer, target, scheme, before, before, (x, y, z))
            self._panel.show_preview(True)
        return self._session

    def _solve_next(self) -> None:
        session = self._session
        if session is None or self._job is not None or not session.waiting:
            return
        if not self._images.is_for(session.layer):
            return  # word comes when they are read
        stroke, belongs = session.waiting.pop(0)
        probability = self._probability_of(session.layer, session.target)
        self._job = run_job(
            refine_job(session, stroke, belongs, self._images.value, probability),
            on_returned=lambda after: self._take(session, after),
            on_failed=lambda error: self._on_problem(str(error)),
            on_finished=self._on_finished,
            owner=self._panel,
        )

    def _take(self, session: RefineSession, after: Mask) -> None:
        session.after = after
        self._show(session)
        is_same = np.array_equal(session.before, after)
        text = SHOWN.format(change=session.change_ml, target=self._title())
        self._panel.message.show_note(SAME if is_same else text)

    def _on_finished(self) -> None:
        self._job = None
        self._solve_next()

    def _show(self, session: RefineSession, stroke: tuple[Voxels, bool] | None = None) -> None:
        """Draw the border so far, with the stroke that is being drawn."""
        mask = session.after
        if stroke is not None:
            mask = mask.copy()
            mask[tuple(stroke[0].T)] = stroke[1]
        box = bounding_box(mask)
        preview = None if box is None else RegionPreview(box, mask[box])
        self._viewer.pointer.show_preview(session.layer, preview)

    # -- what it is about

    def _target(self) -> Target | None:
        region = self._settings.request("refine").region
        label = self._viewer.tools.label
        return region or (Label(label) if label and label in iter(Label) else None)

    def _title(self) -> str:
        target = self._target()
        return "" if target is None else target.title

    def _on_target_changed(self) -> None:
        if self._is_chosen:
            self.choose(True)

    def _on_problem(self, text: str) -> None:
        if text and self._is_chosen:
            self._panel.message.show_error(text)
