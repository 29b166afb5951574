"""Shows two time points and what changed between them: side by side, as tiles, or in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Layer
from napari.utils.colormaps import DirectLabelColormap
from qtpy.QtCore import QObject, QTimer

from napari_brats.core.geometry import AxisOrder, display_order
from napari_brats.core.labels import Region
from napari_brats.followup.brains import checkerboard
from napari_brats.followup.change import CHANGE_COLORS, Change, ChangeMap
from napari_brats.followup.comparison import FollowUp
from napari_brats.io.layers import AXIS_LABELS, UNITS, contrast_limits
from napari_brats.widgets.case_group import MIRROR
from napari_brats.widgets.followup_panel import CHECKERBOARD, FLICKER, SIDE_BY_SIDE
from napari_brats.widgets.reading_overlay import NAMED

if TYPE_CHECKING:
    from napari import Viewer

FLICKER_MS = 600


class FollowUpView(QObject):
    """Its layers belong to no case; the others are hidden meanwhile and come back at the end."""

    def __init__(self, viewer: Viewer, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = getattr(viewer, "__wrapped__", viewer)
        self._layers: list[Layer] = []
        self._before: tuple[list[Layer], int] | None = None
        self._maps: list[Labels] = []
        self._shown: tuple[FollowUp, int, int, str] | None = None
        self._turns: tuple[Layer, Layer] | None = None
        self._flicker = QTimer(self)
        self._flicker.setInterval(FLICKER_MS)
        self._flicker.timeout.connect(self._on_flicker)

    def show_pair(
        self, follow_up: FollowUp, before: int, after: int, region: Region, view: str
    ) -> None:
        """Show two time points on the baseline's grid with the change map of a region on top."""
        one, other = follow_up.examined[before].aligned, follow_up.examined[after].aligned
        if one is None or other is None:
            return
        order = display_order(follow_up.grid.affine)
        changes = follow_up.change(before, after, region)
        names = [follow_up.examined[index].point.name for index in (before, after)]
        title = f"change {region} {names[0]} to {names[1]}"
        wanted = (follow_up, before, after, view)
        if self._shown == wanted and all(layer in self._viewer.layers for layer in self._maps):
            for layer in self._maps:
                layer.data, layer.name = order.from_disk(changes), title
            return
        is_new = self._shown is None or self._shown[:3] != wanted[:3]
        point = self._viewer.dims.point
        self._take_away()
        self._remember()
        board = view == CHECKERBOARD
        data = [one.image.data, other.image.data]
        if board:
            data = [checkerboard(data[0], data[1], follow_up.grid.spacing_mm)]
            names = [f"{names[0]} and {names[1]}"]
        images = [
            self._image(array, name, follow_up, order)
            for array, name in zip(data, names, strict=True)
        ]
        cells = 2 if view == SIDE_BY_SIDE else 1
        self._maps = [self._changes(changes, title, follow_up, order) for _ in range(cells)]
        if view == SIDE_BY_SIDE:
            self._side_by_side([la for pair in zip(images, self._maps, strict=True) for la in pair])
        else:
            self._add([*images, *self._maps])
        if view == FLICKER:
            images[1].visible = False
            self._turns = images[0], images[1]
            self._flicker.start()
        for image in images:
            image.metadata[NAMED] = True
        self._shown = wanted
        self._look_at(images[0], order.from_disk(changes), None if is_new else point)

    def clear(self) -> None:
        """Take away what was shown and show the other layers as they were."""
        self._take_away()
        self._shown = None
        if self._before is None:
            return
        visible, stride = self._before
        self._before = None
        self._viewer.canvas.grid.stride = stride
        for layer in visible:
            if layer in self._viewer.layers:
                layer.visible = True

    def close(self) -> None:
        """Let go of the viewer; it may be half closed, so its layers are left alone."""
        self._flicker.stop()
        self._layers, self._maps, self._turns = [], [], None

    def _side_by_side(self, cells: list[Layer]) -> None:
        """A cell for each time point, the change map in both."""
        self._add(cells)
        layers, grid = self._viewer.layers, self._viewer.canvas.grid
        for place, layer in enumerate(cells):
            layers.move(layers.index(layer), place)
        grid.stride = 2
        grid.enabled = True

    def _image(self, data: Any, name: str, follow_up: FollowUp, order: AxisOrder) -> Image:
        limits = contrast_limits(data)
        attributes = _attributes(follow_up, order) | {"name": name, "contrast_limits": limits}
        return Image(order.from_disk(data), colormap="gray", **attributes)

    def _changes(
        self, changes: ChangeMap, title: str, follow_up: FollowUp, order: AxisOrder
    ) -> Labels:
        clear = (0.0, 0.0, 0.0, 0.0)
        colors = {None: clear, 0: clear} | {int(c): color for c, color in CHANGE_COLORS.items()}
        layer = Labels(
            order.from_disk(changes),
            name=title,
            opacity=0.6,
            colormap=DirectLabelColormap(color_dict=colors),
            features={"index": [int(c) for c in Change], "label": [c.title for c in Change]},
            **_attributes(follow_up, order),
        )
        layer.editable = False
        return layer

    def _add(self, layers: list[Layer]) -> None:
        for layer in layers:
            self._viewer.add_layer(layer)
            self._layers.append(layer)

    def _remember(self) -> None:
        if self._before is None:
            visible = [layer for layer in self._viewer.layers if layer.visible]
            self._before = visible, self._viewer.canvas.grid.stride
        for layer in self._viewer.layers:
            layer.visible = False

    def _take_away(self) -> None:
        self._flicker.stop()
        self._turns = None
        if self._layers:
            self._viewer.canvas.grid.enabled = False
        for layer in self._layers:
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)
        self._layers, self._maps = [], []

    def _look_at(self, layer: Layer, changes: ChangeMap, point: tuple[float, ...] | None) -> None:
        """Fit the pair into the view, at a point, or else where most has changed."""
        viewer = self._viewer
        viewer.reset_view(layers=[layer])
        axes = range(viewer.dims.ndim - 3, viewer.dims.ndim)
        if point is not None:
            viewer.dims.set_point(axes, point[-3:])
            return
        changed = (changes == Change.NEW) | (changes == Change.RESOLVED)
        if not changed.any():
            changed = changes != Change.NONE
        if changed.any():
            most = tuple(int(np.argmax(changed.sum(axis=_others(axis)))) for axis in range(3))
            viewer.dims.set_point(axes, layer.data_to_world(most))

    def _on_flicker(self) -> None:
        if self._turns is not None:
            first, second = self._turns
            first.visible, second.visible = second.visible, first.visible


def _others(axis: int) -> tuple[int, ...]:
    return tuple(other for other in range(3) if other != axis)


def _attributes(follow_up: FollowUp, order: AxisOrder) -> dict[str, Any]:
    return {
        "scale": order.spacing_from_disk(follow_up.grid.spacing_mm),
        "axis_labels": AXIS_LABELS,
        "units": UNITS,
        "metadata": {MIRROR: True},  # part of no case
    }
