"""Metrics that count voxels, on rows of voxels that one can count."""

import math

import numpy as np
import pytest

from napari_brats.core.errors import GeometryError
from napari_brats.core.labels import REGION_LABELS, Region, region_mask
from napari_brats.metrics.empty import EmptyPolicy
from napari_brats.metrics.overlap import (
    Confusion,
    accuracy,
    confusion_of_labels,
    dice,
    iou,
    joint_counts,
    precision,
    sensitivity,
    specificity,
    volume_similarity,
)

NAN = EmptyPolicy.NAN


def row(*values: int) -> np.ndarray:
    return np.array(values, np.uint8).reshape(1, -1, 1)


def test_regions_of_ten_voxels_are_counted():
    reference = row(0, 0, 2, 2, 1, 1, 3, 3, 3, 0)
    prediction = row(0, 2, 2, 0, 1, 3, 3, 3, 1, 4)  # 4 is a cavity and belongs to no region
    counts = joint_counts(reference, prediction)
    found = {r: confusion_of_labels(counts, labels) for r, labels in REGION_LABELS.items()}
    assert found[Region.WT] == Confusion(tp=6, fp=1, fn=1, tn=2)
    assert found[Region.TC] == Confusion(tp=5, fp=0, fn=0, tn=5)
    assert found[Region.ET] == Confusion(tp=2, fp=1, fn=1, tn=6)
    assert dice(found[Region.WT]) == pytest.approx(12 / 14)
    assert dice(found[Region.TC]) == 1.0


def test_a_single_label_can_be_scored():
    counts = joint_counts(row(1, 1, 2, 0), row(1, 2, 2, 0))
    assert confusion_of_labels(counts, [2]) == Confusion(tp=1, fp=1, fn=0, tn=2)
    assert counts[1, 2] == 1
    assert counts[0, 0] == 1


def test_formulas_by_hand():
    c = Confusion(tp=6, fp=2, fn=4, tn=88)
    assert dice(c) == pytest.approx(12 / 18)
    assert iou(c) == pytest.approx(6 / 12)
    assert accuracy(c) == pytest.approx(0.94)
    assert sensitivity(c) == pytest.approx(0.6)
    assert specificity(c) == pytest.approx(88 / 90)
    assert precision(c) == pytest.approx(0.75)
    assert volume_similarity(c) == pytest.approx(1 - 2 / 18)


BOTH_EMPTY = Confusion(0, 0, 0, 50)
ONLY_REFERENCE = Confusion(0, 0, 10, 40)
ONLY_PREDICTION = Confusion(0, 10, 0, 40)
DISJOINT = Confusion(0, 10, 10, 30)
ALL_FULL = Confusion(50, 0, 0, 0)
METRICS = (dice, iou, sensitivity, specificity, precision, volume_similarity)


@pytest.mark.parametrize(
    ("confusion", "expected"),
    [
        (BOTH_EMPTY, (1, 1, 1, 1, 1, 1)),
        (ONLY_REFERENCE, (0, 0, 0, 1, 0, 0)),
        (ONLY_PREDICTION, (0, 0, 0, 0.8, 0, 0)),
        (DISJOINT, (0, 0, 0, 0.75, 0, 1)),
        (ALL_FULL, (1, 1, 1, 0, 1, 1)),
    ],
)
def test_the_challenge_policy_cell_by_cell(confusion, expected):
    assert [metric(confusion) for metric in METRICS] == list(expected)


@pytest.mark.parametrize(
    ("confusion", "undefined"),
    [
        (BOTH_EMPTY, (1, 1, 1, 0, 1, 1)),
        (ONLY_REFERENCE, (0, 0, 0, 0, 1, 0)),
        (ONLY_PREDICTION, (0, 0, 1, 0, 0, 0)),
        (DISJOINT, (0, 0, 0, 0, 0, 0)),
        (ALL_FULL, (0, 0, 0, 1, 0, 0)),
    ],
)
def test_the_nan_policy_cell_by_cell(confusion, undefined):
    assert [math.isnan(metric(confusion, NAN)) for metric in METRICS] == [
        bool(u) for u in undefined
    ]


def test_accuracy_of_no_voxel_is_undefined():
    assert math.isnan(accuracy(Confusion(0, 0, 0, 0)))


def test_counts_agree_with_masks_on_random_label_maps():
    random = np.random.default_rng(5)
    reference = random.integers(0, 7, (9, 8, 7)).astype(np.uint8)
    prediction = random.integers(0, 7, (9, 8, 7)).astype(np.uint8)
    reference[:3] = prediction[:3] = 0
    counts = joint_counts(reference, prediction)
    for region, labels in REGION_LABELS.items():
        found = confusion_of_labels(counts, labels)
        a, b = region_mask(reference, region), region_mask(prediction, region)
        assert found == Confusion((a & b).sum(), (~a & b).sum(), (a & ~b).sum(), (~a & ~b).sum())
    assert counts.sum() == reference.size


def test_shapes_that_differ_are_refused():
    with pytest.raises(GeometryError, match=r"\(1, 2, 1\).*\(1, 3, 1\)"):
        joint_counts(row(0, 1), row(0, 1, 1))
