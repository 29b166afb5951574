"""Denoising: less noise, the file's grid and scale, and nothing changed outside the brain."""

import numpy as np
import pytest
from nibabel import Nifti1Header

from napari_brats.core.case import Case, Volume
from napari_brats.core.errors import JobError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import drain
from napari_brats.inference.denoise import METHODS, DenoiseOptions, denoise, plain_filter
from napari_brats.models.autoencoder import AutoEncoder3DConfig
from napari_brats.models.card import Card

SHAPE = (22, 20, 18)
CLEAN = 500.0
NOISE = 20.0


class FakeBundle:
    """Its network says that the brain is 0 all over, which is its mean."""

    card = Card("fake", "Fake", "fake", {}, sha256="00", task="reconstruct")
    config = AutoEncoder3DConfig(in_channels=4, widths=(4,), stem_stride=1, residual=True)

    def load_network(self):
        return self

    def to(self, **_):
        return self

    def forward_steps(self, image):
        yield 0.5
        return image * 0


@pytest.fixture
def case():
    rng = np.random.default_rng(0)
    volumes = {}
    for modality in (Modality.T1C, Modality.T2F):
        data = np.zeros(SHAPE, np.int16)
        data[3:19, 3:17, 3:15] = rng.normal(CLEAN, NOISE, (16, 14, 12)).round()
        volumes[modality] = Volume(data, Grid(SHAPE, np.diag([1.0, -1, -1, 1])), Nifti1Header())
    return Case("C1", volumes, None, CONVENTIONS["brats2023"])


@pytest.mark.parametrize("method", METHODS)
def test_noise_goes_and_everything_else_stays(case, method):
    made = drain(denoise(case, DenoiseOptions(method, "cpu"), FakeBundle()))
    assert list(made.volumes) == [Modality.T1C, Modality.T2F]
    for modality, volume in made.volumes.items():
        before = case.volumes[modality]
        brain = before.data > 0
        assert volume.grid is before.grid
        assert volume.data.dtype == np.float32
        assert np.array_equal(volume.data[~brain], before.data[~brain])
        inner = volume.data[5:17, 5:15, 5:13]
        assert inner.mean() == pytest.approx(CLEAN, abs=5)
        assert inner.std() < 0.7 * NOISE
    assert made.provenance["method"] == method


def test_what_the_network_says_is_put_into_the_units_of_the_file(case):
    made = drain(denoise(case, DenoiseOptions("autoencoder", "cpu"), FakeBundle()))
    data = case.volumes[Modality.T1C].data
    inside = data[data > 0].astype(np.float64)
    low, high = np.percentile(inside, (2, 98))
    unclipped = (data > low) & (data < high)
    assert made.volumes[Modality.T1C].data[unclipped] == pytest.approx(inside.mean(), abs=1.5)


def test_strength_0_changes_nothing_and_a_half_goes_half_way(case):
    full = drain(denoise(case, DenoiseOptions("gaussian"))).volumes[Modality.T1C].data
    half = drain(denoise(case, DenoiseOptions("gaussian", strength=0.5)))
    none = drain(denoise(case, DenoiseOptions("gaussian", strength=0.0)))
    data = case.volumes[Modality.T1C].data
    assert np.array_equal(none.volumes[Modality.T1C].data, data)
    assert np.allclose(half.volumes[Modality.T1C].data, (full + data) / 2)


def test_the_median_drops_a_single_bright_voxel():
    image = np.full((5, 5, 5), 7, np.float32)
    image[2, 2, 2] = 100
    assert np.array_equal(
        plain_filter(image, np.ones(image.shape, bool), "median"), np.full((5, 5, 5), 7)
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (DenoiseOptions("magic"), r"'magic'.*autoencoder, nlm, gaussian, median"),
        (DenoiseOptions("median", strength=2), "strength is 2; expected 0"),
    ],
)
def test_what_makes_no_sense_is_refused(case, options, said):
    with pytest.raises(JobError, match=said):
        drain(denoise(case, options))
