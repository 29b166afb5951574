"""All metrics of a pair of label maps at once."""

import dataclasses
import math

import numpy as np
import pytest

from napari_brats.core.errors import BratsError, GeometryError
from napari_brats.core.labels import REGIONS, Region, region_mask
from napari_brats.metrics.empty import EmptyPolicy
from napari_brats.metrics.lesionwise import CHALLENGES, lesionwise
from napari_brats.metrics.score import RegionScore, ScoreOptions, score_regions
from napari_brats.metrics.surface import hausdorff_mm, surface_distances

SPACING = (1.0, 2.0, 0.5)


def tumour(x: int) -> np.ndarray:
    """6x6x6 oedema with a core of 64 voxels, of which 8 enhance."""
    labels = np.zeros((40, 20, 14), np.uint8)
    labels[x : x + 6, 2:8, 2:8] = 2
    labels[x + 1 : x + 5, 3:7, 3:7] = 1
    labels[x + 2 : x + 4, 4:6, 4:6] = 3
    return labels


def test_identical_label_maps_are_perfect():
    for region, score in score_regions(tumour(4), tumour(4), SPACING).items():
        voxels = {Region.WT: 216, Region.TC: 64, Region.ET: 8}[region]
        assert score.reference_ml == score.prediction_ml == pytest.approx(voxels / 1000)
        assert score.dice == score.iou == score.sensitivity == score.precision == 1.0
        assert score.accuracy == score.specificity == score.volume_similarity == 1.0
        assert score.hd_mm == score.hd95_mm == score.hd95_voxel_mm == score.assd_mm == 0.0
        assert score.nsd == {1.0: 1.0, 2.0: 1.0}
        counted = region is not Region.ET  # 8 mm^3 are too small to count
        assert (score.lesions_found, score.lesions_missed, score.lesions_false) == (counted, 0, 0)
        assert len(score.lesions) == 1


def test_a_shift_by_one_voxel_by_hand():
    score = score_regions(tumour(4), tumour(5), SPACING)[Region.WT]
    assert score.dice == pytest.approx(180 / 216)
    assert score.accuracy == pytest.approx(1 - 72 / (40 * 20 * 14))
    assert score.hd_mm == score.hd95_mm == score.hd95_voxel_mm == 1.0
    assert score.lesions[0].centre == (6.5, 4.5, 4.5)


def test_rows_equal_the_functions_on_whole_masks():
    reference, prediction = tumour(4), tumour(6)
    prediction[30:33, 10:12, 0:4] = 3
    options = ScoreOptions(challenge=CHALLENGES["MET"], tolerances_mm=(0.7,))
    for region, score in score_regions(reference, prediction, SPACING, options).items():
        masks = region_mask(reference, region), region_mask(prediction, region)
        expected = lesionwise(*masks, SPACING, CHALLENGES["MET"])
        assert score.lesions == expected.lesions
        assert score.lesionwise_dice == expected.dice
        assert score.lesions_false == 1
        assert score.hd95_mm == hausdorff_mm(surface_distances(*masks, SPACING))
        assert list(score.nsd) == [0.7]


def test_lesions_at_the_edge_join_as_in_the_whole_volume():
    """The crop must leave the dilation the room that the volume gives it."""
    reference = np.zeros((30, 9, 9), np.uint8)
    reference[10:14, 4:8, 4:8] = reference[20:24, 4:8, 4:8] = 3
    found = score_regions(reference, reference, (1.0, 1.0, 1.0))[Region.ET]
    assert len(found.lesions) == 1


def test_accuracy_over_the_brain_only():
    brain = np.zeros((40, 20, 14), bool)
    brain[0:20, 0:10, 0:10] = True
    score = score_regions(tumour(4), tumour(5), SPACING, brain=brain)[Region.WT]
    assert score.accuracy_brain == pytest.approx(1 - 72 / 2000)
    assert math.isnan(score_regions(tumour(4), tumour(5), SPACING)[Region.WT].accuracy_brain)


def test_two_empty_label_maps_under_each_policy():
    nothing = np.zeros((5, 6, 7), np.uint8)
    for score in score_regions(nothing, nothing, SPACING).values():
        assert (score.dice, score.hd95_mm, score.lesionwise_dice, score.assd_mm) == (1, 0, 1, 0)
    undefined = score_regions(nothing, nothing, SPACING, ScoreOptions(policy=EmptyPolicy.NAN))
    for score in undefined.values():
        assert math.isnan(score.dice)
        assert math.isnan(score.hd95_mm)
        assert math.isnan(score.nsd[1.0])
        assert score.accuracy == 1.0


def test_a_missed_tumour():
    for score in score_regions(tumour(4), np.zeros_like(tumour(4)), SPACING).values():
        assert (score.dice, score.sensitivity, score.hd95_mm, score.hd_mm) == (0, 0, 374, 374)
        assert score.prediction_ml == 0


def test_keys_are_those_of_the_contract():
    assert [f.name for f in dataclasses.fields(RegionScore)][-3:] == [
        "nsd",
        "lesions",
        "false_lesions",
    ]
    assert list(score_regions(tumour(4), tumour(4), SPACING)) == list(REGIONS)


def test_what_is_refused():
    with pytest.raises(GeometryError, match="resample"):
        score_regions(tumour(4), tumour(4)[1:], SPACING)
    with pytest.raises(BratsError, match=r"-1\.0 mm"):
        ScoreOptions(tolerances_mm=(1.0, -1.0))
