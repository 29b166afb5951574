"""Install, run, test and lint the project: what `make` calls, and what Windows users type.

    python scripts/project.py run | test | test-pyqt6 | bench | lint | install

Needs nothing but Python 3.11 or newer; everything else goes into `.venv` beside the sources.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYQT6 = VENV / "pyqt6"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
OLDEST_PYTHON = (3, 11)
MOST_TEST_WORKERS = 4
"""Each has a napari and a torch of its own in memory."""
PYTHON_NAMES = ("python3.13", "python3.12", "python3.11", "python3", "python")


def main() -> int:
    """Run the task named on the command line and return its exit status."""
    if sys.version_info < OLDEST_PYTHON:
        return run_with_newer_python()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_KeepLines)
    parser.add_argument("task", choices=tuple(TASKS))
    arguments = parser.parse_args()
    try:
        return TASKS[arguments.task]()
    except subprocess.CalledProcessError as error:
        print(f"Stopped: exit status {error.returncode} from {' '.join(error.cmd)}", flush=True)
        return error.returncode or 1


class _KeepLines(argparse.RawDescriptionHelpFormatter):
    """Shows the module's docstring as it is written."""


def run_with_newer_python() -> int:
    """Start this script again with a Python that is new enough, if there is one."""
    probe = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    for name in PYTHON_NAMES:
        found = shutil.which(name)
        # A name on the PATH may be a shim that only says it is not installed: try it.
        if found and subprocess.run([found, "-c", probe], capture_output=True).returncode == 0:
            return subprocess.call([found, __file__, *sys.argv[1:]])
    print(
        "This is Python {}.{}, and no newer one is on the PATH. napari needs Python 3.11 or newer: "
        "install one from python.org or your system's packages.".format(*sys.version_info[:2])
    )
    return 1


def run_sample() -> int:
    """Open the sample case in napari; without a screen segment it from the command line."""
    import screen

    install("pyqt5")
    case = sample_case()
    program = str(BIN / "napari-brats")
    why_not = screen.reason_for_none()
    if not why_not:
        _provide_system_libraries(screen_needed=False)
        return subprocess.call([program, "open", str(case)])
    output = ROOT / "runs" / "sample"
    print(f"No screen: {why_not}\nSegmenting the sample case from the command line instead.")
    command = [program, "segment", str(case), "--output", str(output), "--overwrite"]
    print("$", " ".join(command), flush=True)
    status = subprocess.call(command)
    if status == 0:
        print(f"Mask and measurements are in {output}", flush=True)
    return status


def sample_case() -> Path:
    """The folder of the bundled case."""
    return next(path for path in sorted((ROOT / "sample_data").iterdir()) if path.is_dir())


def run_tests() -> int:
    """All tests, a process per core, on virtual screens where Xvfb is at hand (pytest-xvfb)."""
    install("dev")
    _provide_system_libraries(screen_needed=True)
    workers = min(os.cpu_count() or 1, MOST_TEST_WORKERS)
    # Files stay whole, so that what a module's tests share is made once.
    return _pytest("-n", str(workers), "--dist", "loadfile", OMP_NUM_THREADS="1")


def run_pyqt6_tests() -> int:
    """The GUI smoke tests once more on PyQt6.

    PyQt6 goes into a folder of its own, put in front by PYTHONPATH, so that one environment (and
    one torch) serves both bindings.
    """
    install("dev")
    _provide_system_libraries(screen_needed=True)
    if not (PYQT6 / "PyQt6").is_dir():
        _install("--target", str(PYQT6), "PyQt6>=6.5")
    return _pytest("-m", "gui_smoke", PYTHONPATH=str(PYQT6), QT_API="pyqt6", PYTEST_QT_API="pyqt6")


def run_benchmarks() -> int:
    """Every benchmark that this machine can run, beside its peers; writes benchmarks/RESULTS.md."""
    install("bench")
    _provide_system_libraries(screen_needed=True)
    return _call([str(PYTHON), str(Path("benchmarks", "run_all.py"))])


def run_lint() -> int:
    """ruff, ruff format, mypy and import-linter; all of them, also when one complains."""
    install("dev")
    commands = (
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports"],
    )
    return max(_call([str(BIN / command[0]), *command[1:]]) for command in commands)


def install(extra: str = "pyqt5") -> int:
    """Make `.venv` with the package and one of its extras; do nothing where that is done."""
    import torch_build

    stamp = VENV / f"installed-{extra}"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted and PYTHON.exists():
        return 0
    if not PYTHON.exists():
        print(f"Making a virtual environment in {VENV}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    if not torch_build.is_installed(PYTHON):
        _install(*torch_build.choose(PYTHON, torch_build.requirement(ROOT / "pyproject.toml")))
    _install("--editable", f"{ROOT}[{extra}]")
    stamp.write_text(wanted)
    return 0


def _provide_system_libraries(*, screen_needed: bool) -> None:
    import system_libraries

    problem = system_libraries.provide(screen_needed=screen_needed)
    if problem:
        sys.exit(problem)


def _install(*arguments: str) -> None:
    """What ``pip install`` does with ``arguments``; Python compiles what is imported, later."""
    print("$ pip install", " ".join(arguments), flush=True)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--no-compile"]
    subprocess.run([*pip, *arguments], check=True)


def _pytest(*arguments: str, **environment: str) -> int:
    return _call([str(PYTHON), "-m", "pytest", *arguments], **environment)


def _call(command: list[str], **environment: str) -> int:
    print("$", " ".join([Path(command[0]).name, *command[1:]]), flush=True)
    return subprocess.call(command, cwd=ROOT, env={**os.environ, **environment})


TASKS = {
    "run": run_sample,
    "test": run_tests,
    "test-pyqt6": run_pyqt6_tests,
    "bench": run_benchmarks,
    "lint": run_lint,
    "install": install,
}

if __name__ == "__main__":
    sys.exit(main())
