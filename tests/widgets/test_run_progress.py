"""A run's bar and words: what they say and when they are there."""

from __future__ import annotations

import pytest

from napari_brats.core.progress import Progress
from napari_brats.widgets.run_progress import RunProgress, seconds_left, time_left_text


def test_it_is_there_while_a_run_goes_on_and_starts_anew(qtbot):
    progress = RunProgress()
    qtbot.addWidget(progress)
    assert progress.isHidden()
    progress.set_running(True)
    assert not progress.isHidden()
    progress.show_progress(Progress(3, 12, "Window 3 of 12"), 9.0)
    assert (progress.bar.value(), progress.bar.maximum()) == (3, 12)
    assert progress.words.text() == "Window 3 of 12, 9 s left"
    progress.show_progress(Progress(0, 0, "Looking"))
    assert progress.words.text() == "Looking"
    progress.set_running(False)
    assert progress.isHidden()
    progress.set_running(True)
    assert (progress.bar.maximum(), progress.words.text()) == (0, "Starting")


@pytest.mark.parametrize(
    ("done", "total", "elapsed", "left"),
    [(0, 4, 3.0, None), (1, 4, 3.0, 9.0), (4, 4, 3.0, 0.0), (0, 0, 1.0, None)],
)
def test_seconds_left_goes_by_what_was_done(done, total, elapsed, left):
    assert seconds_left(Progress(done, total, ""), elapsed) == left


@pytest.mark.parametrize(("seconds", "text"), [(0.0, "1 s"), (8.4, "8 s"), (90.1, "2 min")])
def test_time_left_is_rounded(seconds, text):
    assert time_left_text(seconds) == text
