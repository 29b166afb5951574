"""Segmenting: the result's grid, missing modalities, running out of memory, being closed."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from nibabel import Nifti1Header

from napari_brats.core.case import Case, Volume
from napari_brats.core.errors import BundleError, CaseError, GeometryError, JobError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS, Label
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.core.progress import drain
from napari_brats.inference import segment as module
from napari_brats.inference.devices import resolve_device
from napari_brats.inference.engine import ENGINE
from napari_brats.inference.postprocess_options import PostprocessOptions
from napari_brats.inference.segment import SegmentOptions, segment
from napari_brats.inference.torch_network import TorchNetwork
from napari_brats.models.card import Card


class _Config:
    multiple = 4


class BrightIsTumour:
    """Stands for a network: logits +5 where T2F is above its mean by one SD, else -5."""

    config = _Config()

    def __init__(self, memory_errors=0, error=None):
        self.memory_errors = memory_errors
        self.error = error or torch.OutOfMemoryError("CUDA out of memory")

    def to(self, **_):
        return self

    def forward_steps(self, image):
        yield 0.5
        if self.memory_errors:
            self.memory_errors -= 1
            raise self.error
        bright = torch.where(image[:, 3:4] > 1, 5.0, -5.0)
        return bright.expand(-1, 3, -1, -1, -1)


class FakeBundle:
    def __init__(self, network=None):
        self.network = network or BrightIsTumour()
        self.card = Card("fake", "Fake", "fake", {}, sha256="00")

    def load_network(self):
        return self.network


def _case(affine, modalities=MODALITIES, shape=(20, 22, 24), shift=None):
    rng = np.random.default_rng(0)
    volumes = {}
    for modality in modalities:
        data = np.zeros(shape, np.int16)
        data[3:17, 3:19, 3:21] = rng.integers(90, 110, (14, 16, 18))
        data[5:9, 5:9, 5:9] = 300
        where = affine.copy()
        if modality == shift:
            where[0, 3] += 5
        volumes[modality] = Volume(data, Grid(shape, where), Nifti1Header())
    return Case("C1", volumes, None, CONVENTIONS["brats2023"])


def test_the_result_lies_on_the_files_grid():
    case = _case(np.diag([1.0, -1, -1, 1]))  # not the canonical orientation
    result = drain(segment(case, FakeBundle(), SegmentOptions("cpu", keep_probabilities=True)))
    assert result.labels.shape == (20, 22, 24)
    inside = result.labels[5:9, 5:9, 5:9]
    assert (inside == Label.ET).all()
    assert (result.labels == Label.ET).sum() == inside.size
    assert result.probabilities is not None
    assert result.probabilities.shape == (3, 20, 22, 24)
    assert result.reference is case.volumes[Modality.T1C]


def test_other_spacings_are_resampled_to_the_networks_and_back():
    case = _case(np.diag([-2.0, -1, 1, 1]))
    result = drain(segment(case, FakeBundle(), SegmentOptions("cpu")))
    assert result.labels.shape == (20, 22, 24)
    assert (result.labels[6:8, 6:8, 6:8] == Label.ET).all()


def test_the_card_tells_the_post_processing_unless_it_is_given():
    bundle = FakeBundle()
    options = {"min_component_et_mm3": 100.0}  # the tumour has 64
    bundle.card = replace(bundle.card, postprocess={"options": options})
    tuned = drain(segment(_case(np.eye(4)), bundle, SegmentOptions("cpu")))
    assert set(np.unique(tuned.labels)) == {0, Label.NCR}
    assert tuned.provenance["postprocess"]["from_card"] == ["min_component_et_mm3"]
    given = SegmentOptions("cpu", PostprocessOptions())
    plain = drain(segment(_case(np.eye(4)), bundle, given))
    assert set(np.unique(plain.labels)) == {0, Label.ET}
    assert plain.provenance["postprocess"]["from_card"] == []
    bundle.card = replace(bundle.card, postprocess={"options": {"threshold_et": 2}})
    with pytest.raises(BundleError, match="threshold_et is 2"):
        next(segment(_case(np.eye(4)), bundle, SegmentOptions("cpu")))


def test_a_tumour_that_post_processing_dropped_is_not_passed_over_in_silence():
    case = _case(np.diag([-1.0, -1, 1, 1]))
    dropped = PostprocessOptions(min_component_wt_mm3=1e6)
    result = drain(segment(case, FakeBundle(), SegmentOptions("cpu", postprocess=dropped)))
    assert not result.labels.any()
    (note,) = result.provenance["notes"]
    found_ml = np.count_nonzero(drain(segment(case, FakeBundle(), SegmentOptions("cpu"))).labels)
    assert f"({found_ml / 1000:.2f} ml above one half)" in note
    assert drain(segment(case, FakeBundle(), SegmentOptions("cpu"))).provenance["notes"] == []


def test_progress_rises_to_the_end():
    steps = list(segment(_case(np.eye(4)), FakeBundle(), SegmentOptions("cpu")))
    assert [s.done for s in steps] == sorted(s.done for s in steps)
    assert all(s.total == 100 for s in steps)


def test_missing_modalities_are_noted():
    case = _case(np.eye(4), (Modality.T1C, Modality.T2F))
    notes = drain(segment(case, FakeBundle(), SegmentOptions("cpu"))).provenance["notes"]
    assert "T1N, T2W" in notes[0]


def test_a_case_with_nothing_the_bundle_uses_is_refused():
    bundle = FakeBundle()
    bundle.card = Card("fake", "Fake", "fake", {}, sha256="00", modalities=(Modality.T2W,))
    with pytest.raises(CaseError, match="works on T2W"):
        drain(segment(_case(np.eye(4), (Modality.T1C,)), bundle, SegmentOptions("cpu")))


def test_modalities_on_other_grids_are_refused_with_both_named():
    case = _case(np.eye(4), shift=Modality.T2F)
    with pytest.raises(GeometryError, match=r"T2F: .*origin \(5, 0, 0\)"):
        drain(segment(case, FakeBundle(), SegmentOptions("cpu")))


@pytest.mark.parametrize(
    ("failures", "words"),
    [
        (1, "meta-gpu ran out of memory; smaller windows"),
        (2, "meta-gpu ran out of memory; small windows (96 voxels)"),
        (3, "the CPU was used"),
        (4, "little memory; the image was looked at in windows"),
        (5, "little memory; small windows (96 voxels)"),
    ],
)
@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA ..."), RuntimeError("MPS backend out of memory")]
)
def test_out_of_memory_falls_back_and_says_so(on_a_gpu, failures, words, error):
    bundle = FakeBundle(BrightIsTumour(failures, error))
    result = drain(segment(_case(np.eye(4)), bundle, SegmentOptions()))
    assert words in result.provenance["notes"][-1]
    assert result.volumes_ml()["ET"] == pytest.approx(0.064)


def test_when_nothing_is_small_enough_the_message_says_what_to_do(on_a_gpu):
    bundle = FakeBundle(BrightIsTumour(6))
    with pytest.raises(JobError, match=r"not enough memory .* Close other programs"):
        drain(segment(_case(np.eye(4)), bundle, SegmentOptions()))


def test_other_errors_of_a_gpu_are_not_taken_for_a_lack_of_memory(on_a_gpu):
    bundle = FakeBundle(BrightIsTumour(1, RuntimeError("device-side assert triggered")))
    with pytest.raises(RuntimeError, match="device-side"):
        drain(segment(_case(np.eye(4)), bundle, SegmentOptions()))


@pytest.fixture
def on_a_gpu(monkeypatch):
    """Calls the CPU a GPU, so that the way down from one can be walked here."""
    monkeypatch.setattr(module, "resolve_device", lambda name: "meta-gpu")
    monkeypatch.setattr(
        ENGINE, "_load", lambda bundle, device, threads: TorchNetwork(bundle.load_network(), "cpu")
    )


def test_closing_the_job_ends_the_network_between_levels():
    ended = []

    class Watched(BrightIsTumour):
        def forward_steps(self, image):
            try:
                yield from super().forward_steps(image)
            finally:
                ended.append(True)

    job = segment(_case(np.eye(4)), FakeBundle(Watched()), SegmentOptions("cpu"))
    while "network on" not in next(job).message:
        pass
    next(job)
    job.close()
    assert ended == [True]


@pytest.mark.parametrize("name", ["gpu", "cuda:", "CPU", ""])
def test_a_word_that_is_no_device_is_refused(name):
    with pytest.raises(JobError, match="not a device"):
        resolve_device(name)


def test_a_device_that_is_not_here_lists_those_that_are():
    with pytest.raises(JobError, match="this machine has"):
        resolve_device("cuda:99")
