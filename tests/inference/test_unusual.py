"""What is no skull-stripped MRI of a brain is pointed out; a usual brain is not."""

import numpy as np
import pytest

from napari_brats.core.geometry import Grid
from napari_brats.core.labels import Region
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.inference.preprocess import prepare_image
from napari_brats.inference.unusual import find_unusual

SHAPE = (96, 110, 96)
AFFINE = np.diag([-2.0, -2.0, 2.0, 1.0])
X, Y, Z = (axis - n / 2 for axis, n in zip(np.ogrid[tuple(map(slice, SHAPE))], SHAPE, strict=True))


def _brain():
    """An ellipsoid of 132 x 168 x 136 mm with furrows, about 1.4 litres."""
    wrinkle = 1 + 0.06 * np.sin(X / 1.2) * np.sin(Y / 1.2) * np.sin(Z / 1.2)
    return wrinkle > (X / 33) ** 2 + (Y / 42) ** 2 + (Z / 34) ** 2


def _images(inside, seed=0):
    """Four different smooth textures, symmetric from side to side, with a little noise."""
    rng = np.random.default_rng(seed)
    images = {}
    for number, modality in enumerate(MODALITIES, start=1):
        texture = np.cos(X / (3 + number)) + np.sin(Y / (2 + number)) + np.cos(Z / number / 2)
        image = 300 + 60 * texture + rng.normal(0, 10, SHAPE)
        images[modality] = np.where(inside, image, 0).astype(np.float32)
    return images


def _unusual(arrays, affine=AFFINE, agreement=None):
    shape = next(iter(arrays.values())).shape
    prepared = prepare_image(arrays, Grid(shape, affine), MODALITIES)
    return "\n".join(find_unusual(prepared, arrays, MODALITIES, agreement))


def test_a_usual_brain_passes_whatever_its_scale_and_orientation():
    images = _images(_brain())
    assert _unusual(images) == ""
    assert _unusual({m: i / 500 - 1 for m, i in images.items()}) == ""
    assert _unusual(images, np.diag([2.0, 2.0, 2.0, 1.0])) == ""
    assert _unusual({Modality.T2F: images[Modality.T2F]}) == ""


def test_noise_is_pointed_out():
    rng = np.random.default_rng(0)
    brain = _brain()
    arrays = {m: np.where(brain, rng.normal(100, 20, SHAPE), 0) for m in MODALITIES}
    text = _unusual(arrays)
    assert "Noise in T1N, T1C, T2W, T2F" in text
    assert "Left and right of T1N" in text


@pytest.mark.parametrize("is_constant", [True, False])
def test_a_ball_is_too_smooth(is_constant):
    ball = X**2 + Y**2 + Z**2 < 34**2
    arrays = {m: ball.astype(float) for m in MODALITIES} if is_constant else _images(ball)
    text = _unusual(arrays)
    assert "as smooth as a ball's" in text
    assert ("one value each" in text) == is_constant


def test_a_head_with_its_skull_is_too_large_and_hollow():
    brain = _brain()
    radius = (X / 33) ** 2 + (Y / 42) ** 2 + (Z / 34) ** 2
    scalp = (radius > 1.3) & (radius < 1.7) & np.ones(SHAPE, bool)
    text = _unusual(_images(brain | scalp))
    assert "Is the skull still on?" in text
    assert "ragged, or hollow" in text


def test_a_body_fills_the_field():
    text = _unusual(_images(np.ones(SHAPE) > (X / 46) ** 2 + (Y / 50) ** 2))
    assert "ends in a flat cut" in text
    assert "litres" not in text
    assert "Is the skull still on?" in text


def test_part_of_a_brain_is_pointed_out():
    images = _images(_brain() & (np.abs(Z) < 14))
    text = _unusual(images)
    assert "Is a part cut off?" in text
    assert "from bottom to top (usual: 95 to 180)" in text


def test_hounsfield_units_are_those_of_a_ct():
    images = {m: np.where(i == 0, -1000, i / 10) for m, i in _images(_brain()).items()}
    assert "as air has in a CT" in _unusual(images)


def test_one_image_for_two_modalities_is_pointed_out():
    images = _images(_brain())
    images[Modality.T2W] = 2 * images[Modality.T1N]
    assert "Nearly the same image: T1N and T2W." in _unusual(images)


def test_thick_slices_are_pointed_out():
    images = {m: i[:, :, ::2] for m, i in _images(_brain()).items()}
    assert "up to 4.0 mm long" in _unusual(images, np.diag([-2.0, -2, 4, 1]))


def test_a_network_that_contradicts_itself_is_pointed_out():
    images = _images(_brain())
    assert "contradicts itself" in _unusual(images, agreement={Region.WT: 0.1, Region.ET: 1.0})
    assert _unusual(images, agreement={Region.WT: 0.8, Region.ET: 0.0}) == ""
