"""Whole runs by several processes, of this machine and of a Dask cluster on loopback.

Everything runs in processes of its own; this one opens no socket.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.scale.conftest import Few
from tests.scale.many_cases import (
    environment,
    run,
    segment_arguments,
    start,
    volumes_in,
    wait_until,
    write_cases,
    write_references,
)
from typer.testing import CliRunner

from napari_brats.cli import app

psutil = pytest.importorskip("psutil")


def outcomes(output: Path) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((output / "summary.json").read_text())["cases"]
    return cases


def masks_in(output: Path) -> int:
    return len(list(output.glob("*-seg.nii.gz")))


def leftovers(output: Path) -> list[str]:
    return [p.name for p in output.iterdir() if p.name.startswith(".")]


def kill_one_worker(pid: int) -> None:
    """SIGKILL to a child of a process that has used the processor most: one that is at work."""
    busy = max(psutil.Process(pid).children(), key=lambda child: child.cpu_times().user)
    busy.send_signal(signal.SIGKILL)


def test_two_workers_write_what_one_process_does_though_one_is_killed(few: Few, tmp_path: Path):
    arguments = segment_arguments(few.cases, few.card, tmp_path)
    process = start(*arguments, "--probabilities", "--workers", 2)
    try:
        wait_until(lambda: masks_in(tmp_path) >= 1, process)
        kill_one_worker(process.pid)
        _, errors = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert volumes_in(tmp_path) == few.volumes
    assert [case["status"] for case in outcomes(tmp_path)] == ["done"] * len(outcomes(tmp_path))
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT for one process")
def test_an_interruption_leaves_whole_cases_and_the_next_run_goes_on(few: Few, tmp_path: Path):
    output = tmp_path / "out"
    # So many that the run cannot be over before it is interrupted; the first ones are the few.
    many = write_cases(tmp_path / "many", 30)
    arguments = (*segment_arguments(many, few.card, output), "--probabilities")
    # A shell's background jobs ignore SIGINT, and so would what they start: a handler undoes that.
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = start(*arguments, "--workers", 2)
    signal.signal(signal.SIGINT, former)
    try:
        wait_until(lambda: output.is_dir() and masks_in(output) >= 1, process)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 130, errors
    states = {case["status"] for case in outcomes(output)}
    assert "done" in states
    assert states <= {"done", "interrupted", "not run"}
    assert leftovers(output) == []
    there = volumes_in(output)
    assert all(there[name] == few.volumes[name] for name in there.keys() & few.volumes.keys())
    done = masks_in(output)
    assert run(*arguments).returncode == 0
    assert volumes_in(output).items() >= few.volumes.items()
    assert sum(case["done_before"] for case in outcomes(output)) == done


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and workers on loopback; the address, and the workers' processes."""
    pytest.importorskip("distributed")
    where = folder / "scheduler.json"
    common = ("--host", "127.0.0.1", "--no-dashboard")
    told = ("--scheduler-file", where)
    with ExitStack() as stack:

        def launch(what: str, *arguments: object) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", "distributed.cli.dask_" + what, *map(str, arguments)]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            process = stack.enter_context(
                subprocess.Popen(command, env=environment(), cwd=folder, **quiet)
            )
            stack.callback(process.terminate)
            return process

        scheduler = launch("scheduler", *common, "--port", 0, *told)
        wait_until(where.exists, scheduler)
        each = ("--nthreads", 1, "--no-nanny", "--local-directory", folder)
        ours = [launch("worker", *common, *told, *each) for _ in range(workers)]
        yield json.loads(where.read_text())["address"], ours


def test_a_dask_cluster_writes_and_scores_what_one_process_does_though_a_worker_is_killed(
    few: Few, tmp_path: Path
):
    output = tmp_path / "out"
    arguments = segment_arguments(few.cases, few.card, output)
    references = write_references(tmp_path / "references", len(list(few.cases.iterdir())))
    sides = ("evaluate", "--reference", references, "--prediction", output)
    with cluster(tmp_path, 2) as (address, workers):
        process = start(*arguments, "--probabilities", "--scheduler", address)
        try:
            wait_until(lambda: output.is_dir() and masks_in(output) >= 1, process)
            workers[0].kill()
            _, errors = process.communicate(timeout=300)
        finally:
            process.kill()
        scored = run(*sides, "--output", tmp_path / "cluster.json", "--scheduler", address)
    assert scored.returncode == 0, scored.stderr
    here = [*map(str, sides), "--output", str(tmp_path / "here.json")]
    assert CliRunner().invoke(app, here).exit_code == 0
    assert (tmp_path / "cluster.json").read_text() == (tmp_path / "here.json").read_text()
    assert process.returncode == 0, errors
    assert volumes_in(output) == few.volumes
    assert {case["status"] for case in outcomes(output)} == {"done"}
    assert leftovers(output) == []


def test_nobody_at_the_address_is_said_so(few: Few, tmp_path: Path):
    pytest.importorskip("distributed")
    arguments = segment_arguments(few.cases, few.card, tmp_path)
    done = run(*arguments, "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 1
    assert "No Dask scheduler answers at 'tcp://127.0.0.1:9'" in done.stderr
    assert "Traceback" not in done.stderr
