"""The colours of the labels, and which of them are shown: in the colormap, never in the data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from weakref import WeakSet

from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from napari_brats.core.labels import Label
from napari_brats.io.layers import LABEL_COLORS, RGBA, label_colormap


class LabelLook(QObject):
    """One look for all label maps that were dressed; twins take over the colormap themselves."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._colors = dict(LABEL_COLORS)
        self._hidden: frozenset[int] = frozenset()
        self._layers: WeakSet[Labels] = WeakSet()

    @property
    def colors(self) -> Mapping[Label, RGBA]:
        """RGBA in 0..1 of every label."""
        return MappingProxyType(self._colors)

    @property
    def hidden(self) -> frozenset[int]:
        """The labels that are not shown."""
        return self._hidden

    @property
    def chosen_colors(self) -> tuple[str, ...]:
        """The colours that are not the built-in ones, as settings keep them: ``ET #0072b2``."""
        return tuple(
            f"{label.name} {_to_hex(color)}"
            for label, color in self._colors.items()
            if color != LABEL_COLORS[label]
        )

    def take_colors(self, chosen: tuple[str, ...]) -> None:
        """Use colours as `chosen_colors` tells them; what is no such text is left out."""
        for text in chosen:
            name, _, code = text.partition(" ")
            color = _from_hex(code)
            if name in Label.__members__ and Label[name] in self._colors and color is not None:
                self._colors[Label[name]] = color
        self._dress_all()

    def set_color(self, label: Label, color: RGBA) -> None:
        """Show a label in this colour."""
        self._colors[label] = (*color[:3], 1.0)
        self._dress_all()

    def set_shown(self, label: int, shown: bool) -> None:
        """Show a label, or hide it."""
        others = self._hidden - {label}
        self._hidden = others if shown else others | {label}
        self._dress_all()

    def dress(self, layer: Labels) -> None:
        """Give a label map this look, now and whenever it changes."""
        self._layers.add(layer)
        if self._hidden or self._colors != LABEL_COLORS:
            layer.colormap = self._colormap()

    def _dress_all(self) -> None:
        for layer in self._layers:
            layer.colormap = self._colormap()
        self.changed.emit()

    def _colormap(self) -> dict[int | None, RGBA]:
        colors = label_colormap()
        for label, (red, green, blue, alpha) in self._colors.items():
            colors[int(label)] = (red, green, blue, 0.0 if label in self._hidden else alpha)
        return colors


def _to_hex(color: RGBA) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in color[:3])


def _from_hex(code: str) -> RGBA | None:
    digits = code.removeprefix("#")
    if len(digits) != 6 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
        return None
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue, 1.0
