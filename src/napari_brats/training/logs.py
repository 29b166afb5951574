"""What a run writes down while it goes: ``history.csv`` and ``validation.csv``."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from napari_brats.core.labels import REGIONS, Region

HISTORY = "history.csv"
VALIDATION = "validation.csv"
HISTORY_COLUMNS = ("step", "loss", "soft_dice", "learning_rate", "seconds")
VALIDATION_COLUMNS = ("step", "case_id", *REGIONS)


class RunLog:
    """The logs of one run; each line is on disk before the next step begins."""

    def __init__(self, run: Path) -> None:
        self._run = run

    def step(
        self, step: int, loss: float, soft_dice: float, learning_rate: float, seconds: float
    ) -> None:
        """One optimiser step; ``step`` counts from 1, ``soft_dice`` is the figure of merit."""
        row = [step, f"{loss:.5f}", f"{soft_dice:.5f}", f"{learning_rate:.6g}", f"{seconds:.3f}"]
        self._append(HISTORY, HISTORY_COLUMNS, row)

    def validation(self, step: int, rows: Sequence[tuple[str, Mapping[Region, float]]]) -> None:
        """Dice of each left-out case by region; NaN where the reference lacks the region."""
        for case_id, dice in rows:
            row = [step, case_id, *(f"{dice[region]:.4f}" for region in REGIONS)]
            self._append(VALIDATION, VALIDATION_COLUMNS, row)

    def forget_after(self, step: int) -> None:
        """Drop the lines of steps that came after a checkpoint: they are done again."""
        for name in (HISTORY, VALIDATION):
            path = self._run / name
            if path.exists():
                head, *rows = path.read_text().splitlines(keepends=True)
                kept = [row for row in rows if int(row.split(",", 1)[0]) <= step]
                temporary = path.with_suffix(".tmp")
                temporary.write_text("".join([head, *kept]))
                temporary.replace(path)

    def close(self) -> None:
        """Nothing is held open."""

    def _append(self, name: str, columns: Sequence[str], row: Sequence[object]) -> None:
        path = self._run / name
        new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            if new:
                writer.writerow(columns)
            writer.writerow(row)
