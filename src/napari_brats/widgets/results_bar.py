"""The line that always stays in sight: the regions' volumes, and what they may be used for."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_brats import INTENDED_USE
from napari_brats.core.labels import REGIONS, Region


class ResultsBar(QWidget):
    """Volumes in ml of the active label map; dashes while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout()
        self._labels: dict[Region, QLabel] = {}
        for region in REGIONS:
            label = QLabel()
            label.setToolTip(f"Volume of the {region.title}; follows every edit")
            label.setStyleSheet("font-weight: bold;")
            label.setMinimumWidth(
                label.fontMetrics().horizontalAdvance(f"{region.value} 0000.0 ml")
            )
            self._labels[region] = label
            row.addWidget(label)
        note = QLabel(INTENDED_USE)
        note.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(note)
        self.show_volumes({})

    def show_volumes(self, volumes_ml: Mapping[Region, float]) -> None:
        """Show these volumes; an empty mapping shows dashes."""
        for region, label in self._labels.items():
            volume = f"{volumes_ml[region]:.1f} ml" if region in volumes_ml else "\u2013"
            label.setText(f"{region.value} {volume}")

    def text(self) -> str:
        """What it shows, in one line."""
        return "  ".join(label.text() for label in self._labels.values())
