"""The sections "Measures" and "Report" on a real viewer: live measures, lines, files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers.base._base_constants import ActionType
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication
from tests.io.volumes import affine_of, write_nifti

from napari_brats.core.labels import Label, Region
from napari_brats.metrics.measures import measure_tumour
from napari_brats.metrics.measures_lines import Diameters, line_between
from napari_brats.widgets.measure_control import MeasureController, assign
from napari_brats.widgets.measure_panel import MeasurePanel
from napari_brats.widgets.report_control import ReportController
from napari_brats.widgets.report_panel import PAGES, TABLES, ReportPanel, with_suffix

SHAPE = (16, 14, 8)
CODES = "RAI"
"""Against the display's order in two axes, so that a mix-up of axes shows."""


class Window:
    """A viewer with a case of two modalities and 6 x 4 x 3 voxels of ET, and the panels."""

    def __init__(self, viewer: Any, bridge: Any, qtbot: Any, home: Path) -> None:
        self.viewer, self.bridge, self.qtbot = viewer, bridge, qtbot
        image = np.zeros(SHAPE, np.float32)
        image[1:-1, 1:-1, 1:-1] = 100
        labels = np.zeros(SHAPE, np.uint8)
        labels[2:8, 2:6, 3:6] = 4
        home.mkdir()
        for token in ("t1ce", "flair"):
            write_nifti(home / f"{home.name}_{token}.nii", image, affine_of(CODES))
        write_nifti(home / f"{home.name}_seg.nii", labels, affine_of(CODES))
        viewer.open(str(home), plugin="napari-brats")
        self.layer = bridge.label_layer(bridge.active_case_key)
        self.panel, self.reports = MeasurePanel(), ReportPanel()
        self.control = MeasureController(self.panel, bridge, bridge.diameters, bridge)
        self.report_control = ReportController(
            self.reports, bridge, self.control.diameters_by_hand, bridge
        )
        bridge.tools.edited.connect(self.control.follow_edit)
        bridge.diameters.edited.connect(self.control.take_edited)
        bridge.diameters.removed.connect(self.panel.show_lines_removed)
        self.panel.show()
        self.control.show_active_case()
        self.report_control.show_active_case()
        self.wait_for_row("ET")

    def wait_for_row(self, name: str) -> None:
        self.qtbot.waitUntil(lambda: name in self.rows(), timeout=30_000)

    def rows(self) -> dict[str, list[str]]:
        table = self.panel.table
        return {
            table.verticalHeaderItem(row).text(): [
                table.item(row, column).text() for column in range(table.columnCount())
            ]
            for row in range(table.rowCount())
        }

    def lines(self) -> Any:
        found = [layer for layer in self.viewer.layers if layer.name.startswith("Diameters")]
        return found[0] if found else None

    def drag(self, shape: int, step: tuple[float, float, float]) -> None:
        """Move the second end of a line as napari does, and say so as it does."""
        layer = self.lines()
        ends = np.array(layer.data[shape])
        ends[1] += step
        layer._data_view.edit(shape, ends)
        layer.events.data(
            value=layer.data,
            action=ActionType.CHANGED,
            data_indices=(shape,),
            vertex_indices=((0, 1),),
        )


@pytest.fixture
def window(docked: Any, tmp_path: Path, qtbot: Any) -> Iterator[Window]:
    window = Window(*docked, qtbot, tmp_path / "BraTS2021_00001")
    yield window
    window.control.cancel()
    window.report_control.cancel()
    for panel in (window.panel, window.reports):
        panel.close()
        panel.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.DeferredDelete)  # before the viewer looks for leaks


def test_edits_are_measured_and_lines_follow_them(window: Window) -> None:
    assert window.rows()["ET"][:2] == ["0.07", "6.7"]  # 6 voxels along, 3 steps across
    window.panel.lines_box.setChecked(True)
    ends = {tuple(np.sort(np.ptp(line, axis=0))) for line in window.lines().data}
    assert (0.0, 3.0, 6.0) in ends
    assert window.lines().mode == "direct"
    labels = window.bridge.layer_labels(window.layer).copy()
    labels[10:14, 9:13, 3:7] = Label.ET
    window.bridge.set_layer_labels(window.layer, labels)
    window.wait_for_row("ET 2")
    assert len(window.lines().data) == 4
    window.panel.lines_box.setChecked(False)
    assert window.lines() is None


