"""What starting costs: the reader on top of napari, and the command line beside bare typer.

    python benchmarks/imports.py [--repeats 5]

Every figure is of a fresh Python, with compiled modules in place. The reader: napari is imported
first, then what npe2 imports when a file is dropped (`_reader`), then what reading takes
(`io.opening`). ``--help``: the whole process, beside one whose program is a typer application of
one command. Stops with an error if a heavy module was imported on the way.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

from rows import AT_MOST, AT_MOST_MORE, Goal, Row, report

HEAVY = ("torch", "openvino", "SimpleITK", "scipy.ndimage", "matplotlib", "pandas", "sqlite3")
READER = f"""
import json, sys, time
import napari, napari.layers, napari.viewer, napari.plugins
before = set(sys.modules)
marks = [(time.perf_counter(), time.process_time())]
import napari_brats._reader
marks.append((time.perf_counter(), time.process_time()))
import napari_brats.io.opening
marks.append((time.perf_counter(), time.process_time()))
heavy = [name for name in {HEAVY} if name in set(sys.modules) - before]
print(json.dumps({{"marks": marks, "heavy": heavy}}))
"""
TYPER = """
import typer
app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
@app.command()
def one(name: str) -> None: ...
app(["--help"])
"""
HELP = f"""
import sys
from napari_brats.cli import main
sys.argv = ["napari-brats", "--help"]
try:
    main()
finally:
    heavy = [name for name in ({HEAVY} + ("numpy", "nibabel")) if name in sys.modules]
    sys.exit(f"imported: {{heavy}}" if heavy else 0)
"""


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    processes = {"ours": HELP, "typer": TYPER, "python": "pass"}
    for code in (READER, *processes.values()):
        run(code)  # compiles modules, fills the disk cache
    report_reader([json.loads(run(READER)[0]) for _ in range(repeats)])
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in processes}
    for _ in range(repeats):
        for name, code in processes.items():
            found[name].append(run(code)[1])
    for index, unit in enumerate(("s", "s CPU")):
        ours, peer, bare = ([pair[index] for pair in found[name]] for name in found)
        note = "whole process, no heavy module imported"
        goal, other = Goal(AT_MOST_MORE, 0.3), "Python with typer, one command"
        report(Row("napari-brats --help", ours, goal, unit, other, peer, note))
        report(Row("napari-brats --help", ours, None, unit, "Python alone", bare, note))


def report_reader(runs: list[dict[str, list[list[float]]]]) -> None:
    """The differences between the marks, in wall time and CPU time."""
    heavy = {name for run_ in runs for name in run_["heavy"]}
    if heavy:
        raise SystemExit(f"The reader imports {', '.join(map(str, heavy))}.")
    for index, unit in enumerate(("s", "s CPU")):
        marks = [[mark[index] for mark in run_["marks"]] for run_ in runs]
        first, both = [m[1] - m[0] for m in marks], [m[2] - m[0] for m in marks]
        goal = Goal(AT_MOST, 0.3)
        report(Row("import of the reader on top of napari", first, goal, unit))
        name = "reader and all that reading needs (nibabel, ...), on top of napari"
        report(Row(name, both, goal, unit, note="no heavy module imported"))


def run(code: str) -> tuple[str, tuple[float, float]]:
    """What a fresh Python prints, and its wall and CPU seconds from start to exit."""
    before, begin = os.times(), time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    wall, after = time.perf_counter() - begin, os.times()
    if done.returncode:
        raise SystemExit(done.stderr)
    children = after.children_user - before.children_user
    children += after.children_system - before.children_system
    return done.stdout, (wall, children)


if __name__ == "__main__":
    main()
