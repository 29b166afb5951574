"""Where messages go, and how progress looks on a terminal and in a log."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from napari_brats.cli.console import ProgressReport
from napari_brats.core.progress import Job, Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def job(closed: list[str]) -> Job[str]:
    try:
        yield Progress(0, 4, "Preparing")
        yield Progress(1, 4, "Running")
        yield Progress(2, 4, "Running")
        return "result"
    finally:
        closed.append("closed")


def test_a_log_gets_one_line_per_stage(capsys: pytest.CaptureFixture[str]):
    with ProgressReport(3) as report:
        report.start_case("A")
        assert report.follow(job([])) == "result"
    assert capsys.readouterr().err == "[1/3] A: Preparing\n[1/3] A: Running\n"


def test_a_job_over_all_cases_counts_its_own_steps(capsys: pytest.CaptureFixture[str]):
    with ProgressReport(4) as report:
        report.follow(job([]))
    assert capsys.readouterr().err == "[0/4] Preparing\n[1/4] Running\n"


def test_a_terminal_gets_a_bar_that_is_wiped_at_the_end(monkeypatch: pytest.MonkeyPatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "60")
    with ProgressReport(1) as report:
        report.start_case("A")
        report.follow(job([]))
    drawn = terminal.getvalue().split("\r")
    assert drawn[3].startswith("|############------------|  50% [1/1] A: Running")
    assert all(len(line) <= 59 for line in drawn)
    assert drawn[-2].strip() == ""


def test_an_interrupted_job_is_closed():
    closed: list[str] = []

    class Interrupting(ProgressReport):
        def step(self, progress: Progress) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Interrupting(1) as report:
        report.follow(job(closed))
    assert closed == ["closed"]


def test_a_reader_that_has_gone_does_not_end_the_work():
    code = (
        "import os, sys\n"
        "from napari_brats.cli.console import say\n"
        "os.close(0)\n"
        "for line in range(20000):\n"
        "    say('x' * 100)\n"
        "sys.stderr.write('finished')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b"finished"
    assert process.returncode == 0


def test_a_path_that_the_terminal_cannot_show_is_escaped():
    code = "from napari_brats.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", code, "inspect", "Ω"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert result.returncode == 2
    assert b"\\u03a9" in result.stderr
    assert b"Traceback" not in result.stderr


def test_a_result_that_the_terminal_cannot_show_is_escaped():
    code = "from napari_brats.cli.console import *; escape_what_cannot_be_shown(); say('Ω')"
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert result.stdout.split() == [b"\\u03a9"]
