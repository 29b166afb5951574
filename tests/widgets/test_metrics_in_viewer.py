"""The section "Metrics" on a real viewer: layers, strokes, undo, the layer of errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from tests.io.volumes import affine_of, write_nifti
from tests.widgets.pairs import CODES, GRID, PairWindow, write_pair_case

from napari_brats import _writer
from napari_brats.core.errors import SaveError
from napari_brats.core.labels import Label
from napari_brats.widgets.error_overlay import ERROR_COLORS
from napari_brats.widgets.metrics_control import MetricsController
from napari_brats.widgets.metrics_live import ADDED
from napari_brats.widgets.metrics_panel import MetricsPanel


class Window(PairWindow):
    """A viewer with the case, a prediction equal to the reference, and the panel wired to it."""

    def __init__(self, viewer: Any, bridge: Any, qtbot: Any, home: Path) -> None:
        super().__init__(viewer, bridge, qtbot, home)
        self.reference, self.prediction = self.a, self.b
        self.panel = MetricsPanel()
        self.control = MetricsController(self.panel, bridge, bridge.errors, bridge)
        bridge.tools.edited.connect(self.control.follow_edit)
        bridge.errors.removed.connect(self.panel.show_errors_removed)
        self.show(self.panel, self.control)
        self.expect_dice("1.0000")

    @property
    def dice(self) -> str:
        return str(self.panel.table.item(0, 0).text())

    def expect_dice(self, text: str) -> None:
        self.qtbot.waitUntil(lambda: self.dice == text, timeout=20_000)

    def paint(self) -> None:
        """Erase one slice of the prediction's 4x4x4 voxels: Dice 2 x 48 / (64 + 48)."""
        labels = self.bridge.layer_labels(self.prediction).copy()
        labels[1] = 0
        self.bridge.set_layer_labels(self.prediction, labels)

    def errors_layer(self) -> Any:
        found = [layer for layer in self.viewer.layers if layer.name.startswith("Errors")]
        return found[0] if found else None


@pytest.fixture
def window(docked: Any, tmp_path: Path, qtbot: Any) -> Window:
    return Window(*docked, qtbot, write_pair_case(tmp_path, ("t1ce", "flair")))


def test_strokes_undo_and_redo_are_followed_on_both_sides(window: Window) -> None:
    assert window.panel.form.reference_box.currentText() == "label map (BraTS2021_00001_seg.nii)"
    window.paint()
    window.expect_dice("0.8571")
    window.prediction.undo()  # as Ctrl+Z does
    window.expect_dice("1.0000")
    window.prediction.redo()
    window.expect_dice("0.8571")
    window.reference.data_setitem(np.nonzero(window.reference.data), 0)
    window.expect_dice("0.0000")
    accuracy = window.panel.table.item(2, 0).text()
    assert accuracy == f"{1 - 48 / (10 * 8 * 6):.4f}"  # of the brain's voxels


def test_a_stroke_is_under_way_until_the_button_is_released(window: Window) -> None:
    with window.prediction.block_history():
        window.prediction.paint((4, 4, 4), Label.ET)
        assert window.bridge.is_painting()
    assert not window.bridge.is_painting()


def test_a_lesion_that_is_clicked_comes_into_view(window: Window) -> None:
    window.panel.lesions.setCurrentCell(0, 0)
    centre = window.reference.world_to_data(window.viewer.dims.point)
    index = tuple(round(v) for v in centre)
    assert window.reference.data[index] == Label.ED
    x, y, z = 2, 2, 2  # of 1..4, halves go to the even voxel
    order = window.reference.metadata["napari_brats"].order
    assert index == order.index_from_disk((x, y, z), GRID.shape)


def test_errors_lie_where_they_are_and_belong_to_no_case(window: Window, tmp_path: Path) -> None:
    window.viewer.layers.selection.active = window.prediction
    window.prediction.mode = "paint"
    labels = window.bridge.layer_labels(window.prediction).copy()
    labels[9, 7, 6] = Label.ED
    window.bridge.set_layer_labels(window.prediction, labels)
    window.panel.errors_box.setChecked(True)
    window.qtbot.waitUntil(lambda: window.errors_layer() is not None, timeout=20_000)
    layer = window.errors_layer()
    (index,) = np.argwhere(layer.data)
    assert layer.data[tuple(index)] == ADDED
    assert window.prediction.data[tuple(index)] == Label.ED
    assert np.allclose(layer.scale, window.prediction.scale)
    assert np.allclose(layer.get_color(ADDED), ERROR_COLORS[ADDED])
    assert window.viewer.layers.selection.active is window.prediction
    assert window.prediction.mode == "paint"
    assert [m.layer for m in window.bridge.label_maps(window.key)] == [
        window.reference,
        window.prediction,
    ]
    path = str(tmp_path / "errors.nii.gz")
    with pytest.raises(SaveError, match="belongs to no open case"):
        _writer.write_labels(path, *layer.as_layer_data_tuple()[:2])
    window.prediction.undo()
    window.qtbot.waitUntil(lambda: not layer.data.any(), timeout=20_000)
    assert window.errors_layer() is layer


def test_errors_go_when_unchecked_removed_or_without_a_pair(window: Window) -> None:
    def show() -> None:
        window.panel.errors_box.setChecked(True)
        window.qtbot.waitUntil(lambda: window.errors_layer() is not None, timeout=20_000)

    window.bridge.view.set_side_by_side(True)
    show()
    assert not window.bridge.view.is_side_by_side  # it would have a cell of its own there
    window.panel.errors_box.setChecked(False)
    assert window.errors_layer() is None
    show()
    window.viewer.layers.remove(window.errors_layer())
    assert not window.panel.errors_box.isChecked()
    show()
    window.viewer.layers.remove(window.prediction)
    window.qtbot.waitUntil(lambda: window.errors_layer() is None, timeout=20_000)
    assert window.dice == "\u2013"


def test_a_case_closed_while_it_is_scored_leaves_nothing_behind(window: Window) -> None:
    window.paint()
    window.qtbot.wait(20)
    window.viewer.layers.clear()
    window.qtbot.waitUntil(lambda: window.panel.form.reference_box.count() == 0, timeout=20_000)
    window.qtbot.wait(100)
    assert window.dice == "\u2013"


def test_a_second_rater_s_file_in_another_convention_is_compared_by_its_meaning(
    window: Window, tmp_path: Path
) -> None:
    """2023's labels beside 2021's: ET is 3 in one file and 4 in the other."""
    window.viewer.layers.remove(window.prediction)
    labels = np.asarray(nib.load(tmp_path / "BraTS2021_00001/BraTS2021_00001_seg.nii").dataobj)
    second = np.where(labels == 2, 3, 0).astype(np.uint8)
    second[1:3, 1, 1], second[3, 1, 1] = 2, 1
    name = "BraTS-GLI-00001-000-seg.nii"
    window.viewer.open(str(write_nifti(tmp_path / name, second, affine_of(CODES))),
                       plugin="napari-brats")  # fmt: skip
    window.expect_dice("1.0000")  # WT: all of it, whatever the parts
    assert window.panel.table.item(0, 1).text() == "0.0000"  # TC: only in the second one
    assert name in window.panel.form.prediction_box.currentText()
