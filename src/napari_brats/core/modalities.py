"""The four MR contrasts of a case."""

from __future__ import annotations

from enum import StrEnum


class Modality(StrEnum):
    """An MR contrast. The order of definition is the order in which modalities are listed."""

    T1N = "T1N"
    T1C = "T1C"
    T2W = "T2W"
    T2F = "T2F"

    @property
    def title(self) -> str:  # type: ignore[override]
        """A name for people, e.g. ``T1C (contrast-enhanced T1)``."""
        return f"{self.value} ({_DESCRIPTIONS[self.value]})"


_DESCRIPTIONS = {
    "T1N": "native T1",
    "T1C": "contrast-enhanced T1",
    "T2W": "T2",
    "T2F": "T2-FLAIR",
}

MODALITIES: tuple[Modality, ...] = tuple(Modality)

Shares = tuple[tuple[Modality, float], ...]
"""How probable it is that an image is each modality, likeliest first."""

FILE_SUFFIX: dict[Modality, str] = {
    Modality.T1N: "t1n",
    Modality.T1C: "t1c",
    Modality.T2W: "t2w",
    Modality.T2F: "t2f",
}
"""What BraTS 2023 and later append to the case id in a file name."""
