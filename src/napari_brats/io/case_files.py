"""Which file of a case was taken for what, and why."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from napari_brats.core.errors import CaseError
from napari_brats.core.modalities import MODALITIES, Modality, Shares
from napari_brats.io.names import read_name
from napari_brats.io.words import Kind


@dataclass(frozen=True)
class FileChoice:
    """A file, or one channel of a 4-D file, and why it was taken for what it is.

    Attributes
    ----------
    path
        The file.
    reason
        In words for the user.
    channel
        Index on the fourth axis; None for a 3-D file.
    shares
        How probable each modality is where the voxels were asked; empty where names told.
    """

    path: Path
    reason: str
    channel: int | None = None
    shares: Shares = ()

    @property
    def title(self) -> str:
        """The file's name, with the channel where there is one."""
        return self.path.name if self.channel is None else f"{self.path.name}:{self.channel}"

    def describe(self) -> str:
        """The path, with the channel where there is one."""
        return f"{self.path}" if self.channel is None else f"{self.path} channel {self.channel}"


@dataclass(frozen=True)
class FilesProblem:
    """Why a case cannot be loaded as it stands.

    Attributes
    ----------
    text
        For the user, with the files and what to do.
    modality
        The modality that several files claim; None if it is the label map.
    """

    text: str
    modality: Modality | None


@dataclass(frozen=True)
class CaseFiles:
    """The files of one case.

    Attributes
    ----------
    case_id
        Its name.
    modalities
        Modality -> file.
    label_map
        Its label map, if there is one.
    unassigned
        Images, or channels of a 4-D file, whose modality is not known.
    naming
        The naming row, e.g. ``BraTS 2021``; ``unknown`` if none fits.
    convention_hint
        The label convention that naming suggests; None if it suggests none.
    ignored
        Files that are no modality, with why.
    problems
        Why the case cannot be loaded as it stands (a modality twice, two label maps).
    """

    case_id: str
    modalities: Mapping[Modality, FileChoice]
    label_map: FileChoice | None
    unassigned: tuple[FileChoice, ...]
    naming: str
    convention_hint: str | None
    ignored: tuple[FileChoice, ...]
    problems: tuple[FilesProblem, ...] = ()

    @property
    def missing(self) -> tuple[Modality, ...]:
        """The modalities no file was found for."""
        return tuple(m for m in MODALITIES if m not in self.modalities)

    @property
    def choices(self) -> tuple[FileChoice, ...]:
        """Every file of the case, whatever it was taken for."""
        label_map = () if self.label_map is None else (self.label_map,)
        return (*self.modalities.values(), *self.unassigned, *label_map, *self.ignored)

    @property
    def folder(self) -> Path:
        """The folder its files lie in (the innermost that holds them all)."""
        return Path(os.path.commonpath([c.path.resolve().parent for c in self.choices]))

    def require_usable(self) -> CaseFiles:
        """Itself; CaseError with the `problems` if there are any."""
        if self.problems:
            raise CaseError("\n".join(problem.text for problem in self.problems))
        return self

    def with_modality(
        self, modality: Modality, path: Path, channel: int | None = None
    ) -> CaseFiles:
        """The case with that file for ``modality``, as the user chose it.

        The file leaves every other place it had; the one it replaces becomes unassigned. A problem
        about this modality is solved by it.
        """
        taken = (path, channel)
        kept = {m: c for m, c in self.modalities.items() if (c.path, c.channel) != taken}
        former = kept.pop(modality, None)
        kept[modality] = FileChoice(path, "chosen by the user", channel)
        rest = [c for c in self.unassigned if (c.path, c.channel) != taken]
        if former:
            why = f"replaced as {modality} by the user"
            rest.append(replace(former, reason=why, shares=()))
        label_map = self.label_map
        if label_map and (label_map.path, label_map.channel) == taken:
            label_map = None
        return replace(
            self,
            modalities={m: kept[m] for m in MODALITIES if m in kept},
            unassigned=tuple(rest),
            label_map=label_map,
            ignored=tuple(c for c in self.ignored if (c.path, c.channel) != taken),
            problems=tuple(p for p in self.problems if p.modality is not modality),
        )


def label_maps_of(files: CaseFiles) -> tuple[FileChoice, ...]:
    """Every label map of a case: the one that is taken, if any, then those that were set aside."""
    taken = () if files.label_map is None else (files.label_map,)
    return (*taken, *(c for c in files.ignored if read_name(c.path).kind is Kind.LABEL_MAP))
