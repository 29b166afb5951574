"""Surfaces of masks: where they lie, how smooth and how large they are, that none is lost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from napari_brats.core.labels import Label, Mask, Region
from napari_brats.core.progress import drain
from napari_brats.widgets.surfaces_mesh import Mesh, brain_mesh, smooth_mesh, surfaces_job

MANY = 100_000


def _ball(shape: tuple[int, ...], centre_mm: object, radius_mm: float, spacing: object) -> Mask:
    grid = np.moveaxis(np.indices(shape), 0, -1) * np.array(spacing)
    mask: Mask = np.linalg.norm(grid - np.array(centre_mm), axis=-1) <= radius_mm
    return mask


def _volume_mm3(mesh: Mesh, spacing: object) -> float:
    """By the divergence theorem; positive for a closed mesh, however it is wound."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]] * np.array(spacing) for k in range(3))
    return abs(float((a * np.cross(b, c)).sum() / 6))


def _open_edges(faces: npt.NDArray[np.int32]) -> int:
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    return int((np.unique(edges, axis=0, return_counts=True)[1] != 2).sum())


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 0.8, 0.8)])
def test_a_ball_lies_where_it_is_and_is_as_large(spacing: tuple[float, float, float]) -> None:
    shape = tuple(int(40 / s) for s in spacing)
    centre = np.array([15.0, 18.0, 22.0])
    mesh = smooth_mesh(_ball(shape, centre, 10.0, spacing), spacing, MANY, 1.0)
    assert mesh is not None
    points = mesh.vertices * np.array(spacing)
    assert np.abs(points.mean(axis=0) - centre).max() < 0.5
    radii = np.linalg.norm(points - centre, axis=1)
    assert 8.0 < radii.min() <= radii.max() < 11.5
    assert _volume_mm3(mesh, spacing) == pytest.approx(4 / 3 * np.pi * 1000, rel=0.08)
    assert _open_edges(mesh.faces) == 0


@pytest.mark.parametrize("most", [2000, 500, 100])
def test_never_more_triangles_than_asked_for(most: int) -> None:
    mask = _ball((40, 40, 40), (20, 20, 20), 15.0, (1, 1, 1))
    mesh = smooth_mesh(mask, (1.0, 1.0, 1.0), most, 1.0)
    assert mesh is not None
    assert most / 5 < len(mesh.faces) <= most
    assert np.abs(mesh.vertices.mean(axis=0) - 20).max() < 1.5


def test_no_lesion_is_lost_by_smoothing_or_coarse_sampling() -> None:
    mask = _ball((40, 40, 40), (20, 20, 20), 15.0, (1, 1, 1))
    mask[1, 2, 38] = True
    for most in (MANY, 600):
        mesh = smooth_mesh(mask, (1.0, 1.0, 1.0), most, 1.0)
        assert mesh is not None
        assert np.linalg.norm(mesh.vertices - (1, 2, 38), axis=1).min() < 3


def test_a_mask_at_the_edge_is_closed() -> None:
    mesh = smooth_mesh(np.ones((4, 5, 6), bool), (1.0, 1.0, 1.0), MANY, 1.0)
    assert mesh is not None
    assert _open_edges(mesh.faces) == 0
    assert mesh.vertices.min() < 0


def test_nothing_of_nothing() -> None:
    assert smooth_mesh(np.zeros((3, 3, 3), bool), (1.0, 1.0, 1.0), MANY, 1.0) is None
    assert brain_mesh(np.zeros((3, 3, 3), bool), (1.0, 1.0, 1.0)) is None


def test_the_brain_has_no_inner_surface() -> None:
    shell = _ball((40, 40, 40), (20, 20, 20), 16.0, (1, 1, 1))
    shell &= ~_ball((40, 40, 40), (20, 20, 20), 10.0, (1, 1, 1))
    mesh = brain_mesh(shell, (1.0, 1.0, 1.0))
    assert mesh is not None
    assert np.linalg.norm(mesh.vertices - 20, axis=1).min() > 13


def test_regions_nest_and_empty_ones_are_left_out() -> None:
    labels = np.zeros((30, 30, 30), np.uint8)
    labels[_ball((30, 30, 30), (15, 15, 15), 10.0, (1, 1, 1))] = Label.ED
    labels[_ball((30, 30, 30), (15, 15, 15), 6.0, (1, 1, 1))] = Label.NCR
    surfaces = drain(surfaces_job(labels, None, (1.0, 1.0, 1.0)))
    assert list(surfaces.regions) == [Region.WT, Region.TC]
    assert surfaces.brain is None
    outer, inner = (np.ptp(surfaces.regions[r].vertices[:, 0]) for r in (Region.WT, Region.TC))
    assert outer == pytest.approx(20, abs=1.5)
    assert inner == pytest.approx(12, abs=1.5)
