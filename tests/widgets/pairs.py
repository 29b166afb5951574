"""Pairs of small label maps, in windows and as scores, for the tests of what compares two."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtWidgets import QWidget
from tests.io.volumes import affine_of, write_nifti

from napari_brats.core.case import Volume
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import Label, LabelMap
from napari_brats.metrics.empty import EmptyPolicy
from napari_brats.metrics.score import ScoreOptions, score_regions
from napari_brats.widgets.metrics_values import PairScore

GRID = Grid((12, 10, 8), np.diag([-2.0, -2.0, 2.0, 1.0]))  # a voxel has 8 mm3


def blocks() -> tuple[LabelMap, LabelMap]:
    """ED of 4x4x4 voxels that misses a slice; a lesion of 2x2x2 that is false; no ET."""
    reference = np.zeros(GRID.shape, np.uint8)
    reference[0:4, 0:4, 0:4] = Label.ED
    prediction = reference.copy()
    prediction[0] = 0
    prediction[9:11, 7:9, 5:7] = Label.ED
    return reference, prediction


def volume(labels: LabelMap, grid: Grid = GRID) -> Volume:
    return Volume(labels, grid, None)


def score_of_blocks(policy: EmptyPolicy = EmptyPolicy.CHALLENGE) -> PairScore:
    options = ScoreOptions(policy=policy)
    return PairScore("case", GRID, options, score_regions(*blocks(), GRID.spacing_mm, options))


CODES = "RAI"
"""Against the display's order in two axes, so that a mix-up of axes shows."""


def write_pair_case(folder: Path, tokens: Sequence[str] = ("t1ce",)) -> Path:
    """A case of these modalities and a label map: ED of 4x4x4 voxels in a corner."""
    home = folder / "BraTS2021_00001"
    home.mkdir()
    image = np.zeros(GRID.shape, np.float32)
    image[1:-1, 1:-1, 1:-1] = 100
    labels = np.zeros(GRID.shape, np.uint8)
    labels[1:5, 1:5, 1:5] = Label.ED
    for token in tokens:
        write_nifti(home / f"{home.name}_{token}.nii", image, affine_of(CODES))
    write_nifti(home / f"{home.name}_seg.nii", labels, affine_of(CODES))
    return home


class PairWindow:
    """A viewer with the label map of a case, a copy of it, and a panel about the two."""

    def __init__(self, viewer: Any, bridge: Any, qtbot: Any, home: Path) -> None:
        self.viewer, self.bridge, self.qtbot = viewer, bridge, qtbot
        viewer.open(str(home), plugin="napari-brats")
        self.key = bridge.active_case_key
        self.a = bridge.label_layer(self.key)
        self.b = bridge.new_label_map(self.key)
        self.set_labels(bridge.layer_labels(self.a))

    def set_labels(self, labels: LabelMap) -> None:
        """Write (X, Y, Z) labels into the copy."""
        self.bridge.set_layer_labels(self.b, labels.copy())

    def show(self, panel: QWidget, control: Any) -> None:
        """Dock the panel, and tell its controller whenever cases change."""
        self.viewer.window.add_dock_widget(panel, name="Pair")
        self.bridge.cases_changed.connect(control.show_active_case)
        self.viewer.window._qt_window.show()
        control.show_active_case()
