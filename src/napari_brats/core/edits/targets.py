"""What a tool is about: a label, or a region as the union of its labels."""

from __future__ import annotations

from napari_brats.core.labels import REGION_LABELS, Label, Region

Target = Region | Label
"""A label other than the background, or a region."""


def labels_in(target: Target) -> tuple[Label, ...]:
    """The labels that make up ``target``."""
    return REGION_LABELS[target] if isinstance(target, Region) else (target,)
