"""What the section "Metrics" shows, as plain values and texts. No Qt."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from napari_brats.core.geometry import Grid
from napari_brats.core.labels import LabelMap, Region
from napari_brats.metrics.empty import (
    WORST_DISTANCE_MM,
    EmptyPolicy,
    Presence,
    decided_by_policy,
)
from napari_brats.metrics.lesionwise import Lesion
from napari_brats.metrics.score import RegionScore, ScoreOptions
from napari_brats.metrics.tables import CaseScore, lesions_to_csv, to_csv

DASH = "\u2013"

BACKGROUND_NOTE = "Accuracy counts the background, most of the volume: go by the Dice."


@dataclass(frozen=True, eq=False)
class PairScore:
    """What came out for the two label maps that are compared.

    Attributes
    ----------
    case_id
        The case they belong to.
    grid
        Theirs; places the lesions in the scanner.
    options
        How they were scored.
    regions
        Region -> metrics.
    errors
        (X, Y, Z) of the region that was asked for: 1 missed, 2 added; None if none was.
    """

    case_id: str
    grid: Grid
    options: ScoreOptions
    regions: Mapping[Region, RegionScore]
    errors: LabelMap | None = None


@dataclass(frozen=True)
class MetricRow:
    """One row of the table: a metric, with a cell for each region.

    Attributes
    ----------
    name
        As in `RegionScore`.
    title
        Its name for people, with the unit.
    tip
        What it is.
    digits
        Behind the point.
    is_main
        Whether it is shown unless all metrics are asked for.
    tolerance_mm
        Of the surface Dice.
    """

    name: str
    title: str
    tip: str
    digits: int = 4
    is_main: bool = True
    tolerance_mm: float | None = None

    def cell(self, score: RegionScore) -> str:
        """The text of a region's cell."""
        if self.name == "lesions":
            return f"{score.lesions_found}/{score.lesions_missed}/{score.lesions_false}"
        if self.tolerance_mm is not None:
            return number(score.nsd.get(self.tolerance_mm, math.nan), self.digits)
        return number(getattr(score, self.name), self.digits)

    def is_by_policy(self, score: RegionScore) -> bool:
        """Whether the policy for empty regions, not the formula, gave the cell its value."""
        lesions = score.lesions_found + score.lesions_missed + score.lesions_false
        return self.name in decided_by_policy(score.presence, lesions)


def number(value: float, digits: int) -> str:
    """The value as people read it; a dash where it is not defined."""
    return DASH if math.isnan(value) else f"{value:.{digits}f}"


def metric_rows(tolerances_mm: Sequence[float]) -> tuple[MetricRow, ...]:
    """All rows, the accuracy right below the Dice that it is to be read with."""
    nsd = (
        MetricRow("nsd", f"NSD {t:g} mm",
                  f"Surface Dice: share of both surfaces within {t:g} mm of the other",
                  tolerance_mm=t)
        for t in tolerances_mm
    )  # fmt: skip
    return (*_ROWS[:6], *nsd, *_ROWS[6:])


_ROWS = (
    MetricRow("dice", "Dice", "Overlap: 2 x shared / (reference + prediction)"),
    MetricRow("accuracy", "Accuracy", f"Share of all voxels that are right. {BACKGROUND_NOTE}"),
    MetricRow("accuracy_brain", "Accuracy in brain",
              f"Share of the brain's voxels that are right; needs an image. {BACKGROUND_NOTE}"),
    MetricRow("lesionwise_dice", "Dice, lesions",
              "Mean over lesions and false ones, as BraTS scores since 2023"),
    MetricRow("hd95_mm", "HD95 mm",
              "95th percentile of the distance of the surfaces, weighted by area (BraTS)", 2),
    MetricRow("lesionwise_hd95_mm", "HD95, lesions mm",
              "Mean over lesions and false ones, as BraTS scores since 2023", 2),
    MetricRow("sensitivity", "Sensitivity", "Share of the reference that was found"),
    MetricRow("precision", "Precision", "Share of the prediction that is right"),
    MetricRow("reference_ml", "Reference ml", "Volume of the reference", 2),
    MetricRow("prediction_ml", "Prediction ml", "Volume of the prediction", 2),
    MetricRow("lesions", "Found/missed/false",
              "Lesions found, missed, and false ones; lesions too small to count left out"),
    MetricRow("specificity", "Specificity",
              f"Share of the rest that was left out. {BACKGROUND_NOTE}", is_main=False),
    MetricRow("iou", "IoU", "Shared / united volume (Jaccard)", is_main=False),
    MetricRow("volume_similarity", "Volume similarity",
              "1 - |difference| / (reference + prediction)", is_main=False),
    MetricRow("hd_mm", "Hausdorff mm", "The largest distance of the surfaces", 2, is_main=False),
    MetricRow("hd95_voxel_mm", "HD95, voxels mm",
              "Between border voxels, unweighted, as MONAI computes it", 2, is_main=False),
    MetricRow("assd_mm", "Mean distance mm",
              "Average symmetric surface distance (ASSD)", 2, is_main=False),
)  # fmt: skip


