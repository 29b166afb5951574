"""The time left, as a training shows it."""

from napari_brats.cli.train import _TimeLeft
from napari_brats.core.progress import Progress


def test_the_time_left_follows_the_pace_of_the_stage():
    clock = _TimeLeft()
    assert clock.text(Progress(0, 17, ""), 0.0) == ""  # preparing cases
    assert clock.text(Progress(10, 17, ""), 20.0) == ", 14 s left"
    assert clock.text(Progress(101, 200, ""), 100.0) == ""  # resumed: the pace starts here
    assert clock.text(Progress(111, 200, ""), 150.0) == ", 7 min left"
    assert clock.text(Progress(200, 200, ""), 600.0) == ""
