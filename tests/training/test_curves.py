"""What the logs tell is read as it was written, torn lines aside, and can be drawn."""

import math

import numpy as np
import pytest

from napari_brats.core.labels import Region
from napari_brats.training.curves import draw_curves, read_curves

HISTORY = "step,loss,soft_dice,learning_rate,seconds\n1,0.9,0.1,0.01,2.0\n2,0.8,0.2,0.02,2.5\n"
VALIDATION = (
    "step,case_id,WT,TC,ET\n"
    "10,A,0.5,0.25,nan\n10,B,0.75,nan,nan\n"
    "20,A,0.5,0.5,0.25\n20,B,1.0,0.75,nan\n"
)


@pytest.fixture
def run(tmp_path):
    (tmp_path / "history.csv").write_text(HISTORY)
    (tmp_path / "validation.csv").write_text(VALIDATION)
    return tmp_path


def test_means_are_over_the_cases_that_have_the_region(run):
    curves = read_curves(run)
    assert curves.history["step"].tolist() == [1, 2]
    assert curves.history["loss"].tolist() == [0.9, 0.8]
    assert curves.history["seconds"].tolist() == [2.0, 2.5]
    assert curves.validated_at.tolist() == [10, 20]
    assert curves.dice[Region.WT].tolist() == [0.625, 0.75]
    assert curves.dice[Region.TC].tolist() == [0.25, 0.625]
    assert math.isnan(curves.dice[Region.ET][0])
    assert curves.dice[Region.ET][1] == 0.25
    assert curves.cases == 2


@pytest.mark.parametrize(
    "torn", ["3,0.7", "3,0.7,0.3,0.0", "3,0.7,0.34,0.7,0.3,0.01,2.0\n", "\0\0"]
)
def test_torn_lines_are_passed_over(run, torn):
    with (run / "history.csv").open("a") as file:
        file.write(torn)
    assert read_curves(run).history["step"].tolist() == [1, 2]


def test_a_run_without_logs_has_empty_curves(tmp_path):
    curves = read_curves(tmp_path)
    assert curves.history["loss"].size == 0
    assert curves.validated_at.size == 0
    assert curves.cases == 0


@pytest.mark.parametrize("logs", ["both", "history", "none"])
def test_a_picture_is_drawn_whatever_there_is(run, logs):
    if logs != "both":
        (run / "validation.csv").unlink()
    if logs == "none":
        (run / "history.csv").unlink()
    assert draw_curves(run).startswith(b"\x89PNG")


def test_drawing_leaves_matplotlibs_windows_alone(run):
    """The training panel draws, too, in a program that may use matplotlib itself."""
    import sys

    draw_curves(run)
    assert (
        "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    )
    assert np.isfinite(read_curves(run).history["loss"]).all()
