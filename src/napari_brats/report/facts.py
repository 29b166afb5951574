"""What a report says beside its tables: lines for people, and the whole of it as JSON."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from napari_brats.core.labels import REGIONS
from napari_brats.io.sidecar import grid_to_json
from napari_brats.metrics.measures import LesionMeasures, TumourMeasures
from napari_brats.metrics.measures_lines import Line
from napari_brats.metrics.score import RegionScore
from napari_brats.report.compose import Report
from napari_brats.report.made import MadeBy


def fact_lines(report: Report) -> list[tuple[str, str]]:
    """What was read and what made the mask, as names and values; unknown things are left out."""
    files = ", ".join(
        f"{modality} {name or 'in memory'}" for modality, name in report.images.items()
    )
    lines = [("Images", files), ("Grid", _grid_words(report))]
    if report.label_map:
        lines.append(("Label map", report.label_map))
    return lines + _made_lines(report.made)


def _grid_words(report: Report) -> str:
    shape = " \u00d7 ".join(map(str, report.grid.shape))
    spacing = " \u00d7 ".join(f"{value:.3g}" for value in report.grid.spacing_mm)
    tilt = ", oblique" if report.grid.is_oblique else ""
    return f"{shape} voxels of {spacing} mm, {report.grid.axis_codes}{tilt}"


def _made_lines(made: MadeBy) -> list[tuple[str, str]]:
    lines = []
    if made.network:
        weights = f" (weights {made.network_sha256[:12]})" if made.network_sha256 else ""
        mirrored = f", mirroring {made.mirroring}" if made.mirroring else ""
        lines.append(("Network", f"{made.network}{weights}{mirrored}"))
    elif made.how:
        lines.append(("Made", made.how))
    if made.postprocess is not None:
        lines.append(
            ("Post-processing", "; ".join(made.postprocess).replace("mm^3", "mm\u00b3") or "none")
        )
    expected = [
        f"{region} {dice.value:.2f} \u00b1 {dice.error:.2f}"
        for region, dice in made.expected_dice.items()
        if dice.error is not None
    ]
    if expected:
        before = " (before the edits)" if made.edited_by_hand else ""
        lines.append(("Expected Dice", f"{', '.join(expected)}{before}, estimated"))
    if made.edited_by_hand is not None:
        lines.append(("Edited by hand", _edit_words(made)))
    return lines


def _edit_words(made: MadeBy) -> str:
    if not made.edited_by_hand:
        return "no"
    by = f" by {made.edited_by}" if made.edited_by else ""
    time = "" if made.edited_s is None else f", {made.edited_s / 60:.0f} min"
    return f"yes{by}{time}"


def report_to_json(report: Report) -> dict[str, Any]:
    """Everything but the pictures, JSON-able; None for what is not known."""
    made = report.made
    return {
        "case_id": report.case_id,
        "patient_name": report.patient_name,
        "date": report.day.isoformat(),
        "intended_use": report.intended_use,
        "version": report.version,
        "images": {modality.value: name for modality, name in report.images.items()},
        "geometry": grid_to_json(report.grid),
        "label_map": report.label_map,
        "made_by": {
            "how": made.how,
            "network": made.network,
            "network_sha256": made.network_sha256,
            "mirroring": made.mirroring,
            "postprocess": None if made.postprocess is None else list(made.postprocess),
            "expected_dice": {
                region.value: None
                if (dice := made.expected_dice.get(region)) is None
                else {"value": dice.value, "error": dice.error}
                for region in REGIONS
            },
            "edited_by_hand": made.edited_by_hand,
            "edited_by": made.edited_by,
            "edited_s": made.edited_s,
        },
        "measures": measures_to_json(report.measures),
        "reference": report.reference,
        "scores": {region.value: _score(score) for region, score in report.scores.items()} or None,
        "follow_up": [
            {
                "time": point.time,
                "days": point.days,
                "volumes_ml": {region.value: v for region, v in point.volumes_ml.items()},
            }
            for point in report.follow_up
        ],
        "warnings": list(report.warnings),
    }


def measures_to_json(measures: TumourMeasures) -> dict[str, Any]:
    """The measures of a tumour, JSON-able."""
    return {
        "volumes_ml": {region.value: v for region, v in measures.volumes_ml.items()},
        "foci": {region.value: n for region, n in measures.foci.items()},
        "lesions": {
            region.value: [_lesion(lesion) for lesion in lesions]
            for region, lesions in measures.lesions.items()
        },
        "centre_mm": _list(measures.centre_mm),
        "brain_centre_mm": _list(measures.brain_centre_mm),
        "centre_distance_mm": measures.centre_distance_mm,
        "side": measures.side.value if measures.side else None,
        "left_share": measures.left_share,
    }


def _lesion(lesion: LesionMeasures) -> dict[str, Any]:
    lines = lesion.diameters
    return {
        "volume_ml": lesion.volume_ml,
        "centre_mm": list(lesion.centre_mm),
        "longest_mm": lines.longest_mm,
        "perpendicular_mm": lines.perpendicular_mm,
        "product_mm2": lines.product_mm2,
        "diameters_by_hand": lines.by_hand,
        "longest_voxels": _ends(lines.longest),
        "perpendicular_voxels": _ends(lines.perpendicular),
        "diameter_3d_mm": lesion.diameter_3d_mm,
        "surface_mm2": lesion.surface_mm2,
        "sphericity": lesion.sphericity,
        "side": lesion.side.value if lesion.side else None,
    }


def _ends(line: Line) -> list[list[float]]:
    return [list(line.start), list(line.end)]


def _list(point: tuple[float, float, float] | None) -> list[float] | None:
    return None if point is None else list(point)


def _score(score: RegionScore) -> dict[str, float]:
    values = {f.name: getattr(score, f.name) for f in fields(score)}
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }
