"""Which modality is looked at, one key away or flickering, and in which layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Labels, Layer
from qtpy.QtCore import QObject, QTimer, Signal

from napari_brats.core.modalities import Modality
from napari_brats.widgets.case_group import OpenCase, tag_of
from napari_brats.widgets.crosshair import Crosshair
from napari_brats.widgets.layout import Layout
from napari_brats.widgets.planes import Planes
from napari_brats.widgets.side_by_side import SideBySide
from napari_brats.widgets.stepper import Stepper
from napari_brats.widgets.wheel import SliceWheel

if TYPE_CHECKING:
    from napari import Viewer
    from napari.components import ViewerModel

    from napari_brats.widgets.label_tools import LabelTools

FLICKER_MS = 600


class ModalityView(QObject):
    """Shows one modality of the active case, two in turn, each in its own cell, or all planes.

    Layouts keep position, magnification, contrast, tool and history. `canvas_made` tells of each
    further canvas that a layout has made, `canvas_going` when it is taken away.
    """

    changed = Signal()
    layout_changing = Signal()  # another one is about to be taken
    canvas_made = Signal(object)  # ViewerModel
    canvas_going = Signal(object)  # ViewerModel

    def __init__(self, viewer: Viewer, tools: LabelTools, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._case: OpenCase | None = None
        self._labels: Labels | None = None
        self._side_by_side = SideBySide(viewer)
        self._planes = Planes(viewer, tools, self)
        self._planes.cell_made.connect(self._on_cell_made)
        self._planes.cell_going.connect(self._on_cell_going)
        self._wheel = SliceWheel()
        self._wheel.watch(viewer)
        self.crosshair = Crosshair(self)
        self.crosshair.watch(viewer)
        self.crosshair.moved.connect(self._on_crosshair)
        self.changed.connect(self._show_crosshair)
        viewer.dims.events.point.connect(self._on_point)
        self._pair: tuple[Modality, Modality] | None = None
        self._former: Modality | None = None
        self._coming: Layout | None = None
        self._stepper = Stepper(self)
        self._flicker = QTimer(self)
        self._flicker.setInterval(FLICKER_MS)
        self._flicker.timeout.connect(self._on_flicker)

    def close(self) -> None:
        """Let go of the viewer; it may be half closed, so its layers are left alone."""
        self._flicker.stop()
        self._stepper.stop()
        self._side_by_side.close()
        self._planes.close()
        self.crosshair.close()
        self._wheel.unwatch(self._viewer)
        self._viewer.dims.events.point.disconnect(self._on_point)
        self._case = None

    def set_case(self, case: OpenCase | None, labels: Labels | None) -> None:
        """Act on this case from now on, and on its label map."""
        if labels is not self._labels or _key(case) != _key(self._case):
            self._stop_making()
        if case is None or (self._case is not None and case.key != self._case.key):
            self.set_flicker(False)
            self.leave_side_by_side()
        if case is None:
            self._planes.leave()
        again = self.is_side_by_side and labels is not self._labels
        if again:
            self.leave_side_by_side()
        present, shown = self.present, self.shown
        self._case, self._labels = case, labels
        added = [m for m in self.present if m not in present]
        if added and present and not self.is_side_by_side:
            self.show(Modality.T1C if Modality.T1C in added else shown or added[0])
        if again:
            self._enter_side_by_side()
        self.changed.emit()

    @property
    def present(self) -> tuple[Modality, ...]:
        """The modalities of the active case."""
        return tuple(self._case.by_modality) if self._case is not None else ()

    @property
    def shown(self) -> Modality | None:
        """The modality on top; None if none or several are meant to be seen."""
        if self._case is None or self.is_side_by_side:
            return None
        visible = [m for m, layer in self._case.by_modality.items() if layer.visible]
        return visible[-1] if visible else None

    @property
    def is_side_by_side(self) -> bool:
        """Whether each modality has its own cell."""
        return self._side_by_side.is_on

    @property
    def layout(self) -> Layout:
        """The layout in use."""
        if self.is_side_by_side:
            return Layout.SIDE_BY_SIDE
        return Layout.PLANES if self._planes.is_on else Layout.SINGLE

    @property
    def volume_viewer(self) -> ViewerModel | None:
        """The canvas for what is seen in 3-D: that of the planes, else the window's own.

        None side by side, where each layer has a cell.
        """
        if self.is_side_by_side:
            return None
        return self._planes.models[-1] if self._planes.is_on else self._viewer

    def set_layout(self, layout: Layout) -> None:
        """Lay the active case out; what it has not enough of stays in one view."""
        if layout is not self._coming:
            self._stop_making()
        self._coming = None
        self._stepper.stop()
        if layout is not self.layout:
            self.layout_changing.emit()
            self._side_by_side.leave()
            self._planes.leave()
            if layout is Layout.SIDE_BY_SIDE:
                self._enter_side_by_side()
            elif layout is Layout.PLANES and self._can_show_planes():
                self._planes.enter(self._case.images)
            self.changed.emit()

    def request_layout(self, layout: Layout) -> None:
        """As `set_layout`, but in steps: the window goes on while cells are made."""
        self._stop_making()
        if layout is self.layout or self._case is None:
            self.set_layout(layout)
            return
        if layout is Layout.SIDE_BY_SIDE and not self._planes.is_on and len(self.present) > 1:
            steps = self._side_by_side.prepare(self._case, self._labels)
        elif layout is Layout.PLANES and not self.is_side_by_side and self._can_show_planes():
            steps = self._planes.prepare()
        else:
            steps = iter(())
        self._coming = layout
        self._stepper.start(steps, lambda: self.set_layout(layout))

    def toggle_layout(self, layout: Layout) -> None:
        """Take this layout in steps, or go back to one view if it is in use or coming."""
        in_use = layout in (self.layout, self._coming)
        self.request_layout(Layout.SINGLE if in_use else layout)

    def _stop_making(self) -> None:
        """Make no further cells; those of planes that are there stay for the next time."""
        self._coming = None
        self._stepper.stop()
        self._side_by_side.forget()

    @property
    def is_flickering(self) -> bool:
        """Whether two modalities are shown in turn."""
        return self._flicker.isActive()

    def show(self, modality: Modality) -> None:
        """Show this modality alone, below the label map; another one where the case has it not."""
        self.leave_side_by_side()
        if not self.present:
            return
        chosen = modality if modality in self.present else self.present[0]
        if self.shown not in (None, chosen):
            self._former = self.shown
        for other, layer in self._case.by_modality.items():
            layer.visible = other is chosen
        for layer in self._case.images:
            if layer not in self._case.by_modality.values():
                layer.visible = False
        self.changed.emit()

    def look_at(self, case: OpenCase) -> None:
        """Fit this case into the view, which goes to its middle where its slice lies beside it."""
        viewer = self._viewer
        images = [layer for layer in case.images if layer in viewer.layers]
        viewer.reset_view(layers=images)
        if images:
            low, high = images[0].extent.world
            point = viewer.dims.point[-len(low) :]
            if any(not a <= p <= b for a, p, b in zip(low, point, high, strict=True)):
                axes = range(viewer.dims.ndim - len(low), viewer.dims.ndim)
                viewer.dims.set_point(axes, (low + high) / 2)

    def go_to(self, image: Layer, voxel: tuple[int, int, int]) -> None:
        """Move slices and camera to a voxel (x, y, z) of an image's file."""
        tag = tag_of(image)
        point = image.data_to_world(tag.order.index_from_disk(voxel, tag.reference.grid.shape))
        dims = self._viewer.dims
        dims.set_point(range(dims.ndim - len(point), dims.ndim), point)
        shown = [axis - dims.ndim for axis in dims.displayed]  # from the end: images may have less
        self._viewer.scene.camera.center = tuple(point[axis] for axis in shown)

    def show_next(self) -> None:
        """Show the modality after the one on top."""
        if self.present:
            self.show(self._after(self.shown))

    def show_former(self) -> None:
        """Show the modality that was seen before this one; the next one at first."""
        if self.present:
            self.show(self._former or self._after(self.shown))

    def set_flicker(self, on: bool) -> None:
        """Show this modality and the next in turn, or stop at the one seen last."""
        if on and len(self.present) > 1:
            first = self.shown or self.present[0]
            self._pair = (first, self._after(first))
            self._flicker.start()
        else:
            self._flicker.stop()
        self.changed.emit()

    def toggle_labels(self) -> None:
        """Hide or show the label map."""
        if self._labels is not None:
            self._labels.visible = not self._labels.visible

    def set_side_by_side(self, on: bool) -> None:
        """Give each modality its own cell with the label map over it, or go back to one view."""
        if on:
            self.set_layout(Layout.SIDE_BY_SIDE)
        else:
            self.leave_side_by_side()

    def leave_side_by_side(self) -> None:
        """Go back to one view, with the layers in their former order. Harmless in one view."""
        if self.is_side_by_side:
            self._side_by_side.leave()
            self.changed.emit()

    def refresh_twins(self) -> None:
        """Draw the label map anew wherever it is shown a second time."""
        self._side_by_side.refresh_soon()
        self._planes.refresh_soon()

    def _enter_side_by_side(self) -> None:
        if self._case is None or self.is_side_by_side or len(self.present) < 2:
            return
        self.set_flicker(False)
        self._side_by_side.enter(self._case, self._labels)

    def _can_show_planes(self) -> bool:
        return self._case is not None and bool(self._case.images) and self._viewer.dims.ndim >= 3

    def _on_cell_made(self, model: ViewerModel) -> None:
        self.crosshair.watch(model)
        self._wheel.watch(model)
        self.canvas_made.emit(model)

    def _on_cell_going(self, model: ViewerModel) -> None:
        self.canvas_going.emit(model)
        self.crosshair.unwatch(model)
        self._wheel.unwatch(model)

    def _on_crosshair(self, point: tuple[float, ...]) -> None:
        """Take all views to a point that was clicked."""
        if len(point) == self._viewer.dims.ndim:
            self._viewer.dims.point = point

    def _on_point(self, event: object = None) -> None:
        del event
        self.crosshair.move_to(tuple(self._viewer.dims.point))

    def _show_crosshair(self) -> None:
        self.crosshair.set_wanted(self.layout is not Layout.SINGLE)

    def _after(self, modality: Modality | None) -> Modality:
        present = self.present
        index = present.index(modality) if modality in present else -1
        return present[(index + 1) % len(present)]

    def _on_flicker(self) -> None:
        if self._pair is not None:
            first, second = self._pair
            self.show(second if self.shown is first else first)


def _key(case: OpenCase | None) -> str:
    return "" if case is None else case.key
