"""Connects the section "View" with the bridge, and binds its keys; holds no state of its own."""

from __future__ import annotations

from napari.layers import Image
from qtpy.QtCore import QObject

from napari_brats.core.errors import BratsError
from napari_brats.core.window_level import Preset
from napari_brats.widgets.keys import KEYS, MODALITY_KEYS, READING_KEYS
from napari_brats.widgets.layout import Layout
from napari_brats.widgets.view_panel import ViewPanel
from napari_brats.widgets.viewer_bridge import ViewerBridge
from napari_brats.widgets.window_level import Gesture, gesture_named, window_shown
from napari_brats.workspace.settings import change_settings, read_settings


class ViewWiring(QObject):
    """Bridge to panel and back, for the active case."""

    def __init__(self, bridge: ViewerBridge, panel: ViewPanel) -> None:
        super().__init__(bridge)
        self._bridge, self._panel = bridge, panel
        view = bridge.view
        panel.modality_shown.connect(view.show)
        panel.layout_chosen.connect(view.request_layout)
        panel.crosshair_changed.connect(view.crosshair.set_shown)
        panel.flicker_changed.connect(view.set_flicker)
        view.changed.connect(self._show_view)
        bridge.cases_changed.connect(self._show_view)
        self._connect_look()
        self._connect_windows()
        self._bind_keys()
        self._show_view()

    def _use_gesture(self, gesture: Gesture) -> None:
        """Let this gesture drag the window, beside the mode."""
        self._bridge.reading.windows.gesture = gesture
        self._panel.show_gesture(gesture)

    def _on_gesture_chosen(self, gesture: Gesture) -> None:
        self._use_gesture(gesture)
        try:
            change_settings(window_gesture=gesture.name.lower())
        except BratsError as error:
            self._panel.show_error(str(error))

    def _connect_look(self) -> None:
        look, panel = self._bridge.look, self._panel
        panel.labels_visible_changed.connect(look.set_visible)
        panel.outline_changed.connect(look.set_outline)
        panel.opacity_changed.connect(look.set_opacity)
        look.changed.connect(self._show_look)
        self._show_look()

    def _connect_windows(self) -> None:
        windows, panel = self._bridge.reading.windows, self._panel
        panel.preset_chosen.connect(self._set_preset)
        panel.drag_changed.connect(windows.set_on)
        windows.changed.connect(self._show_window)
        windows.mode_changed.connect(lambda _on: self._show_window())
        self._bridge.view.changed.connect(self._show_window)
        panel.gesture_chosen.connect(self._on_gesture_chosen)
        self._use_gesture(gesture_named(read_settings().window_gesture))
        self._show_window()

    def _set_preset(self, preset: Preset) -> None:
        """Of the modality that is shown, or of all side by side."""
        for layer in self._shown_images():
            self._bridge.reading.windows.set_preset(layer, preset)

    def _shown_images(self) -> list[Image]:
        bridge = self._bridge
        key = bridge.active_case_key
        images = bridge.open_case(key).by_modality if key else {}
        shown = bridge.view.shown
        return [images[shown]] if shown in images else list(images.values())

    def _bind_keys(self) -> None:
        view, look, reading = self._bridge.view, self._bridge.look, self._bridge.reading
        actions = {
            KEYS["next_modality"]: view.show_next,
            KEYS["side_by_side"]: lambda: view.toggle_layout(Layout.SIDE_BY_SIDE),
            KEYS["planes"]: lambda: view.toggle_layout(Layout.PLANES),
            KEYS["flicker"]: lambda: view.set_flicker(not view.is_flickering),
            KEYS["label_map_visible"]: lambda: look.set_visible(not look.is_visible),
            _key("former_modality"): view.show_former,
            _key("outline"): lambda: look.set_outline(not look.is_outline),
            _key("more_opaque"): lambda: look.step_opacity(1),
            _key("less_opaque"): lambda: look.step_opacity(-1),
            _key("previous_slice"): lambda: reading.step(-1),
            _key("next_slice"): lambda: reading.step(1),
            _key("back_ten"): lambda: reading.step(-10),
            _key("on_ten"): lambda: reading.step(10),
            _key("auto_window"): lambda: self._set_preset(Preset.AUTO),
            _key("opened_window"): lambda: self._set_preset(Preset.OPENED),
            _key("drag_window"): reading.windows.toggle,
        }
        for modality, key in MODALITY_KEYS.items():
            actions[key] = lambda m=modality: view.show(m)
        self._bridge.key_bindings.bind(actions)

    def _show_view(self) -> None:
        view = self._bridge.view
        self._panel.show_modalities(view.present, view.shown)
        self._panel.show_view(view.layout, view.is_flickering, view.crosshair.is_shown)

    def _show_look(self) -> None:
        look = self._bridge.look
        is_there = look.layer is not None
        self._panel.show_overlay(look.is_visible, look.is_outline, look.opacity, is_there=is_there)

    def _show_window(self, layer: object = None) -> None:
        """That of the image just changed, else of the one on top."""
        shown = self._shown_images()
        chosen = layer if isinstance(layer, Image) else next(iter(shown), None)
        text = "" if chosen is None else f"{chosen.name}  {window_shown(chosen).text}"
        self._panel.show_window(text, self._bridge.reading.windows.is_on)


def _key(name: str) -> str:
    return READING_KEYS[name][0]
