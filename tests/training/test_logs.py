"""Logs tell what happened, each step once, and never stop a training."""

import math
import sys

import numpy as np
import pytest

from napari_brats.core.labels import Region
from napari_brats.training import logs
from napari_brats.training.dataset import TrainingCase
from napari_brats.training.logs import CURVES, EVENTS, HISTORY, VALIDATION, RunLog

DICE = {Region.WT: 0.5, Region.TC: 0.25, Region.ET: math.nan}


def _steps(log, numbers):
    for step in numbers:
        log.step(step, 1 / step, 0.5, 0.01, 2.0)


def _lines(run, name):
    return (run / name).read_text().splitlines()


@pytest.fixture
def without_tensorboard(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)


@pytest.fixture
def events_of():
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

    def read(run):
        found = accumulator.EventAccumulator(str(run / EVENTS))
        found.Reload()
        return found

    return read


def test_tables_and_curves_are_there_after_a_validation(tmp_path, without_tensorboard):
    log = RunLog(tmp_path)
    _steps(log, [1, 2])
    assert _lines(tmp_path, HISTORY) == [
        "step,loss,soft_dice,learning_rate,seconds",
        "1,1.00000,0.50000,0.01,2.000",
        "2,0.50000,0.50000,0.01,2.000",
    ]
    log.validation(2, [("A", DICE)])
    assert _lines(tmp_path, VALIDATION) == ["step,case_id,WT,TC,ET", "2,A,0.5000,0.2500,nan"]
    assert (tmp_path / CURVES).read_bytes().startswith(b"\x89PNG")


def test_a_resumed_run_has_each_step_once(tmp_path, without_tensorboard):
    log = RunLog(tmp_path)
    _steps(log, [1, 2, 3, 12])
    log.validation(2, [("A", DICE)])
    log.validation(3, [("A", DICE)])
    with (tmp_path / HISTORY).open("a") as file:
        file.write("1")  # of 13, which a kill tore
    RunLog(tmp_path).forget_after(2)
    assert [line.split(",")[0] for line in _lines(tmp_path, HISTORY)] == ["step", "1", "2"]
    assert [line.split(",")[0] for line in _lines(tmp_path, VALIDATION)] == ["step", "2"]


def test_a_log_that_a_kill_left_empty_is_gone_on_with(tmp_path, without_tensorboard):
    (tmp_path / HISTORY).touch()
    log = RunLog(tmp_path)
    log.forget_after(0)
    _steps(log, [1])
    assert [line.split(",")[0] for line in _lines(tmp_path, HISTORY)] == ["step", "1"]


def test_tensorboard_gets_scalars_and_pictures(tmp_path, events_of):
    log = RunLog(tmp_path)
    _steps(log, [1, 2])
    case = TrainingCase("A", np.zeros((4, 6, 5, 3), np.float16), np.zeros((6, 5, 3), np.uint8), ())
    log.picture(2, case, np.zeros((3, 6, 5, 3), bool))
    log.validation(2, [("A", DICE), ("B", DICE | {Region.WT: 1.0})])
    log.close()
    events = events_of(tmp_path)
    assert [(e.step, e.value) for e in events.Scalars("train/loss")] == [(1, 1.0), (2, 0.5)]
    assert [(e.step, e.value) for e in events.Scalars("dice/WT")] == [(2, 0.75)]
    assert "dice/ET" not in events.Tags()["scalars"]  # no case has it
    [picture] = events.Images("cases/A")
    assert (picture.step, picture.width, picture.height) == (2, 18, 5)


def test_tensorboard_forgets_what_is_done_again(tmp_path, events_of):
    log = RunLog(tmp_path)
    _steps(log, [1, 2, 3])
    log.close()
    log = RunLog(tmp_path)
    log.forget_after(1)
    log.step(2, 9.0, 0.5, 0.01, 2.0)
    log.close()
    assert [(e.step, e.value) for e in events_of(tmp_path).Scalars("train/loss")] == [
        (1, 1.0),
        (2, 9.0),
    ]


@pytest.mark.parametrize("module", ["torch.utils.tensorboard", "matplotlib.figure"])
def test_a_missing_package_is_told_once(tmp_path, monkeypatch, caplog, module):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    monkeypatch.setitem(sys.modules, module, None)
    log = RunLog(tmp_path)
    for step in (1, 2):
        _steps(log, [step])
        log.validation(step, [("A", DICE)])
    log.close()
    told = [r.message for r in caplog.records if "napari-brats[train]" in r.message]
    assert len(told) == (1 if module.startswith("torch") else 2)
    assert len(_lines(tmp_path, HISTORY)) == 3


def test_a_full_disk_is_told_once_and_stops_nothing(
    tmp_path, monkeypatch, caplog, without_tensorboard
):
    log = RunLog(tmp_path)
    _steps(log, [1])

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(logs.Path, "open", full)
        _steps(log, [2, 3])
        log.validation(3, [("A", DICE)])
    _steps(log, [4])
    log.close()
    assert [line.split(",")[0] for line in _lines(tmp_path, HISTORY)] == ["step", "1", "4"]
    told = [r.message for r in caplog.records if r.message.startswith(HISTORY)]
    assert len(told) == 1
    assert "training goes on" in told[0]


def test_a_folder_that_vanished_stops_nothing(tmp_path, caplog):
    log = RunLog(tmp_path / "gone")
    _steps(log, [1])
    log.validation(1, [("A", DICE)])
    log.close()
    assert f"{HISTORY} is not written" in caplog.text


def test_curves_are_drawn_now_and_then_without_validations(
    tmp_path, monkeypatch, without_tensorboard
):
    monkeypatch.setattr(logs, "REDRAW_S", -1.0)
    _steps(RunLog(tmp_path), [1])
    assert (tmp_path / CURVES).exists()
