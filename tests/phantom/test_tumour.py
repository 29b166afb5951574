import numpy as np
import pytest

from napari_brats.phantom.tumour import CENTRE_MM, PUSH_MM, _flow, mass_effect


def place(*mm: float) -> tuple[np.ndarray, ...]:
    return tuple(np.array([value], np.float32) for value in mm)


def test_tissue_is_pushed_away_from_the_tumour() -> None:
    u, v, w = CENTRE_MM
    medial = mass_effect(place(u - 15, v, w))
    assert medial[0] > 5  # what lies there came from nearer the middle of the tumour
    assert medial[0] < PUSH_MM
    assert float(medial[1][0]) == float(medial[2][0]) == 0


def test_the_skull_and_the_other_side_stay_where_they_are() -> None:
    assert np.abs(mass_effect(place(-50, 0, 20))).max() < 0.05
    assert np.abs(mass_effect(place(40, -40, 50))).max() == 0


def test_fluid_flows_along_white_matter_and_none_is_lost() -> None:
    fluid = np.zeros((3, 3, 3), np.float32)
    fluid[1, 1, 1] = 1
    conduct = np.ones_like(fluid)
    conduct[0] = 0  # grey matter
    change = _flow(fluid, conduct)
    assert change.sum() == pytest.approx(0, abs=1e-6)
    assert change[0, 1, 1] == 0
    assert change[2, 1, 1] == pytest.approx(0.10)
    assert change[1, 0, 1] == pytest.approx(0.18)  # front to back it runs faster
