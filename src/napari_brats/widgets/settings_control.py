"""Finds the window as it was left: layout, opacity of label maps, folded sections."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from qtpy.QtCore import QObject, QTimer, Signal

from napari_brats.core.errors import BratsError
from napari_brats.widgets.layout import Layout
from napari_brats.widgets.section import Section
from napari_brats.widgets.viewer_bridge import ViewerBridge
from napari_brats.workspace.settings import change_settings, read_settings

if TYPE_CHECKING:
    from napari.layers import Labels

REMEMBER_MS = 1000
"""A slider that is dragged is stored once it rests."""

LAY_OUT_MS = 500
"""The files of a case come one by one; it is laid out when they are all there."""


class SettingsController(QObject):
    """Applies stored settings and stores what the user changes."""

    problem = Signal(str)

    def __init__(self, bridge: ViewerBridge, sections: Iterable[Section], parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._sections = {section.heading.text(): section for section in sections}
        self._stored = read_settings()
        self._wanted = self._stored
        self._dressed: WeakSet[Labels] = WeakSet()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REMEMBER_MS)
        self._timer.timeout.connect(self.store)
        self._layout_timer = QTimer(self)
        self._layout_timer.setSingleShot(True)
        self._layout_timer.setInterval(LAY_OUT_MS)
        self._layout_timer.timeout.connect(self._lay_out)
        self._fold()
        bridge.labels_added.connect(self._dress)
        bridge.look.changed.connect(self._on_look)
        if self._stored.layout in {layout.value for layout in Layout} - {Layout.SINGLE.value}:
            bridge.cases_changed.connect(self._layout_timer.start)

    def choose_layout(self, layout: Layout) -> None:
        """Remember the layout that the user took."""
        self._want(layout=layout.value)

    def store(self) -> None:
        """Store what changed, at once. Harmless if nothing did."""
        self._timer.stop()
        names = ("overlay_opacity", "layout", "sections")
        changes = {
            name: getattr(self._wanted, name)
            for name in names
            if getattr(self._wanted, name) != getattr(self._stored, name)
        }
        if not changes:
            return
        self._stored = self._wanted
        try:
            change_settings(**changes)
        except BratsError as error:
            self.problem.emit(str(error))

    def _want(self, **changes: Any) -> None:
        self._wanted = replace(self._wanted, **changes)
        self._timer.start()

    def _fold(self) -> None:
        for entry in self._stored.sections:
            if entry[1:] in self._sections:
                self._sections[entry[1:]].heading.setChecked(entry[0] == "+")
        for title, section in self._sections.items():
            section.heading.toggled.connect(lambda is_open, t=title: self._on_folded(t, is_open))

    def _on_folded(self, title: str, is_open: bool) -> None:
        others = tuple(entry for entry in self._wanted.sections if entry[1:] != title)
        self._want(sections=(*others, ("+" if is_open else "-") + title))

    def _dress(self, layer: Labels) -> None:
        """Give a label map the opacity that was used last; only once, when it comes."""
        if layer not in self._dressed:
            self._dressed.add(layer)
            layer.opacity = self._wanted.overlay_opacity

    def _on_look(self) -> None:
        look = self._bridge.look
        if look.layer in self._dressed and look.opacity != self._wanted.overlay_opacity:
            self._want(overlay_opacity=look.opacity)

    def _lay_out(self) -> None:
        """Lay the first case out as the last one was; later ones follow what the window does."""
        if self._bridge.active_case_key is not None:
            self._bridge.cases_changed.disconnect(self._layout_timer.start)
            self._bridge.view.set_layout(Layout(self._stored.layout))
