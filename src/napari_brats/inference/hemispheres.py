"""The mirrored brain, laid over the brain itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import SimpleITK as sitk

FloatArray = npt.NDArray[np.float32]

SHRINK = 2
LIFT = 4.0
"""Standard deviations between background and the mean of the brain."""

ITERATIONS = 60
MIRROR_AXIS = 1  # of (C, L, P, S)


def mirrored(image: FloatArray, values: FloatArray | None = None) -> FloatArray:
    """A canonical image (C, L, P, S) flipped left to right and turned so that it fits itself.

    With ``values`` (any channels on the same grid) these, by the transform that fits the image.

    The rigid transform that lays the flipped brain over the original corrects for a head that is
    tilted or off centre; its outline counts more than what is inside, where a tumour may be on one
    side only. 0 where the mirrored brain does not reach.
    """
    import SimpleITK as sitk

    flipped = np.ascontiguousarray(np.flip(image, MIRROR_AXIS))
    fixed, moving = _to_sitk(_outlined(image)), _to_sitk(_outlined(flipped))
    transform = _rigid(sitk.Shrink(fixed, [SHRINK] * 3), sitk.Shrink(moving, [SHRINK] * 3))
    moved = [
        sitk.GetArrayFromImage(sitk.Resample(_to_sitk(c), fixed, transform, sitk.sitkLinear, 0.0))
        for c in (flipped if values is None else np.flip(values, MIRROR_AXIS))
    ]
    return np.stack(moved)


def _outlined(image: FloatArray) -> FloatArray:
    """The mean of the modalities, whose mean is 0, lifted off the background."""
    lifted: FloatArray = (image.mean(axis=0) + LIFT) * (image != 0).any(axis=0)
    return lifted


def _to_sitk(array: FloatArray) -> sitk.Image:
    import SimpleITK as sitk

    return sitk.GetImageFromArray(np.ascontiguousarray(array))


def _rigid(fixed: sitk.Image, moving: sitk.Image) -> sitk.Transform:
    import SimpleITK as sitk

    start = sitk.CenteredTransformInitializer(
        fixed, moving, sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.GEOMETRY
    )
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsCorrelation()
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-3, ITERATIONS)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInterpolator(sitk.sitkLinear)
    method.SetInitialTransform(start)
    return method.Execute(fixed, moving)
