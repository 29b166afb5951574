"""The line that always stays in sight: the regions' volumes, and what they may be used for."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_brats import INTENDED_USE
from napari_brats.core.labels import REGIONS, Region


class ResultsBar(QWidget):
    """Volumes of the active label map; dashes while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._volumes = QLabel()
        self._volumes.setStyleSheet("font-weight: bold;")
        titles = ", ".join(region.title for region in REGIONS)
        self._volumes.setToolTip(f"Volumes in ml of {titles}. They follow every edit.")
        note = QLabel(INTENDED_USE)
        note.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 4, 4, 4)
        layout.setSpacing(2)
        layout.addWidget(self._volumes)
        layout.addWidget(note)
        self.show_volumes({})

    def show_volumes(self, volumes_ml: Mapping[Region, float]) -> None:
        """Show these volumes; an empty mapping shows dashes."""
        parts = [
            f"{region.value} {volumes_ml[region]:.1f}"
            if region in volumes_ml
            else f"{region} \u2013"
            for region in REGIONS
        ]
        self._volumes.setText("   ".join(parts) + " ml")

    def text(self) -> str:
        """The line with the volumes."""
        return str(self._volumes.text())
