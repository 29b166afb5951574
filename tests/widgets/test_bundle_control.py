"""The list of bundles in the panel, and what it says of the modalities at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import QObject

from napari_brats.core.case import Case, Volume
from napari_brats.core.errors import CaseError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS
from napari_brats.core.modalities import Modality
from napari_brats.models.bundle import BUILT_IN, Bundle, BundleList
from napari_brats.models.card import Card
from napari_brats.widgets.bundle_control import BundleController
from napari_brats.widgets.segment_panel import SegmentPanel


def make_bundle(name, wt, folder=BUILT_IN):
    scores = {"mean_dice_by_modalities": {"T1C+T2F": {"WT": {"mean": wt, "n": 4}}}}
    card = Card(name, name.title(), "unet3d", {}, sha256="", scores=scores, limits="Adults only")
    return Bundle(card, folder / f"{name}.safetensors")


class Viewer:
    def __init__(self):
        volume = Volume(np.zeros((2, 2, 2), np.float32), Grid((2, 2, 2), np.eye(4)), None)
        modalities = (Modality.T1C, Modality.T2F)
        self.open = Case("c", dict.fromkeys(modalities, volume), None, CONVENTIONS["brats2023"])
        self.active_case_key = "key"

    def case(self, key):
        if self.open is None:
            raise CaseError(f"No modality of {key} is known.")
        return self.open


@pytest.fixture
def shelf():
    return [BundleList((make_bundle("unet", 0.81), make_bundle("mine", 0.72, Path("user"))), ())]


@pytest.fixture
def viewer():
    return Viewer()


@pytest.fixture
def panel(qtbot, shelf, viewer):
    panel = SegmentPanel()
    qtbot.addWidget(panel)
    parent = QObject(panel)
    panel.control = BundleController(panel, viewer, parent, find=lambda: shelf[-1])
    panel.control.offer()
    return panel


def test_the_users_bundles_are_marked(panel):
    texts = [panel.bundle_box.itemText(i) for i in range(panel.bundle_box.count())]
    assert texts == ["Unet", "mine: Mine (yours)"]
    assert "Adults only" in panel.bundle_box.toolTip()


def test_the_expectation_follows_the_chosen_bundle_and_the_case(panel, viewer):
    assert "With T1C and T2F only: expect Dice WT 0.81" in panel.expectation.text()
    panel.bundle_box.setCurrentIndex(1)
    assert "WT 0.72" in panel.expectation.text()
    viewer.active_case_key = None
    panel.control.show_expectation()
    assert panel.expectation.text() == ""


def test_a_case_of_unknown_modalities_lets_nothing_be_expected(panel, viewer):
    viewer.open = None
    panel.control.show_expectation()
    assert panel.expectation.isHidden()


def test_a_bundle_made_meanwhile_is_there_when_the_list_opens(panel, shelf):
    shelf.append(BundleList((*shelf[0].bundles, make_bundle("new", 0.9, Path("user"))), ()))
    panel.bundle_box.showPopup()
    panel.bundle_box.hidePopup()
    assert panel.bundle_box.itemText(2) == "new: New (yours)"


def test_a_damaged_card_is_told_of_once(panel, shelf):
    shelf.append(BundleList(shelf[0].bundles, ("The card broken.json cannot be read.",)))
    panel.control.offer()
    assert "broken.json" in panel.message.text()
    panel.show_result("done")
    panel.control.offer()
    assert panel.message.text() == "done"
