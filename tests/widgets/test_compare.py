"""Two label maps compared on a real viewer: walked through, decided, undone, recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.widgets.pairs import PairWindow, write_pair_case

from napari_brats.core.edits.differences import Difference
from napari_brats.core.labels import Label
from napari_brats.widgets.case_group import is_from_file
from napari_brats.widgets.compare_control import CompareController
from napari_brats.widgets.compare_decisions import Verdict
from napari_brats.widgets.compare_panel import ComparePanel
from napari_brats.widgets.provenance import provenance_of
from napari_brats.workspace.settings import change_settings


class Window(PairWindow):
    """A viewer with A, from the file, and B: a slice less, a false lesion, another label."""

    def __init__(self, viewer: Any, bridge: Any, qtbot: Any, home: Path) -> None:
        super().__init__(viewer, bridge, qtbot, home)
        labels = bridge.layer_labels(self.a).copy()
        labels[1] = 0  # 16 voxels only in A
        labels[8:10, 7:9, 5:7] = Label.ET  # 8 only in B
        labels[4, 4, 4] = Label.NCR  # 1 of another label
        self.set_labels(labels)
        self.panel = ComparePanel()
        self.figures: list[tuple[str, str]] = []
        self.control = CompareController(
            self.panel, bridge, bridge.comparison, lambda *ids: self.figures.append(ids), bridge
        )
        self.show(self.panel, self.control)
        self.compare()

    def compare(self) -> None:
        self.panel.show_no_comparison()
        self.panel.compare_button.click()
        self.qtbot.waitUntil(lambda: bool(self.parts), timeout=20_000)

    @property
    def parts(self) -> Any:
        return self.panel.table.model_.items

    @property
    def ticks(self) -> list[str]:
        model = self.panel.table.model_
        return [model.data(model.index(row, 0)) for row in range(model.rowCount())]

    @property
    def third(self) -> Any:
        return next(la for la in self.viewer.layers if la.name.endswith("third mask"))

    def labels(self, layer: Any) -> Any:
        return self.bridge.layer_labels(layer)

    def overlay(self) -> Any:
        found = [la for la in self.viewer.layers if la.name == "Comparison"]
        return found[0].data if found else None


@pytest.fixture
def window(docked: Any, tmp_path: Path, qtbot: Any) -> Window:
    return Window(*docked, qtbot, write_pair_case(tmp_path))


def test_walk_decide_undo_and_record(window: Window) -> None:
    panel, tools = window.panel, window.bridge.tools
    assert [(p.kind, p.voxels) for p in window.parts] == [
        (Difference.ONLY_A, 16), (Difference.ONLY_B, 8), (Difference.OTHER_LABEL, 1),
    ]  # fmt: skip
    assert "WT: Dice 0.8" in panel.figures.text()  # 2 x 48 / (64 + 56)
    counts = np.bincount(window.overlay().ravel(), minlength=5)
    assert counts[1:].tolist() == [16, 8, 1, 47]

    panel.next_button.click()
    assert window.viewer.dims.point[0] in range(1, 5)  # inside the first, in the display's order
    panel.a_button.click()  # changes no voxel, for the third mask began as A; a step all the same
    assert window.ticks == ["\u2713 A", "", ""]
    panel.b_button.click()  # it went on to the next one
    assert window.ticks == ["\u2713 A", "\u2713 B", ""]
    expected = window.labels(window.a).copy()
    expected[8:10, 7:9, 5:7] = Label.ET
    assert np.array_equal(window.labels(window.third), expected)
    assert np.count_nonzero(window.overlay() == Difference.ONLY_B) == 0
    assert np.array_equal(window.labels(window.a)[8:10, 7:9, 5:7], np.zeros((2, 2, 2)))

    tools.undo()
    assert window.ticks == ["\u2713 A", "", ""]
    assert np.count_nonzero(window.overlay() == Difference.ONLY_B) == 8
    tools.undo()
    assert window.ticks == ["", "", ""]
    tools.redo()
    tools.redo()
    assert window.ticks == ["\u2713 A", "\u2713 B", ""]

    change_settings(editor="Dr Grey")
    third = window.third
    part = window.parts[2]
    panel.table.step(1)
    panel.paint_button.click()
    assert (third.mode, third.selected_label) == ("paint", Label.ED)
    window.bridge.tools.set_brush_mm(1.0)
    place = window.control._pair.comparison.voxel_in(part)
    third.paint(place, Label.RC)
    assert window.ticks[2] == "\u2713 own"
    record = provenance_of(third, window.labels(third))["comparison"]
    json.dumps(record)
    assert record["a"].startswith("label map (BraTS2021_00001_seg.nii)")
    assert [(line["taken"], line["kinds"], line["editor"]) for line in record["decisions"]] == [
        ("A", ["only A"], None), ("B", ["only B"], None), ("painted", ["other label"], "Dr Grey"),
    ]  # fmt: skip
    assert record["decisions"][2]["voxels_xyz"] == [[4, 4, 4]]


def test_all_small_ones_are_one_step(window: Window) -> None:
    panel = window.panel
    panel.small_box.setValue(9.0)  # mm3: a voxel has 1
    panel.small_b_button.click()
    assert window.ticks == ["", "\u2713 B", "\u2713 B"]
    window.bridge.tools.undo()
    assert window.ticks == ["", "", ""]
    assert np.array_equal(window.labels(window.third), window.labels(window.a))


@pytest.mark.parametrize(
    ("choice", "first", "second"), [(0, Label.ED, 0), (1, 0, Label.ET), (2, 0, 0)]
)
def test_what_undecided_ones_are(window: Window, choice: int, first: int, second: int) -> None:
    window.panel.undecided_box.setCurrentIndex(choice)
    window.panel.paint_requested.emit(window.parts[2])  # makes the third mask, decides nothing
    third = window.labels(window.third)
    assert (third[1, 2, 2], third[8, 7, 5]) == (first, second)
    assert window.ticks == ["", "", ""]


def test_another_region_is_another_round_in_the_same_mask(window: Window) -> None:
    panel = window.panel
    panel.table.step(1)
    panel.take(Verdict.A)
    third = window.third
    panel.region_box.setCurrentIndex(3)  # ET: only the false lesion
    window.qtbot.waitUntil(lambda: len(window.parts) == 1, timeout=20_000)
    panel.table.step(1)
    panel.take(Verdict.B)
    assert window.third is third
    record = provenance_of(third, window.labels(third))["comparison"]
    assert record["compared"] == ["all labels", "ET enhancing tumour"]
    assert [line["comparison"] for line in record["decisions"]] == [1, 2]


def test_locks_are_kept_and_said(window: Window) -> None:
    window.bridge.tools.set_locked(Label.ET, True)
    window.panel.take_requested.emit((window.parts[1],), Verdict.B)
    assert not (window.labels(window.third) == Label.ET).any()
    assert "Locks kept" in window.panel.message.toPlainText()
    assert window.ticks == ["", "", ""]


def test_the_third_mask_is_not_written_over_a(window: Window) -> None:
    window.panel.table.step(1)
    window.panel.take(Verdict.A)
    open_case = window.bridge.open_case(window.key)
    assert is_from_file(window.a, open_case)
    assert not is_from_file(window.third, open_case)
    assert window.third in open_case.labels
    assert not window.a.visible


def test_removed_layers_end_what_they_were_part_of(window: Window) -> None:
    window.panel.table.step(1)
    window.panel.take(Verdict.A)
    window.viewer.layers.remove(window.third)
    window.qtbot.waitUntil(lambda: window.ticks == ["", "", ""])
    window.viewer.layers.remove("Comparison")
    assert not window.panel.overlay_box.isChecked()
    window.viewer.layers.remove(window.b)
    window.qtbot.waitUntil(lambda: window.parts == ())
    assert "Two label maps" in window.panel.message.toPlainText()


def test_an_edit_of_a_side_is_said(window: Window) -> None:
    labels = window.labels(window.b).copy()
    labels[6, 6, 6] = Label.ED
    window.bridge.set_layer_labels(window.b, labels)
    assert "edited since" in window.panel.message.toPlainText()
    assert len(window.parts) == 3  # as they were compared


def test_figures_are_those_of_the_section_metrics(window: Window) -> None:
    window.panel.figures_button.click()
    maps = window.bridge.label_maps(window.key)
    assert window.figures == [(maps[0].map_id, maps[1].map_id)]
