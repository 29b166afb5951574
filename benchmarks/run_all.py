"""Every benchmark of speed that this machine can run, each beside its peer: `make bench`.

    python benchmarks/run_all.py [--only NAME ...] [--case FOLDER] [--repeats N] [--list]

Runs each in a process of its own, one after the other, and writes RESULTS.md. The case is FOLDER,
else a labelled one below the folder in the environment variable NAPARI_BRATS_CASES, else the
sample. With ``--only`` the rows of the other benchmarks stay as they are, with their dates. How a
benchmark reports its rows stands in `rows.py`. Let the machine be quiet for it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from machine import load, machine, versions
from results import FOLDER, SHOWN, Run, merged, read, write
from rows import MARK, ROWS_AS_JSON, Row, case_folder, row_from_json

COMMON = ("napari-brats", "numpy", "nibabel")


@dataclass(frozen=True)
class Benchmark:
    """One script of this folder.

    Attributes
    ----------
    script
        Its file name.
    arguments
        ``{case}`` is the folder of the case, ``{repeats}`` the number asked for.
    screen
        Whether it opens a window; without a screen it gets a virtual one (xvfb-run).
    packages
        Whose versions matter, beside the common ones.
    """

    script: str
    arguments: Sequence[str] = ("{case}", "--repeats", "{repeats}")
    screen: bool = False
    packages: Sequence[str] = ()


BENCHMARKS = {
    "opening": Benchmark("opening.py"),
    "saving": Benchmark("saving.py", packages=("deflate", "isal", "zlib-ng")),
    "imports": Benchmark("imports.py", ("--repeats", "{repeats}"), packages=("napari", "typer")),
    "sliders": Benchmark("sliders.py", screen=True, packages=("napari", "PyQt5")),
    "strokes": Benchmark(
        "strokes.py", ("{case}", "{repeats}"), screen=True, packages=("napari", "PyQt5")
    ),
    "blocks": Benchmark("blocks.py", screen=True, packages=("napari", "PyQt5")),
    "cold": Benchmark("cold.py", packages=("openvino", "torch", "monai")),
    "backends": Benchmark(
        "backends.py", ("{case}", "--windows"), packages=("openvino", "torch", "monai")
    ),
    "gpu": Benchmark("gpu.py", packages=("torch",)),
    "scale": Benchmark(
        "scale.py", ("{case}", "--cases", "12", "--repeats", "3"), packages=("openvino",)
    ),
    "memory_growth": Benchmark(
        "memory_growth.py", ("{case}", "--cases", "50"), packages=("openvino",)
    ),
    "metrics": Benchmark(
        "metrics.py", ("--repeats", "{repeats}"), packages=("surface-distance", "monai", "MedPy")
    ),
}
"""In the order they are run and shown."""


def main() -> int:
    """Run what was asked for, write the results, and return 1 if a benchmark failed."""
    arguments = _arguments()
    if arguments.list:
        for name, benchmark in BENCHMARKS.items():
            print(f"{name:16} {_command(benchmark, 'CASE', 'N')}")
        return 0
    case = case_folder(arguments.case)
    runs = {}
    for name in arguments.only or BENCHMARKS:
        runs[name] = run = run_one(BENCHMARKS[name], case, arguments.repeats)
        if run.problem:
            print(f"{name}: {run.problem}", flush=True)
        everything = merged(read(), {name: run})  # at once: a later one may be interrupted
        write({n: everything[n] for n in (*BENCHMARKS, *everything) if n in everything})
    print(f"Results are in {SHOWN}")
    return max((1 for run in runs.values() if run.problem), default=0)


def run_one(benchmark: Benchmark, case: Path, repeats: int) -> Run:
    """What one benchmark found; its other output goes to the screen as it comes."""
    busy, date = load(), time.strftime("%Y-%m-%d")
    command = [sys.executable, str(FOLDER / benchmark.script)]
    command += [text.format(case=case, repeats=repeats) for text in benchmark.arguments]
    if benchmark.screen and not os.environ.get("DISPLAY") and shutil.which("xvfb-run"):
        command = ["xvfb-run", "-a", "-s", "-screen 0 1280x800x24", *command]
    print(f"$ {_command(benchmark, case.name, str(repeats))}", flush=True)
    rows, status = _rows_of(command)
    problem = f"exit status {status}" if status else "" if rows else "it reported no row"
    used = versions((*COMMON, *benchmark.packages))
    shown, data = _command(benchmark, "CASE", str(repeats)), _data(benchmark, case)
    return Run(shown, date, machine(), busy, used, data, rows, problem)


def _rows_of(command: Sequence[str]) -> tuple[list[Row], int]:
    """The rows a process reports, and its exit status."""
    rows = []
    environment = {**os.environ, ROWS_AS_JSON: "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stdout or ():
            if line.startswith(MARK):
                rows.append(row_from_json(json.loads(line.removeprefix(MARK))))
            else:
                print(line, end="", flush=True)
    return rows, process.returncode


def _data(benchmark: Benchmark, case: Path) -> str:
    return case.name if any("{case}" in text for text in benchmark.arguments) else "made up"


def _command(benchmark: Benchmark, case: str, repeats: str) -> str:
    """As a user would type it."""
    arguments = (text.format(case=case, repeats=repeats) for text in benchmark.arguments)
    return " ".join(["python", f"benchmarks/{benchmark.script}", *arguments])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=tuple(BENCHMARKS), metavar="NAME")
    parser.add_argument("--case", type=Path, help="a case folder")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--list", action="store_true", help="name the benchmarks and stop")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
