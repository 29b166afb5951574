"""How the label map lies over the image: shown or not, filled or in outline, how opaque."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    from napari.layers import Labels

OPACITY_STEP = 0.1


class OverlayLook(QObject):
    """Sets and tells the look of the label map in hand; twins of it follow by themselves."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._layer: Labels | None = None

    @property
    def layer(self) -> Labels | None:
        """The label map that is meant."""
        return self._layer

    def show_for(self, layer: Labels | None) -> None:
        """Mean this label map from now on."""
        if layer is not self._layer:
            self.close()
            self._layer = layer
            for emitter in self._emitters():
                emitter.connect(self._on_look)
        self.changed.emit()

    def close(self) -> None:
        """Let go of the layer. Harmless when there is none."""
        for emitter in self._emitters():
            emitter.disconnect(self._on_look)
        self._layer = None

    @property
    def is_visible(self) -> bool:
        """Whether the label map is shown."""
        return self._layer is not None and bool(self._layer.visible)

    @property
    def is_outline(self) -> bool:
        """Whether only its borders are drawn."""
        return self._layer is not None and int(self._layer.contour) > 0

    @property
    def opacity(self) -> float:
        """From 0 to 1; 0 without a label map."""
        return 0.0 if self._layer is None else float(self._layer.opacity)

    def set_visible(self, visible: bool) -> None:
        """Show or hide the label map."""
        if self._layer is not None:
            self._layer.visible = visible

    def set_outline(self, outline: bool) -> None:
        """Draw borders only, or fill."""
        if self._layer is not None:
            self._layer.contour = 1 if outline else 0

    def set_opacity(self, opacity: float) -> None:
        """From 0 to 1; values outside are brought to the nearer end."""
        if self._layer is not None:
            self._layer.opacity = min(max(opacity, 0.0), 1.0)

    def step_opacity(self, steps: int) -> None:
        """More opaque by so many tenths; less for negative numbers."""
        self.set_opacity(round(self.opacity + steps * OPACITY_STEP, 6))

    def _emitters(self) -> tuple[Any, ...]:
        if self._layer is None:
            return ()
        events = self._layer.events
        return events.visible, events.opacity, events.contour

    def _on_look(self, event: object = None) -> None:
        del event
        self.changed.emit()
