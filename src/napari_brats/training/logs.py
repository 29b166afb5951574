"""What a run writes down while it goes: tables, curves and, with TensorBoard, pictures.

No log is worth a run: where one cannot be written (a full disk, say), the run is told once and
goes on.
"""

from __future__ import annotations

import csv
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari_brats.core.errors import SaveError
from napari_brats.core.labels import REGIONS, Mask, Region
from napari_brats.io.atomic import write_atomically
from napari_brats.training.curves import (
    HISTORY,
    HISTORY_COLUMNS,
    VALIDATION,
    VALIDATION_COLUMNS,
    draw_curves,
)
from napari_brats.training.pictures import overlay

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

    from napari_brats.training.dataset import TrainingCase

__all__ = ["CURVES", "EVENTS", "HISTORY", "VALIDATION", "RunLog"]

LOGGER = logging.getLogger(__name__)
CURVES = "curves.png"
EVENTS = "tensorboard"
REDRAW_S = 300.0
"""Curves are drawn at each validation, at the end, and as often as this in between."""


class RunLog:
    """The logs of one run; each line is on disk before the next step begins."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._told: set[str] = set()
        self._drawn_s = time.monotonic()
        self._events: SummaryWriter | None = None
        self._events_wanted = True
        self._purge_step: int | None = None

    def step(
        self, step: int, loss: float, soft_dice: float, learning_rate: float, seconds: float
    ) -> None:
        """One optimiser step; ``step`` counts from 1, ``soft_dice`` is the figure of merit."""
        row = [step, f"{loss:.5f}", f"{soft_dice:.5f}", f"{learning_rate:.6g}", f"{seconds:.3f}"]
        self._append(HISTORY, HISTORY_COLUMNS, row)
        scalars = {
            "train/loss": loss,
            "train/soft_dice": soft_dice,
            "train/learning_rate": learning_rate,
            "train/seconds_per_step": seconds,
        }
        self._to_events(partial(_add_scalars, step=step, scalars=scalars))
        if time.monotonic() - self._drawn_s > REDRAW_S:
            self._draw()

    def validation(self, step: int, rows: Sequence[tuple[str, Mapping[Region, float]]]) -> None:
        """Dice of each left-out case by region; NaN where the reference lacks the region."""
        for case_id, dice in rows:
            row = [step, case_id, *(f"{dice[region]:.4f}" for region in REGIONS)]
            self._append(VALIDATION, VALIDATION_COLUMNS, row)
        self._to_events(partial(_add_scalars, step=step, scalars=_mean_dice(rows)))
        self._draw()

    def picture(self, step: int, case: TrainingCase, regions: Mask) -> None:
        """A left-out case with the outlines of its prediction ``(R, X, Y, Z)`` and reference."""
        self._to_events(partial(_add_picture, step=step, case=case, regions=regions))

    def forget_after(self, step: int) -> None:
        """Drop the lines of steps that came after a checkpoint: they are done again."""
        self._purge_step = step + 1
        for name, columns in ((HISTORY, HISTORY_COLUMNS), (VALIDATION, VALIDATION_COLUMNS)):
            self._guarded(name, partial(_keep_until, self._run / name, step, len(columns)))

    def close(self) -> None:
        """Draw the curves a last time and close the event file."""
        self._draw()
        self._to_events(lambda events: events.close())
        self._events_wanted, self._events = False, None

    def _append(self, name: str, columns: Sequence[str], row: Sequence[object]) -> None:
        def append() -> None:
            path = self._run / name
            new = not path.exists() or path.stat().st_size == 0
            with path.open("a", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                if new:
                    writer.writerow(columns)
                writer.writerow(row)

        self._guarded(name, append)

    def _draw(self) -> None:
        self._drawn_s = time.monotonic()

        def draw() -> None:
            if (self._run / HISTORY).exists():
                write_atomically(self._run / CURVES, draw_curves(self._run), overwrite=True)

        try:
            self._guarded(CURVES, draw)
        except ImportError as error:
            self._tell(CURVES, f"{error}; pip install 'napari-brats[train]' brings it")

    def _to_events(self, write: Callable[[SummaryWriter], object]) -> None:
        if not self._events_wanted:
            return
        try:
            if self._events is None:
                from torch.utils.tensorboard import SummaryWriter

                self._events = SummaryWriter(str(self._run / EVENTS), purge_step=self._purge_step)
            write(self._events)
        except ImportError as error:
            self._events_wanted = False
            self._tell(EVENTS, f"{error}; pip install 'napari-brats[train]' brings it")
        except OSError as error:
            self._events_wanted, self._events = False, None
            self._tell(EVENTS, str(error))

    def _guarded(self, name: str, write: Callable[[], object]) -> None:
        try:
            write()
        except (OSError, SaveError) as error:
            self._tell(name, str(error))

    def _tell(self, name: str, reason: str) -> None:
        """Say once per log that it is not written."""
        if name not in self._told:
            self._told.add(name)
            LOGGER.warning("%s is not written, training goes on: %s", name, reason)


def _add_scalars(events: SummaryWriter, step: int, scalars: Mapping[str, float]) -> None:
    for name, value in scalars.items():
        events.add_scalar(name, value, step)


def _add_picture(events: SummaryWriter, step: int, case: TrainingCase, regions: Mask) -> None:
    events.add_image(f"cases/{case.case_id}", overlay(case, regions), step, dataformats="HWC")


def _mean_dice(rows: Sequence[tuple[str, Mapping[Region, float]]]) -> dict[str, float]:
    """Over the cases that have the region; without regions that none has."""
    values = {r: [dice[r] for _, dice in rows if not math.isnan(dice[r])] for r in REGIONS}
    return {f"dice/{region}": math.fsum(v) / len(v) for region, v in values.items() if v}


def _keep_until(path: Path, step: int, columns: int) -> None:
    """Keep the head and the whole lines up to ``step``; a kill may have torn the last one."""
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    if not text:  # a kill between making the file and its first line
        return
    head, *lines = text.splitlines(keepends=True)
    kept = [line for line in lines if _is_whole(line, columns) and int(line.split(",")[0]) <= step]
    write_atomically(path, "".join([head, *kept]).encode(), overwrite=True)


def _is_whole(line: str, columns: int) -> bool:
    values = next(csv.reader([line]))
    return line.endswith("\n") and len(values) == columns and values[0].isdecimal()
