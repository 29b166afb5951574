"""Rigid registration of one time point onto another, and the check that it worked.

The measure is Mattes' mutual information (Mattes et al. 2003, doi:10.1109/TMI.2003.809072), which
bears other scanners and other contrasts; the optimiser goes down its gradient in steps that are
halved whenever the gradient turns round, on a grid of about 4 mm and then of about 2 mm.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_brats.core.geometry import Affine
from napari_brats.core.progress import Job, Progress
from napari_brats.followup.brains import IDENTITY, Brain, Rigid, brain_centre_mm, brain_dice
from napari_brats.io.resample import RAS_TO_LPS, itk_image

if TYPE_CHECKING:
    import SimpleITK as sitk

LEVELS_MM = (4.0, 2.0)
SAMPLED = (1.0, 0.1)
"""The share of the voxels of the brain that each level looks at, drawn with a fixed seed."""

SEED = 2023
BINS = 32
FIRST_STEP, LAST_STEP = 0.5, 0.005
"""Of a level's spacing: about how far (in mm) the first step moves the brain's rim, and the step
below which the level ends."""

RADIUS_MM = 60.0
"""A turn by one radian moves what lies this far from the brain's centre as far as a shift by 60 mm:
so turns and shifts count alike, and far fewer steps are needed."""

MAX_STEPS = 60
STEPS_AT_ONCE = 5
"""The registration can be cancelled between as many steps."""

MARGIN_MM = 6.0
"""The rim of the brain tells most about its place: so much of what lies around it is looked at."""

MIN_DICE = 0.9
"""Brains that overlap less after registration are not the same brain in the same place."""

AGREE_DICE = 0.998
"""Brains on one grid that overlap so much lie less than about 0.2 mm apart: a whole brain shifted
by 1 mm has a Dice of 0.99."""


@dataclass(frozen=True, eq=False)
class Registration:
    """How a later time point lies against the baseline.

    Attributes
    ----------
    rigid
        The turn and the shift that were found.
    dice
        Overlap of the two brains after it, 0 to 1, where both fields of view reach.
    dice_before
        The same before it.
    how
        In words for the user.
    """

    rigid: Rigid
    dice: float
    dice_before: float
    how: str

    @property
    def is_usable(self) -> bool:
        """Whether the brains overlap enough for a comparison."""
        return self.dice >= MIN_DICE


def register(fixed: Brain, moving: Brain) -> Job[Registration]:
    """Lay ``moving`` onto ``fixed`` by a turn and a shift; the same input gives the same result.

    Starts from the scanner's own places, or from the centres of the brains if these fit better.
    Brains that agree already are left where they are.
    """
    before = brain_dice(fixed, moving, IDENTITY)
    if fixed.grid.is_same(moving.grid) and before >= AGREE_DICE:
        return Registration(IDENTITY, before, before, "on one grid already, brains agree")
    matrix = yield from _optimised(fixed, moving)
    rigid = Rigid(matrix)
    dice = brain_dice(fixed, moving, rigid)
    return Registration(rigid, dice, before, "registered rigidly by mutual information")


def unregistered(fixed: Brain, moving: Brain) -> Registration:
    """The later time point left where its scanner put it."""
    dice = brain_dice(fixed, moving, IDENTITY)
    return Registration(IDENTITY, dice, dice, "not registered: taken as the files place it")


def _optimised(fixed: Brain, moving: Brain) -> Job[Affine]:
    """The 4x4 matrix (RAS+) of the best transform, found level by level."""
    yield Progress(0, _TOTAL, "Registering: looking where the brains lie")
    transform = _start(fixed, moving)
    for number, (level_mm, share) in enumerate(zip(LEVELS_MM, SAMPLED, strict=True)):
        level = _Level(fixed, moving, level_mm, share)
        step = FIRST_STEP * level_mm
        for begun in range(0, MAX_STEPS, STEPS_AT_ONCE):
            done = number * MAX_STEPS + begun
            yield Progress(done, _TOTAL, f"Registering at {level_mm:g} mm")
            step = level.improve(transform, step)
            if step <= LAST_STEP * level_mm:
                break
    return RAS_TO_LPS @ _matrix(transform) @ RAS_TO_LPS


_TOTAL = MAX_STEPS * len(LEVELS_MM)


class _Level:
    """The images at one resolution, and steps of the optimiser on them."""

    def __init__(self, fixed: Brain, moving: Brain, level_mm: float, share: float) -> None:
        self._fixed, self._fixed_mask = _shrunk(fixed, level_mm)
        self._moving, self._moving_mask = _shrunk(moving, level_mm)
        self._share = share
        self._last_step = LAST_STEP * level_mm

    def improve(self, transform: sitk.Euler3DTransform, step: float) -> float:
        """Take a few steps, the first of length ``step``; the length the next one should have.

        It is 0.0 once steps have become too short to matter.
        """
        import SimpleITK as sitk

        method = self._method(transform)
        method.SetOptimizerAsRegularStepGradientDescent(step, self._last_step, STEPS_AT_ONCE)
        method.SetOptimizerScales([RADIUS_MM**2] * 3 + [1.0] * 3)
        places = [np.array(transform.GetParameters())]
        method.AddCommand(
            sitk.sitkIterationEvent,
            lambda: places.append(np.array(method.GetOptimizerPosition())),
        )
        try:
            with _one_thread():
                method.Execute(self._fixed, self._moving)
        except RuntimeError:  # ITK's word for images that do not meet; their overlap tells it
            return 0.0
        if len(places) < 2 or "too small" in method.GetOptimizerStopConditionDescription():
            return 0.0
        return min(step, float(np.linalg.norm(places[-1] - places[-2])))

    def value(self, transform: sitk.Euler3DTransform) -> float:
        """The measure, the lower the better; infinity where too little overlaps."""
        method = self._method(transform)
        try:
            with _one_thread():
                value: float = method.MetricEvaluate(self._fixed, self._moving)
        except RuntimeError:  # ITK's word for images that do not meet
            return float("inf")
        return value

    def _method(self, transform: sitk.Euler3DTransform) -> Any:
        import SimpleITK as sitk

        method = sitk.ImageRegistrationMethod()
        method.SetMetricAsMattesMutualInformation(BINS)
        method.SetMetricFixedMask(self._fixed_mask)
        method.SetMetricMovingMask(self._moving_mask)
        if self._share < 1:
            method.SetMetricSamplingStrategy(method.RANDOM)
            method.SetMetricSamplingPercentage(self._share, SEED)
        method.SetInterpolator(sitk.sitkLinear)
        method.SetNumberOfThreads(1)
        method.SetInitialTransform(transform, inPlace=True)
        return method


@contextmanager
def _one_thread() -> Iterator[None]:
    """ITK on one thread, its inner filters too: several add up sums in any order."""
    import SimpleITK as sitk

    threads = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)


def _start(fixed: Brain, moving: Brain) -> sitk.Euler3DTransform:
    """The better one of: as the scanner placed them, and centre of brain onto centre of brain."""
    import SimpleITK as sitk

    level = _Level(fixed, moving, 2 * LEVELS_MM[0], 1.0)
    here, there = brain_centre_mm(fixed), brain_centre_mm(moving)
    starts = []
    for shift in (np.zeros(3), there - here):
        transform = sitk.Euler3DTransform()
        transform.SetCenter(here.tolist())
        transform.SetTranslation(shift.tolist())
        starts.append(transform)
    return min(starts, key=level.value)


def _shrunk(brain: Brain, level_mm: float) -> tuple[sitk.Image, sitk.Image]:
    """Image and mask at about ``level_mm``; the mask holds the brain's rim, but no tumour."""
    import SimpleITK as sitk

    factors = [max(1, round(level_mm / s)) for s in brain.grid.spacing_mm]
    image = sitk.BinShrink(itk_image(brain.volume.data.astype(np.float32), brain.grid), factors)
    mask = sitk.BinShrink(itk_image(brain.mask.astype(np.float32), brain.grid), factors) > 0.5
    reach = [max(1, round(MARGIN_MM / s)) for s in image.GetSpacing()]
    around = sitk.BinaryDilate(mask, reach)
    tumour = sitk.BinShrink(itk_image(brain.tumour.astype(np.float32), brain.grid), factors) > 0
    return image, sitk.And(around, sitk.Not(tumour))


def _matrix(transform: sitk.Euler3DTransform) -> Affine:
    """The 4x4 matrix of an Euler transform, in ITK's millimetres."""
    turn = np.array(transform.GetMatrix()).reshape(3, 3)
    centre, shift = np.array(transform.GetCenter()), np.array(transform.GetTranslation())
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = centre + shift - turn @ centre
    return matrix