_EMPTY_SIDE = {
    Presence.NEITHER: "in both",
    Presence.PREDICTION: "in the reference",
    Presence.REFERENCE: "in the prediction",
}


def empty_note(score: PairScore) -> str:
    """Which regions are empty, and what the policy makes of that; nothing if none is."""
    parts = [
        f"{region} {_EMPTY_SIDE[row.presence]}"
        for region, row in score.regions.items()
        if row.presence in _EMPTY_SIDE
    ]
    if not parts:
        return ""
    if score.options.policy is EmptyPolicy.NAN:
        rule = f"What is not defined there is shown as {DASH}."
    else:
        rule = (
            "In italics by the rule of BraTS: empty in both scores 1 and 0 mm, in one 0 and "
            f"{WORST_DISTANCE_MM:g} mm."
        )
    return f"Empty: {', '.join(parts)}. {rule}"


@dataclass(frozen=True)
class LesionRow:
    """One line of the list of lesions: a lesion of a region, the largest first."""

    region: Region
    lesion: Lesion

    @property
    def cells(self) -> tuple[str, ...]:
        """Region, volume in ml, Dice, HD95 in mm, outcome; in brackets if it does not count."""
        lesion = self.lesion
        outcome = lesion.outcome if lesion.counted else f"({lesion.outcome})"
        return (
            self.region.value,
            f"{self.volume_ml:.2f}" if self.volume_ml >= 0.1 else f"{self.volume_ml:.3f}",
            number(lesion.dice, 3),
            number(lesion.hd95_mm, 1),
            outcome,
        )

    @property
    def volume_ml(self) -> float:
        """That of the reference; of the prediction for a false one."""
        return (self.lesion.volume_mm3 or self.lesion.prediction_mm3) / 1000

    @property
    def voxel(self) -> tuple[int, int, int]:
        """The voxel nearest to its centre."""
        x, y, z = (round(v) for v in self.lesion.centre)
        return x, y, z


def lesion_rows(regions: Mapping[Region, RegionScore]) -> tuple[LesionRow, ...]:
    """The lesions of all regions, false ones included; per region the largest first."""
    rows = []
    for region, score in regions.items():
        own = [LesionRow(region, lesion) for lesion in (*score.lesions, *score.false_lesions)]
        rows += sorted(own, key=lambda row: -row.volume_ml)
    return tuple(rows)


def scores_csv(score: PairScore) -> str:
    """The table as `metrics.tables.to_csv` writes it: one line per region."""
    return to_csv([_case_score(score)])


def lesions_csv(score: PairScore) -> str:
    """Every lesion as `metrics.tables.lesions_to_csv` writes it, with its centre in scanner mm."""
    return lesions_to_csv([_case_score(score)])


def tab_separated(csv_text: str) -> str:
    """The same table for the clipboard; a spreadsheet takes each tab for a new cell."""
    return "\n".join("\t".join(row) for row in csv.reader(io.StringIO(csv_text))) + "\n"


def _case_score(score: PairScore) -> CaseScore:
    return CaseScore(score.case_id, "scored", score.regions, affine=score.grid.affine)
