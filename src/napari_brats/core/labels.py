"""Labels, regions and label conventions: one table, both directions.

Inside the program a label map is always uint8 in `Label` values. These are the integers of BraTS
2023 (1 NCR, 2 ED, 3 ET, 4 RC); 5 and 6 hold what only some conventions tell apart (BRATS 2013,
BraTS-PED 2024), so that a file in those conventions survives a round trip.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
import numpy.typing as npt

from napari_brats.core.errors import LabelError
from napari_brats.core.lookup import looked_up, value_counts

LabelMap = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


class Label(IntEnum):
    """What an integer of an internal label map means."""

    BACKGROUND = 0
    NCR = 1
    ED = 2
    ET = 3
    RC = 4
    NET = 5
    CYST = 6

    @property
    def title(self) -> str:
        """A name for people, e.g. ``NCR necrotic core``."""
        return f"{self.name} {_TITLES[self]}" if self else "background"


_TITLES = {
    Label.NCR: "necrotic core",
    Label.ED: "oedema",
    Label.ET: "enhancing tumour",
    Label.RC: "resection cavity",
    Label.NET: "non-enhancing tumour",
    Label.CYST: "cystic part",
}


class Region(StrEnum):
    """A union of labels that is scored. Listed from the outermost to the innermost."""

    WT = "WT"
    TC = "TC"
    ET = "ET"

    @property
    def title(self) -> str:  # type: ignore[override]
        """A name for people, e.g. ``WT whole tumour``."""
        return f"{self.value} {_REGION_TITLES[self.value]}"


_REGION_TITLES = {"WT": "whole tumour", "TC": "tumour core", "ET": "enhancing tumour"}

REGIONS: tuple[Region, ...] = tuple(Region)

REGION_LABELS: Mapping[Region, tuple[Label, ...]] = {
    Region.WT: (Label.NCR, Label.ED, Label.ET, Label.NET, Label.CYST),
    Region.TC: (Label.NCR, Label.ET, Label.NET, Label.CYST),
    Region.ET: (Label.ET,),
}


@dataclass(frozen=True)
class Convention:
    """The integer table of a data set's year.

    Attributes
    ----------
    name
        The word used on the command line and in JSON.
    title
        The name for people, short enough for the panel.
    values
        Disk value -> internal label, without the background.
    """

    name: str
    title: str
    values: Mapping[int, Label]

    def disk_value(self, label: Label) -> int:
        """The integer that stands for ``label`` on disk; LabelError if there is none.

        NET and CYST are written as NCR where the convention does not tell them apart (BraTS calls
        that label NCR/NET).
        """
        by_label = {lab: value for value, lab in self.values.items()}
        if label is Label.BACKGROUND:
            return 0
        if label in by_label:
            return by_label[label]
        for stand_in in (Label.NCR, Label.NET):
            if label in (Label.NCR, Label.NET, Label.CYST) and stand_in in by_label:
                return by_label[stand_in]
        raise LabelError(
            f"The label map holds {label.title}, which the convention '{self.name}' ({self.title}) "
            f"cannot express: it knows {_listing(self.values)}. "
            f"Relabel those voxels or save in another convention."
        )


def _listing(values: Mapping[int, Label]) -> str:
    return ", ".join(f"{value} {label.name}" for value, label in sorted(values.items()))


def _convention(name: str, title: str, **values: Label) -> Convention:
    return Convention(name, title, {int(key[1:]): label for key, label in values.items()})


CONVENTIONS: Mapping[str, Convention] = {
    c.name: c
    for c in (
        _convention(
            "brats2023",
            "BraTS 2023 and later",
            v1=Label.NCR,
            v2=Label.ED,
            v3=Label.ET,
        ),
        _convention("brats2021", "BraTS 2017-2021, FeTS", v1=Label.NCR, v2=Label.ED, v4=Label.ET),
        _convention(
            "brats2024-post",
            "Post-treatment 2024+",
            v1=Label.NCR,
            v2=Label.ED,
            v3=Label.ET,
            v4=Label.RC,
        ),
        _convention(
            "brats2024-ped",
            "BraTS-PED 2024+",
            v1=Label.ET,
            v2=Label.NET,
            v3=Label.CYST,
            v4=Label.ED,
        ),
        _convention("msd", "MSD Task01 (Decathlon)", v1=Label.ED, v2=Label.NCR, v3=Label.ET),
        _convention(
            "brats2013",
            "BRATS 2013/2015",
            v1=Label.NCR,
            v2=Label.ED,
            v3=Label.NET,
            v4=Label.ET,
        ),
    )
}


def convention_by_name(name: str) -> Convention:
    """The convention called ``name``; LabelError listing all names if there is none."""
    try:
        return CONVENTIONS[name]
    except KeyError:
        raise LabelError(
            f"There is no label convention '{name}'. Known: {', '.join(CONVENTIONS)}."
        ) from None


def disk_to_labels(disk: npt.NDArray[np.generic], convention: Convention) -> LabelMap:
    """The internal label map of an array as read from disk.

    Parameters
    ----------
    disk
        Any shape, any integer or float type; whole numbers.
    convention
        The meaning of its integers.

    Returns
    -------
    uint8 of the same shape. All zeros for an empty label map.

    Raises
    ------
    LabelError
        If values are not whole or not in the convention; it names them with their voxel counts.
    """
    small = _as_small_integers(disk)
    counts = value_counts(small)
    unknown = [v for v in np.flatnonzero(counts) if v and v not in convention.values]
    if unknown:
        found = ", ".join(f"{v} ({counts[v]} voxels)" for v in unknown)
        raise LabelError(
            f"The label map holds values that '{convention.name}' ({convention.title}) does not "
            f"know: {found}. It knows {_listing(convention.values)}. "
            f"Choose another label convention, or check that the file is a label map."
        )
    table = np.zeros(256, np.uint8)
    for value, label in convention.values.items():
        table[value] = label
    return looked_up(table, small)


def disk_values(disk: npt.NDArray[np.generic]) -> tuple[int, ...]:
    """The values that occur in a label map as read from disk, zero included, in rising order.

    LabelError if they are not whole numbers from 0 to 255.
    """
    counts = value_counts(_as_small_integers(disk))
    return tuple(int(value) for value in np.flatnonzero(counts))


def labels_to_disk(labels: LabelMap, convention: Convention) -> LabelMap:
    """The inverse of `disk_to_labels`: uint8 in the integers of ``convention``.

    LabelError if a label that occurs has no integer there, or a value is no `Label` at all.
    """
    present = np.flatnonzero(value_counts(labels))
    table = np.zeros(256, np.uint8)
    for value in present:
        if value > max(Label):
            raise LabelError(
                f"The label map holds the value {value}; known labels are "
                f"{', '.join(f'{int(la)} {la.name}' for la in Label if la)}. "
                f"Relabel those voxels before saving."
            )
        table[value] = convention.disk_value(Label(int(value)))
    return looked_up(table, labels)


def _as_small_integers(disk: npt.NDArray[np.generic]) -> LabelMap:
    if disk.dtype == np.uint8:
        return disk  # type: ignore[return-value]
    if disk.dtype == np.bool_:
        return disk.astype(np.uint8)
    with np.errstate(invalid="ignore"):  # NaN casts to anything; the comparison below catches it
        small = disk.astype(np.uint8)
    if not np.array_equal(small, disk):
        odd = np.unique(disk[small != disk])[:5]
        raise LabelError(
            f"The label map holds values that are no labels: {', '.join(str(v) for v in odd)}. "
            f"Expected whole numbers from 0 to 255. Check that the file is a label map."
        )
    return small


def region_mask(labels: LabelMap, region: Region) -> Mask:
    """Where ``region`` is, as bool of the same shape (all False where it does not occur)."""
    return union_mask(labels, REGION_LABELS[region])


def union_mask(labels: LabelMap, wanted: Iterable[int]) -> Mask:
    """Where any of the ``wanted`` labels is, as bool of the same shape."""
    table = np.zeros(256, np.bool_)
    table[list(wanted)] = True
    return looked_up(table, labels)


def regions_to_labels(wt: Mask, tc: Mask, et: Mask) -> LabelMap:
    """Paint three masks of one shape, outermost first, into a label map: ED, then NCR, then ET.

    An inner mask wins where it leaves the outer one.
    """
    labels = np.zeros(wt.shape, np.uint8)
    labels[wt] = Label.ED
    labels[tc] = Label.NCR
    labels[et] = Label.ET
    return labels


def volumes_ml(labels: LabelMap, voxel_mm3: float) -> dict[Region, float]:
    """Volume of each region in millilitres; 0.0 where it is absent."""
    return region_volumes_ml(label_volumes_ml(labels, voxel_mm3))


def label_volumes_ml(labels: LabelMap, voxel_mm3: float) -> dict[Label, float]:
    """Volume of each label but the background in millilitres; 0.0 where it is absent."""
    counts = value_counts(labels)
    return {la: int(counts[la]) * voxel_mm3 / 1000 for la in Label if la}


def region_volumes_ml(label_ml: Mapping[Label, float]) -> dict[Region, float]:
    """Volume of each region in millilitres, from those of all labels."""
    return {
        region: sum(label_ml[label] for label in labels) for region, labels in REGION_LABELS.items()
    }


def values_fit(values: Iterable[int], convention: Convention) -> bool:
    """Whether all disk ``values`` (zero aside) occur in ``convention``."""
    return all(value in convention.values for value in values if value)
