"""Three cases of 20 voxels an edge, as files."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np

IDS = ("P1", "P2", "P3")


def labels():
    array = np.zeros((20, 20, 20), np.uint8)
    array[8:12, 8:12, 8:12] = 2
    return array


def write_cases(root: Path, labelled=IDS) -> Path:
    """A folder per case with the four modalities and, where ``labelled``, a label map."""
    rng = np.random.default_rng(0)
    for case_id in IDS:
        folder = root / case_id
        folder.mkdir(parents=True)
        for suffix in ("t1n", "t1c", "t2w", "t2f"):
            image = np.zeros((20, 20, 20), np.int16)
            image[3:17, 3:17, 3:17] = rng.integers(80, 120, (14, 14, 14))
            image[labels() > 0] += 100
            nib.save(nib.Nifti1Image(image, np.eye(4)), folder / f"{case_id}-{suffix}.nii.gz")
        if case_id in labelled:
            nib.save(nib.Nifti1Image(labels(), np.eye(4)), folder / f"{case_id}-seg.nii.gz")
    return root
