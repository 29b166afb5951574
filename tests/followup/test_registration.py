"""A brain turned and shifted is found again."""

from __future__ import annotations

import numpy as np
import pytest
from tests.followup.patients import brain_on, grid_of, make_case, turn

from napari_brats.core.errors import CaseError
from napari_brats.core.geometry import Grid
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import drain
from napari_brats.followup.brains import IDENTITY, Brain, brain_dice, checkerboard, find_brain
from napari_brats.followup.registration import Registration, register


def brain_at(grid: Grid, matrix: np.ndarray | None = None) -> Brain:
    image = brain_on(grid, matrix)
    volume = make_case("x", image, None, grid).volumes[Modality.T1C]
    return find_brain(volume, np.zeros(grid.shape, bool))


def error_mm(found: Registration, truth: np.ndarray, fixed: Brain) -> float:
    points = fixed.grid.affine @ np.vstack([np.argwhere(fixed.mask).T, np.ones(fixed.mask.sum())])
    return float(np.linalg.norm(((found.rigid.matrix - truth) @ points)[:3], axis=0).max())


def test_a_turned_and_shifted_brain_on_another_grid():
    fixed = brain_at(grid_of())
    truth = turn((8, -5, 10), (9, -14, 6))
    affine = np.array([[0, 0, -4.5, 95], [5.0, 0, 0, -120], [0, 3.5, 0, -85], [0, 0, 0, 1.0]])
    moving = brain_at(Grid((48, 50, 44), affine), truth)
    found = drain(register(fixed, moving))
    assert error_mm(found, truth, fixed) < 0.5  # voxels of 4 mm
    assert found.is_usable
    assert found.dice > found.dice_before
    again = drain(register(fixed, moving))
    assert np.array_equal(found.rigid.matrix, again.rigid.matrix)


def test_what_agrees_is_left_alone():
    fixed = brain_at(grid_of())
    found = drain(register(fixed, fixed))
    assert found.rigid is IDENTITY
    assert found.dice == 1.0


def test_another_object_is_not_taken_for_the_same_brain():
    grid = grid_of()
    image = np.zeros(grid.shape, np.int16)
    image[2:46, 10:20, 20:24] = 400  # a slab
    volume = make_case("x", image, None, grid).volumes[Modality.T1C]
    slab = find_brain(volume, np.zeros(grid.shape, bool))
    assert not drain(register(brain_at(grid), slab)).is_usable


def test_no_overlap_has_no_dice():
    far = np.array(grid_of().affine)
    far[:3, 3] += 900
    assert brain_dice(brain_at(grid_of()), brain_at_place(far), IDENTITY) == 0.0


def brain_at_place(affine: np.ndarray) -> Brain:
    here = brain_at(grid_of())
    volume = make_case("x", here.volume.data, None, Grid(here.grid.shape, affine))
    return find_brain(volume.volumes[Modality.T1C], here.tumour)


def test_an_empty_image_is_refused():
    volume = make_case("x", np.zeros((9, 9, 9), np.int16), None, grid_of((9, 9, 9))).reference
    with pytest.raises(CaseError, match="looks like a brain"):
        find_brain(volume, np.zeros((9, 9, 9), bool))


def test_it_can_be_cancelled_between_steps():
    job = register(brain_at(grid_of()), brain_at(grid_of(), turn((5, 0, 0), (4, 0, 0))))
    messages = [next(job).message for _ in range(2)]
    job.close()
    assert messages[1] == "Registering at 4 mm"


def test_the_transform_file_holds_the_matrix_in_lps():
    import SimpleITK as sitk

    matrix = turn((0, 0, 90), (1, 2, 3))
    text = type(IDENTITY)(matrix).to_tfm()
    numbers = [float(v) for v in text.splitlines()[3].split()[1:]]
    transform = sitk.AffineTransform(np.reshape(numbers[:9], (3, 3)).ravel().tolist(), numbers[9:])
    x, y, z = transform.TransformPoint((-10.0, -20.0, 30.0))  # RAS (10, 20, 30)
    assert (-x, -y, z) == pytest.approx((matrix @ [10, 20, 30, 1])[:3].tolist())


def test_checkerboard_takes_tiles_in_turn():
    one, other = np.random.default_rng(0).uniform(1, 2, (2, 4, 4, 4))
    edge = (25.0, 25.0, 25.0)  # a voxel is a tile
    board = checkerboard(one, other, edge)
    ours, theirs = checkerboard(one, one, edge), checkerboard(other, other, edge)
    even = np.indices(board.shape).sum(axis=0) % 2 == 0
    assert np.array_equal(board, np.where(even, ours, theirs))
