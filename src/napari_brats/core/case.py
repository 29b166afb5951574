"""The values that travel through the program: Volume, LabelVolume, Case, Segmentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.errors import CaseError, GeometryError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import Convention, LabelMap, Region, volumes_ml
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.core.review import Review

if TYPE_CHECKING:  # the reader answers whether a file is ours without nibabel
    import nibabel as nib


@dataclass(frozen=True, eq=False)
class Volume:
    """One 3-D array with the geometry and header of the file it came from.

    Attributes
    ----------
    data
        (X, Y, Z), in the file's own axis order, scaled values.
    grid
        Its voxel grid.
    header
        The NIfTI header to copy when something on this grid is saved (shape, codes, units).
    path
        Where it was read from; None if it was made in memory.
    notes
        What the reader had to put right (NaN voxels, a broken sform), in words for the user.
    """

    data: npt.NDArray[Any]
    grid: Grid
    header: nib.Nifti1Header
    path: Path | None = None
    notes: tuple[str, ...] = ()


def notes_of(volumes: Iterable[Volume]) -> tuple[str, ...]:
    """The notes of several volumes, each once: channels of one file share theirs."""
    return tuple(dict.fromkeys(note for volume in volumes for note in volume.notes))


@dataclass(frozen=True, eq=False)
class LabelVolume:
    """An internal label map (uint8, see `core.labels`) with its convention and file.

    Attributes
    ----------
    volume
        ``volume.data`` is (X, Y, Z) uint8 in internal labels; ``volume.header`` the file's own.
    convention
        The convention of the file, in which it is written back.
    reason
        Why that convention was inferred, for the user.
    """

    volume: Volume
    convention: Convention
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Case:
    """One examination of one patient: one to four modalities, maybe a label map.

    Attributes
    ----------
    case_id
        Its name; the stem of everything that is saved.
    volumes
        Modality -> volume, at least one.
    label_map
        The label map found with it, if any.
    convention
        The convention in which a new label map of this case is written.
    """

    case_id: str
    volumes: Mapping[Modality, Volume]
    label_map: LabelVolume | None
    convention: Convention

    def __post_init__(self) -> None:
        if not self.volumes:
            raise CaseError(f"Case {self.case_id} has no image. Expected at least one modality.")

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The modalities at hand, in their fixed order."""
        return tuple(m for m in MODALITIES if m in self.volumes)

    @property
    def reference(self) -> Volume:
        """The volume whose header a new label map takes: T1C where there is one."""
        return self.volumes[self._reference_modality]

    @property
    def _reference_modality(self) -> Modality:
        return Modality.T1C if Modality.T1C in self.volumes else self.modalities[0]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader had to put right in its files, the label map's included."""
        volumes = [self.volumes[m] for m in self.modalities]
        if self.label_map is not None:
            volumes.append(self.label_map.volume)
        return notes_of(volumes)

    def require_one_grid(self) -> Grid:
        """The grid all volumes share; GeometryError naming shapes and affines if they do not."""
        grid = self.reference.grid
        if any(not grid.is_same(volume.grid) for volume in self.volumes.values()):
            listing = "\n".join(
                f"  {m}: {self.volumes[m].grid.describe()}" for m in self.modalities
            )
            raise GeometryError(
                f"The modalities of case {self.case_id} do not lie on one grid:\n{listing}\n"
                f"Expected one shape and one affine. Resample them onto one of them (panel: "
                f"'Resample onto one grid', command line: --grid {self._reference_modality})."
            )
        return grid


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What a network made of a case.

    Attributes
    ----------
    case_id
        The case it belongs to.
    labels
        (X, Y, Z) uint8, internal labels, on ``reference``'s grid.
    reference
        The volume whose geometry and header it takes.
    convention
        In which it is written.
    probabilities
        (3, X, Y, Z) float16, regions WT, TC, ET; None when not kept.
    provenance
        JSON-able facts on how it was made (bundle, device, settings, seconds by stage).
    review
        What the network says of this result: how good it may be, and where to look.
    """

    case_id: str
    labels: LabelMap
    reference: Volume
    convention: Convention
    probabilities: npt.NDArray[np.float16] | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    review: Review = field(default_factory=Review)

    def volumes_ml(self) -> dict[Region, float]:
        """Volume of each region in ml."""
        return volumes_ml(self.labels, self.reference.grid.voxel_mm3)
