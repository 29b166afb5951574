"""From the files of a labelled case to what training sees of it, as inference would see it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Case
from napari_brats.core.errors import CaseError, GeometryError
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import REGIONS, LabelMap, region_mask, regions_to_labels
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import drain
from napari_brats.inference.preprocess import prepare_image, resize, to_spacing
from napari_brats.io.case_files import CaseFiles
from napari_brats.io.load import label_volume, load_case, read_choices
from napari_brats.io.resample import resample_case
from napari_brats.training.dataset import TrainingCase

POINTS_PER_LABEL = 4000
"""So many voxels of each label are kept to centre patches on; drawn once, always the same."""


def load_labelled(files: CaseFiles) -> Case:
    """The case with its label map; images on other grids are resampled onto that of the label map.

    Raises
    ------
    CaseError
        If there is no label map, or a file cannot be used.
    GeometryError
        If no image lies on the grid of the label map: it would be anyone's guess where it belongs.
    LabelError
        If the label map holds values that its convention does not know.
    """
    if files.label_map is None:
        raise CaseError(
            f"Case {files.case_id} has no label map, so nothing can be learned from it. "
            f"Expected a file such as {files.case_id}-seg.nii.gz beside its images."
        )
    images = load_case(files, with_label_map=False)
    disk = read_choices({None: files.label_map})[None]
    on_its_grid = [m for m in images.modalities if images.volumes[m].grid.is_same(disk.grid)]
    if not on_its_grid:
        grids = "\n".join(f"  {m}: {images.volumes[m].grid.describe()}" for m in images.modalities)
        raise GeometryError(
            f"The label map {disk.path} lies on the grid of none of the images of case "
            f"{files.case_id}:\n{grids}\n  label map: {disk.grid.describe()}\n"
            f"Expected the grid of one of them. Export it again on the image it was made on."
        )
    labels = label_volume(disk, images.volumes, None, files.convention_hint, files.naming)
    case = Case(files.case_id, images.volumes, labels, labels.convention)
    return drain(resample_case(case, on_its_grid[0]))


def prepare_case(
    case: Case, modalities: Sequence[Modality], spacing_mm: Spacing, *, flatten: bool = False
) -> TrainingCase:
    """A training case of a labelled case, at ``spacing_mm`` in canonical order.

    Where that is not the spacing of its files, regions are resampled one by one and cut at one
    half; a resection cavity, which belongs to no region, becomes background then.
    ``flatten`` as in `inference.preprocess.prepare_image`.

    Raises
    ------
    CaseError
        If it has no label map or none of the modalities, or nothing looks like a brain.
    GeometryError
        If its images do not share one grid.
    """
    if case.label_map is None:
        raise CaseError(f"Case {case.case_id} has no label map, so nothing can be learned from it.")
    arrays = {m: v.data for m, v in case.volumes.items() if m in modalities}
    if not arrays:
        raise CaseError(
            f"Case {case.case_id} has {', '.join(case.modalities)}, but the recipe trains on "
            f"{', '.join(modalities)}. Add one of these, or change 'modalities' in the recipe."
        )
    prepared = prepare_image(arrays, case.require_one_grid(), modalities, flatten=flatten)
    image = to_spacing(prepared, spacing_mm)
    labels = prepared.placement.to_canonical(case.label_map.volume.data)
    if labels.shape != image.shape[1:]:
        labels = _resized(labels, image.shape[1:])
    labels = np.ascontiguousarray(labels)
    return TrainingCase(case.case_id, image.astype(np.float16), labels, _centres(labels))


def _resized(labels: LabelMap, size: Sequence[int]) -> LabelMap:
    masks = np.stack([region_mask(labels, region) for region in REGIONS]).astype(np.float32)
    wt, tc, et = resize(masks, size) >= 0.5
    return regions_to_labels(wt, tc, et)


def _centres(labels: LabelMap) -> tuple[npt.NDArray[np.int64], ...]:
    rng = np.random.default_rng(0)
    found = [np.argwhere(labels == label) for label in np.unique(labels[labels > 0])]
    return tuple(rng.permutation(voxels)[:POINTS_PER_LABEL] for voxels in found)
