"""Small journals, for the tests of what they give back."""

import numpy as np

from napari_brats.workspace.journal import (
    Journal,
    find_journals,
    read_journal,
)

KEY = "0" * 32


def new(base=None):
    return Journal(
        KEY, np.zeros((4, 3, 5), np.uint8) if base is None else base, {"made": "by hand"}
    )


def painted(*voxels):
    labels = np.zeros((4, 3, 5), np.uint8, order="F")
    for voxel in voxels:
        labels[voxel] = 1
    return labels


def left_over():
    (path,) = find_journals([KEY])
    return read_journal(path)
