"""Small cases of four modalities, opened in a window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tests.io.volumes import SHAPE, affine_of, write_nifti

from napari_brats.widgets.viewer_bridge import ViewerBridge

Docked = tuple[Any, ViewerBridge]


def write_case(folder: Path, case_id: str = "BraTS2021_00001", codes: str = "LPS") -> Path:
    """A case of four modalities and a label map with two voxels of ED and one of ET."""
    home = folder / case_id
    home.mkdir(parents=True)
    for token in ("t1", "t1ce", "t2", "flair"):
        write_nifti(home / f"{case_id}_{token}.nii", affine=affine_of(codes))
    labels = np.zeros(SHAPE, np.uint8)
    labels[1, 1, 1:3], labels[2, 2, 2] = 2, 4
    write_nifti(home / f"{case_id}_seg.nii", labels, affine_of(codes))
    return home


def open_all(viewer: Any, *paths: Path) -> None:
    for path in paths:
        viewer.open(str(path), plugin="napari-brats")


def active_labels(bridge: ViewerBridge) -> np.ndarray:
    """The label map that the tools paint in, in its file's voxel order."""
    return bridge.layer_labels(bridge.label_layer(bridge.active_case_key))
