"""The curves of a run: read from its logs, and drawn into ``curves.png``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_brats.core.labels import REGIONS, Region

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HISTORY = "history.csv"
VALIDATION = "validation.csv"
HISTORY_COLUMNS = ("step", "loss", "soft_dice", "learning_rate", "seconds")
VALIDATION_COLUMNS = ("step", "case_id", *REGIONS)

Series = npt.NDArray[np.float64]
_COLOURS = {Region.WT: "#2a78b5", Region.TC: "#c8541b", Region.ET: "#3a8f3a"}
_INK, _FAINT = "#30343b", "#b8c4d6"


@dataclass(frozen=True, eq=False)
class Curves:
    """What the logs of a run tell.

    Attributes
    ----------
    history
        Column of ``history.csv`` -> one value per step, in order.
    validated_at
        The steps at which left-out cases were scored, in order.
    dice
        Region -> mean Dice over the cases that have it, one per entry of ``validated_at``; NaN
        where none has it.
    cases
        Number of left-out cases.
    """

    history: Mapping[str, Series]
    validated_at: Series
    dice: Mapping[Region, Series]
    cases: int


def read_curves(run: Path) -> Curves:
    """The curves of the run in a folder; empty where nothing was logged yet.

    Lines that a full disk or a kill left torn are passed over.
    """
    steps = [[float(value) for value in row] for row in _rows(run / HISTORY, HISTORY_COLUMNS)]
    table = np.array(steps).reshape(-1, len(HISTORY_COLUMNS))
    validations: dict[float, list[list[float]]] = {}
    cases = set()
    for step, case_id, *dice in _rows(run / VALIDATION, VALIDATION_COLUMNS):
        validations.setdefault(float(step), []).append([float(value) for value in dice])
        cases.add(case_id)
    means = np.array([_means(np.array(rows)) for rows in validations.values()])
    means = means.reshape(-1, len(REGIONS))
    return Curves(
        dict(zip(HISTORY_COLUMNS, table.T, strict=True)),
        np.array(list(validations)),
        dict(zip(REGIONS, means.T, strict=True)),
        len(cases),
    )


def draw_curves(run: Path) -> bytes:
    """A PNG of loss, soft Dice, Dice on left-out cases and learning rate against the step."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    curves = read_curves(run)
    figure = Figure(figsize=(11, 7), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    (loss, merit), (validation, rate) = figure.subplots(2, 2, sharex=True)
    steps = curves.history["step"]
    _draw_noisy(loss, "Loss", steps, curves.history["loss"])
    _draw_noisy(merit, "Soft Dice of training patches", steps, curves.history["soft_dice"])
    merit.set_ylim(0, 1)
    _draw_validation(validation, curves)
    _prepare(rate, "Learning rate")
    rate.plot(steps, curves.history["learning_rate"], color=_INK)
    for axes in (validation, rate):
        axes.set_xlabel("step")
    figure.suptitle(_title(run, curves), color=_INK)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[list[str]]:
    """The rows that are whole: as many values as columns, numbers where numbers belong."""
    if not path.exists():
        return
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        for row in csv.reader(file):
            numbers = [v for v, name in zip(row, columns, strict=False) if name != "case_id"]
            if len(row) == len(columns) and all(map(_is_number, numbers)):
                yield row


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _means(dice: Series) -> list[float]:
    """By column, over what is not NaN; NaN where nothing is."""
    counts = np.count_nonzero(~np.isnan(dice), axis=0)
    sums = np.nansum(dice, axis=0)
    return [float(s / n) if n else float("nan") for s, n in zip(sums, counts, strict=True)]


def _draw_noisy(axes: Axes, title: str, steps: Series, values: Series) -> None:
    """Every value faintly, and over it a running mean of a twenty-fifth of the run."""
    _prepare(axes, title)
    axes.plot(steps, values, color=_FAINT, linewidth=0.8)
    width = max(1, values.size // 25)
    if values.size >= width > 1:
        smooth = np.convolve(values, np.ones(width) / width, mode="valid")
        axes.plot(steps[width - 1 :], smooth, color=_INK, label=f"mean of {width} steps")
        axes.legend(frameon=False)


def _draw_validation(axes: Axes, curves: Curves) -> None:
    _prepare(axes, f"Dice of {curves.cases} left-out cases" if curves.cases else "No validation")
    for region in REGIONS if curves.cases else ():
        values = curves.dice[region]
        last = f" {values[-1]:.3f}" if not np.isnan(values[-1]) else ""
        axes.plot(
            curves.validated_at, values, "o-", color=_COLOURS[region], label=f"{region}{last}"
        )
    if curves.cases:
        axes.legend(frameon=False, loc="lower right")
    axes.set_ylim(0, 1)


def _prepare(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, color=_INK)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _title(run: Path, curves: Curves) -> str:
    steps, seconds = curves.history["step"], curves.history["seconds"]
    if not steps.size:
        return f"{run.resolve().name}: nothing logged yet"
    return f"{run.resolve().name}: step {steps[-1]:.0f}, {np.median(seconds):.2f} s per step"
