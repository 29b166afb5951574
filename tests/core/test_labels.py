"""Labels: every convention both ways, unknown values named, regions nested."""

import numpy as np
import pytest

from napari_brats.core.errors import LabelError
from napari_brats.core.labels import (
    CONVENTIONS,
    Label,
    Region,
    convention_by_name,
    disk_to_labels,
    labels_to_disk,
    region_mask,
    regions_to_labels,
    volumes_ml,
)


@pytest.mark.parametrize(
    ("name", "disk", "labels"),
    [
        ("brats2021", [0, 1, 2, 4], [0, Label.NCR, Label.ED, Label.ET]),
        ("brats2023", [0, 1, 2, 3], [0, Label.NCR, Label.ED, Label.ET]),
        ("brats2024-post", [0, 3, 4], [0, Label.ET, Label.RC]),
        ("brats2024-ped", [1, 2, 3, 4], [Label.ET, Label.NET, Label.CYST, Label.ED]),
        ("msd", [0, 1, 2, 3], [0, Label.ED, Label.NCR, Label.ET]),
        ("brats2013", [1, 2, 3, 4], [Label.NCR, Label.ED, Label.NET, Label.ET]),
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "uint16", "float32", "float64"])
def test_each_convention_both_ways(name, disk, labels, dtype):
    convention = CONVENTIONS[name]
    internal = disk_to_labels(np.array(disk, dtype), convention)
    assert internal.dtype == np.uint8
    assert internal.tolist() == labels
    assert labels_to_disk(internal, convention).tolist() == disk


def test_unknown_values_are_named_with_their_counts():
    with pytest.raises(LabelError, match=r"4 \(2 voxels\).*brats2023|brats2023.*4 \(2 voxels\)"):
        disk_to_labels(np.array([0, 4, 4, 1]), CONVENTIONS["brats2023"])


@pytest.mark.parametrize("value", [0.5, -1, 256, np.nan, np.inf])
def test_values_that_are_no_labels_are_refused(value):
    with pytest.raises(LabelError, match="no labels"):
        disk_to_labels(np.array([0, 1, value]), CONVENTIONS["brats2021"])


def test_a_label_the_convention_lacks_is_refused():
    with pytest.raises(LabelError, match="RC resection cavity"):
        labels_to_disk(np.array([Label.RC], np.uint8), CONVENTIONS["brats2021"])


def test_finer_labels_are_written_as_core_where_the_convention_is_coarser():
    fine = np.array([Label.NET, Label.CYST], np.uint8)
    assert labels_to_disk(fine, CONVENTIONS["brats2021"]).tolist() == [1, 1]
    core = np.array([Label.NCR], np.uint8)
    assert labels_to_disk(core, CONVENTIONS["brats2024-ped"]).tolist() == [2]


def test_regions_are_unions_of_labels():
    labels = np.array(list(Label), np.uint8)
    got = {r: [Label(v).name for v in labels[region_mask(labels, r)]] for r in Region}
    assert got == {
        Region.WT: ["NCR", "ED", "ET", "NET", "CYST"],
        Region.TC: ["NCR", "ET", "NET", "CYST"],
        Region.ET: ["ET"],
    }


def test_regions_are_painted_outer_to_inner():
    wt, tc, et = np.array([[1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 1, 0]], bool)
    assert regions_to_labels(wt, tc, et).tolist() == [Label.ED, Label.NCR, Label.ET, 0]


def test_volumes_in_ml():
    labels = np.array([Label.ED] * 500 + [Label.ET] * 250, np.uint8)
    assert volumes_ml(labels, 2.0) == {Region.WT: 1.5, Region.TC: 0.5, Region.ET: 0.5}


def test_an_unknown_convention_lists_the_known_ones():
    with pytest.raises(LabelError, match="brats2021"):
        convention_by_name("brats1999")
