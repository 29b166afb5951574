import numpy as np
import pytest

from napari_brats.phantom.folding import closest_points, grow_folds
from napari_brats.phantom.space import Space

RADIUS_MM = 30.0


@pytest.fixture(scope="module")
def ball() -> tuple[np.ndarray, Space]:
    axis = np.arange(-45, 46, 3, dtype=np.float32)
    space = Space(axis, axis, axis)
    hull = np.sqrt(sum(c**2 for c in space.mesh())) - RADIUS_MM
    return hull.astype(np.float32), space


def test_closest_points_of_a_ball_lie_on_it(ball: tuple[np.ndarray, Space]) -> None:
    hull, space = ball
    place = closest_points(hull, space) * 3 - 45
    radius = np.sqrt((place**2).sum(axis=0))
    away_from_the_middle = hull > -20
    assert np.abs(radius[away_from_the_middle] - RADIUS_MM).max() < 1.5


def test_sulci_cut_perpendicularly_into_the_surface(ball: tuple[np.ndarray, Space]) -> None:
    hull, space = ball
    folds = grow_folds(hull, space, 24, np.random.default_rng(0))
    outer, inner = folds[15, 15, 25], folds[15, 15, 22]  # 30 and 21 mm from the middle
    assert outer == pytest.approx(inner, abs=0.02)


def test_folds_have_one_wavelength_and_both_signs(ball: tuple[np.ndarray, Space]) -> None:
    hull, space = ball
    surface = np.abs(hull) < 1.5

    def slope(wavelength_mm: float) -> float:
        folds = grow_folds(hull, space, wavelength_mm, np.random.default_rng(0))
        assert 0.4 < (folds[surface] > 0).mean() < 0.6
        steepness = np.sqrt(sum(g**2 for g in np.gradient(folds, 3)))[surface]
        return float(np.sqrt((steepness**2).mean()) / folds[surface].std())

    # a wave sin(k x) has rms slope k times its rms: 2 pi / wavelength
    assert slope(24) == pytest.approx(2 * np.pi / 24, rel=0.25)
    assert slope(36) == pytest.approx(2 * np.pi / 36, rel=0.25)
