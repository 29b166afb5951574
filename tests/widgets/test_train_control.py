"""Training from the window, with small generators in place of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from qtpy.QtCore import QObject

from napari_brats.core.errors import CaseError
from napari_brats.core.progress import Progress
from napari_brats.models.bundle import BUILT_IN, Bundle, BundleList
from napari_brats.models.card import Card
from napari_brats.training.fine_tuning import RunState, Survey
from napari_brats.widgets import train_control, train_engine
from napari_brats.widgets.choice_box import Choice
from napari_brats.widgets.train_control import Pace, TrainController, run_text, survey_text
from napari_brats.widgets.train_panel import TrainPanel, TrainRequest

CARD = Card(
    "unet",
    "3D U-Net",
    "unet3d",
    {},
    sha256="",
    scores={"mean_dice_by_modalities": {"T1N+T1C+T2W+T2F": {"WT": {"mean": 0.8, "n": 1}}}},
)


def found():
    return BundleList((Bundle(CARD, BUILT_IN / "unet.safetensors"),), ())


class Engine:
    """Does steps until it is told to stop, or fails."""

    def __init__(self, steps=3):
        self.steps = steps
        self.requests = []
        self.error = None

    def train(self, request, should_stop):
        self.requests.append(request)
        for step in range(1, self.steps + 1):
            yield Progress(step, self.steps, f"loss {1 / step:.3f}")
            if self.error:
                raise self.error
            if should_stop():
                return False
        return True


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def panel(qtbot, engine, monkeypatch, tmp_path):
    def look_at_cases(data):
        yield Progress(0, 1, "Looking")
        if data.name == "nothing":
            raise CaseError(f"There is no file or folder {data}. Check the path.")
        return Survey(("P1", "P2", "P3", "P4", "P5", "P6", "P7"), ("P8",))

    monkeypatch.setattr(train_engine, "look_at_cases", look_at_cases)
    panel = TrainPanel()
    qtbot.addWidget(panel)
    panel.control = TrainController(panel, QObject(panel), engine.train, found)
    panel.control.offer_bundles()
    panel.set_devices([Choice("cpu", "cpu")])
    panel.data.set_path(tmp_path / "cases")
    qtbot.waitUntil(panel.train_button.isEnabled)
    return panel


def finished(qtbot, panel):
    qtbot.waitUntil(lambda: not panel.cancel_button.isEnabled() and panel.data.isEnabled())


def test_a_folder_is_looked_into_and_a_run_folder_beside_it_proposed(panel, tmp_path):
    assert panel.survey.text().splitlines()[0] == "7 labelled cases"
    assert "1 case without a label map" in panel.survey.text()
    assert panel.run.path() == tmp_path / "cases-training"
    assert (panel.left_out.value(), panel.left_out.maximum()) == (1, 6)


def test_a_folder_without_cases_is_said_to_be_one(panel, qtbot, tmp_path):
    panel.data.set_path(tmp_path / "nothing")
    qtbot.waitUntil(lambda: "Check the path" in panel.survey.text())
    assert not panel.train_button.isEnabled()
    assert "two labelled cases" in panel.train_button.toolTip()


def test_train_hands_over_what_was_chosen_and_comes_to_its_end(panel, qtbot, engine, tmp_path):
    panel.epochs.setValue(4)
    panel.train_button.click()
    assert not panel.train_button.isEnabled()
    qtbot.waitUntil(lambda: "Trained." in panel.message.text())
    finished(qtbot, panel)
    assert engine.requests == [
        TrainRequest(tmp_path / "cases", tmp_path / "cases-training", "unet", 4, 1, "cpu")
    ]


def test_cancel_stops_after_a_step_and_training_can_go_on(panel, qtbot, engine):
    engine.steps = 10**9
    panel.train_button.click()
    qtbot.waitUntil(lambda: "loss" in panel.progress.words.text())
    panel.cancel_button.click()
    qtbot.waitUntil(lambda: "Stopped." in panel.message.text())
    finished(qtbot, panel)
    engine.steps = 2
    panel.train_button.click()
    qtbot.waitUntil(lambda: "Trained." in panel.message.text())
    assert len(engine.requests) == 2


def test_what_goes_wrong_is_said_and_it_can_be_tried_again(panel, qtbot, engine):
    engine.error = CaseError("No case is left to train on.")
    panel.train_button.click()
    qtbot.waitUntil(lambda: "No case is left" in panel.message.text())
    finished(qtbot, panel)
    assert panel.train_button.isEnabled()


def test_a_folder_with_a_run_shows_its_curve_and_goes_on(panel, monkeypatch, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "history.csv").write_text(
        "step,loss,soft_dice,learning_rate,seconds\n1,2,0.1,1,1\n2,1.5,0.2,1,1\n"
    )
    state = RunState(2, 10, True, Path("cases"), 5, "unet")
    monkeypatch.setattr(train_control, "run_state", lambda _run: state)
    panel.run.set_path(run)
    assert "2 of 10 steps, from 'unet', on 5 cases" in panel.run_note.text()
    assert panel.train_button.text() == "Go on"
    assert not panel.epochs.isEnabled()
    loss, dice = panel.plot.curves
    assert list(loss.values) == [2.0, 1.5]
    assert list(dice.values) == [0.1, 0.2]
    panel.name.setText("mine")
    assert panel.bundle_button.isEnabled()


def test_a_damaged_run_is_named(panel, tmp_path):
    (tmp_path / "run.json").write_text("{")
    panel.run.set_path(tmp_path)
    assert "run.json" in panel.run_note.text()
    assert not panel.train_button.isEnabled()


def test_a_bundle_is_made_offered_and_told_of(panel, qtbot, monkeypatch, tmp_path):
    def make_bundle(run, name, should_stop):
        yield Progress(0, 1, "Scoring")
        return Bundle(CARD, tmp_path / f"{name}.safetensors")

    monkeypatch.setattr(train_engine, "make_bundle", make_bundle)
    with qtbot.waitSignal(panel.control.bundle_made) as caught:
        panel.bundle_requested.emit(tmp_path, "mine")
    assert caught.args[0].weights == tmp_path / "mine.safetensors"
    qtbot.waitUntil(lambda: "Expect Dice WT 0.80" in panel.message.text())
    finished(qtbot, panel)


def test_a_built_in_name_is_refused(panel, qtbot, tmp_path):
    panel.bundle_requested.emit(tmp_path, "glioma-unet3d")
    qtbot.waitUntil(lambda: "built-in" in panel.message.text())
    finished(qtbot, panel)
    assert "glioma-unet3d" in panel.message.text()


def test_the_time_left_counts_from_the_first_step_seen():
    pace = Pace()
    assert pace.seconds_left(Progress(0, 6, "Preparing"), 0.0) is None
    assert pace.seconds_left(Progress(120, 220, "loss"), 10.0) is None
    assert pace.seconds_left(Progress(121, 220, "loss"), 12.0) == 198.0
    assert pace.seconds_left(Progress(130, 220, "loss"), 30.0) == 180.0


def test_what_a_folder_holds_in_words():
    survey = Survey(("A", "B", "C"), (), ("A",), ("B", "C"), ("Case D has 2 label maps",))
    assert survey_text(survey).splitlines() == [
        "3 labelled cases",
        (
            "1 label map made by a network and not corrected: A. A network learns nothing from "
            "another's mistakes."
        ),
        "2 cases with a label map of its own beside the one saved here, which is not used: B, C.",
        "Case D has 2 label maps",
    ]
    assert "at least two patients" in survey_text(Survey(("A",)))
    assert "P4" not in survey_text(Survey(("A", "B"), unused=("P1", "P2", "P3", "P4")))


def test_a_finished_run_in_words():
    state = RunState(10, 10, True, Path("cases"), 1, "")
    assert run_text(state) == "Holds a run: 10 of 10 steps, from scratch, on 1 case in cases."


def test_passed_over_cases_are_counted():
    state = RunState(1, 10, True, Path("cases"), 1, "", ("P7",))
    assert "1 case passed over; run.json says why. 'Go on' keeps" in run_text(state)


def test_a_finished_run_is_not_trained_again(panel, monkeypatch, tmp_path):
    state = RunState(10, 10, True, tmp_path, 5, "unet")
    monkeypatch.setattr(train_control, "run_state", lambda _run: state)
    panel.run.set_path(tmp_path / "run")
    assert not panel.train_button.isEnabled()
    assert "finished" in panel.train_button.toolTip()
