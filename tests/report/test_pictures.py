"""The slices that a report shows: which, how they lie, and what is drawn in them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brats.core.case import Case
from napari_brats.core.labels import Label, Region
from napari_brats.inference.preprocess import brain_on
from napari_brats.metrics.measures import measure_tumour
from napari_brats.report.pictures import picture_rows, plane_pictures


def brain_of(case: Case) -> np.ndarray | None:
    return brain_on(case.reference.grid, case.volumes.values())


def test_each_region_has_its_fullest_slice_in_every_modality(
    case: Case, labels: np.ndarray
) -> None:
    labels[26:32, 20:31, 16] = Label.ED  # the fullest of WT
    measures = measure_tumour(labels, case.reference.grid.affine)
    rows = picture_rows(case, labels, brain_of(case), measures)
    assert [row.region for row in rows] == list(Region)
    assert [(row.slice_number, row.slices) for row in rows[:1]] == [(17, 30)]
    assert rows[2].slice_number in (15, 16)
    assert [picture.title for picture in rows[0].pictures] == ["T1C", "T2F"]


def test_the_patients_left_is_on_the_right_and_the_front_is_above(
    case: Case, labels: np.ndarray
) -> None:
    labels[:] = 0
    labels[28:30, 8:12, 15] = Label.ET  # left, and in front: y runs to the back
    measures = measure_tumour(labels, case.reference.grid.affine)
    picture = picture_rows(case, labels, brain_of(case), measures)[0].pictures[0]
    rows, columns = np.nonzero(picture.masks[Region.WT])
    assert picture.letters == ("R", "L")
    assert rows.mean() < picture.grey.shape[0] / 2
    assert columns.mean() > picture.grey.shape[1] / 2
    assert (picture.row_mm, picture.column_mm) == (2.0, 2.0)


def test_the_planes_stand_upright(case: Case, labels: np.ndarray) -> None:
    labels[:] = 0
    labels[28:30, 8:12, 22:25] = Label.ET  # left, in front, above
    measures = measure_tumour(labels, case.reference.grid.affine)
    planes = plane_pictures(case, labels, brain_of(case), measures)
    coronal, sagittal, close_up = planes
    for picture, letters, is_right in ((coronal, ("R", "L"), True), (sagittal, ("A", "P"), False)):
        rows, columns = np.nonzero(picture.masks[Region.WT])
        assert picture.letters == letters
        assert rows.mean() < picture.grey.shape[0] / 2
        assert bool(columns.mean() > picture.grey.shape[1] / 2) is is_right
        assert (picture.row_mm, picture.column_mm) == (3.0, 2.0)
    assert close_up.title == "T1C ET diameters"


def test_the_diameters_end_at_the_outline(case: Case, labels: np.ndarray) -> None:
    measures = measure_tumour(labels, case.reference.grid.affine)
    close_up = plane_pictures(case, labels, brain_of(case), measures)[2]
    (start, end), _ = close_up.lines
    rows, columns = np.nonzero(close_up.masks[Region.ET])
    # 4 x 6 voxels of ET: x is the columns, y the rows; one end half a voxel out on the long side.
    assert sorted(abs(a - b) for a, b in zip(start, end, strict=True)) == [3.0, 6.0]
    assert {start[1], end[1]} == {float(columns.min()), float(columns.max())}
    assert {start[0], end[0]} == {rows.min() - 0.5, rows.max() + 0.5}


def test_without_a_tumour_the_middle_of_the_brain_is_shown(case: Case, labels: np.ndarray) -> None:
    labels[:] = 0
    measures = measure_tumour(labels, case.reference.grid.affine)
    (row,) = picture_rows(case, labels, brain_of(case), measures)
    assert (row.region, row.slice_number) == (None, pytest.approx(16, abs=1))
    assert len(plane_pictures(case, labels, brain_of(case), measures)) == 2
