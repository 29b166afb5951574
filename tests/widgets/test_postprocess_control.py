"""The mask follows the sliders, and hand edits survive them."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import QObject

from napari_brats.core.case import Segmentation, Volume
from napari_brats.core.errors import BundleError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS
from napari_brats.inference.postprocess import postprocess
from napari_brats.inference.postprocess_options import PostprocessOptions
from napari_brats.models.bundle import Bundle
from napari_brats.models.card import Card
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


@pytest.fixture
def tuned_bundle(monkeypatch):
    """``tuned`` is a bundle whose card begins with ET above 0.25, ``plain`` the only other one."""
    options = {"threshold_et": 0.25}
    card = Card("tuned", "Tuned", "unet3d", {}, "", postprocess={"options": options})

    def load_bundle(name):
        if name not in ("tuned", "plain"):
            raise BundleError(f"There is no bundle '{name}'.")
        told = card if name == "tuned" else replace(card, name=name, postprocess={})
        return Bundle(told, Path(f"{name}.safetensors"))

    monkeypatch.setattr(postprocess_control, "load_bundle", load_bundle)
    return "tuned"


def test_a_run_starts_with_the_options_of_the_card(session, tuned_bundle):
    assert session.control.options_of_a_run(tuned_bundle) == PostprocessOptions(threshold_et=0.25)
    with pytest.raises(BundleError, match="There is no bundle 'gone'"):
        session.control.options_of_a_run("gone")


def test_sliders_that_were_moved_count_for_the_next_run_of_that_bundle(session, tuned_bundle):
    begun = PostprocessOptions(threshold_et=0.25)
    made = replace(session.result.segmentation, provenance={"bundle": {"name": "tuned"}})
    session.result = AutomaticResult(made, begun, session.layer)
    session.control.show_active_result()
    assert session.panel.options() == session.panel.defaults == begun
    assert "tuned" in session.panel.hint.text()
    assert session.control.options_of_a_run(tuned_bundle) == begun
    session.move(0.3)
    assert session.control.options_of_a_run(tuned_bundle) == replace(begun, threshold_wt=0.3)
    assert session.control.options_of_a_run("plain") == PostprocessOptions()
    session.expect_slices(3)
    assert session.viewer.provenance["postprocess"]["from_card"] == ["threshold_et"]
    assert (
        "keep probabilities above WT 0.3, TC 0.5, ET 0.25"
        in (session.viewer.provenance["postprocess"]["steps"])
    )


def test_the_sliders_work_on_where_the_bundle_is_gone(session, tuned_bundle):
    made = replace(session.result.segmentation, provenance={"bundle": {"name": "gone"}})
    session.result = AutomaticResult(made, PostprocessOptions(), session.layer)
    session.control.show_active_result()
    session.move(0.3)
    session.expect_slices(3)
    assert session.panel.hint.text() == ""
