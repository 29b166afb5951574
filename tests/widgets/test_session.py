"""One whole session in the window: open, run, post-process, correct, save, close."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest
from napari.utils._proxies import PublicOnlyProxy
from qtpy.compat import isalive
from qtpy.QtCore import QThreadPool, QTimer

from napari_brats.core.progress import Progress
from napari_brats.inference.segment import segment
from napari_brats.models.bundle import Bundle, save_bundle
from napari_brats.models.card import Card
from napari_brats.widgets import postprocess_control
from napari_brats.widgets.main import BratsWidget
from napari_brats.widgets.save_panel import SaveRequest
from napari_brats.widgets.section import Section

pytestmark = pytest.mark.gui_smoke

SHAPE = (32, 28, 24)
AFFINE = np.diag([-1.0, -1.0, 2.0, 1.0])


@pytest.fixture(scope="module")
def case_folder(tmp_path_factory):
    """A case on disk: a bright ball of noise in four contrasts."""
    folder = tmp_path_factory.mktemp("session") / "BraTS-GLI-00001-000"
    folder.mkdir()
    away = np.indices(SHAPE) - np.reshape([n / 2 for n in SHAPE], (3, 1, 1, 1))
    brain = (away**2).sum(axis=0) < 11**2
    noise = np.random.default_rng(0)
    for token in ("t1n", "t1c", "t2w", "t2f"):
        data = np.where(brain, 100 + noise.normal(0, 20, SHAPE), 0).astype(np.float32)
        nib.save(nib.Nifti1Image(data, AFFINE), folder / f"{folder.name}-{token}.nii.gz")
    return folder


@pytest.fixture(scope="module")
def tiny_bundle(tmp_path_factory) -> Bundle:
    """A real network of a few hundred random weights: its masks are noise, but not empty."""
    import torch

    from napari_brats.models.unet import UNet3D, UNet3DConfig

    torch.manual_seed(0)
    config = UNet3DConfig(widths=(4, 8))
    arguments = {"in_channels": 4, "out_channels": 3, "widths": [4, 8], "stem_stride": 2}
    card = Card("tiny", "Tiny", "unet3d", arguments, sha256="")
    return save_bundle(UNet3D(config).eval(), card, tmp_path_factory.mktemp("bundle"))


class Session:
    """The dock widget in a window, and the things one does there."""

    def __init__(self, viewer, engine, qtbot):
        self.viewer = viewer
        self.qtbot = qtbot
        # as napari hands its viewer to plugins
        self.widget = BratsWidget(PublicOnlyProxy(viewer), engine)
        viewer.window.add_dock_widget(self.widget, name="BraTS")
        self.run_button = self.widget.segment_panel.run_button
        qtbot.waitUntil(lambda: self.widget.segment_panel.device_box.count() > 0, timeout=60_000)

    def open(self, folder):
        self.viewer.open(str(folder), plugin="napari-brats")
        self.qtbot.waitUntil(self.run_button.isEnabled, timeout=10_000)

    def run(self):
        self.run_button.click()
        assert not self.run_button.isEnabled()

    def wait(self):
        self.qtbot.waitUntil(self.run_button.isEnabled, timeout=30_000)

    @property
    def message(self):
        return self.widget.segment_panel.message.text()

    @property
    def label_layer(self):
        return self.widget.bridge.label_layer(self.widget.bridge.active_case_key)

    def labels(self):
        """The label map on screen, (X, Y, Z), copied."""
        return self.widget.bridge.layer_labels(self.label_layer).copy()

    def save(self, path):
        """Save the label map, replacing files; the provenance told beside it."""
        request = SaveRequest(path, "brats2023", overwrite=True)
        self.widget.save_panel.save_requested.emit(request)
        report = json.loads(path.with_name(f"{path.name.split('.')[0]}.json").read_text())
        return report["provenance"]

    def expect_volumes(self, labels):
        """Wait until the bar shows the whole tumour's volume of ``labels`` (2 mm^3 a voxel)."""
        volume_ml = np.count_nonzero(labels) * 2 / 1000
        self.qtbot.waitUntil(
            lambda: self.widget.results_bar.text().startswith(f"WT {volume_ml:.1f} "), timeout=5000
        )


@pytest.fixture
def session(make_napari_viewer, qtbot, tiny_bundle, monkeypatch):
    def engine(case, _bundle, options):
        return segment(case, tiny_bundle, options)

    # The tuned options of the bundle in use would drop all that is found in so small a brain.
    monkeypatch.setattr(postprocess_control, "load_bundle", lambda _name: tiny_bundle)
    session = Session(make_napari_viewer(), engine, qtbot)
    yield session
    session.widget.close()


