"""The distribution of metrics over cases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.metrics.tables import METRICS, STATUSES, CaseScore, nsd_columns, scored_names

_RESAMPLES = 2000


def summary(cases: Sequence[CaseScore]) -> dict[str, Any]:
    """How many cases ended how, and the distribution of each metric per region.

    ``n`` counts the cases in which the metric is defined, ``n_with_region`` those whose reference
    has the region. ``labels`` is there if single labels were scored.
    """
    everything = {
        name: _of_scored(cases, name) for name in scored_names(cases, always_regions=True)
    }
    counts = {status: sum(c.status == status for c in cases) for status in STATUSES}
    found: dict[str, Any] = {"cases": len(cases), "counts": counts, "regions": {}}
    for name, values in everything.items():
        kind, key = ("labels", name[6:]) if name.startswith("label ") else ("regions", name)
        found.setdefault(kind, {})[key] = values
    return found


def _of_scored(cases: Sequence[CaseScore], name: str) -> dict[str, Any]:
    scores = [score for case in cases for key, score in case.scores() if key == name]
    columns = {m: [getattr(score, m) for score in scores] for m in METRICS}
    for tolerance, column in nsd_columns(cases).items():
        columns[column] = [score.nsd.get(tolerance, math.nan) for score in scores]
    return {
        "n_with_region": sum(score.reference_ml > 0 for score in scores),
        **{metric: distribution(values) for metric, values in columns.items()},
    }


def distribution(values: Sequence[float]) -> dict[str, Any]:
    """Mean, SD (n - 1), quartiles and bootstrap 95 % interval of the mean; NaN values left out.

    Everything but ``n`` is NaN where no value is left, SD and interval where only one is. The
    bootstrap (Efron 1979, percentile method) is seeded: the same values give the same interval.
    """
    known = np.array([value for value in values if not math.isnan(value)], dtype=np.float64)
    nan = math.nan
    if not known.size:
        nothing = dict.fromkeys(("mean", "sd", "median", "q1", "q3"), nan)
        return {"n": 0, **nothing, "mean_ci95": [nan, nan]}
    several = known.size > 1
    q1, median, q3 = np.percentile(known, (25, 50, 75))
    return {
        "n": int(known.size),
        "mean": float(known.mean()),
        "sd": float(known.std(ddof=1)) if several else nan,
        "median": float(median),
        "q1": float(q1),
        "q3": float(q3),
        "mean_ci95": bootstrap_interval(known) if several else [nan, nan],
    }


def bootstrap_interval(values: npt.NDArray[np.float64]) -> list[float]:
    """The 95 % interval of the mean of two or more values; see `distribution`."""
    generator = np.random.default_rng(0)
    means = values[generator.integers(values.size, size=(_RESAMPLES, values.size))].mean(axis=1)
    return [float(edge) for edge in np.percentile(means, (2.5, 97.5))]
