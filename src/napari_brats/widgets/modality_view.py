"""Which modality is looked at: one key away, flickering, or all side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Labels, Layer
from qtpy.QtCore import QObject, QTimer, Signal

from napari_brats.core.modalities import Modality
from napari_brats.widgets.case_group import OpenCase, tag_of
from napari_brats.widgets.side_by_side import SideBySide

if TYPE_CHECKING:
    from napari import Viewer

FLICKER_MS = 600


class ModalityView(QObject):
    """Shows one modality of the active case, two in turn, or each in its own cell."""

    changed = Signal()

    def __init__(self, viewer: Viewer, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._case: OpenCase | None = None
        self._labels: Labels | None = None
        self._side_by_side = SideBySide(viewer)
        self._pair: tuple[Modality, Modality] | None = None
        self._flicker = QTimer(self)
        self._flicker.setInterval(FLICKER_MS)
        self._flicker.timeout.connect(self._on_flicker)

    def close(self) -> None:
        """Let go of the viewer; it may be half closed, so its layers are left alone."""
        self._flicker.stop()
        self._side_by_side.close()
        self._case = None

    def set_case(self, case: OpenCase | None, labels: Labels | None) -> None:
        """Act on this case from now on, and on its label map."""
        if case is None or (self._case is not None and case.key != self._case.key):
            self.set_flicker(False)
            self.leave_side_by_side()
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
    def is_flickering(self) -> bool:
        """Whether two modalities are shown in turn."""
        return self._flicker.isActive()

    def show(self, modality: Modality) -> None:
        """Show this modality alone, below the label map; another one where the case has it not."""
        self.leave_side_by_side()
        if self._case is None or not self.present:
            return
        chosen = modality if modality in self.present else self.present[0]
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
            self._enter_side_by_side()
        else:
            self.leave_side_by_side()
        self.changed.emit()

    def leave_side_by_side(self) -> None:
        """Go back to one view, with the layers in their former order. Harmless in one view."""
        if self.is_side_by_side:
            self._side_by_side.leave()
            self.changed.emit()

    def refresh_twins(self) -> None:
        """Draw the label map anew wherever it is shown a second time."""
        self._side_by_side.refresh_soon()

    def _enter_side_by_side(self) -> None:
        if self._case is None or self.is_side_by_side or len(self.present) < 2:
            return
        self.set_flicker(False)
        self._side_by_side.enter(self._case, self._labels)

    def _after(self, modality: Modality | None) -> Modality:
        present = self.present
        index = present.index(modality) if modality in present else -1
        return present[(index + 1) % len(present)]

    def _on_flicker(self) -> None:
        if self._pair is not None:
            first, second = self._pair
            self.show(second if self.shown is first else first)
