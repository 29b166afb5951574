"""The mask follows the sliders, and hand edits survive them."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from qtpy.QtCore import QObject

from napari_brats.core.case import Segmentation, Volume
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS
from napari_brats.inference.postprocess import PostprocessOptions, postprocess
from napari_brats.widgets import postprocess_control
from napari_brats.widgets._results import AutomaticResult
from napari_brats.widgets.postprocess_control import PostprocessController
from napari_brats.widgets.postprocess_panel import PostprocessPanel

SHAPE = (4, 4, 4)


class Layer:
    def __init__(self, labels):
        self.labels = labels


class Viewer:
    """Holds label maps instead of layers."""

    def __init__(self):
        self.writes = 0

    def layer_labels(self, layer):
        return layer.labels

    def set_layer_labels(self, layer, labels, provenance):
        self.writes += 1
        self.provenance = provenance
        layer.labels[...] = labels


class Session:
    """One case whose WT probability rises from 0.125 to 0.875 over four slices."""

    def __init__(self, qtbot):
        self.qtbot = qtbot
        probabilities = np.zeros((3, *SHAPE), np.float16)
        probabilities[0] = np.array([0.125, 0.375, 0.625, 0.875])[:, None, None]
        grid = Grid(SHAPE, np.eye(4))
        labels = postprocess(probabilities, grid.spacing_mm, PostprocessOptions())
        reference = Volume(labels, grid, None)
        segmentation = Segmentation(
            "case", labels, reference, CONVENTIONS["brats2023"], probabilities
        )
        self.layer = Layer(labels.copy())
        self.result = AutomaticResult(segmentation, PostprocessOptions(), self.layer)
        self.viewer = Viewer()
        self.panel = PostprocessPanel()
        qtbot.addWidget(self.panel)
        self.parent = QObject()
        self.control = PostprocessController(
            self.panel, self.viewer, lambda: self.result, self.parent
        )
        self.control.show_active_result()

    @property
    def slices(self):
        """How many of the four slices are in the mask."""
        return int(self.layer.labels.any(axis=(1, 2)).sum())

    def move(self, threshold):
        self.panel.controls["threshold_wt"].value = threshold

    def expect_slices(self, count):
        self.qtbot.waitUntil(lambda: self.slices == count, timeout=5000)

    def asks(self):
        return not self.panel.edits_bar.isHidden()


@pytest.fixture
def session(qtbot):
    return Session(qtbot)


def test_the_mask_follows_a_slider(session):
    assert session.slices == 2
    session.move(0.3)
    session.expect_slices(3)
    session.move(0.8)
    session.expect_slices(1)
    assert not session.asks()
    assert session.viewer.provenance["postprocess"]["threshold_wt"] == 0.8


def test_the_latest_of_many_moves_wins_and_few_are_computed(session):
    for threshold in np.linspace(0.9, 0.1, 40):
        session.move(float(threshold))
    session.expect_slices(4)
    assert session.viewer.writes <= 2


def test_a_slider_asks_before_it_replaces_hand_edits(session, qtbot):
    session.layer.labels[0, 0, 0] = 3
    session.move(0.3)
    assert session.asks()
    qtbot.wait(200)
    assert session.viewer.writes == 0
    assert session.layer.labels[0, 0, 0] == 3


def test_keep_edits_leaves_the_mask_and_puts_the_sliders_back(session, qtbot):
    session.layer.labels[0, 0, 0] = 3
    session.move(0.3)
    session.panel.edits_bar.keep_button.click()
    qtbot.wait(200)
    assert session.viewer.writes == 0
    assert not session.asks()
    assert session.panel.options().threshold_wt == 0.5


def test_replace_writes_the_latest_options_and_asks_again_only_after_new_edits(session):
    session.layer.labels[3, 0, 0] = 3  # in the mask before and after, but as ED
    session.move(0.8)
    session.move(0.3)
    session.panel.edits_bar.replace_button.click()
    session.expect_slices(3)
    assert session.layer.labels[3, 0, 0] == 2
    session.move(0.8)
    session.expect_slices(1)
    assert not session.asks()
    session.layer.labels[3, 3, 3] = 1
    session.move(0.3)
    assert session.asks()


def test_an_edit_made_while_the_mask_is_computed_is_not_lost(session, qtbot, monkeypatch):
    computing, edited = threading.Event(), threading.Event()

    def slow_postprocess(*arguments):
        computing.set()
        edited.wait(5)
        return postprocess(*arguments)

    monkeypatch.setattr(postprocess_control, "postprocess", slow_postprocess)
    session.move(0.3)
    qtbot.waitUntil(computing.is_set, timeout=5000)
    session.layer.labels[0, 0, 0] = 3
    edited.set()
    qtbot.waitUntil(session.asks, timeout=5000)
    assert session.viewer.writes == 0
    session.panel.edits_bar.replace_button.click()
    session.expect_slices(3)


def test_a_removed_layer_ends_it_quietly(session, qtbot):
    session.move(0.3)
    session.layer.labels = None
    qtbot.waitUntil(lambda: not session.panel.form.isEnabled(), timeout=5000)
    assert session.viewer.writes == 0


def test_another_active_case_brings_its_own_options(session):
    session.result = AutomaticResult(
        session.result.segmentation,
        PostprocessOptions(threshold_et=0.2),
        Layer(session.layer.labels),
    )
    session.control.show_active_result()
    assert session.panel.options().threshold_et == 0.2
    session.result = None
    session.control.show_active_result()
    assert not session.panel.form.isEnabled()
