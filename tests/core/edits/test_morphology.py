"""Growing, shrinking, smoothing and parts, on rows and squares small enough to check by hand.

1 NCR, 2 ED, 3 ET, 4 RC, 5 NET.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_brats.core.edits.edit import Edit
from napari_brats.core.edits.morphology import (
    fill_holes,
    grow,
    keep_largest,
    remove_islands,
    shrink,
    smooth,
)
from napari_brats.core.edits.planes import Plane
from napari_brats.core.edits.scheme import Scheme
from napari_brats.core.edits.targets import Target
from napari_brats.core.labels import Label, LabelMap, Region

WT, TC, ET = Region.WT, Region.TC, Region.ET
ISOTROPIC = (1.0, 1.0, 1.0)
FREE = Scheme(keep_nested=False)
KEEP_INNER = Scheme(cut_inner=False)


def image(*rows: str) -> LabelMap:
    """One slice, from digits."""
    return np.array([[list(map(int, row)) for row in rows]], dtype=np.uint8)


def result(edit: Edit | None, labels: LabelMap) -> list[str]:
    """The rows of the first slice after the edit."""
    after = labels.copy()
    if edit is not None:
        after[edit.box] = edit.labels
    return ["".join(map(str, row)) for row in after[0]]


@pytest.mark.parametrize(
    ("target", "before", "after"),
    [
        (WT, "0023113000", "0223113200"),  # gains ED, whatever lies at its border
        (TC, "0222313220", "0221313120"),  # takes ED only, and gains NCR; ET stays
        (TC, "0222555220", "0225555520"),  # or the part of the core that is nearest
        (TC, "0023130000", "0013130000"),  # never beyond WT
        (ET, "0222313000", "0223333000"),  # takes ED and NCR, not the background
        (Label.NCR, "0222313220", "0222111220"),
        (Label.ED, "0022310040", "0222310040"),  # never the core
        (Label.RC, "0022310400", "0022314440"),  # never the tumour
    ],
)
def test_growing_takes_what_the_scheme_allows(target: Target, before: str, after: str) -> None:
    labels = image(before)
    assert result(grow(labels, target, 1, ISOTROPIC), labels) == [after]


@pytest.mark.parametrize(
    ("target", "scheme", "before", "after"),
    [
        (WT, Scheme(), "0223113000", "0023110000"),  # cuts the ET that sticks out
        (WT, KEEP_INNER, "0223113000", "0023113000"),  # or lets it stick out
        (TC, Scheme(), "0223113220", "0222112220"),  # gives ED, with the ET that sticks out
        (TC, KEEP_INNER, "0223113220", "0223113220"),
        (TC, Scheme(), "0000311000", "0000010000"),  # no ED there to give it to
        (ET, Scheme(), "0223331100", "0222311100"),  # ED and NCR, by the neighbours
        (ET, Scheme(), "0003331100", "0001311100"),  # the outline of WT stays
        (Label.NCR, Scheme(), "0223111320", "0223313320"),
        (Label.ED, Scheme(), "0022213000", "0002113000"),  # outside background, inside the core
        (ET, FREE, "0003331100", "0000311100"),
        (WT, FREE, "0002224400", "0000244400"),
    ],
)
def test_shrinking_gives_to_the_neighbours(
    target: Target, scheme: Scheme, before: str, after: str
) -> None:
    labels = image(before)
    assert result(shrink(labels, target, 1, ISOTROPIC, scheme=scheme), labels) == [after]


def test_off_the_scheme_growing_takes_everything() -> None:
    labels = image("0222313000")
    assert result(grow(labels, ET, 1, ISOTROPIC, scheme=FREE), labels) == ["0223333300"]


def test_lengths_are_mm_on_anisotropic_voxels() -> None:
    labels = np.zeros((3, 5, 5), np.uint8)
    labels[1, 2, 2] = 2
    edit = grow(labels, WT, 2.0, (3.0, 2.0, 1.0))
    assert edit is not None
    assert edit.labels.shape == (1, 3, 5)  # 3 mm away: no; one row; two columns
    assert edit.labels[0].tolist() == [[0, 0, 2, 0, 0], [2, 2, 2, 2, 2], [0, 0, 2, 0, 0]]


def test_a_mask_is_not_cut_at_the_edge_of_the_image() -> None:
    labels = image("2220")
    assert result(shrink(labels, WT, 1, ISOTROPIC), labels) == ["2200"]
    assert shrink(image("222"), WT, 1, ISOTROPIC) is None


def test_one_slice_only() -> None:
    labels = np.zeros((3, 1, 5), np.uint8)
    labels[:, :, 2] = 2
    edit = grow(labels, WT, 1, ISOTROPIC, plane=Plane(0, 1))
    assert edit is not None
    assert edit.box[0] == slice(1, 2)
    assert edit.labels.ravel().tolist() == [2, 2, 2]
    edit = shrink(labels, WT, 1, ISOTROPIC, plane=Plane(1, 0))
    assert edit is not None
    assert not edit.labels.any()  # in that plane the line is one voxel wide


HOLES = image("222222", "200332", "222220")


def test_holes_are_filled_with_what_is_nearest() -> None:
    edit = fill_holes(HOLES, WT, (1.0, 2.0, 1.0), plane=Plane(0, 0))
    assert result(edit, HOLES) == ["222222", "223332", "222220"]


def test_in_the_volume_what_opens_to_the_next_slice_is_no_hole() -> None:
    between = np.concatenate([np.zeros_like(HOLES), HOLES, np.zeros_like(HOLES)])
    assert fill_holes(between, WT, ISOTROPIC) is None


def test_necrosis_is_no_hole_of_enhancing_tumour() -> None:
    labels = image("3333", "3123", "3033", "3333")
    assert result(fill_holes(labels, ET, ISOTROPIC, plane=Plane(0, 0)), labels) == [
        "3333",
        "3133",
        "3333",
        "3333",
    ]
    free = fill_holes(labels, ET, ISOTROPIC, plane=Plane(0, 0), scheme=FREE)
    assert result(free, labels) == ["3333"] * 4


def test_small_islands_go_with_what_is_inside_them() -> None:
    labels = image("2220030222", "2220320000")
    spacing = (1.0, 1.0, 2.0)
    assert result(remove_islands(labels, WT, 6.1, spacing), labels) == ["2220000000", "2220000000"]
    assert result(remove_islands(labels, WT, 6.0, spacing), labels) == [
        "2220030222",
        "2220320000",
    ]
    assert result(remove_islands(labels, ET, 99, spacing), labels) == ["2220020222", "2220220000"]


def test_the_largest_part_is_kept() -> None:
    labels = image("0220302231")
    assert result(keep_largest(labels, WT, ISOTROPIC), labels) == ["0000002231"]
    assert keep_largest(image("0220"), WT, ISOTROPIC) is None


def test_smoothing_takes_off_a_spike_and_fills_a_dent() -> None:
    labels = image(
        "000002000000",
        "000000000000",
        "022222222220",
        "022222222220",
        "022220222220",
        "022222222220",
        "022222222220",
        "000000000000",
    )
    after = result(smooth(labels, WT, 1.0, ISOTROPIC, plane=Plane(0, 0)), labels)
    assert after[0] == "000000000000"
    assert after[4] == "022222222220"


def test_smoothing_a_region_smooths_the_borders_inside_it_and_leaves_no_gap() -> None:
    labels = image(*["222222111111"] * 3, "222222211111", *["222222111111"] * 3)
    after = result(smooth(labels, WT, 1.0, ISOTROPIC, plane=Plane(0, 0)), labels)
    assert after == ["222222111111"] * 7


TOOLS: dict[str, tuple[Any, tuple[float, ...]]] = {
    "grow": (grow, (1.0,)),
    "shrink": (shrink, (1.0,)),
    "smooth": (smooth, (1.0,)),
    "fill_holes": (fill_holes, ()),
    "remove_islands": (remove_islands, (9.0,)),
    "keep_largest": (keep_largest, ()),
}


@pytest.mark.parametrize("name", TOOLS)
def test_what_does_not_occur_is_nothing_to_do(name: str) -> None:
    tool, amount = TOOLS[name]
    assert tool(image("0220", "0220"), ET, *amount, ISOTROPIC) is None


@pytest.mark.parametrize("name", TOOLS)
def test_the_label_map_itself_is_not_touched(name: str) -> None:
    tool, amount = TOOLS[name]
    labels = image("0222222200", "0200222003", "0222222200")
    before = labels.copy()
    edit = tool(labels, WT, *amount, ISOTROPIC, plane=Plane(0, 0))
    assert edit is not None
    assert np.array_equal(labels, before)
