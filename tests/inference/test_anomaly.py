"""Anomaly maps: the three scores by hand, the grid of the file, and what is refused."""

from dataclasses import asdict

import numpy as np
import pytest
import torch
from nibabel import Nifti1Header

from napari_brats.core.case import Case, Volume
from napari_brats.core.errors import CaseError, JobError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.core.progress import drain
from napari_brats.inference import anomaly as module
from napari_brats.inference.anomaly import (
    AnomalyOptions,
    Scale,
    find_anomalies,
    residual_score,
    smooth_inside,
)
from napari_brats.models.autoencoder import AutoEncoder3D, AutoEncoder3DConfig
from napari_brats.models.bundle import save_bundle
from napari_brats.models.card import Card

SHAPE = (36, 32, 28)
LESION = (slice(8, 12), slice(14, 18), slice(12, 16))


class FakeBundle:
    """Its network says that everything is as T1N (channel 0), and notes what it was shown."""

    def __init__(self):
        self.card = Card("fake", "Fake", "fake", {}, sha256="00", task="reconstruct")
        self.seen = []

    def load_network(self):
        return self

    config = AutoEncoder3DConfig(widths=(4,), stem_stride=1)

    def to(self, **_):
        return self

    def forward_steps(self, image):
        self.seen.append(image[0].numpy())
        yield 0.5
        return image[:, :1].expand(-1, 4, -1, -1, -1)


def make_case(modalities=MODALITIES, affine=(-1.0, -1.0, 1.0)):
    """A ball of noise; T2F and T2W are bright in the lesion."""
    rng = np.random.default_rng(0)
    x, y, z = (np.linspace(-1.1, 1.1, n) for n in SHAPE)
    brain = x[:, None, None] ** 2 + y[:, None] ** 2 + z**2 < 1
    volumes = {}
    for modality in modalities:
        data = (rng.normal(100, 1, SHAPE) * brain).astype(np.float32)
        if modality in (Modality.T2W, Modality.T2F):
            data[LESION] = 200
        volumes[modality] = Volume(data, Grid(SHAPE, np.diag([*affine, 1.0])), Nifti1Header())
    return Case("C1", volumes, None, CONVENTIONS["brats2023"])


@pytest.fixture(autouse=True)
def full_resolution(monkeypatch):
    monkeypatch.setattr(module, "WORKING_MM", (1.0, 1.0, 1.0))


@pytest.mark.parametrize("method", ["combined", "autoencoder", "mirror", "flair"])
@pytest.mark.parametrize("affine", [(-1.0, -1.0, 1.0), (1.0, -1.0, -1.0)])
def test_the_lesion_stands_out_on_the_grid_of_the_file(method, affine):
    found = drain(
        find_anomalies(make_case(affine=affine), AnomalyOptions(method, "cpu"), FakeBundle())
    )
    assert found.data.shape == SHAPE
    assert found.data.dtype == np.float32
    assert found.data[9:11, 15:17, 13:15].min() > 0.8
    assert found.data[20:30].max() < 0.5
    assert found.data[0].max() == 0
    assert found.provenance["method"] == method


def test_what_is_judged_is_hidden_from_the_network():
    bundle = FakeBundle()
    drain(find_anomalies(make_case(), AnomalyOptions("autoencoder", "cpu"), bundle))
    (seen,) = bundle.seen
    assert seen[:2].any(axis=(1, 2, 3)).all()  # T1N, T1C
    assert not seen[2:4].any()
    assert set(np.unique(seen[4])) == {0.0, 1.0}


def test_without_a_t1_one_judged_modality_goes_by_the_other():
    bundle = FakeBundle()
    case = make_case((Modality.T2W, Modality.T2F))
    drain(find_anomalies(case, AnomalyOptions("autoencoder", "cpu"), bundle))
    shown = [tuple(seen[:4].any(axis=(1, 2, 3))) for seen in bundle.seen]
    assert shown == [(False, False, True, False), (False, False, False, True)]


def test_a_residual_counts_where_the_image_is_brighter_than_expected():
    image = np.ones((4, 3, 3, 3), np.float32)
    expected = image.copy()
    expected[3] = 0.4  # T2F: 0.6 too bright, counts four times
    expected[2] = 2.0  # T2W: 1.0 too dark, counts once
    expected[0] = -9  # T1N does not count
    assert np.allclose(residual_score(image, expected), (4 * 0.6 - 1.0) / 5)


def test_smoothing_takes_nothing_from_outside_the_brain():
    brain = np.zeros((9, 9, 9), bool)
    brain[:, :, :5] = True
    values = np.where(brain, 3.0, -100.0).astype(np.float32)
    smooth = smooth_inside(values, brain)
    assert np.allclose(smooth[brain], 3.0, rtol=1e-4)
    assert not smooth[~brain].any()


def test_the_threshold_of_the_scale_is_a_half_of_the_map():
    image = make_case()
    prepared = module.prepare_image(
        {m: v.data for m, v in image.volumes.items()}, image.reference.grid, MODALITIES
    )
    score = np.full(prepared.brain.shape, 1.5, np.float32)
    score[12, 12, 12] = 2.0
    found = module.to_map(score, Scale(1.5, 0.5), prepared)
    values, counts = np.unique(found, return_counts=True)
    assert np.allclose(values, [0, 0.5, 1 / (1 + np.exp(-1))])
    assert counts[1:].tolist() == [prepared.brain.sum() - 1, 1]


def test_a_real_network_runs_and_can_be_stopped(tmp_path):
    config = AutoEncoder3DConfig(widths=(4, 4), norm="layer")
    torch.manual_seed(0)
    card = Card("tiny", "Tiny", "autoencoder3d", asdict(config), "", task="reconstruct")
    bundle = save_bundle(AutoEncoder3D(config), card, tmp_path)
    found = drain(find_anomalies(make_case(), AnomalyOptions("autoencoder", "cpu"), bundle))
    assert 0 <= found.data.min() <= found.data.max() <= 1
    job = find_anomalies(make_case(), AnomalyOptions("autoencoder", "cpu"), bundle)
    next(job)
    job.close()


@pytest.mark.parametrize(
    ("modalities", "method", "said"),
    [
        ((Modality.T1N, Modality.T1C), "autoencoder", "T2F or T2W"),
        ((Modality.T2W,), "flair", "needs T2F"),
    ],
)
def test_a_case_without_what_is_judged_is_refused(modalities, method, said):
    with pytest.raises(CaseError, match=said):
        drain(find_anomalies(make_case(modalities), AnomalyOptions(method)))


def test_an_unknown_method_is_refused_by_name():
    with pytest.raises(JobError, match=r"'guess'.*combined, autoencoder, mirror, flair"):
        drain(find_anomalies(make_case(), AnomalyOptions("guess")))
