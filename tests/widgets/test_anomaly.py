"""The section "Anomaly and denoising": from a click to the layers, with the plain methods."""

from __future__ import annotations

import numpy as np
import pytest
from nibabel import Nifti1Header
from qtpy.QtCore import QObject

from napari_brats.core.case import Case, Volume
from napari_brats.core.errors import CaseError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS
from napari_brats.core.modalities import Modality
from napari_brats.io.layers import TAG, layer_data_to_disk
from napari_brats.widgets.anomaly_control import AnomalyController, method_choices
from napari_brats.widgets.anomaly_panel import AnomalyPanel

SHAPE = (24, 22, 20)


def make_case(modalities=(Modality.T1C, Modality.T2F)):
    rng = np.random.default_rng(0)
    volumes = {}
    for modality in modalities:
        data = np.zeros(SHAPE, np.float32)
        data[3:21, 3:19, 3:17] = rng.normal(100, 5, (18, 16, 14))
        data[6:10, 6:10, 6:10] += 200
        volumes[modality] = Volume(data, Grid(SHAPE, np.diag([-2.0, -2, 2, 1])), Nifti1Header())
    return Case("case-1", volumes, None, CONVENTIONS["brats2023"])


class Viewer:
    def __init__(self, case):
        self.open_cases = {"key": case}
        self.added = []
        self.error = None

    @property
    def active_case_key(self):
        return next(iter(self.open_cases), None)

    def keys(self):
        return tuple(self.open_cases)

    def case(self, key):
        if self.error is not None:
            raise self.error
        return self.open_cases[key]

    def add_maps(self, key, layers):
        self.added += [(key, *layer) for layer in layers]


class Session:
    def __init__(self, qtbot, case):
        self.qtbot = qtbot
        self.viewer = Viewer(case)
        self.panel = AnomalyPanel()
        qtbot.addWidget(self.panel)
        self.parent = QObject()
        self.control = AnomalyController(self.panel, self.viewer, lambda: "cpu", self.parent)
        self.panel.set_blocker("")

    def run(self, button, box, title):
        box.setCurrentIndex(box.findText(title))
        button.click()
        assert not button.isEnabled()
        assert not self.panel.cancel_button.isHidden()

    def wait(self):
        self.qtbot.waitUntil(self.panel.anomaly_button.isEnabled, timeout=20000)


@pytest.fixture
def session(qtbot):
    return Session(qtbot, make_case())


def test_the_map_becomes_a_layer_over_the_case(session):
    panel = session.panel
    session.run(panel.anomaly_button, panel.anomaly_box, "FLAIR: brighter than the brain")
    session.wait()
    ((key, data, attributes, kind),) = session.viewer.added
    assert (key, kind, attributes["name"], attributes["visible"]) == (
        "key",
        "image",
        "anomaly map",
        True,
    )
    found = layer_data_to_disk(data, attributes["metadata"][TAG])
    assert found[7:9, 7:9, 7:9].min() > 0.5
    assert attributes["contrast_limits"] == (0.0, 1.0)
    assert "ml are above 0.5" in panel.message.text()


def test_denoised_modalities_become_layers_that_save_with_the_inputs_geometry(session):
    panel = session.panel
    session.run(panel.denoise_button, panel.denoise_box, "Gaussian")
    session.wait()
    names = [attributes["name"] for _, _, attributes, _ in session.viewer.added]
    assert names == ["T1C denoised", "T2F denoised"]
    shown = [attributes["visible"] for _, _, attributes, _ in session.viewer.added]
    assert shown == [True, False]
    _, data, attributes, _ = session.viewer.added[0]
    tag = attributes["metadata"][TAG]
    assert (tag.modality, tag.role) == (None, "probability")  # no second T1C to recognise
    before = session.viewer.open_cases["key"].volumes[Modality.T1C]
    assert tag.reference.grid is before.grid
    after = layer_data_to_disk(data, tag)
    assert np.array_equal(after[0], before.data[0])
    assert after[12:18, 6:16, 6:14].std() < before.data[12:18, 6:16, 6:14].std()


def test_cancel_adds_nothing(session):
    panel = session.panel
    session.run(panel.denoise_button, panel.denoise_box, "Non-local means")
    panel.cancel_button.click()
    session.wait()
    assert session.viewer.added == []
    assert panel.message.text() == "Cancelled. Nothing was changed."


def test_what_the_engine_refuses_is_said(qtbot):
    session = Session(qtbot, make_case((Modality.T1C,)))
    panel = session.panel
    session.run(panel.anomaly_button, panel.anomaly_box, "FLAIR: brighter than the brain")
    session.wait()
    assert "needs T2F" in panel.message.text()
    session.viewer.error = CaseError("No modality is known.")
    panel.anomaly_button.click()
    assert panel.message.text() == "No modality is known."


def test_a_case_closed_during_the_run_gets_no_layers(session):
    panel = session.panel
    session.run(panel.denoise_button, panel.denoise_box, "Gaussian")
    session.viewer.open_cases = {}
    session.wait()
    assert session.viewer.added == []
    assert "was closed during the run" in panel.message.text()


def test_without_a_case_the_buttons_say_why(qtbot):
    panel = AnomalyPanel()
    qtbot.addWidget(panel)
    for button in (panel.anomaly_button, panel.denoise_button):
        assert not button.isEnabled()
        assert button.toolTip() == "Open a case first."


def test_the_default_methods_come_first():
    anomaly, denoising = method_choices()
    assert anomaly[0].name == "combined"
    assert denoising[0].name == "nlm"