def test_from_four_files_to_a_saved_mask(session, case_folder, qtbot, tmp_path):
    assert session.run_button.toolTip() == "Open a case first."
    session.open(case_folder)
    session.run()
    session.wait()
    assert session.message.startswith("BraTS-GLI-00001-000: done in")
    automatic = session.labels()
    assert automatic.any()
    session.expect_volumes(automatic)

    panel = session.widget.postprocess_panel
    panel.controls["threshold_wt"].value = 0.99
    panel.controls["threshold_tc"].value = 0.99
    panel.controls["threshold_et"].value = 0.99
    qtbot.waitUntil(lambda: not session.labels().any(), timeout=10_000)
    session.expect_volumes(session.labels())

    session.label_layer.data_setitem((np.array([1, 1]), np.array([2, 3]), np.array([3, 3])), 3)
    edited = session.labels()
    assert np.count_nonzero(edited) == 2
    panel.controls["threshold_et"].value = 0.5
    assert not panel.edits_bar.isHidden()
    panel.edits_bar.keep_button.click()
    np.testing.assert_array_equal(session.labels(), edited)
    session.label_layer.undo()
    session.label_layer.undo()
    np.testing.assert_array_equal(session.labels(), automatic)

    first = session.label_layer
    session.run()
    session.wait()
    assert session.label_layer is not first
    assert (first.visible, session.label_layer.visible) == (False, True)

    assert panel.options().threshold_wt == 0.99  # the sliders were part of the second run
    panel.reset_button.click()
    qtbot.waitUntil(lambda: np.array_equal(session.labels(), automatic), timeout=10_000)
    session.viewer.layers.selection.active = first
    assert panel.form.isEnabled()  # each run's own label map keeps its sliders

    target = tmp_path / "mask.nii.gz"
    made = session.save(target)
    saved = nib.load(target)
    np.testing.assert_allclose(saved.affine, AFFINE)
    np.testing.assert_array_equal(np.asarray(saved.dataobj), automatic)
    assert made["bundle"]["name"] == "tiny"
    assert made["postprocess"]["threshold_wt"] == 0.5  # the slider's steps were undone
    assert made["edited_by_hand"] is False
    first.data_setitem((np.array([1]), np.array([2]), np.array([3])), 3)
    assert session.save(target)["edited_by_hand"] is True


def blocked_engine(release):
    """An engine that yields until ``release`` holds something."""

    def engine(case, _bundle, _options):
        while not release:
            yield Progress(1, 10, "Running")
        raise AssertionError("a cancelled or orphaned run went on to its end")

    return engine


def test_removing_all_layers_during_a_run_discards_its_result(
    make_napari_viewer, qtbot, case_folder, tiny_bundle
):
    go_on = []

    def engine(case, _bundle, options):
        while not go_on:
            yield Progress(1, 10, "Running")
        return (yield from segment(case, tiny_bundle, options))

    session = Session(make_napari_viewer(), engine, qtbot)
    session.open(case_folder)
    session.run()
    session.viewer.layers.clear()
    go_on.append(True)
    panel = session.widget.segment_panel
    qtbot.waitUntil(lambda: not panel.cancel_button.isEnabled(), timeout=30_000)
    assert "was closed during the run" in session.message
    assert len(session.viewer.layers) == 0
    session.widget.close()


def test_closing_the_window_during_a_run_ends_it(make_napari_viewer, qtbot, case_folder):
    session = Session(make_napari_viewer(), blocked_engine([]), qtbot)
    session.open(case_folder)
    session.run()
    panel = session.widget.segment_panel
    qtbot.waitUntil(lambda: panel.progress.bar.value() == 1, timeout=10_000)
    assert QThreadPool.globalInstance().activeThreadCount() > 0
    session.viewer.close()
    pool = QThreadPool.globalInstance()
    qtbot.waitUntil(lambda: pool.activeThreadCount() == 0, timeout=10_000)
    assert pool.activeThreadCount() == 0


def test_closing_the_dock_during_a_run_ends_it_and_leaves_a_working_viewer(
    make_napari_viewer, qtbot, case_folder
):
    session = Session(make_napari_viewer(), blocked_engine([]), qtbot)
    session.open(case_folder)
    session.run()
    bridge = session.widget.bridge
    bridge.new_label_map(bridge.active_case_key)
    names = [layer.name for layer in session.viewer.layers]
    bridge.view.set_side_by_side(True)
    window = session.viewer.window
    QTimer.singleShot(0, lambda: window.remove_dock_widget(session.widget))  # as a click would
    pool = QThreadPool.globalInstance()
    qtbot.waitUntil(lambda: pool.activeThreadCount() == 0, timeout=10_000)
    assert not session.viewer.canvas.grid.enabled
    assert [layer.name for layer in session.viewer.layers] == names
    session.viewer.layers.clear()
    session.viewer.add_labels(np.zeros((4, 4, 4), np.uint8)).paint((1, 1, 1), 1)
    qtbot.waitUntil(lambda: not isalive(session.widget), timeout=10_000)


def test_every_section_fits_into_a_small_window(session):
    session.viewer.window._qt_window.resize(1280, 800)
    assert session.widget.minimumSizeHint().width() <= 340
    for section in session.widget.findChildren(Section):
        assert section.content.minimumSizeHint().width() <= 340, section.heading.text()
