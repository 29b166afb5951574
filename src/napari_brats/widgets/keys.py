"""The keys this plugin adds: none that napari uses (digits, letters, brackets, Ctrl)."""

from __future__ import annotations

from collections.abc import Mapping

from napari_brats.core.labels import Label
from napari_brats.core.modalities import MODALITIES, Modality

MODALITY_KEYS: Mapping[Modality, str] = {
    modality: f"F{index}" for index, modality in enumerate(MODALITIES, start=1)
}

KEYS: Mapping[str, str] = {
    "next_modality": "F6",
    "side_by_side": "F7",
    "planes": "Shift+F7",
    "flicker": "F8",
    "label_map_visible": "F9",
    "brush_3d": "F10",
    "erase": "Alt+0",
    "lock_label": "Alt+K",
    "show_label": "Alt+I",
    "paint_over": "Alt+O",
    "smaller_brush": "Alt+Left",
    "larger_brush": "Alt+Right",
    "next_difference": "Alt+PageDown",
    "previous_difference": "Alt+PageUp",
    "take_a": "Alt+A",
    "take_b": "Alt+B",
}

READING_KEYS: Mapping[str, tuple[str, str]] = {
    "previous_slice": ("PageUp", "previous slice"),
    "next_slice": ("PageDown", "next slice"),
    "back_ten": ("Ctrl+Shift+PageUp", "ten slices back"),
    "on_ten": ("Ctrl+Shift+PageDown", "ten slices on"),
    "previous_lesion": ("Shift+PageUp", "previous lesion"),
    "next_lesion": ("Shift+PageDown", "next lesion"),
    "largest_wt": ("Home", "largest cross-section of the whole tumour"),
    "largest_tc": ("Shift+Home", "largest cross-section of the tumour core"),
    "largest_et": ("Alt+Home", "largest cross-section of the enhancing tumour"),
    "former_modality": ("Shift+F8", "the modality seen before, and back"),
    "outline": ("Shift+F9", "label map filled or in outline"),
    "more_opaque": ("Shift+Up", "label map more opaque"),
    "less_opaque": ("Shift+Down", "label map less opaque"),
    "auto_window": ("F11", "window from the values inside the brain"),
    "opened_window": ("Shift+F11", "window as the image was opened"),
    "drag_window": ("F12", "drag width and level with the left button, on or off"),
    "surfaces": ("Shift+F12", "regions as surfaces in 3-D"),
    "bookmark": ("Ctrl+Shift+F12", "bookmark of this place"),
}
"""Keys of reading: what it is called -> key, and what it does."""

SHAPE_KEYS: Mapping[str, str] = {
    "interpolate": "Ctrl+Shift+F1",
    "smooth": "Ctrl+Shift+F2",
    "fill_holes": "Ctrl+Shift+F3",
    "grow": "Ctrl+Shift+F4",
    "shrink": "Ctrl+Shift+F5",
    "refine": "Ctrl+Shift+F6",
}
"""Keys of the tools that change the shape of a label or region."""

TOOL_KEYS: Mapping[str, str] = {
    "smart_brush": "Shift+F1",
    "wand": "Shift+F2",
    "lasso": "Shift+F3",
    "delete": "Shift+F4",
    "copy_previous": "Shift+F5",
    "copy_next": "Shift+F6",
}
"""Keys of the tools that work where the mouse is."""

WORKLIST_KEYS: Mapping[str, str] = {
    "next_case": "Ctrl+PageDown",
    "previous_case": "Ctrl+PageUp",
}
"""Keys of the worklist, while its dock is open."""


def label_key(label: Label) -> str:
    """The key that chooses ``label`` for painting."""
    return f"Alt+{int(label)}"
