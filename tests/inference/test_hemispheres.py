"""The mirrored brain over the brain."""

import numpy as np

from napari_brats.inference.hemispheres import mirrored


def brain(shift=0):
    """An ellipsoid with an inner one, symmetric about the middle but for ``shift`` voxels."""
    x, y, z = np.meshgrid(*[np.arange(n) for n in (40, 48, 36)], indexing="ij")
    outer = ((x - 20 - shift) / 14) ** 2 + ((y - 24) / 19) ** 2 + ((z - 18) / 13) ** 2 < 1
    inner = ((x - 20 - shift) / 6) ** 2 + ((y - 24) / 9) ** 2 + ((z - 18) / 5) ** 2 < 1
    return (outer + 2.0 * inner).astype(np.float32)


def test_a_symmetric_brain_is_its_own_mirror_image_wherever_it_lies():
    for shift in (0, 3):
        image = np.stack([brain(shift)] * 2)
        difference = np.abs(mirrored(image) - image).mean()
        unmoved = np.abs(np.flip(image, 1) - image).mean()
        assert difference < max(0.02, 0.4 * unmoved)


def test_what_is_on_one_side_comes_to_the_other():
    image = brain()[None].copy()
    image[0, 28:31, 22:25, 16:19] = 9
    other = mirrored(image)[0]
    assert other[10:13, 22:25, 16:19].max() > 5
    assert other[28:31, 22:25, 16:19].max() < 4
