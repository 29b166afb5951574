"""The memory of one process over many cases: it must not grow.

    python benchmarks/memory_growth.py [CASE] [--cases 50] [--crop VOXELS] [--each]

Segments N cases (copies of CASE) in this process, as ``segment FOLDER`` does, and notes
the resident memory after each. Growth is the slope of a line through the second half, times the
number of cases in it: the first half fills caches and pools.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from case_copies import copies_of
from rows import AT_MOST, Goal, Row, case_folder, report

from napari_brats.inference.segment import SegmentOptions
from napari_brats.inference.segment_files import Plan
from napari_brats.io.discover import discover
from napari_brats.models.bundle import load_bundle
from napari_brats.scale.outcome import CaseLog, Outcome
from napari_brats.scale.pipeline import segment_in_turn

MB = 1e6


@dataclass
class _Memory(CaseLog):
    """Notes the resident memory whenever a case has ended."""

    each: bool = False
    resident_mb: list[float] = field(default_factory=list)

    def end(self, outcome: Outcome, line: str = "") -> None:
        if outcome.error:
            sys.exit(outcome.error)
        self.resident_mb.append(psutil.Process().memory_info().rss / MB)
        if self.each:
            print(f"{outcome.case_id}: {self.resident_mb[-1]:.0f} MB", flush=True)


def main() -> None:
    """Segment, and report growth, level and peak."""
    arguments = _arguments()
    log = _Memory(each=arguments.each)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases = copies_of(case_folder(arguments.case), folder, arguments.cases, crop=arguments.crop)
        output = folder / "out"
        output.mkdir()
        plan = Plan(output, load_bundle(), SegmentOptions("cpu"))
        segment_in_turn(discover(cases), plan, log)
    mb = np.array(log.resident_mb)
    half = mb[len(mb) // 2 :]
    slope = float(np.polyfit(np.arange(len(half)), half, 1)[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB  # Linux tells kB
    note = f"after case 1, {len(mb) // 2}, {len(mb)}: " + ", ".join(
        f"{mb[i]:.0f}" for i in (0, len(mb) // 2 - 1, -1)
    )
    report(
        Row(
            f"growth of memory over the last {len(half)} of {len(mb)} cases in one process",
            [slope * len(half)],
            Goal(AT_MOST, 50),
            "MB",
            note=f"resident MB {note}; slope {slope:+.2f} MB per case",
        )
    )
    report(Row(f"peak memory of one process over {len(mb)} cases", [peak], unit="MB"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", nargs="?", type=Path, help="a case folder")
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--crop", type=int, default=0, help="cut the images to so many voxels")
    parser.add_argument("--each", action="store_true", help="print the memory after each case")
    return parser.parse_args()


if __name__ == "__main__":
    main()
