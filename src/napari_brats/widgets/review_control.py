"""Shows the review of the active result, and takes the views to the place that is clicked."""

from __future__ import annotations

from typing import Protocol

from qtpy.QtCore import QObject

from napari_brats.core.review import Place
from napari_brats.widgets._results import ResultOf
from napari_brats.widgets.review_panel import ReviewPanel


class PlaceViewer(Protocol):
    """What the bridge to the viewer must offer here."""

    @property
    def active_case_key(self) -> str | None:
        """Key of the case whose label map is reviewed; None if none is open."""

    def go_to(self, key: str, voxel: tuple[int, int, int]) -> None:
        """Move the views to a voxel (x, y, z) of the case's reference."""


class ReviewController(QObject):
    """Keeps the panel about the label map that is edited and saved."""

    def __init__(
        self, panel: ReviewPanel, viewer: PlaceViewer, active_result: ResultOf, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self._viewer = viewer
        self._active_result = active_result
        self._shown: object = None
        panel.place_requested.connect(self._on_place_requested)

    def show_active_result(self) -> None:
        """Show the review of the active result; call it when that may have changed."""
        result = self._active_result()
        if result is not self._shown:  # the same one keeps its place in the list
            self._shown = result
            self._panel.show_review(None if result is None else result.segmentation.review)

    def _on_place_requested(self, place: Place) -> None:
        key = self._viewer.active_case_key
        if key is not None:
            self._viewer.go_to(key, place.voxel)
