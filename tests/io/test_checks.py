"""What is pointed out, on made-up brains of 48 cells with known contrasts."""

from __future__ import annotations

import itertools
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from napari_brats.core.case import Case, Volume
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.io.checks import check_case

T1N, T1C, T2W, T2F = Modality
SHAPE = (48, 48, 48)
SPACING_MM = 4.0

# grey matter, white matter, fluid, enhancing rim; roughly as the four contrasts show them
TISSUES = {
    T1N: (80, 110, 40, 70),
    T1C: (82, 112, 42, 250),
    T2W: (100, 80, 300, 130),
    T2F: (110, 90, 30, 160),
}


def volume(data: np.ndarray, spacing_mm: float = SPACING_MM) -> Volume:
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    return Volume(data, Grid(data.shape, affine), nib.Nifti1Header())


def ball(radius: float) -> np.ndarray:
    """Where a point is nearer to the centre than ``radius`` voxels."""
    axes = np.indices(SHAPE) - 23.5
    return np.sqrt((axes**2).sum(axis=0)) < radius


def tissue_map() -> np.ndarray:
    """0 outside; shells of grey (1) and white matter (2), fluid inside (3), a small rim (4)."""
    tissue = np.zeros(SHAPE, int)
    tissue[ball(18)] = 1
    tissue[ball(15)] = 2
    tissue[ball(6)] = 3
    tissue[30:34, 22:26, 22:26] = 4
    return tissue


def image(modality: Modality, tissue: np.ndarray) -> np.ndarray:
    # a texture of period 7 along one axis, so that neighbours still resemble each other
    texture = np.abs(np.arange(SHAPE[0]) % 14 - 7)[:, None, None]
    table = np.array((0, *TISSUES[modality]))
    return np.where(tissue > 0, table[tissue] + texture, 0).astype(np.int16)


def case_of(volumes: dict[Modality, Volume]) -> Case:
    return Case("made-up", volumes, None, CONVENTIONS["brats2023"])


@pytest.fixture
def case() -> Case:
    return case_of({m: volume(image(m, tissue_map())) for m in MODALITIES})


def test_a_sound_case_raises_no_warning(case: Case) -> None:
    assert check_case(case) == ()


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_single_sound_modality_raises_no_warning(case: Case, modality: Modality) -> None:
    assert check_case(case_of({modality: case.volumes[modality]})) == ()


@pytest.mark.parametrize("pair", list(itertools.combinations(MODALITIES, 2)))
def test_every_swap_of_two_modalities_is_pointed_out(
    case: Case, pair: tuple[Modality, Modality]
) -> None:
    first, second = pair
    volumes = dict(case.volumes)
    volumes[first], volumes[second] = volumes[second], volumes[first]
    (warning,) = check_case(case_of(volumes))
    assert "look swapped" in warning


def test_the_swapped_pair_is_named(case: Case) -> None:
    volumes = {**case.volumes, T2W: case.volumes[T2F], T2F: case.volumes[T2W]}
    (warning,) = check_case(case_of(volumes))
    assert "T2W and T2F look swapped" in warning


def test_a_head_with_its_skull_is_pointed_out() -> None:
    # 23 voxels of 4 mm: a ball of 3.3 litres
    head = np.where(ball(23), 100 + np.indices(SHAPE)[0], 0)
    (warning,) = check_case(case_of({T1C: volume(head)}))
    assert "skull" in warning
    assert "3.3 litres" in warning


def test_noise_around_the_head_means_an_unstripped_scan(case: Case) -> None:
    air = (np.arange(np.prod(SHAPE)) % 5).reshape(SHAPE)
    (warning,) = check_case(case_of({T1C: volume(case.volumes[T1C].data + air)}))
    assert "skull" in warning


def test_a_negative_background_is_background(case: Case) -> None:
    shifted = {m: volume(v.data.astype(np.float32) / 50 - 3) for m, v in case.volumes.items()}
    assert check_case(case_of(shifted)) == ()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.zeros(SHAPE), "constant image"),
        (np.full(SHAPE, 7), "constant image"),
        (tissue_map(), "looks like a label map"),
        (
            np.where(ball(4), 100 + np.indices(SHAPE).sum(axis=0), 0),
            "nothing that looks like a brain",
        ),
        (np.where(ball(18), np.random.default_rng(0).normal(100, 20, SHAPE), 0), "noise"),
        (np.arange(8 * 48 * 48).reshape(8, 48, 48), "too small"),
    ],
)
def test_what_is_no_brain_is_pointed_out(data: np.ndarray, words: str) -> None:
    (warning,) = check_case(case_of({T2F: volume(data)}))
    assert warning.startswith("T2F: ")
    assert words in warning


def test_one_image_under_two_names_is_pointed_out(case: Case) -> None:
    (warning,) = check_case(case_of({**case.volumes, T1C: case.volumes[T1N]}))
    assert warning == "T1N and T1C hold the same image. Check which file is which."


def test_different_grids_are_named(case: Case) -> None:
    other = volume(case.volumes[T2F].data, spacing_mm=4.1)
    (warning,) = check_case(case_of({**case.volumes, T2F: other}))
    assert warning.startswith("T2F not on the grid of T1C")


def test_remarks_of_the_reader_are_passed_on(case: Case) -> None:
    noted = replace(case.volumes[T1N], notes=("x.nii: 3 voxels are NaN or infinite",))
    assert check_case(case_of({**case.volumes, T1N: noted})) == noted.notes


def test_the_case_is_left_as_it_was(case: Case) -> None:
    before = {m: v.data.copy() for m, v in case.volumes.items()}
    check_case(case)
    assert all(np.array_equal(before[m], v.data) for m, v in case.volumes.items())
