"""What the section "Metrics" shows, as plain values and texts. No Qt."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from napari_brats.core.geometry import Grid
from napari_brats.core.labels import LabelMap, Region
from napari_brats.metrics.empty import WORST_DISTANCE_MM, EmptyPolicy
from napari_brats.metrics.lesionwise import Challenge, Lesion
from napari_brats.metrics.score import RegionScore, ScoreOptions
from napari_brats.metrics.tables import CaseScore, to_csv

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
    title
        Its name, with the unit.
    tip
        What it is.
    cell
        The text of a region's cell.
    is_main
        Whether it is shown unless all metrics are asked for.
    """

    title: str
    tip: str
    cell: Callable[[RegionScore], str]
    is_main: bool = True


def _plain(name: str, digits: int) -> Callable[[RegionScore], str]:
    return lambda score: number(getattr(score, name), digits)


def number(value: float, digits: int) -> str:
    """The value as people read it; a dash where it is not defined."""
    return DASH if math.isnan(value) else f"{value:.{digits}f}"


def metric_rows(tolerances_mm: Sequence[float]) -> tuple[MetricRow, ...]:
    """All rows, the accuracy right below the Dice that it is to be read with."""
    return (
        MetricRow("Dice", "Overlap of the region: 2 x shared / (reference + prediction)",
                  _plain("dice", 4)),
        MetricRow("Accuracy", f"Share of all voxels that are right. {BACKGROUND_NOTE}",
                  _plain("accuracy", 4)),
        MetricRow("Accuracy in brain", f"The same inside the brain. {BACKGROUND_NOTE}",
                  _plain("accuracy_brain", 4)),
        MetricRow("Dice, lesions", "Mean over lesions and false ones, as BraTS scores since 2023",
                  _plain("lesionwise_dice", 4)),
        MetricRow("HD95 mm", "95th percentile of the distance of the surfaces, by area (BraTS)",
                  _plain("hd95_mm", 2)),
        MetricRow("HD95, lesions mm", "Mean over lesions and false ones, as BraTS since 2023",
                  _plain("lesionwise_hd95_mm", 2)),
        *(_nsd_row(tolerance) for tolerance in tolerances_mm),
        MetricRow("Sensitivity", "Share of the reference that was found",
                  _plain("sensitivity", 4)),
        MetricRow("Precision", "Share of the prediction that is right", _plain("precision", 4)),
        MetricRow("Reference ml", "Volume of the reference", _plain("reference_ml", 2)),
        MetricRow("Prediction ml", "Volume of the prediction", _plain("prediction_ml", 2)),
        MetricRow("Found/missed/false",
                  "Lesions found, missed, and false ones; lesions too small to count left out",
                  lambda s: f"{s.lesions_found}/{s.lesions_missed}/{s.lesions_false}"),
        MetricRow("Specificity", f"Share of the rest that was left out. {BACKGROUND_NOTE}",
                  _plain("specificity", 4), is_main=False),
        MetricRow("IoU", "Shared / united volume (Jaccard)", _plain("iou", 4), is_main=False),
        MetricRow("Volume similarity", "1 - |difference| / (reference + prediction)",
                  _plain("volume_similarity", 4), is_main=False),
        MetricRow("Hausdorff mm", "The largest distance of the surfaces",
                  _plain("hd_mm", 2), is_main=False),
        MetricRow("HD95 mm, voxels", "Between border voxels, unweighted, as MONAI computes it",
                  _plain("hd95_voxel_mm", 2), is_main=False),
        MetricRow("Mean distance mm", "Average symmetric surface distance (ASSD)",
                  _plain("assd_mm", 2), is_main=False),
    )  # fmt: skip


def _nsd_row(tolerance_mm: float) -> MetricRow:
    return MetricRow(
        f"NSD {tolerance_mm:g} mm",
        f"Surface Dice: share of both surfaces within {tolerance_mm:g} mm of the other",
        lambda score: number(score.nsd.get(tolerance_mm, math.nan), 4),
    )


def policy_title(policy: EmptyPolicy) -> str:
    """The policy of empty regions, in words."""
    if policy is EmptyPolicy.NAN:
        return f"not defined ({DASH})"
    return f"as BraTS (1; 0 or {WORST_DISTANCE_MM:g} mm)"


def challenge_details(challenge: Challenge) -> str:
    """What the parameters of a challenge do, in words."""
    return (
        f"Lesions that touch when grown by {challenge.dilations} voxels are one; those of "
        f"{challenge.min_lesion_mm3:g} mm\u00b3 or less do not count."
    )


def empty_note(score: PairScore) -> str:
    """Which regions are empty, and what the policy makes of that; nothing if none is."""
    parts = [f"{region} {side}" for region, side in _empty_regions(score.regions)]
    if not parts:
        return ""
    if score.options.policy is EmptyPolicy.NAN:
        rule = f"What is not defined there is shown as {DASH}."
    else:
        rule = (
            f"As in BraTS, both empty scores 1 and 0 mm, one empty 0 and {WORST_DISTANCE_MM:g} mm."
        )
    return f"Empty: {', '.join(parts)}. {rule}"


def empty_side(score: RegionScore) -> str:
    """Which side has no voxel of the region, in words; nothing if both have."""
    missing = [not score.reference_ml, not score.prediction_ml]
    if all(missing):
        return "in both"
    return "in the reference" if missing[0] else "in the prediction" if missing[1] else ""


def _empty_regions(regions: Mapping[Region, RegionScore]) -> Iterator[tuple[Region, str]]:
    for region, score in regions.items():
        if side := empty_side(score):
            yield region, side


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
            f"{self.volume_ml:.2f}",
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


def tab_separated(csv_text: str) -> str:
    """The same table for the clipboard; a spreadsheet takes each tab for a new cell."""
    return "\n".join("\t".join(row) for row in csv.reader(io.StringIO(csv_text))) + "\n"


def _case_score(score: PairScore) -> CaseScore:
    return CaseScore(score.case_id, "scored", score.regions, affine=score.grid.affine)