def test_the_lines_lie_over_the_lesion(window: Window) -> None:
    window.panel.lines_box.setChecked(True)
    filled = np.argwhere(window.layer.data == Label.ET)
    for line in window.lines().data:
        assert (line >= filled.min(axis=0) - 0.5).all()
        assert (line <= filled.max(axis=0) + 0.5).all()


def test_a_dragged_end_changes_the_product_until_the_automatic_lines_come_back(
    window: Window,
) -> None:
    window.panel.lines_box.setChecked(True)
    before = window.rows()["ET"]
    longest = window.lines().data[0]
    step = 2 * (longest[1] - longest[0]) / np.linalg.norm(longest[1] - longest[0])
    window.drag(0, tuple(step))
    assert window.rows()["ET"][1] == "8.7"
    assert window.rows()["ET"][3].endswith("*")
    assert not window.panel.automatic_button.isHidden()
    window.panel.automatic_button.click()
    assert window.rows()["ET"] == before


def test_a_removed_layer_unticks_its_box(window: Window) -> None:
    window.panel.lines_box.setChecked(True)
    window.viewer.layers.remove(window.lines())
    assert not window.panel.lines_box.isChecked()


def test_the_report_is_about_what_is_on_screen(window: Window, tmp_path: Path) -> None:
    labels = window.bridge.layer_labels(window.layer).copy()
    labels[10:14, 9:13, 3:7] = Label.ET
    window.bridge.set_layer_labels(window.layer, labels)
    window.wait_for_row("ET 2")
    window.panel.lines_box.setChecked(True)
    window.drag(0, (0, 1, 0))
    target = tmp_path / "r.json"
    window.reports.report_requested.emit(target)
    window.qtbot.waitUntil(lambda: "Saved" in window.reports.message.text(), timeout=30_000)
    told = json.loads(target.read_text())
    lesions = told["measures"]["lesions"]["ET"]
    assert told["label_map"] == "BraTS2021_00001_seg.nii"
    assert [lesion["diameters_by_hand"] for lesion in lesions] == [True, False]
    assert told["measures"]["volumes_ml"]["ET"] == pytest.approx(0.136)


def test_what_cannot_be_written_is_said(window: Window, tmp_path: Path) -> None:
    window.reports.report_requested.emit(tmp_path / "none" / "r.json")
    window.qtbot.waitUntil(lambda: "not saved" in window.reports.message.text(), timeout=30_000)
    assert window.reports.report_button.isEnabled()


def test_measures_are_saved_as_a_table(window: Window, tmp_path: Path) -> None:
    window.panel.save_requested.emit(tmp_path / "m.csv")
    assert "longest_mm" in (tmp_path / "m.csv").read_text()


def test_a_name_without_suffix_gets_that_of_the_filter() -> None:
    assert with_suffix(Path("a.b"), "HTML, one file (*.html)") == Path("a.b.html")
    assert with_suffix(Path("a"), PAGES) == Path("a.pdf")
    assert with_suffix(Path("a"), TABLES) == Path("a.csv")
    assert with_suffix(Path("a.json"), PAGES) == Path("a.json")


def test_edited_lines_stay_with_their_lesion() -> None:
    labels = np.zeros((30, 12, 3), np.uint8)
    labels[2:8, 2:6, 1] = Label.ET
    labels[20:28, 2:8, 1] = Label.ET
    affine = np.diag([2.0, 2.0, 4.0, 1.0])
    measures = measure_tumour(labels, affine)
    small = measures.lesions[Region.ET][1].diameters
    edited = Diameters(
        line_between((2, 3, 1), (7, 3, 1), affine), small.perpendicular, by_hand=True
    )
    kept = {Region.ET: [edited]}
    assert assign(kept, measures) == {(Region.ET, 1): edited}
    labels[20:] = 0  # the larger one is gone: the small one is the first now
    assert assign(kept, measure_tumour(labels, affine)) == {(Region.ET, 0): edited}
    labels[:10] = 0
    labels[20:28, 2:8, 1] = Label.ET
    assert assign(kept, measure_tumour(labels, affine)) == {}
