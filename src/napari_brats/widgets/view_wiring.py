"""Connects the section "View" with the bridge, and binds its keys; holds no state of its own."""

from __future__ import annotations

from qtpy.QtCore import QObject

from napari_brats.widgets.keys import KEYS, MODALITY_KEYS
from napari_brats.widgets.view_panel import ViewPanel
from napari_brats.widgets.viewer_bridge import ViewerBridge


class ViewWiring(QObject):
    """Bridge to panel and back, for the active case."""

    def __init__(self, bridge: ViewerBridge, panel: ViewPanel) -> None:
        super().__init__(bridge)
        self._bridge, self._panel = bridge, panel
        view = bridge.view
        panel.modality_shown.connect(view.show)
        panel.side_by_side_changed.connect(view.set_side_by_side)
        panel.flicker_changed.connect(view.set_flicker)
        view.changed.connect(self._show_view)
        bridge.cases_changed.connect(self._show_view)
        self._bind_keys()
        self._show_view()

    def _bind_keys(self) -> None:
        view = self._bridge.view
        actions = {
            KEYS["next_modality"]: view.show_next,
            KEYS["side_by_side"]: lambda: view.set_side_by_side(not view.is_side_by_side),
            KEYS["flicker"]: lambda: view.set_flicker(not view.is_flickering),
            KEYS["label_map_visible"]: view.toggle_labels,
        }
        for modality, key in MODALITY_KEYS.items():
            actions[key] = lambda m=modality: view.show(m)
        self._bridge.key_bindings.bind(actions)

    def _show_view(self) -> None:
        view = self._bridge.view
        self._panel.show_modalities(view.present, view.shown)
        self._panel.show_view(view.is_side_by_side, view.is_flickering)
