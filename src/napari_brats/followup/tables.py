"""A follow-up as a table (CSV) and as JSON-able facts; units stand in the names."""

from __future__ import annotations

import csv
import io
from typing import Any

from napari_brats import INTENDED_USE, __version__
from napari_brats.core.labels import REGIONS, Region
from napari_brats.followup.change import CHANGES, Change, change_volumes_ml
from napari_brats.followup.comparison import Examined, FollowUp
from napari_brats.followup.response import CITATION, THRESHOLDS, Quantity, Value

COLUMNS = (
    "time_point",
    "case_id",
    "date",
    "days_since_first",
    "region",
    *(
        name
        for quantity in Quantity
        for name in (
            quantity.value,
            f"{quantity}_low",
            f"{quantity}_high",
            f"{quantity}_from_baseline_percent",
            f"{quantity}_from_nadir_percent",
            f"{quantity}_thresholds_crossed",
        )
    ),
    "new_ml",
    "stable_ml",
    "resolved_ml",
    "unseen_ml",
    "brain_dice",
    "label_map_from",
    "notes",
)
"""Changes in ml are those against the baseline, on its grid."""

Row = dict[str, Any]


def rows(follow_up: FollowUp) -> list[Row]:
    """One row per time point and region, keyed by `COLUMNS`; None where nothing is known."""
    first = follow_up.examined.index(follow_up.baseline)
    return [
        _row(follow_up, first, index, region)
        for index in range(len(follow_up.examined))
        for region in REGIONS
    ]


def to_csv(follow_up: FollowUp) -> str:
    """`rows` as CSV with a line of names; empty where nothing is known."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows(follow_up):
        writer.writerow({name: _cell(row[name]) for name in COLUMNS})
    return text.getvalue()


def to_dict(follow_up: FollowUp) -> dict[str, Any]:
    """The whole follow-up as JSON-able facts, without the maps."""
    return {
        "intended_use": INTENDED_USE,
        "version": __version__,
        "baseline": follow_up.baseline.point.name,
        "time_points": [_time_point(follow_up, i) for i in range(len(follow_up.examined))],
        "changes": [
            {
                "before": follow_up.examined[before].point.name,
                "after": follow_up.examined[after].point.name,
                "regions": {
                    region.value: _change_ml(follow_up, before, after, region) for region in REGIONS
                },
            }
            for before, after in follow_up.pairs
        ],
        "thresholds": {
            "source": CITATION,
            **{
                quantity.value: {
                    "increase_against_nadir_percent": limits.increase,
                    "decrease_against_baseline_percent": limits.decrease,
                }
                for quantity, limits in THRESHOLDS.items()
            },
        },
        "change_map_values": {change.name.lower(): int(change) for change in Change},
        "notes": list(follow_up.notes),
    }


def _row(follow_up: FollowUp, first: int, index: int, region: Region) -> Row:
    one = follow_up.examined[index]
    row: Row = dict.fromkeys(COLUMNS)
    row |= {
        "time_point": one.point.name,
        "case_id": one.point.files.case_id,
        "date": None if one.point.moment.date is None else one.point.moment.date.isoformat(),
        "days_since_first": follow_up.days(index),
        "region": region.value,
        "label_map_from": None if one.loaded is None else one.loaded.label_source,
        "notes": " ".join(one.notes),
    }
    for quantity in Quantity:
        value = follow_up.series_of(region, quantity).values[index]
        if value is not None:
            row |= {
                quantity.value: value.value,
                f"{quantity}_low": None if value.band is None else value.band[0],
                f"{quantity}_high": None if value.band is None else value.band[1],
                f"{quantity}_from_baseline_percent": value.from_baseline_percent,
                f"{quantity}_from_nadir_percent": value.from_nadir_percent,
                f"{quantity}_thresholds_crossed": "; ".join(value.crossed),
            }
    if (first, index) in follow_up.pairs and one.aligned is not None:
        row["brain_dice"] = one.aligned.registration.dice
        changes = _change_ml(follow_up, first, index, region)
        row |= {
            f"{change.name.lower()}_ml": changes[f"{change.name.lower()}_ml"] for change in CHANGES
        }
    return row


def _change_ml(follow_up: FollowUp, before: int, after: int, region: Region) -> dict[str, float]:
    volumes = change_volumes_ml(follow_up.change(before, after, region), follow_up.grid.voxel_mm3)
    return {f"{change.name.lower()}_ml": round(ml, 6) for change, ml in volumes.items()}


def _time_point(follow_up: FollowUp, index: int) -> dict[str, Any]:
    one = follow_up.examined[index]
    moment = one.point.moment
    return {
        "name": one.point.name,
        "case_id": one.point.files.case_id,
        "when": moment.title,
        "date": None if moment.date is None else moment.date.isoformat(),
        "days_since_first": follow_up.days(index),
        "label_map_from": None if one.loaded is None else one.loaded.label_source,
        "registration": _registration(one),
        "regions": {
            region.value: {
                quantity.value: _value(follow_up.series_of(region, quantity).values[index])
                for quantity in Quantity
            }
            for region in REGIONS
        },
        "notes": list(one.notes),
    }


def _registration(one: Examined) -> dict[str, Any] | None:
    if one.aligned is None:
        return None
    found = one.aligned.registration
    return {
        "how": found.how,
        "modality": one.aligned.modality.value,
        "brain_dice": round(found.dice, 4),
        "brain_dice_before": round(found.dice_before, 4),
        "turn_degrees": round(found.rigid.turn_degrees, 4),
        "matrix_baseline_to_time_point": found.rigid.matrix.tolist(),
    }


def _value(value: Value | None) -> dict[str, Any] | None:
    if value is None:
        return None
    return {
        "value": value.value,
        "band": None if value.band is None else list(value.band),
        "baseline": value.baseline,
        "nadir": value.nadir,
        "from_baseline_percent": value.from_baseline_percent,
        "from_nadir_percent": value.from_nadir_percent,
        "is_beyond_noise": value.is_beyond_noise,
        "thresholds_crossed": list(value.crossed),
    }


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, float) else str(value)
