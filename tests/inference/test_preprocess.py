"""Preprocessing: normalisation by hand, backgrounds of any value, the way back to the file."""

import itertools

import numpy as np
import pytest

from napari_brats.core.errors import CaseError
from napari_brats.core.geometry import Grid
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.inference.preprocess import normalise, prepare_image


def _grid(affine, shape=(24, 26, 28)):
    return Grid(shape, affine)


def _head(shape=(24, 26, 28), background=0.0, seed=0):
    """A block of brain, brighter towards one corner, in a constant background."""
    rng = np.random.default_rng(seed)
    volume = np.full(shape, background, np.float32)
    volume[5:20, 6:22, 4:25] = rng.normal(100, 10, (15, 16, 21))
    return volume


def test_zero_mean_unit_variance_inside_and_zero_outside():
    volume = np.zeros((2, 2, 4), np.float32)
    volume[0, 0] = [10, 0, 30, 0]  # every other voxel is sampled: 10 and 30
    out = np.empty_like(volume)
    inside = volume > 0
    normalise(volume, inside, out)
    clipped = np.percentile([10, 30], (0.5, 99.5))
    expected = (clipped - 20) / ((clipped[1] - clipped[0]) / 2)
    assert np.allclose(out[inside], expected)
    assert (out[~inside] == 0).all()


def test_a_constant_modality_becomes_zero():
    volume = np.full((4, 4, 4), 7.0, np.float32)
    out = np.ones_like(volume)
    normalise(volume, volume > 0, out)
    assert (out == 0).all()


@pytest.mark.parametrize(("gain", "offset"), [(1.0, 0.0), (0.02, -3.0), (50.0, 400.0)])
def test_the_result_does_not_depend_on_scale_or_background_value(gain, offset):
    base = {Modality.T1C: _head()}
    moved = {Modality.T1C: base[Modality.T1C] * gain + offset}
    one = prepare_image(base, _grid(np.eye(4)), MODALITIES)
    other = prepare_image(moved, _grid(np.eye(4)), MODALITIES)
    assert one.placement == other.placement
    assert np.allclose(one.image, other.image, atol=1e-3)


def test_the_box_is_the_brain_and_missing_modalities_are_zero():
    prepared = prepare_image({Modality.T2F: _head()}, _grid(np.diag([-1.0, -1, 1, 1])), MODALITIES)
    assert prepared.image.shape == (4, 15, 16, 21)
    assert [bool(channel.any()) for channel in prepared.image] == [False, False, False, True]


def test_noise_in_the_air_is_background():
    volume = _head() + np.abs(np.random.default_rng(1).normal(0, 2, (24, 26, 28)))
    prepared = prepare_image({Modality.T1C: volume}, _grid(np.eye(4)), MODALITIES)
    assert prepared.brain.shape == (15, 16, 21)


@pytest.mark.parametrize("permutation", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("signs", list(itertools.product((1, -1), repeat=3)))
def test_any_orientation_gives_the_same_image_and_finds_its_way_back(permutation, signs):
    """The crude reference: an LPS volume, and the same volume stored along other axes."""
    lps = _head()
    reference = prepare_image({Modality.T1C: lps}, _grid(np.diag([-1.0, -1, 1, 1])), MODALITIES)
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    for axis, (world, sign) in enumerate(zip(permutation, signs, strict=True)):
        affine[world, axis] = sign
    flip = tuple(
        slice(None, None, 1 if sign == (-1, -1, 1)[world] else -1)
        for world, sign in zip(permutation, signs, strict=True)
    )
    stored = lps.transpose(permutation)[flip]
    prepared = prepare_image({Modality.T1C: stored}, _grid(affine, stored.shape), MODALITIES)
    assert np.allclose(prepared.image, reference.image, atol=0.02)  # other voxels are sampled
    back = prepared.placement.to_file(prepared.placement.to_canonical(stored))
    assert np.array_equal(back, stored)


def test_an_empty_image_is_refused():
    with pytest.raises(CaseError, match="looks like a brain"):
        prepare_image({Modality.T1C: np.zeros((9, 9, 9))}, _grid(np.eye(4), (9, 9, 9)), MODALITIES)
