"""Transplanted lesions: inside the brain, in the recipient's intensities, labels in step."""

from dataclasses import replace

import numpy as np
import pytest

from napari_brats.training.transplant import transplant


@pytest.fixture(scope="module")
def donor(make_brain):
    return make_brain(seed=1, gain=2.0, shift=0.7)


@pytest.fixture(scope="module")
def recipient(make_brain):
    return make_brain(seed=2, lesion_centre=(43, 30, 26))


def _pasted(lesion, case):
    image, labels = case.image.copy(), case.labels.copy()
    lesion.paste(image, labels, np.zeros(3, np.int64))
    return image, labels


def test_voxels_away_from_the_lesion_and_outside_the_brain_are_untouched(donor, recipient):
    for seed in range(5):
        lesion = transplant(donor, recipient, np.random.default_rng(seed))
        image, labels = _pasted(lesion, recipient)
        weight = np.zeros(recipient.shape, np.float32)
        ends = list(zip(lesion.corner, lesion.weight.shape, recipient.shape, strict=True))
        box = [slice(max(c, 0), c + n) for c, n, _ in ends]
        inner = [slice(max(-c, 0), extent - c) for c, _, extent in ends]
        weight[tuple(box)] = lesion.weight[tuple(inner)]
        assert np.array_equal(image[:, weight == 0], recipient.image[:, weight == 0])
        assert np.array_equal(labels[weight == 0], recipient.labels[weight == 0])
        assert not image[recipient.image == 0].any()
        assert not (labels[(recipient.image == 0).all(axis=0)]).any()
        assert (labels != recipient.labels).sum() > 50


def test_the_lesion_looks_as_it_would_in_the_recipient(donor, recipient):
    """The donor's intensities are twice as spread and brighter; here they must be as here."""
    levels = []
    for seed in range(8):
        lesion = transplant(donor, recipient, np.random.default_rng(seed))
        image, labels = _pasted(lesion, recipient)
        new = (labels == 3) & (recipient.labels == 0)
        if new.sum() > 20:
            levels.append(np.median(image[:, new].astype(np.float32), axis=1))
    assert np.mean(levels, axis=0) == pytest.approx([0.3, 2.5, 0.8, 2.5], abs=0.6)


def test_it_comes_to_lie_about_where_it_was_or_on_the_other_side(donor, recipient):
    own = np.array([13, 30, 26])
    mirrored = np.array([recipient.shape[0] - own[0], own[1], own[2]])
    near = 0
    for seed in range(12):
        centre = transplant(donor, recipient, np.random.default_rng(seed)).centre
        near += min(np.linalg.norm(centre - own), np.linalg.norm(centre - mirrored)) < 18
        assert np.linalg.norm(centre - np.array(recipient.shape) / 2) < 24
    assert near >= 8


def test_borders_are_feathered_and_labels_follow_the_blend(donor, recipient):
    lesion = transplant(donor, recipient, np.random.default_rng(0))
    assert ((lesion.weight > 0.1) & (lesion.weight < 0.9)).sum() > 100
    assert lesion.weight[lesion.labels > 0].min() > 0.3
    assert set(np.unique(lesion.labels)) <= {0, 2, 3}


def test_the_same_draws_give_the_same_lesion(donor, recipient):
    one, other = (transplant(donor, recipient, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(one.corner, other.corner)
    assert np.array_equal(one.image, other.image)


def test_a_donor_without_a_lesion_or_a_modality_gives_none(donor, recipient):
    rng = np.random.default_rng(0)
    assert transplant(replace(donor, lesions=()), recipient, rng) is None
    quantiles = donor.tissues.quantiles.copy()
    quantiles[1] = 0  # no T1C
    lacking = replace(donor, tissues=replace(donor.tissues, quantiles=quantiles))
    assert transplant(lacking, recipient, rng) is None


def test_nothing_is_put_where_it_does_not_fit(donor, recipient):
    tiny = replace(recipient.tissues, brain=np.zeros_like(recipient.tissues.brain))
    tiny.brain[6, 6, 6] = True
    assert transplant(donor, replace(recipient, tissues=tiny), np.random.default_rng(0)) is None
