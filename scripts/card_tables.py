"""Print the tables of docs/models.md from the card (a .json file) that is given."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

REGIONS = ("WT", "TC", "ET")
METRICS = {
    "dice": ("Dice", 3),
    "hd95_mm": ("HD95 (mm)", 1),
    "lesionwise_dice": ("Lesion-wise Dice", 3),
}


def main(path: Path) -> None:
    """Both tables of the card at ``path``, as Markdown."""
    scores = json.loads(path.read_text())["scores"]
    print("\n".join(case_table(scores["cases"])))
    print()
    print("\n".join(subset_table(scores["mean_dice_by_modalities"])))


def case_table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """A line per case, then mean, median and n over the cases whose reference has the region."""
    heads = [f"{name} {region}" for name, _ in METRICS.values() for region in REGIONS]
    lines = [_line(["case", *heads]), _line(["---"] + ["--:"] * len(heads))]
    lines += [_line([row["case_id"], *_cells(row)]) for row in rows]
    summaries: tuple[tuple[str, Callable[[Iterable[float]], float]], ...] = (
        ("mean", statistics.fmean),
        ("median", statistics.median),
    )
    for name, summarise in summaries:
        cells = [
            f"{summarise(values):.{digits}f}" if (values := _values(rows, key, region)) else "-"
            for key, (_, digits) in METRICS.items()
            for region in REGIONS
        ]
        lines.append(_line([f"**{name}**", *cells]))
    counts = [str(len(_values(rows, key, region))) for key in METRICS for region in REGIONS]
    return [*lines, _line(["n", *counts])]


def subset_table(subsets: dict[str, Any]) -> list[str]:
    """A line per subset of the modalities: the mean Dice of each region."""
    lines = [_line(["modalities", *REGIONS]), _line(["---"] + ["--:"] * len(REGIONS))]
    for subset, means in subsets.items():
        cells = [f"{means[region]['mean']:.3f}" if region in means else "-" for region in REGIONS]
        lines.append(_line([subset.replace("+", " + "), *cells]))
    return lines


def _cells(row: dict[str, Any]) -> list[str]:
    """The figures of a case; a dash where its reference lacks the region."""
    return [
        f"{row['regions'][region][key]:.{digits}f}" if _has(row, key, region) else "-"
        for key, (_, digits) in METRICS.items()
        for region in REGIONS
    ]


def _values(rows: Sequence[dict[str, Any]], key: str, region: str) -> list[float]:
    return [row["regions"][region][key] for row in rows if _has(row, key, region)]


def _has(row: dict[str, Any], key: str, region: str) -> bool:
    facts = row["regions"][region]
    return bool(facts["reference_ml"]) and facts[key] is not None


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
