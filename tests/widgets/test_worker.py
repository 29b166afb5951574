"""The worker with real threads: nothing it runs may freeze a button or outlive its window."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import warnings

import pytest
from qtpy.QtCore import QThread, QThreadPool
from qtpy.QtWidgets import QWidget

from napari_brats.core.errors import BratsError, CaseError, JobError
from napari_brats.core.progress import Progress
from napari_brats.widgets._worker import JobWorker, RunningJob, in_words, run_job
from napari_brats.workspace import log

pytestmark = pytest.mark.gui_smoke


class OutOfMemoryError(RuntimeError):
    """Looks like torch's."""


class Record:
    """What a job reported, in order, and whether it came on the main thread."""

    def __init__(self):
        self.events = []
        self.threads = set()

    def _note(self, *event):
        self.events.append(event)
        self.threads.add(QThread.currentThread())

    def handlers(self):
        return {
            "on_progress": lambda p: self._note("progress", p.done),
            "on_returned": lambda value: self._note("returned", value),
            "on_failed": lambda error: self._note("failed", error),
            "on_finished": lambda: self._note("finished"),
        }

    @property
    def kinds(self):
        return [event[0] for event in self.events]


@pytest.fixture
def log_file(tmp_path, monkeypatch):
    path = tmp_path / "log.txt"
    monkeypatch.setattr(log, "log_path", lambda: path)
    return path


def finish(qtbot, record):
    qtbot.waitUntil(lambda: "finished" in record.kinds, timeout=5000)


def test_a_job_reports_progress_then_its_result_then_its_end_on_the_main_thread(qtbot):
    worker_thread = []

    def job():
        worker_thread.append(QThread.currentThread())
        yield Progress(0, 1, "half way")
        return "result"

    record = Record()
    run_job(job(), **record.handlers())
    finish(qtbot, record)
    assert record.events == [("progress", 0), ("returned", "result"), ("finished",)]
    assert record.threads == {QThread.currentThread()}
    assert worker_thread[0] is not QThread.currentThread()


def test_a_runtime_error_becomes_a_message_and_the_job_still_finishes(qtbot, log_file):
    def job():
        yield Progress(0, 1, "")
        raise RuntimeError("shape mismatch")

    record = Record()
    run_job(job(), **record.handlers())
    finish(qtbot, record)
    assert record.kinds[-2:] == ["failed", "finished"]
    assert isinstance(record.events[-2][1], JobError)
    assert "shape mismatch" in log_file.read_text()


def test_running_out_of_memory_says_what_to_do(qtbot):
    def job():
        yield Progress(0, 1, "")
        raise OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nmore detail")

    record = Record()
    run_job(job(), **record.handlers())
    finish(qtbot, record)
    message = str(record.events[-2][1])
    assert "Tried to allocate 2.00 GiB." in message
    assert "choose the device 'cpu'" in message
    assert "more detail" not in message


def test_our_own_errors_arrive_as_they_are(qtbot):
    def job():
        raise CaseError("no image")
        yield

    record = Record()
    run_job(job(), **record.handlers())
    finish(qtbot, record)
    assert [str(e[1]) for e in record.events if e[0] == "failed"] == ["no image"]


def test_an_error_of_ours_in_the_returned_handler_is_reported_and_the_job_finishes(qtbot):
    def job():
        yield Progress(0, 1, "")
        return 1

    def refuse(_value):
        raise CaseError("the case was closed")

    record = Record()
    run_job(job(), **{**record.handlers(), "on_returned": refuse})
    finish(qtbot, record)
    assert record.kinds == ["progress", "failed", "finished"]


def test_cancel_reports_the_end_at_once_while_a_long_call_runs_and_closes_the_job(qtbot):
    entered, release, closed = threading.Event(), threading.Event(), threading.Event()

    def job():
        try:
            entered.set()
            release.wait(5)  # stands for one native call that cannot be interrupted
            yield Progress(0, 1, "")
            return "dropped"
        finally:
            closed.set()

    record = Record()
    worker = run_job(job(), **record.handlers())
    qtbot.waitUntil(entered.is_set, timeout=5000)
    worker.cancel()
    assert record.kinds == ["finished"]
    assert not worker.is_active
    assert not closed.is_set()
    release.set()
    qtbot.waitUntil(closed.is_set, timeout=5000)
    qtbot.wait(50)  # a late signal would arrive now
    assert record.kinds == ["finished"]


