"""One run from the click to the layer, with small generators in place of the engine."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from nibabel import Nifti1Header
from qtpy.QtCore import QObject

from napari_brats.core.case import Case, Segmentation, Volume
from napari_brats.core.errors import CaseError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Progress
from napari_brats.core.review import Review
from napari_brats.inference.mirroring import Mirroring
from napari_brats.inference.postprocess_options import PostprocessOptions
from napari_brats.widgets.choice_box import Choice
from napari_brats.widgets.segment_control import SegmentController, result_text
from napari_brats.widgets.segment_panel import SegmentPanel

SHAPE = (2, 2, 2)


def make_segmentation(case, options=None, **provenance):
    keep = options is not None and options.keep_uncertainty
    uncertainty = np.zeros(SHAPE, np.float16) if keep else None
    labels = np.zeros(SHAPE, np.uint8)
    labels[0, 0, 0] = 3
    return Segmentation(
        case.case_id,
        labels,
        case.reference,
        case.convention,
        np.zeros((3, *SHAPE), np.float16),
        provenance,
        Review(unusual=("The skull is on.",), uncertainty=uncertainty),
    )


class Viewer:
    def __init__(self):
        volume = Volume(np.zeros(SHAPE, np.float32), Grid(SHAPE, np.eye(4)), Nifti1Header())
        case = Case("case-1", {Modality.T1C: volume}, None, CONVENTIONS["brats2023"])
        self.open_cases = {"key": case}
        self.added = []
        self.no_modality_known = False

    @property
    def active_case_key(self):
        return next(iter(self.open_cases), None)

    def keys(self):
        return tuple(self.open_cases)

    def case(self, key):
        if self.no_modality_known:
            raise CaseError("No modality of case-1 is known.")
        return self.open_cases[key]

    def add_segmentation(self, key, segmentation):
        self.added.append((key, "labels"))
        return object()

    def add_maps(self, key, layers):
        self.added += [(key, attributes["name"]) for _, attributes, _ in layers]


class Session:
    def __init__(self, qtbot, engine):
        self.qtbot = qtbot
        self.viewer = Viewer()
        self.panel = SegmentPanel()
        qtbot.addWidget(self.panel)
        self.panel.set_bundles([Choice("unet", "3D U-Net")])
        self.panel.set_devices([Choice("cpu", "cpu")])
        self.panel.set_blocker("")
        self.parent = QObject()
        self.calls = []

        def recording_engine(case, bundle, options):
            self.calls.append((case.case_id, bundle, options))
            return engine(case, options) if engine is one_step else engine(case)

        self.control = SegmentController(
            self.panel,
            self.viewer,
            lambda bundle: PostprocessOptions(threshold_wt=0.4),
            recording_engine,
            self.parent,
        )
        self.results = []
        self.control.result_ready.connect(self.results.append)

    def run(self):
        self.panel.run_button.click()
        assert not self.panel.run_button.isEnabled()

    def wait(self):
        self.qtbot.waitUntil(self.panel.run_button.isEnabled, timeout=5000)

    @property
    def text(self):
        return self.panel.message.text()


def one_step(case, options):
    yield Progress(1, 2, "half")
    return make_segmentation(case, options, device="cpu", notes=["The GPU ran out of memory."])


def test_a_run_passes_the_options_and_its_result_becomes_a_layer(qtbot):
    session = Session(qtbot, one_step)
    session.run()
    session.wait()
    case_id, bundle, options = session.calls[0]
    assert (case_id, bundle, options.device) == ("case-1", "unet", "cpu")
    assert options.postprocess == PostprocessOptions(threshold_wt=0.4)
    assert options.keep_probabilities  # the sliders need them
    assert session.viewer.added == [("key", "labels")]
    assert [result.segmentation.case_id for result in session.results] == ["case-1"]
    assert "on cpu" in session.text
    assert "The GPU ran out of memory." in session.text


def test_layers_of_probabilities_and_uncertainty_come_on_request(qtbot):
    session = Session(qtbot, one_step)
    session.panel.probabilities_box.setChecked(True)
    session.panel.uncertainty_box.setChecked(True)
    session.run()
    session.wait()
    names = [name for _, name in session.viewer.added]
    assert names == ["labels", *(f"{r} probability" for r in ("WT", "TC", "ET")), "uncertainty"]
    assert session.calls[0][2].keep_uncertainty


def test_the_chosen_mirroring_reaches_the_engine(qtbot):
    session = Session(qtbot, one_step)
    session.panel.mirroring_box.setCurrentIndex(2)
    session.run()
    session.wait()
    assert session.calls[0][2].mirroring is Mirroring.FULL


def test_unusual_images_are_pointed_out_beside_the_result(qtbot):
    session = Session(qtbot, one_step)
    session.run()
    session.wait()
    assert "see 'Review'" in session.text


def test_an_error_is_shown_and_the_button_comes_back(qtbot):
    def failing(case):
        yield Progress(0, 1, "")
        raise CaseError("Nothing in it looks like a brain.")

    session = Session(qtbot, failing)
    session.run()
    session.wait()
    assert session.text == "Nothing in it looks like a brain."
    assert session.viewer.added == []


def test_a_case_that_cannot_be_run_is_told_and_nothing_starts(qtbot):
    session = Session(qtbot, one_step)
    session.viewer.no_modality_known = True
    session.panel.run_button.click()
    assert session.text == "No modality of case-1 is known."
    assert session.panel.run_button.isEnabled()
    assert session.calls == []


def test_a_case_closed_during_the_run_has_its_result_discarded(qtbot):
    release = threading.Event()

    def waiting(case):
        release.wait(5)
        yield Progress(0, 1, "")
        return make_segmentation(case)

    session = Session(qtbot, waiting)
    session.run()
    session.viewer.open_cases = {}
    release.set()
    session.wait()
    assert "was closed during the run" in session.text
    assert session.viewer.added == []
    assert session.results == []


def test_cancel_gives_the_button_back_while_a_native_call_runs(qtbot):
    release = threading.Event()

    def stuck(case):
        release.wait(5)
        yield Progress(0, 1, "")
        return make_segmentation(case)

    session = Session(qtbot, stuck)
    session.run()
    session.panel.cancel_button.click()
    assert session.panel.run_button.isEnabled()
    assert "Cancelled" in session.text
    release.set()
    qtbot.wait(100)
    assert session.viewer.added == []


def test_a_second_run_may_start_right_after_a_cancelled_one(qtbot):
    release = threading.Event()
    first = [True]

    def engine(case):
        if first.pop() if first else False:
            release.wait(5)
        yield Progress(0, 1, "")
        return make_segmentation(case)

    session = Session(qtbot, engine)
    session.run()
    qtbot.waitUntil(lambda: not first, timeout=5000)
    session.panel.cancel_button.click()
    session.run()
    session.wait()
    release.set()
    qtbot.wait(100)
    assert session.viewer.added == [("key", "labels")]


@pytest.mark.parametrize("empty", [True, False])
def test_the_result_says_when_nothing_was_found(empty):
    case = Viewer().open_cases["key"]
    segmentation = make_segmentation(case, device="cpu")
    if empty:
        segmentation.labels[...] = 0
    assert ("No tumour was found" in result_text(segmentation, 1.0)) is empty
