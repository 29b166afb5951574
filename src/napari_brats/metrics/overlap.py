"""Metrics that count voxels: Dice, IoU, accuracy, sensitivity, specificity, precision, volumes.

Definitions: Taha & Hanbury 2015, "Metrics for evaluating 3D medical image segmentation". Everything
comes from one table of how often each pair of labels meets, made in one pass over both label maps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box, bounding_box
from napari_brats.core.errors import GeometryError
from napari_brats.core.labels import LabelMap
from napari_brats.metrics.empty import EmptyPolicy

JointCounts = npt.NDArray[np.int64]
"""(256, 256): how many voxels have label i in the reference and j in the prediction."""


@dataclass(frozen=True)
class Confusion:
    """How many voxels a reference and a prediction share, per outcome.

    Attributes
    ----------
    tp, fp, fn, tn
        In both; only in the prediction; only in the reference; in neither.
    """

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def reference(self) -> int:
        """Voxels of the reference."""
        return self.tp + self.fn

    @property
    def prediction(self) -> int:
        """Voxels of the prediction."""
        return self.tp + self.fp

    @property
    def both_empty(self) -> bool:
        """Whether neither side has a voxel."""
        return not (self.tp or self.fp or self.fn)


def joint_counts(reference: LabelMap, prediction: LabelMap) -> JointCounts:
    """How often each pair of labels meets in two label maps of one shape.

    GeometryError if the shapes differ.
    """
    require_one_shape(reference, prediction)
    return joint_counts_in(reference, prediction, bounding_box((reference | prediction) != 0))


def require_one_shape(reference: LabelMap, prediction: LabelMap) -> None:
    """GeometryError if the shapes of two label maps differ."""
    if reference.shape != prediction.shape:
        raise GeometryError(
            f"The reference has the shape {reference.shape}, the prediction {prediction.shape}. "
            f"Expected two label maps on one grid; resample one onto the other."
        )


def joint_counts_in(reference: LabelMap, prediction: LabelMap, box: Box | None) -> JointCounts:
    """As `joint_counts`, by a box outside of which both are empty; None if they are everywhere."""
    counts = np.zeros((256, 256), np.int64)
    if box is not None:
        pairs = reference[box].astype(np.uint16) * np.uint16(256) + prediction[box]
        counts += np.bincount(pairs.ravel(), minlength=256 * 256).reshape(256, 256)
    counts[0, 0] += reference.size - counts.sum()
    return counts


def confusion_of_labels(counts: JointCounts, labels: Iterable[int]) -> Confusion:
    """The confusion of the union of ``labels``."""
    inside = np.zeros(256, np.bool_)
    inside[list(labels)] = True
    tp, fp = counts[inside][:, inside].sum(), counts[~inside][:, inside].sum()
    fn, tn = counts[inside][:, ~inside].sum(), counts[~inside][:, ~inside].sum()
    return Confusion(int(tp), int(fp), int(fn), int(tn))


def dice(c: Confusion, policy: EmptyPolicy = EmptyPolicy.CHALLENGE) -> float:
    """2 TP / (reference + prediction), 0 to 1. Both empty: by policy (1)."""
    size = c.reference + c.prediction
    return 2 * c.tp / size if size else policy.overlap(both=True)


def iou(c: Confusion, policy: EmptyPolicy = EmptyPolicy.CHALLENGE) -> float:
    """TP / (TP + FP + FN), the Jaccard index, 0 to 1. Both empty: by policy (1)."""
    union = c.tp + c.fp + c.fn
    return c.tp / union if union else policy.overlap(both=True)


def accuracy(c: Confusion) -> float:
    """(TP + TN) / all voxels, 0 to 1; NaN for no voxel.

    Dominated by the background: near 1 for any small region.
    """
    total = c.tp + c.fp + c.fn + c.tn
    return (c.tp + c.tn) / total if total else float("nan")


def sensitivity(c: Confusion, policy: EmptyPolicy = EmptyPolicy.CHALLENGE) -> float:
    """TP / reference, 0 to 1. Reference empty: by policy (1 if both are, else 0)."""
    return c.tp / c.reference if c.reference else policy.overlap(both=c.both_empty)


def specificity(c: Confusion, policy: EmptyPolicy = EmptyPolicy.CHALLENGE) -> float:
    """TN / (TN + FP), 0 to 1. Where the reference fills the volume: by policy (0)."""
    negatives = c.tn + c.fp
    return c.tn / negatives if negatives else policy.overlap(both=False)


def precision(c: Confusion, policy: EmptyPolicy = EmptyPolicy.CHALLENGE) -> float:
    """TP / prediction, 0 to 1. Prediction empty: by policy (1 if both are, else 0)."""
    return c.tp / c.prediction if c.prediction else policy.overlap(both=c.both_empty)


def volume_similarity(c: Confusion, policy: EmptyPolicy = EmptyPolicy.CHALLENGE) -> float:
    """1 - |reference - prediction| / (reference + prediction), 0 to 1. Both empty: by policy (1).

    Compares sizes only: 1 for two disjoint regions of one volume.
    """
    size = c.reference + c.prediction
    if not size:
        return policy.overlap(both=True)
    return 1 - abs(c.reference - c.prediction) / size
