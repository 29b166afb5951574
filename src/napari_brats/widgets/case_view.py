"""What the section "Case" shows, as plain values; `case_describer` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from napari_brats.core.modalities import MODALITIES, Modality


@dataclass(frozen=True)
class Source:
    """Something a modality can be taken from: an open layer or a file on disk.

    Attributes
    ----------
    source_id
        What the bridge knows it by.
    title
        The file's name (and the channel of a 4-D file).
    is_open
        Whether it is a layer already.
    """

    source_id: str
    title: str
    is_open: bool = True


@dataclass(frozen=True)
class CaseView:
    """All that the panel shows of the active case.

    Attributes
    ----------
    case_key, case_id
        The active case; both empty when none is open.
    open_cases
        Key -> title of every open case, in the order of opening.
    sources
        What can be chosen for a modality.
    chosen
        Modality -> source id.
    reasons
        Modality -> why that file was taken for it.
    convention, convention_reason
        Name of the label convention, and why.
    grid
        The common grid in words.
    grid_problem
        What to say when the modalities do not lie on one grid; else empty.
    rest
        Number of files of this case that were found and are not open.
    folder_cases
        Other cases of the folder that was opened: path -> case id.
    warnings
        What looks wrong with the input.
    """

    case_key: str = ""
    case_id: str = ""
    open_cases: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    chosen: Mapping[Modality, str] = field(default_factory=dict)
    reasons: Mapping[Modality, str] = field(default_factory=dict)
    convention: str = ""
    convention_reason: str = ""
    grid: str = ""
    grid_problem: str = ""
    rest: int = 0
    folder_cases: Mapping[Path, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[Modality, ...]:
        """Modalities for which nothing was found."""
        return tuple(m for m in MODALITIES if m not in self.chosen)
