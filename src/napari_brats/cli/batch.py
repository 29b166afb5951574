"""What ``segment`` does with each case of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_brats.cli.cases import Problem
from napari_brats.cli.console import ProgressReport
from napari_brats.cli.running import run_cases
from napari_brats.core.case import Segmentation
from napari_brats.io.discover import CaseFiles
from napari_brats.io.save import label_map_name

if TYPE_CHECKING:
    from napari_brats.inference.segment_files import Plan

SUMMARY_NAME = "summary.json"


def run_batch(cases: Sequence[CaseFiles], problems: Sequence[Problem], plan: Plan) -> int:
    """Segment every case, write the summary, and give the exit code.

    Parameters
    ----------
    cases
        The cases to run, their ids all different.
    problems
        Cases that could not even be begun; they stand in the summary as failed.
    plan
        What is the same for all.
    """

    def work(files: CaseFiles, report: ProgressReport) -> str:
        from napari_brats.inference.segment_files import segment_files

        def tell(text: str) -> None:
            report.line(f"{files.case_id}: {text}")

        return _result_line(report.follow(segment_files(files, plan, tell)), plan.output)

    return run_cases(cases, problems, plan.output / SUMMARY_NAME, work)


def _result_line(segmentation: Segmentation, output: Path) -> str:
    volumes = "  ".join(f"{r.value} {v:.1f} ml" for r, v in segmentation.volumes_ml().items())
    path = output / label_map_name(segmentation.case_id)
    return f"{segmentation.case_id}  {volumes}  {path}"
