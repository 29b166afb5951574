"""Anomaly maps against the whole tumour (WT): voxel-wise AUROC and Dice inside the brain.

    python benchmarks/anomaly.py DATA [--bundle PATH] [--cases ID ...] [--scales] [--into-card]

DATA is a folder of labelled cases; without --cases the four that the bundle was not trained on
are scored. ``best Dice`` takes the threshold that suits each case best, which nobody knows
beforehand; ``Dice at 0.5`` is what the map gives as it is. --scales prints, over the cases named,
the score at which the mean Dice is highest: run it on the training cases only, and put the result
into `inference.anomaly.SCALES`. --into-card writes the rows into the bundle's card.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Case
from napari_brats.core.labels import Region, region_mask
from napari_brats.core.progress import drain
from napari_brats.inference.anomaly import METHODS, SCALES, AnomalyOptions, find_anomalies
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.models.bundle import Bundle, load_bundle, save_bundle

LEFT_OUT = ("BraTS2021_00006", "BraTS2021_00019", "BraTS2021_01478", "BraTS2021_01480")
BINS = 2000


def main() -> None:
    """Print a row per case and method, and the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--bundle", default="anomaly-autoencoder3d")
    parser.add_argument("--cases", nargs="+", default=list(LEFT_OUT))
    parser.add_argument("--scales", action="store_true")
    parser.add_argument("--into-card", action="store_true")
    arguments = parser.parse_args()
    bundle = load_bundle(arguments.bundle)
    rows: dict[str, list[tuple[float, float, float]]] = {method: [] for method in METHODS}
    curves: dict[str, list[npt.NDArray[np.float64]]] = {method: [] for method in METHODS}
    ids: list[str] = []
    print(f"{'case':18}{'method':14}{'AUROC':>8}{'best Dice':>11}{'Dice at 0.5':>13}")
    for files in discover(arguments.data):
        if files.case_id not in arguments.cases:
            continue
        case = load_case(files)
        ids.append(case.case_id)
        for method in METHODS:
            curve, row = score(case, method, bundle)
            rows[method].append(row)
            curves[method].append(curve)
            print(f"{case.case_id:18}{method:14}{row[0]:8.4f}{row[1]:11.3f}{row[2]:13.3f}")
    for method, values in rows.items():
        means = [fmean(column) for column in zip(*values, strict=True)]
        print(
            f"{f'mean of {len(values)}':18}{method:14}"
            f"{means[0]:8.4f}{means[1]:11.3f}{means[2]:13.3f}"
        )
        if arguments.scales:
            mean = np.mean(curves[method], axis=0)
            best = _scores(method)[mean.argmax()]
            print(f"  highest mean Dice {mean.max():.3f} at score {best:.2f}")
    if arguments.into_card:
        scores = {
            "note": "Anomaly map against WT inside the brain, cases left out of training",
            "columns": ["AUROC", "best Dice", "Dice at 0.5"],
            "cases": [
                {"case_id": who, **{m: [round(v, 4) for v in rows[m][i]] for m in METHODS}}
                for i, who in enumerate(ids)
            ],
        }
        card = replace(bundle.card, scores=scores)
        save_bundle(bundle.load_network(), card, bundle.weights.parent)


def score(
    case: Case, method: str, bundle: Bundle
) -> tuple[npt.NDArray[np.float64], tuple[float, float, float]]:
    """Dice by threshold (see `_scores`); and AUROC, best Dice, Dice at 0.5."""
    assert case.label_map is not None
    found = drain(find_anomalies(case, AnomalyOptions(method), bundle)).data
    brain = np.zeros(found.shape, bool)
    for volume in case.volumes.values():
        brain |= volume.data != 0
    truth = region_mask(case.label_map.volume.data, Region.WT)[brain]
    edges = np.concatenate([[-np.inf], _to_map(method, _scores(method)), [np.inf]])
    positive = np.histogram(found[brain][truth], edges)[0][::-1].cumsum()[::-1][1:]
    everywhere = np.histogram(found[brain], edges)[0][::-1].cumsum()[::-1][1:]
    dice = 2 * positive / (everywhere + truth.sum())
    at_half = found[brain] >= 0.5
    half = 2 * np.count_nonzero(at_half & truth) / (at_half.sum() + truth.sum())
    return dice, (auroc(found[brain], truth), float(dice.max()), float(half))


def auroc(values: npt.NDArray[np.float32], truth: npt.NDArray[np.bool_]) -> float:
    """The area under the ROC curve: how often a tumour voxel has the higher value (ties half)."""
    levels, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    del levels
    ranks = np.cumsum(counts) - (counts - 1) / 2
    positives = int(truth.sum())
    total = float(ranks[which][truth].sum()) - positives * (positives + 1) / 2
    return total / (positives * (len(truth) - positives))


def _scores(method: str) -> npt.NDArray[np.float64]:
    """Thresholds of the score, evenly spaced about the scale's own."""
    scale = SCALES[method]
    return scale.threshold + scale.width * np.linspace(-12, 12, BINS)


def _to_map(method: str, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    scale = SCALES[method]
    return 1 / (1 + np.exp((scale.threshold - scores) / scale.width))


if __name__ == "__main__":
    main()
