"""Surface layers of the regions inside the brain, in the 3-D view of the layout in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from napari.layers import Layer, Surface
from qtpy.QtCore import QObject, Signal

from napari_brats.core.labels import Label, Region
from napari_brats.io.layers import LABEL_COLORS
from napari_brats.widgets.case_group import MIRROR
from napari_brats.widgets.plane_cell import FROM_THE_FRONT, HEAD_UP
from napari_brats.widgets.surfaces_mesh import Mesh, Surfaces

if TYPE_CHECKING:
    from napari.components import ViewerModel

LOOK: dict[Region, tuple[tuple[float, ...], float, str]] = {
    Region.ET: (LABEL_COLORS[Label.ET][:3], 1.0, "opaque"),
    Region.TC: (LABEL_COLORS[Label.NCR][:3], 0.15, "translucent_no_depth"),
    Region.WT: (LABEL_COLORS[Label.ED][:3], 0.12, "translucent_no_depth"),
}
"""Innermost first, as they are drawn: colour, opacity, blending. Colours of the outermost label."""

BRAIN_LOOK = ((0.8, 0.8, 0.85), 0.12, "translucent_no_depth")


class SurfacesView(QObject):
    """Shows the surfaces alone, turned by the mouse, until it is left; then all is as before."""

    left = Signal()  # by the user, to the 2-D view or by removing a surface

    def __init__(
        self, viewer_of: Callable[[], ViewerModel | None], parent: QObject | None = None
    ) -> None:
        """``viewer_of`` gives the viewer to show them in, as the layout is now; None: nowhere."""
        super().__init__(parent)
        self._viewer_of = viewer_of
        self._viewer = viewer_of()
        self._layers: dict[str, Surface] = {}
        self._hidden: list[Layer] = []
        self._former: tuple[int, Layer | None] | None = None

    @property
    def is_shown(self) -> bool:
        """Whether the surfaces are there."""
        return self._former is not None

    @property
    def has_place(self) -> bool:
        """Whether the layout has a canvas for them."""
        return self._viewer_of() is not None

    @property
    def is_in_place(self) -> bool:
        """Whether they are shown in the canvas that the layout has for them."""
        return self.is_shown and self._viewer is self._viewer_of()

    def show(self, surfaces: Surfaces, like: Layer) -> None:
        """Show these where the layer ``like`` lies; those shown before are exchanged."""
        wanted = dict(_named(surfaces))
        if self._viewer is not self._viewer_of():
            self.hide()
        if self._former is None:
            self._enter()
        else:
            self._disconnect()
        for name in [name for name in self._layers if name not in wanted]:
            self._viewer.layers.remove(self._layers.pop(name))
        for name, (mesh, look) in wanted.items():
            if name in self._layers:
                self._layers[name].data = (mesh.vertices, mesh.faces)
            else:
                self._layers[name] = self._add(name, mesh, look, like)
        self._connect()

    def hide(self) -> None:
        """Take the surfaces away and show what was shown before. Harmless when there are none."""
        if self._former is None:
            return
        self._disconnect()
        (ndisplay, active), self._former = self._former, None
        layers = self._viewer.layers
        layers.selection.clear()  # napari reads the next one's value in 3-D, where it may fail
        self._viewer.dims.ndisplay = ndisplay
        shown, self._layers = tuple(self._layers.values()), {}  # removals are told to many
        for layer in shown:
            if layer in layers:
                layers.remove(layer)
        for layer in self._hidden:
            layer.visible = True
        self._hidden = []
        if active in layers:
            layers.selection.active = active

    def close(self) -> None:
        """Let go of the viewer; what it shows stays. Harmless when called twice."""
        if self._former is not None:
            self._disconnect()
            self._former = None

    def _enter(self) -> None:
        viewer = self._viewer = self._viewer_of()
        self._former = (viewer.dims.ndisplay, viewer.layers.selection.active)
        self._hidden = [layer for layer in viewer.layers if layer.visible]
        for layer in self._hidden:
            layer.visible = False  # volumes take seconds to draw without a graphics card
        if viewer.dims.ndisplay != 3:
            viewer.dims.ndisplay = 3
            viewer.scene.camera.set_view_direction(FROM_THE_FRONT, HEAD_UP)

    def _add(self, name: str, mesh: Mesh, look: tuple[Any, float, str], like: Layer) -> Surface:
        color, opacity, blending = look
        layer = Surface(
            (mesh.vertices, mesh.faces),
            name=name,
            colormap={"colors": [[*color, 1.0]] * 2, "name": name},
            opacity=opacity,
            blending=blending,
            shading="smooth",
            scale=like.scale,
            translate=like.translate,
            affine=like.affine,
            units=like.units,
            axis_labels=like.axis_labels,
            metadata={MIRROR: True},  # part of no case
        )
        self._viewer.add_layer(layer)
        return layer

    def _connect(self) -> None:
        self._viewer.dims.events.ndisplay.connect(self._on_left)
        self._viewer.layers.events.removed.connect(self._on_removed)

    def _disconnect(self) -> None:
        self._viewer.dims.events.ndisplay.disconnect(self._on_left)
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _on_left(self, event: object = None) -> None:
        del event
        self.left.emit()

    def _on_removed(self, event: Any) -> None:
        if event.value in self._layers.values():
            self.left.emit()


def _named(surfaces: Surfaces) -> Iterator[tuple[str, tuple[Mesh, tuple[Any, float, str]]]]:
    for region, look in LOOK.items():
        if region in surfaces.regions:
            yield f"{region} surface", (surfaces.regions[region], look)
    if surfaces.brain is not None:
        yield "Brain surface", (surfaces.brain, BRAIN_LOOK)
