"""What part of the images a canvas shows, kept while the canvas becomes larger or smaller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


@dataclass(frozen=True)
class FieldOfView:
    """Where the camera looks, and how large that is seen.

    Attributes
    ----------
    center
        Of the camera, in mm.
    magnification
        1 where the images fit the cell exactly; 2 where half of them does.
    extent
        (2, ndim): the least and the largest corner of the images, in mm.
    """

    center: tuple[float, ...]
    magnification: float
    extent: np.ndarray

    @classmethod
    def of(cls, viewer: ViewerModel, layers: Sequence[Layer]) -> FieldOfView:
        """That of a viewer, measured on these layers; those of other dimensions are left out."""
        extents = [la.extent.world for la in layers if la.ndim == viewer.dims.ndim]
        low = np.min([e[0] for e in extents], axis=0) if extents else np.zeros(viewer.dims.ndim)
        high = np.max([e[1] for e in extents], axis=0) if extents else np.ones(viewer.dims.ndim)
        extent = np.stack([low, high])
        camera = viewer.scene.camera
        return cls(tuple(camera.center), camera.zoom / _fitting_zoom(viewer, extent), extent)

    def restore(self, viewer: ViewerModel) -> None:
        """Show that part again in a canvas whose cells may have another size by now."""
        camera = viewer.scene.camera
        camera.center = self.center
        camera.zoom = self.magnification * _fitting_zoom(viewer, self.extent)


def _fitting_zoom(viewer: ViewerModel, extent: np.ndarray) -> float:
    """Pixels per mm at which ``extent`` just fits into one cell of the canvas."""
    canvas, axes = viewer.canvas, list(viewer.dims.displayed[-2:])
    cells = canvas.grid.actual_shape(viewer.layers) if canvas.grid.enabled else (1, 1)
    size_px = np.array(canvas.size) / np.array(cells)
    size_mm = np.maximum((extent[1] - extent[0])[axes], 1e-6)
    return float(np.min(size_px / size_mm))
