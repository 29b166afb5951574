"""Interpolation between painted slices, on literals."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brats.core.edits.edit import Edit
from napari_brats.core.edits.interpolate import (
    find_gaps,
    interpolate_slices,
    signed_distance_mm,
)
from napari_brats.core.labels import LabelMap

ISOTROPIC = (1.0, 1.0, 1.0)
ED, ET = 2, 3


def painted(edit: Edit | None, labels: LabelMap) -> LabelMap:
    """The label map after the edit."""
    after = labels.copy()
    assert edit is not None
    after[edit.box] = edit.labels
    return after


def discs(*radii: float, label: int = ED) -> LabelMap:
    """A stack of slices with a disc of each radius in the middle; a radius below 0: none."""
    y, x = np.mgrid[-7:8, -7:8]
    return np.stack([np.uint8(label) * (np.hypot(y, x) <= radius) for radius in radii])


def row(*values: str) -> LabelMap:
    """Slices of one row each, from digits."""
    return np.array([[list(map(int, value))] for value in values], dtype=np.uint8)


def test_discs_lead_from_one_radius_to_the_next() -> None:
    labels = discs(6, -1, -1, -1, 2)
    after = painted(interpolate_slices(labels, [ED], 0, ISOTROPIC), labels)
    areas = (after == ED).sum(axis=(1, 2))
    assert areas[0] > areas[1] > areas[2] > areas[3] > areas[4]
    assert areas[2] == (discs(4) == ED).sum()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_plane_is_the_callers_choice(axis: int) -> None:
    labels = np.ascontiguousarray(np.moveaxis(discs(5, -1, 5), 0, axis))
    edit = interpolate_slices(labels, [ED], axis, ISOTROPIC)
    after = np.moveaxis(painted(edit, labels), axis, 0)
    assert np.array_equal(after, discs(5, 5, 5))
    assert edit is not None
    assert edit.labels.shape[axis] == 1  # nothing but the gap


def test_other_labels_stay_unless_they_may_be_painted_over() -> None:
    labels = row("02220", "00300", "02220")
    after = painted(interpolate_slices(labels, [ED], 0, ISOTROPIC), labels)
    assert np.array_equal(after, row("02220", "02320", "02220"))
    after = painted(interpolate_slices(labels, [ED], 0, ISOTROPIC, over=[ET]), labels)
    assert np.array_equal(after, row("02220", "02220", "02220"))


def test_nested_labels_stay_nested_and_without_gaps() -> None:
    labels = discs(6, -1, -1, -1, 4)
    labels[discs(4, -1, -1, -1, 2) != 0] = ET
    after = painted(interpolate_slices(labels, [ED, ET], 0, ISOTROPIC), labels)
    middle = after[2]
    assert middle[discs(4.5)[0] != 0].all()  # no gap between the two
    assert not middle[discs(5.5)[0] == 0].any()
    assert (middle[discs(2.5)[0] != 0] == ET).all()
    assert (middle[discs(3.5)[0] == 0] != ET).all()


def test_a_label_on_one_side_only_ends_half_way() -> None:
    labels = discs(6, -1, -1, -1, 6)
    labels[0][discs(3)[0] != 0] = ET
    after = painted(interpolate_slices(labels, [ED, ET], 0, ISOTROPIC), labels)
    sizes = (after == ET).sum(axis=(1, 2)).tolist()
    assert sizes[0] > sizes[1] > 0
    assert sizes[3:] == [0, 0]
    assert np.array_equal(after != 0, discs(6, 6, 6, 6, 6) != 0)


def test_parts_have_gaps_of_their_own() -> None:
    labels = row(
        "220000220",
        "220000000",
        "220000000",
        "220000220",
        "000000000",
        "000220000",
    )
    after = painted(interpolate_slices(labels, [ED], 0, ISOTROPIC), labels)
    assert np.array_equal(
        after,
        row("220000220", "220000220", "220000220", "220000220", "000000000", "000220000"),
    )


def test_a_part_that_splits_leads_to_both() -> None:
    labels = row("2222222", "0000000", "2200022")
    after = painted(interpolate_slices(labels, [ED], 0, ISOTROPIC), labels)
    assert after[1, 0, 0] == after[1, 0, 6] == ED


def test_a_lobe_is_not_drawn_to_a_shape_that_only_passes_over_it() -> None:
    labels = row("220022", "000022", "000022", "222222")
    assert find_gaps(labels != 0) == []


def test_far_slices_and_slices_not_wanted_are_left_alone() -> None:
    labels = row("22", "00", "00", "22")
    spacing = (2.0, 1.0, 1.0)
    assert interpolate_slices(labels, [ED], 0, spacing, longest_gap_mm=5.9) is None
    edit = interpolate_slices(labels, [ED], 0, spacing, longest_gap_mm=6.0, only_slice=2)
    assert np.array_equal(painted(edit, labels), row("22", "00", "22", "22"))


@pytest.mark.parametrize("labels", [row("00", "00", "00"), row("22", "22", "22"), row("22")])
def test_without_a_gap_there_is_nothing_to_do(labels: LabelMap) -> None:
    assert interpolate_slices(labels, [ED], 0, ISOTROPIC) is None


def test_distances_are_in_mm_to_the_outline() -> None:
    mask = np.array([[0, 1, 1, 1, 0]], dtype=bool)
    assert signed_distance_mm(mask, (4.0, 1.0)).tolist() == [[-0.5, 0.5, 1.5, 0.5, -0.5]]
