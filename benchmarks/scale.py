"""Many cases: how long one process takes for each, and what a second worker brings.

    python benchmarks/scale.py [CASE] [--cases N] [--repeats N] [--crop VOXELS]

Each figure is a whole process, from its start to its end, on N cases (copies of CASE):
``segment`` as it is (one process, all cores), then ``--workers 1`` and ``--workers 2`` with one
thread each. Efficiency is time with one worker / (2 x time with two). The masks of all runs must be
equal, byte by byte, where the number of threads is. CPU seconds count all processes of a run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from case_copies import copies_of
from rows import AT_LEAST, Goal, Row, case_folder, report


def main() -> None:
    """Measure, compare the masks, and report the rows."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        case, count = case_folder(arguments.case), arguments.cases
        cases = copies_of(case, folder, count, crop=arguments.crop)
        found: dict[str, list[float]] = {"all": [], "1": [], "2": []}
        used: list[float] = []
        for _ in range(arguments.repeats):  # one of each in turn, so that all meet the same load
            for which, seconds in found.items():
                passed, cpu_s = _run(cases, folder / which, which)
                seconds.append(passed)
                used += [cpu_s / count] if which == "1" else []
        masks = _volumes(folder / "1")
        same = len(masks) == count and masks == _volumes(folder / "2")
        hidden = _hidden(folder / "all", found["all"][-1])
    print(f"masks of 1 and 2 workers equal byte by byte: {same}")
    _report(found, count, same, hidden)
    report(Row("CPU seconds per case, one worker, one thread", used, note=f"{count} cases"))


def _report(found: dict[str, list[float]], count: int, same: bool, hidden: str) -> None:
    of = f"{count} cases, whole process"
    each = {which: [s / count for s in seconds] for which, seconds in found.items()}
    report(
        Row("segment FOLDER, one process, all cores, per case", each["all"], note=f"{of}{hidden}")
    )
    report(Row("--workers 1, one thread, per case", each["1"], note=of))
    report(
        Row(
            "--workers 2, one thread each, per case",
            each["2"],
            peer="--workers 1",
            others=each["1"],
            note=f"{of}; masks equal byte by byte: {'yes' if same else 'NO'}",
        )
    )
    shares = [100 * one / (2 * two) for one, two in zip(found["1"], found["2"], strict=True)]
    report(Row("efficiency of 2 workers", shares, Goal(AT_LEAST, 90), "%", note=of))
    report(Row("cases per hour, one process, all cores", [3600 / median(each["all"])], unit=""))


def _run(cases: Path, output: Path, which: str) -> tuple[float, float]:
    """Seconds that passed, and CPU seconds, of one whole run."""
    shutil.rmtree(output, ignore_errors=True)
    command = [sys.executable, "-m", "napari_brats", "segment", str(cases)]
    command += ["--output", str(output), "--device", "cpu"]
    environment = dict(os.environ)
    if which != "all":
        command += ["--workers", which]
        environment["OMP_NUM_THREADS"] = "1"
    begin, before = time.perf_counter(), _cpu_of_children()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    seconds, cpu_s = time.perf_counter() - begin, _cpu_of_children() - before
    if done.returncode:
        sys.exit(done.stderr)
    print(f"{which}: {seconds:.1f} s, {cpu_s:.1f} CPU s", flush=True)
    return seconds, cpu_s


def _cpu_of_children() -> float:
    used = os.times()
    return used.children_user + used.children_system


def _volumes(output: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in output.glob("*.nii.gz")}


def _hidden(output: Path, wall_s: float) -> str:
    """What all stages of all cases took, against what passed: the rest overlapped."""
    records = [json.loads(path.read_text())["seconds"] for path in output.glob("*-seg.json")]
    stages = {stage: median(record[stage] for record in records) for stage in records[0]}
    total = sum(sum(record.values()) for record in records)
    told = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in stages.items())
    return f"; stages, median s: {told}; their sum {total:.0f} s, passed {wall_s:.0f} s"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", nargs="?", type=Path, help="a case folder")
    parser.add_argument("--cases", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--crop", type=int, default=0, help="cut the images to so many voxels")
    return parser.parse_args()


if __name__ == "__main__":
    main()
