"""How much of what augmentation a run gets: the recipe table ``[train.augment]``."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from napari_brats.core.errors import BratsError


def _share(default: float, help_text: str) -> Any:
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True)
class AugmentConfig:
    """One probability per family of changes; 0 switches the family off, and changes no other.

    Every family draws from random numbers of its own: two runs that differ in one family see the
    same patches but for it.
    """

    mirror: float = _share(0.5, "Share of patches that are mirrored left to right.")
    affine: float = _share(
        0.35, "Share of patches turned by up to 20 degrees about each axis and scaled by 0.8-1.25."
    )
    elastic: float = _share(0.2, "Share of patches that are bent by a smooth random field.")
    intensity: float = _share(
        1.0,
        "Share of patches whose contrast and brightness are changed and, each by chance, that get "
        "gamma, a bias field, blur and noise.",
    )
    low_resolution: float = _share(
        0.15, "Share of patches in which modalities get thick slices or coarse voxels."
    )
    scheme_mixing: float = _share(
        0.25,
        "Share of patches whose intensities are seen as after another normalisation: clipped, "
        "histogram shifted or equalised, or mapped to those of another patient.",
    )
    modality_dropout: float = _share(
        0.5,
        "Share of patches that lose modalities: any of the subsets that lack one or more and are "
        "not empty, each as often as any other (14 of them with four modalities).",
    )
    transplant: float = _share(
        0.25, "Share of patches that get the tumour of another patient blended in."
    )
    growth: float = _share(
        0.25, "Share of patches that get a synthetic tumour grown into healthy tissue."
    )

    def __post_init__(self) -> None:
        """Raise BratsError for what is no probability."""
        for setting in fields(self):
            value = getattr(self, setting.name)
            if not 0 <= value <= 1:
                raise BratsError(
                    f"The augmentation setting {setting.name} is {value}. Expected a share of the "
                    f"patches, from 0 (never) to 1 (always)."
                )
        if self.transplant + self.growth > 1:
            raise BratsError(
                f"The augmentation settings transplant ({self.transplant}) and growth "
                f"({self.growth}) add up to more than 1, but a patch gets one of the two at most. "
                f"Lower one."
            )


NO_AUGMENTATION = AugmentConfig(**{setting.name: 0.0 for setting in fields(AugmentConfig)})
