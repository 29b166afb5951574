"""Grown tumours: inside the brain, off the own tumour, contrasts that agree."""

from dataclasses import replace

import numpy as np
import pytest

from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.training import growth
from napari_brats.training.growth import KINDS, grow


@pytest.fixture(scope="module")
def case(make_brain):
    return make_brain(seed=3)


def _grown(case, seeds, modalities=MODALITIES):
    for seed in seeds:
        lesion = grow(case, modalities, np.random.default_rng(seed))
        if lesion is not None:
            image, labels = case.image.copy(), case.labels.copy()
            lesion.paste(image, labels, np.zeros(3, np.int64))
            yield image.astype(np.float32), labels


def _only(monkeypatch, name):
    monkeypatch.setattr(growth, "KINDS", {name: replace(KINDS[name], frequency=1.0)})


def test_tumours_grow_in_the_brain_and_nowhere_else(case):
    outside = (case.image == 0).all(axis=0)
    grown = list(_grown(case, range(12)))
    assert len(grown) >= 8
    for image, labels in grown:
        assert not image[:, outside].any()
        assert not labels[outside].any()
        assert np.isfinite(image).all()
        assert set(np.unique(labels)) <= {0, 1, 2, 3}
        assert (labels != case.labels).sum() >= 200
    kept = [(image == case.image)[:, case.labels == 3].mean() for image, _ in grown]
    assert np.mean(kept) > 0.6  # off the tumour that is there, as far as the small brain allows


def test_oedema_is_bright_on_t2_and_spares_fluid(case):
    centre = np.reshape(np.array(case.shape) / 2, (3, 1, 1, 1))
    pool = np.linalg.norm(np.indices(case.shape) - centre, axis=0) < 9
    white = case.tissues.thresholds.white(case.image)
    rises = []
    for image, labels in _grown(case, range(8)):
        new = (labels == 2) & (case.labels == 0) & white
        rises.append((image - case.image)[:, new].mean(axis=1) / case.tissues.spread)
        assert (labels[pool] == 2).mean() < 0.05
    t1n, _, t2w, t2f = np.mean(rises, axis=0)
    assert t1n < 0
    assert t2w > 0.3
    assert t2f > 0.8


@pytest.mark.parametrize("name", ["ring", "solid"])
def test_what_enhances_is_brighter_on_t1c_than_on_t1n(case, monkeypatch, name):
    _only(monkeypatch, name)
    enhancement = []
    for image, labels in _grown(case, range(8)):
        new = (labels == 3) & (case.labels == 0)
        if new.sum() > 30:
            looks = (image[:, new].mean(axis=1) - case.tissues.white) / case.tissues.spread
            enhancement.append(looks[1] - looks[0])
    assert len(enhancement) >= 4
    assert np.mean(enhancement) > 0.8


def test_low_grade_tumours_have_a_core_that_does_not_enhance(case, monkeypatch):
    _only(monkeypatch, "low grade")
    cores = 0
    for image, labels in _grown(case, range(6)):
        new = case.labels == 0
        assert not (labels[new] == 3).any()
        core = (labels == 1) & new
        if core.sum() > 30:
            cores += 1
            assert image[1, core].mean() < image[0, core].mean() + 0.5
            assert image[2, core].mean() > case.tissues.white[2]
    assert cores >= 2


def test_the_order_of_the_channels_follows_the_modalities(case, make_brain):
    """The same draws with channels and names reversed give the same picture, reversed."""
    flipped = make_brain(seed=3)
    tissues = flipped.tissues
    mirrored = replace(
        tissues,
        white=tissues.white[::-1],
        spread=tissues.spread[::-1],
        thresholds=replace(tissues.thresholds, t1=3, t2=1),
    )
    flipped = replace(flipped, image=flipped.image[::-1], tissues=mirrored)
    one = next(_grown(case, [1]))
    other = next(_grown(flipped, [1], modalities=tuple(MODALITIES[::-1])))
    assert np.array_equal(one[1], other[1])
    index = MODALITIES.index(Modality.T1C)
    new = (one[1] > 0) & (case.labels == 0)
    close = one[0][index, new].mean() - other[0][::-1][index, new].mean()
    assert abs(close) < 0.3  # texture is drawn per channel


def test_frequencies_add_up_and_the_same_draws_give_the_same_tumour(case):
    assert sum(kind.frequency for kind in KINDS.values()) == pytest.approx(1)
    one, other = (grow(case, MODALITIES, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one.image, other.image)
    assert np.array_equal(one.labels, other.labels)
