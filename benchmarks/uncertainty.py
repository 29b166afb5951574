"""How well bundles know where and how much they are wrong, on the cases their training left out.

    python benchmarks/uncertainty.py DATA BUNDLE.json [BUNDLE.json ...] [--mirroring off fast full]
        [--json FILE] [--write CARD.json ...]

DATA is a folder of labelled cases. Each BUNDLE is the card of a bundle, with its weights beside it:
of the bundle in use, or of one per fold of a cross-validation. Its card names the cases that it has
not seen (``scores.cases[].case_id``), or ``BUNDLE.json=ID,ID`` does; no others are looked at. For
each way of mirroring it prints, per case,

- Dice of WT, TC, ET, and the Dice that was expected, by a calibration on the other cases;
- the share of wrong voxels (another label than the reference's) that lie in the 5 % most uncertain
  voxels of the brain, and how large that share could be at best;
- what looks unusual about the images,

then the mean absolute error of the expectation beside that of two simple ones: the mean Dice of the
other cases, and the soft Dice of the probabilities as it is. ``--write`` puts the calibrations of
all modes into cards, under ``scores.expected_dice``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Case
from napari_brats.core.labels import REGIONS, LabelMap, Mask, Region
from napari_brats.core.progress import drain
from napari_brats.inference.expected import (
    CARD_KEY,
    Row,
    calibrate,
    expect_left_out,
    signs_of,
)
from napari_brats.inference.mirroring import Mirroring
from napari_brats.inference.preprocess import prepare_image
from napari_brats.inference.segment import SegmentOptions, segment
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.metrics.score import score_regions
from napari_brats.models.bundle import Bundle, load_bundle

MOST_UNCERTAIN = 0.05


@dataclass(frozen=True)
class Found:
    """What one case showed: rows for the calibration, and where its wrong voxels lie."""

    case_id: str
    rows: tuple[Row, ...]
    wrong_share: float
    best_share: float
    unusual: tuple[str, ...]


def share_in_most_uncertain(
    uncertainty: npt.NDArray[np.floating[Any]], wrong: Mask, brain: Mask
) -> tuple[float, float]:
    """The share of wrong voxels in the most uncertain ones of the brain, and the best possible.

    Wrong voxels off the brain count as missed. Where the limit falls among equal values, they
    count in proportion.
    """
    values, is_wrong = uncertainty[brain].astype(np.float32), wrong[brain]
    count, total = round(MOST_UNCERTAIN * values.size), np.count_nonzero(wrong)
    limit = np.partition(values, -count)[-count]
    above, at = values > limit, values == limit
    part = (count - np.count_nonzero(above)) / np.count_nonzero(at)
    caught = np.count_nonzero(is_wrong & above) + part * np.count_nonzero(is_wrong & at)
    return caught / total, min(1.0, count / total)


def look(case: Case, bundle: Bundle, mirroring: Mirroring) -> Found:
    """Segment a labelled case and compare."""
    assert case.label_map is not None
    options = SegmentOptions(keep_probabilities=True, mirroring=mirroring, keep_uncertainty=True)
    result = drain(segment(case, bundle, options))
    review, probabilities, uncertainty = (
        result.review,
        result.probabilities,
        result.review.uncertainty,
    )
    assert probabilities is not None
    assert uncertainty is not None
    reference: LabelMap = case.label_map.volume.data
    grid = case.reference.grid
    arrays = {m: volume.data for m, volume in case.volumes.items()}
    prepared = prepare_image(arrays, grid, bundle.card.modalities)
    brain = prepared.placement.to_file(prepared.brain)
    scores = score_regions(reference, result.labels, grid.spacing_mm)
    signs = signs_of(probabilities, result.labels, review.agreement, grid.voxel_mm3)
    return Found(
        case.case_id,
        tuple(Row(case.case_id, region, s, scores[region].dice) for region, s in signs.items()),
        *share_in_most_uncertain(uncertainty, reference != result.labels, brain),
        review.unusual,
    )


def report(mirroring: Mirroring, found: Sequence[Found]) -> dict[str, Any]:
    """Print the table of one way of mirroring; its figures as JSON."""
    rows = [row for case in found for row in case.rows]
    can_calibrate = len({row.case_id for row in rows}) >= 3
    expected = expect_left_out(rows) if can_calibrate else [None] * len(rows)
    said = {(r.case_id, r.region): (r.dice, e) for r, e in zip(rows, expected, strict=True)}
    print(f"\nmirroring {mirroring}, {len(found)} cases: Dice reached / expected")
    print(f"{'case':<20}{'WT':>13}{'TC':>13}{'ET':>13}   wrong in top 5 % (at best)")
    for case in found:
        cells = "".join(f"{_cell(said.get((case.case_id, region))):>13}" for region in REGIONS)
        print(f"{case.case_id:<20}{cells}   {case.wrong_share:.3f} ({case.best_share:.3f})")
        for text in case.unusual:
            print(f"    unusual: {text}")
    shares, best = [c.wrong_share for c in found], [c.best_share for c in found]
    print(f"mean share of wrong voxels {fmean(shares):.3f}, at best {fmean(best):.3f}")
    errors = {
        "expected": _errors(rows, expected),
        "mean of the others": _errors(rows, [_mean_of_others(rows, row) for row in rows]),
        "soft Dice as it is": _errors(rows, [row.signs.soft_dice for row in rows]),
    }
    for name, by_region in errors.items():
        cells = ", ".join(f"{r} {mae:.3f} (n {n})" for r, (mae, n) in by_region.items())
        print(f"mean absolute error, {name}: {cells}")
    return {
        "mirroring": mirroring.value,
        "cases": [asdict(case) for case in found],
        "mean_wrong_share": fmean(shares),
        "mean_best_share": fmean(best),
        "mean_absolute_errors": errors,
        "calibration": calibrate(rows).to_json() if can_calibrate else None,
    }


def _cell(pair: tuple[float, float | None] | None) -> str:
    if pair is None:
        return "none"
    return f"{pair[0]:.2f} / " + ("?" if pair[1] is None else f"{pair[1]:.2f}")


def _mean_of_others(rows: Iterable[Row], row: Row) -> float | None:
    others = [o.dice for o in rows if o.region is row.region and o.case_id != row.case_id]
    return fmean(others) if others else None


def _errors(
    rows: Sequence[Row], expected: Sequence[float | None]
) -> dict[Region, tuple[float, int]]:
    """Region -> mean absolute error, and of how many cases."""
    result = {}
    for region in REGIONS:
        gaps = [
            abs(e - row.dice)
            for row, e in zip(rows, expected, strict=True)
            if row.region is region and e is not None
        ]
        if gaps:
            result[region] = (fmean(gaps), len(gaps))
    return result


def held_out(argument: str) -> tuple[Bundle, list[str]]:
    """A bundle, and the ids of the cases it has not seen, of ``CARD`` or ``CARD=ID,ID``."""
    path, _, ids = argument.partition("=")
    bundle = load_bundle(path)
    named = [row["case_id"] for row in bundle.card.scores.get("cases", ())]
    return bundle, ids.split(",") if ids else named


def main() -> None:
    """Look at every case with the bundle that has not seen it, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("bundles", nargs="+", metavar="BUNDLE.json[=ID,ID]")
    parser.add_argument("--mirroring", nargs="+", type=Mirroring, default=list(Mirroring))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--write", type=Path, nargs="+", default=[])
    arguments = parser.parse_args()
    files = {f.case_id: f for f in discover(arguments.data)}
    found: dict[Mirroring, list[Found]] = {mirroring: [] for mirroring in arguments.mirroring}
    for argument in arguments.bundles:
        bundle, ids = held_out(argument)
        for case_id in ids:
            case = load_case(files[case_id])
            for mirroring, cases in found.items():
                print(f"{bundle.card.name}: {case_id}, mirroring {mirroring}", file=sys.stderr)
                cases.append(look(case, bundle, mirroring))
    reports = [report(mirroring, cases) for mirroring, cases in found.items()]
    if arguments.json:
        arguments.json.write_text(json.dumps(reports, indent=2) + "\n")
    calibrations = {r["mirroring"]: r["calibration"] for r in reports if r["calibration"]}
    for path in arguments.write:
        card = json.loads(path.read_text())
        card["scores"][CARD_KEY] = card["scores"].get(CARD_KEY, {}) | calibrations
        path.write_text(json.dumps(card, indent=2) + "\n")


if __name__ == "__main__":
    main()
