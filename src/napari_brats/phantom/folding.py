"""The folds of the cortex: a labyrinth that grows on the brain's surface.

Sulci are the zero sheets of a field that is constant along the surface's normals and has one
wavelength along the surface. The field is grown like that of the Swift-Hohenberg equation (Phys.
Rev. A 15:319, 1977; here saturated by tanh), whose stripes bend as gyri do, by the closest point
method (Ruuth and Merriman, J. Comput. Phys. 227:1943, 2008): step in 3-D, then copy the surface's
values outwards and inwards.
"""

from __future__ import annotations

import numpy as np

from napari_brats.phantom.space import Field, Space

_STEPS = 16
_GROWTH = 1.8


def grow_folds(hull: Field, space: Space, wavelength_mm: float, rng: np.random.Generator) -> Field:
    """A field of about unit amplitude whose zero sheets cut perpendicularly into ``hull``.

    Parameters
    ----------
    hull
        (X, Y, Z) signed distance to the surface in mm, on ``space``; smooth.
    space
        A grid with one step along all axes, at most a sixth of the wavelength.
    wavelength_mm
        Twice the width of a gyrus at the surface.
    rng
        Where the folds start from.
    """
    from scipy.ndimage import map_coordinates

    points = closest_points(hull, space)
    linear = _linear_operator(space, wavelength_mm)
    field = rng.standard_normal(space.shape, dtype=np.float32)
    field = _filtered(field, np.exp(-8 * linear).astype(np.float32))
    field /= field.std()
    for _ in range(_STEPS):
        field = map_coordinates(field, points, order=1, mode="nearest")
        field = _filtered(np.tanh(_GROWTH * field), 1 / (1 + linear))
    return map_coordinates(field, points, order=3, mode="nearest").astype(np.float32)


def closest_points(hull: Field, space: Space) -> Field:
    """(3, X, Y, Z): for each point the array index of the surface point closest to it."""
    step = abs(space.steps_mm[0])
    gradient = np.stack([np.gradient(hull, step, axis=axis) for axis in range(3)])
    gradient /= np.maximum(np.sqrt((gradient**2).sum(axis=0)), 0.2)
    index = np.stack(np.meshgrid(*map(np.arange, space.shape), indexing="ij"))
    return (index - hull * gradient / step).astype(np.float32)


def _linear_operator(space: Space, wavelength_mm: float) -> Field:
    """0 at the wanted wavelength, growing away from it, in the frequencies of ``rfftn``."""
    last = len(space.shape) - 1
    total: Field = np.zeros((1, 1, 1))
    for axis, (count, step) in enumerate(zip(space.shape, space.steps_mm, strict=True)):
        frequency = (np.fft.rfftfreq if axis == last else np.fft.fftfreq)(count, abs(step))
        shape = [1, 1, 1]
        shape[axis] = -1
        total = total + (frequency * wavelength_mm).reshape(shape) ** 2
    return (4 * (total - 1) ** 2).astype(np.float32)


def _filtered(field: Field, response: Field) -> Field:
    from scipy.fft import irfftn, rfftn

    out: Field = irfftn(rfftn(field) * response, s=field.shape)
    return out
