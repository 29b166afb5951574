"""Which slice of a layer the viewer looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_brats.core.edits.planes import Plane

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer


def plane_looked_at(viewer: Viewer, layer: Layer) -> Plane:
    """The slice of ``layer`` that is shown in 2-D, or would be: its axis and its index there.

    The nearest slice of the layer where it ends before the place looked at.
    """
    dims = viewer.dims
    order = [axis - (dims.ndim - layer.ndim) for axis in dims.order]
    axis = next(each for each in order if each >= 0)
    middle = layer.world_to_data(dims.point)[axis]
    return Plane(axis, int(min(max(round(middle), 0), layer.data.shape[axis] - 1)))