def test_the_generator_is_closed_in_its_own_thread(qtbot):
    threads = []
    entered = threading.Event()

    def job():
        threads.append(threading.get_ident())
        try:
            while True:
                entered.set()
                time.sleep(0.001)
                yield Progress(0, 1, "")
        finally:
            threads.append(threading.get_ident())

    worker = run_job(job())
    qtbot.waitUntil(entered.is_set, timeout=5000)
    worker.cancel()
    qtbot.waitUntil(lambda: len(threads) == 2, timeout=5000)
    assert threads[0] == threads[1] != threading.get_ident()


def test_a_job_whose_widget_is_deleted_stops_and_calls_nothing(qtbot):
    closed = threading.Event()

    def job():
        try:
            while True:
                time.sleep(0.01)
                yield Progress(0, 1, "")
        finally:
            closed.set()

    widget = QWidget()
    record = Record()
    run_job(job(), owner=widget, **record.handlers())
    qtbot.waitUntil(lambda: "progress" in record.kinds, timeout=5000)
    widget.deleteLater()
    qtbot.waitUntil(closed.is_set, timeout=5000)
    qtbot.wait(50)
    assert set(record.kinds) == {"progress"}


def test_python_exits_cleanly_while_a_job_runs():
    script = """
import time
from qtpy.QtWidgets import QApplication
from napari_brats.core.progress import Progress
from napari_brats.widgets._worker import run_job

def job():
    try:
        while True:
            time.sleep(0.01)
            yield Progress(0, 1, "")
    finally:
        print("closed", flush=True)

app = QApplication([])
started = []
run_job(job(), on_progress=started.append)
while not started:
    app.processEvents()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "closed\n"), done.stderr


def test_fast_progress_is_thinned_out(qtbot):
    def job():
        for done in range(5000):
            yield Progress(done, 5000, "")
        return None

    record = Record()
    run_job(job(), **record.handlers())
    finish(qtbot, record)
    assert 1 <= record.kinds.count("progress") < 500


def test_a_warning_in_the_thread_does_not_stop_the_job(qtbot):
    def job():
        warnings.warn("beware", UserWarning, stacklevel=1)
        yield Progress(0, 1, "")
        return 1

    record = Record()
    run_job(job(), **record.handlers())
    finish(qtbot, record)
    assert ("returned", 1) in record.events


def test_an_unforeseen_error_is_logged_and_its_text_names_the_log(log_file):
    message = in_words(KeyError("secret"))
    assert isinstance(message, BratsError)
    assert "KeyError" in str(message)
    assert str(log_file) in str(message)
    assert "secret" in log_file.read_text()


def test_a_log_that_cannot_be_written_is_no_second_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(log, "log_path", lambda: tmp_path / "file" / "log.txt")
    assert "see the terminal" in str(in_words(KeyError("x")))


def test_an_urgent_job_does_not_wait_until_long_ones_leave_it_a_thread(qtbot):
    may_end = []

    def long_job():
        while not may_end:
            time.sleep(0.002)
            yield Progress(0, 1, "busy")

    def short_job():
        yield Progress(0, 1, "short")

    busy = [Record() for _ in range(QThreadPool.globalInstance().maxThreadCount())]
    for record in busy:
        run_job(long_job(), **record.handlers())
    urgent = Record()
    run_job(short_job(), urgent=True, **urgent.handlers())
    finish(qtbot, urgent)
    were_busy = ["finished" not in record.kinds for record in busy]
    may_end.append(True)
    for record in busy:
        finish(qtbot, record)
    assert all(were_busy)


@pytest.mark.parametrize(
    ("signal", "sent", "told"),
    [("returned", 3, "returned"), ("errored", CaseError("no case"), "failed")],
)
def test_a_result_is_never_seen_beside_a_running_job(qtbot, signal, sent, told):
    record = Record()
    worker = JobWorker(iter(()))  # never started: its thread's last signal stays away
    running = RunningJob(worker, **record.handlers(), owner=None)
    getattr(worker, signal).emit(sent)
    assert record.kinds == [told, "finished"]
    assert not running.is_active
