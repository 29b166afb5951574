"""What tuning found, as JSON, as text and as the table of a bundle's card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from napari_brats.core.labels import REGIONS
from napari_brats.inference.postprocess_options import (
    CARD_OPTIONS,
    OPTION_NAMES,
    PostprocessOptions,
)
from napari_brats.metrics.summary import bootstrap_interval
from napari_brats.tuning.crossval import Tuning
from napari_brats.tuning.search import Scores

SEARCHED = tuple(
    name for name in OPTION_NAMES if not name.startswith(("largest", "closing", "opening"))
)
"""The options that are tuned."""
_ARMS = {
    "defaults": "cut at 0.5",
    "cross_validated": "tuned, cross-validated",
    "in_sample": "tuned, on the same cases",
}


def tuning_to_json(tuning: Tuning) -> dict[str, Any]:
    """Everything: the options, their scores, and those of each fold and case."""
    return {
        **card_table(tuning),
        "folds": [
            {"left_out": list(fold.left_out), "options": searched(fold.options)}
            for fold in tuning.folds
        ],
        "cases": [
            {
                "case_id": case.case_id,
                **{arm: _case_scores(getattr(tuning, arm)[index]) for arm in _ARMS},
            }
            for index, case in enumerate(tuning.cases)
        ],
    }


def card_table(tuning: Tuning) -> dict[str, Any]:
    """What a card tells of its post-processing: values, n and scores.

    ``n`` counts cases. A region that neither side has scores 1, one that only one side has 0, as
    in the challenge; ``n_with_region`` counts the cases whose reference has it.
    """
    left_out = "one patient" if len(tuning.folds) == tuning.patients else "one fold"
    return {
        CARD_OPTIONS: searched(tuning.options),
        "objective": f"{tuning.objective.words}, mean over cases and WT, TC and ET",
        "challenge": tuning.challenge.name,
        "cross_validation": f"{len(tuning.folds)} folds by patient, {left_out} left out at a time",
        "n": len(tuning.cases),
        "patients": tuning.patients,
        "scores": {arm: _scores(tuning, getattr(tuning, arm)) for arm in _ARMS},
        "gain": {arm: _gain(tuning, getattr(tuning, arm)) for arm in _ARMS if arm != "defaults"},
    }


def searched(options: PostprocessOptions) -> dict[str, Any]:
    """The options that are tuned, by name."""
    return {name: value for name, value in asdict(options).items() if name in SEARCHED}


def tuning_to_text(tuning: Tuning) -> str:
    """The options, a table of the scores and what they mean, for a terminal."""
    table = card_table(tuning)
    lines = [
        f"{table['n']} cases of {table['patients']} patients; {table['cross_validation']}.",
        f"Objective: {table['objective']} ({table['challenge']} rules).",
        "",
        " " * 26 + "".join(f"{region.value:^18}" for region in REGIONS) + "objective",
        " " * 26 + "    Dice lesion-w." * len(REGIONS),
    ]
    lines += [_row(title, table["scores"][arm]) for arm, title in _ARMS.items()]
    present = (table["scores"]["defaults"][region.value]["n_with_region"] for region in REGIONS)
    lines += [
        "n with the region".ljust(26) + "".join(f"{n:>9}{'':9}" for n in present).rstrip(),
        "",
    ]
    lines += [f"{name} = {_shown(value)}" for name, value in table[CARD_OPTIONS].items()]
    return "\n".join([*lines, "", *_verdict(table["gain"])])


def _verdict(gain: Mapping[str, Mapping[str, Any]]) -> list[str]:
    honest, flattering = gain["cross_validated"], gain["in_sample"]
    low, high = honest["mean_ci95"]
    counts = ", ".join(f"{word} in {honest[word]}" for word in ("better", "worse", "equal"))
    interval = f"95 % interval {low:+.4f} to {high:+.4f}"
    return [
        f"Gain on patients left out: {honest['mean']:+.4f} ({interval}); cases: {counts}.",
        f"Gain on the cases tuned on: {flattering['mean']:+.4f}; what it has more is overfitting.",
    ]


def _row(title: str, scores: Mapping[str, Any]) -> str:
    cells = (
        f"{scores[r.value]['dice']:>9.4f}{scores[r.value]['lesionwise_dice']:>9.4f}"
        for r in REGIONS
    )
    return title.ljust(26) + "".join(cells) + f"{scores['objective']:>9.4f}"


def _shown(value: float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"


def _scores(tuning: Tuning, scores: Scores) -> dict[str, Any]:
    """The objective, and both kinds of Dice per region with n; never one in place of the other."""
    found: dict[str, Any] = {"objective": _round(tuning.objective.of(scores).mean())}
    for number, region in enumerate(REGIONS):
        dice, by_lesion = scores[:, number].mean(axis=0)
        found[region.value] = {
            "n": len(scores),
            "n_with_region": sum(bool(case.reference[region].any()) for case in tuning.cases),
            "dice": _round(dice),
            "lesionwise_dice": _round(by_lesion),
        }
    return found


def _gain(tuning: Tuning, scores: Scores) -> dict[str, Any]:
    """The paired differences of the cases' objectives from those of the defaults."""
    gains = np.round(tuning.gains(scores), 9)
    return {
        "mean": _round(gains.mean()),
        "mean_ci95": [_round(edge) for edge in bootstrap_interval(gains)],
        "better": int(np.count_nonzero(gains > 0)),
        "worse": int(np.count_nonzero(gains < 0)),
        "equal": int(np.count_nonzero(gains == 0)),
    }


def _case_scores(scores: Scores) -> dict[str, Any]:
    return {
        region.value: {"dice": _round(dice), "lesionwise_dice": _round(by_lesion)}
        for region, (dice, by_lesion) in zip(REGIONS, scores, strict=True)
    }


def _round(value: Any) -> float:
    return round(float(value), 4) + 0.0  # no -0.0
