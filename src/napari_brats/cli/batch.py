"""What ``segment`` does with the cases of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from napari_brats.cli.cases import Problem
from napari_brats.cli.running import Run, run_with
from napari_brats.io.discover import CaseFiles

if TYPE_CHECKING:
    from napari_brats.inference.segment_files import Plan
    from napari_brats.scale.workers import Workers

SUMMARY_NAME = "summary.json"


def run_batch(
    cases: Sequence[CaseFiles],
    problems: Sequence[Problem],
    plan: Plan,
    workers: Workers | None = None,
) -> int:
    """Segment every case, write the summary, and give the exit code.

    Parameters
    ----------
    cases
        The cases to run, their ids all different.
    problems
        Cases that could not even be begun; they stand in the summary as failed.
    plan
        What is the same for all.
    workers
        Who does it; None for this process.
    """

    def segment(cases: Sequence[CaseFiles], run: Run) -> None:
        from napari_brats.scale.pipeline import segment_in_turn
        from napari_brats.scale.segmenting import segment_with

        if workers is None:
            segment_in_turn(cases, plan, run)
        else:
            segment_with(workers, cases, plan, run)

    return run_with(segment, cases, problems, plan.output / SUMMARY_NAME)
