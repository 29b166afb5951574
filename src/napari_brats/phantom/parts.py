"""The parts of a brain as signed distances in mm, negative inside, before folds and tumour."""

from __future__ import annotations

import numpy as np

from napari_brats.phantom.space import Field, Position, blend, ellipsoid, tube


def cerebrum(position: Position) -> Field:
    """Both hemispheres as one smooth body, without fissures."""
    a, v, w = position
    narrow = 1 - 0.09 * np.clip(v / 86, -0.6, 1)  # the frontal lobes are narrower than the parietal
    rise = w - 18 - 4 * np.clip(-v / 86, 0, 1)
    up, down = np.maximum(rise, 0) / 56, np.minimum(rise, 0) / (40 - 0.10 * v)
    k = (np.abs(a / (66 * narrow)) ** 2.15 + np.abs((v - 0) / 85) ** 2.15) + np.abs(
        up + down
    ) ** 2.15
    body = (k ** (1 / 2.15) - 1) * 58
    tilted = (a - 0.12 * v, v, w - 0.10 * v)
    temporal = ellipsoid(tilted, (41, 6, -22), (22, 46, 20))
    return blend(body, temporal, 5)


def cerebellum(position: Position) -> Field:
    """Two lobes and the vermis."""
    lobe = ellipsoid(position, (25, -53, -36), (28, 28, 25))
    vermis = ellipsoid(position, (0, -52, -36), (10, 25, 23))
    return blend(lobe, vermis, 8)


def brainstem(position: Position) -> Field:
    """Midbrain, pons and medulla."""
    chain = tube(
        position,
        [(0, -15, -8), (0, -14, -16), (0, -16, -46), (0, -21, -63)],
        [12, 10, 9, 8],
    )
    return blend(chain, ellipsoid(position, (0, -7, -29), (18, 13, 13)), 4)


def ventricles(position: Position) -> Field:
    """Lateral ventricles with their horns, third and fourth ventricle."""
    a, v, w = position
    lateral = tube(
        (a * 1.25, v, w),
        [(13, 34, 10), (10, 23, 17), (8, 2, 23), (13, -20, 24), (27, -36, 15), (29, -60, 10)],
        [4, 7, 6, 6, 8.5, 2],
    )
    temporal = tube(position, [(24, -36, 14), (34, -24, -6), (32, -4, -18)], [5, 2.5, 1.5])
    third = ellipsoid(position, (0, -8, 3), (2.1, 15, 11))
    fourth = ellipsoid(position, (0, -28, -33), (7, 5, 10))
    septum = 1.0 - a  # keeps the two lateral ventricles apart
    return np.minimum(np.maximum(np.minimum(lateral, temporal), septum), np.minimum(third, fourth))


def nuclei(position: Position) -> dict[str, Field]:
    """The deep grey matter by tissue."""
    caudate = np.minimum(
        ellipsoid(position, (14, 21, 8), (5.5, 11, 9)),
        tube(position, [(15, 14, 16), (17, 0, 23), (20, -18, 23)], [4, 3, 1.5]),
    )
    a, v, w = position
    bent = (a - 0.004 * (v - 4) ** 2, v, w)
    putamen = ellipsoid(bent, (25, 4, 3), (5, 17, 11))
    return {
        "nuclei": np.minimum(caudate, putamen),
        "thalamus": ellipsoid((a + 0.25 * (v + 16), v, w), (12, -16, 7), (9, 15, 9)),
        "pallidum": ellipsoid(bent, (17.5, 0, 1), (4.5, 9, 7)),
    }


def core(position: Position) -> Field:
    """Where no fold reaches: between the corpus callosum and the brainstem."""
    callosum = ellipsoid(position, (0, -2, 9), (26, 40, 25))
    return blend(callosum, brainstem(position) - 3, 6)


def sylvian(position: Position) -> Field:
    """Signed distance to the CSF of the Sylvian fissure and of the insula's cleft."""
    a, v, w = position
    height = -6 - 0.30 * (v - 10) + 2.5 * np.sin(v / 11)
    ends = np.maximum(np.maximum(v - 34, -40 - v), 0)
    lateral = np.sqrt((w - height) ** 2 + ends**2 + np.maximum(37 - a, 0) ** 2)
    reach = np.maximum(np.abs(w - height - 3) - 12, 0)
    along = np.maximum(np.maximum(v - 24, -18 - v), 0)
    insula = 37 + 0.004 * (v - 4) ** 2 + 1.2 * np.sin(v / 5 + w / 9)
    cleft = np.sqrt((a - insula) ** 2 + reach**2 + along**2)
    return np.minimum(lateral - 0.7, cleft - 0.45)


def outline(position: Position, cerebrum: Field) -> Field:
    """Signed distance to what skull stripping leaves: all parts, and the cisterns."""
    both = blend(cerebrum, cerebellum(position), 7)
    return blend(both, brainstem(position), 7) - 0.5
