"""Going to lesions, largest cross-sections and bookmarks, with the real panel and a bare viewer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from pytestqt.qtbot import QtBot
from tests.io.volumes import affine_of

from napari_brats.core.case import Volume
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS, Label, Region
from napari_brats.core.modalities import Modality
from napari_brats.io.layers import label_map_to_layer, volume_to_layer
from napari_brats.widgets.case_group import OpenCase
from napari_brats.widgets.goto_control import GoToController
from napari_brats.widgets.goto_panel import NO_LABELS, GoToPanel
from napari_brats.widgets.keys import READING_KEYS
from napari_brats.widgets.open_label_maps import OpenLabelMap, label_maps_of
from napari_brats.widgets.reading_views import ReadingViews
from napari_brats.workspace.bookmarks import Bookmark, read_bookmarks

SHAPE = (8, 9, 10)

LONG_MS = 60_000
"""Machines that test may be busy."""


@dataclass
class FakeBridge:
    """A case stored in RSA with 2 mm slices; goes nowhere but remembers where to."""

    case: OpenCase
    went: list[tuple[int, ...]] = field(default_factory=list)
    active_case_key: str | None = "p"
    painting: bool = False

    def open_case(self, key: str) -> OpenCase:
        return self.case

    def label_maps(self, key: str) -> tuple[OpenLabelMap, ...]:
        return label_maps_of(self.case, self.case.labels[-1] if self.case.labels else None)

    def is_painting(self) -> bool:
        return self.painting

    def go_to(self, key: str, voxel: tuple[int, int, int], layer: Any) -> None:
        self.went.append(voxel)


@dataclass
class Scene:
    panel: GoToPanel
    bridge: FakeBridge
    control: GoToController
    viewer: ViewerModel
    labels: np.ndarray


@pytest.fixture
def scene(qtbot: QtBot) -> Any:
    """Two lesions: ED of 12 voxels at x = 1, ED and ET of 4 at x = 6."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[1, 2:6, 3:6] = Label.ED
    labels[6, 5, 7:10], labels[6, 6, 8] = Label.ED, Label.ET
    header = nib.Nifti1Header()
    header.set_data_shape(SHAPE)
    grid = Grid(SHAPE, affine_of("RSA", (1, 2, 1)))
    volume = Volume(np.zeros(SHAPE, np.float32), grid, header)
    image = Layer.create(*volume_to_layer(volume, "p", "p", Modality.T1C))
    convention = CONVENTIONS["brats2023"]
    layer = Layer.create(*label_map_to_layer(labels, volume, convention, "p", "p"))
    viewer = ViewerModel()
    viewer.add_layer(image)
    viewer.add_layer(layer)
    bridge = FakeBridge(OpenCase("p", "p", [image], [layer]))
    reading = ReadingViews(viewer)
    reading.show_for(bridge.case, layer)
    panel = GoToPanel()
    qtbot.addWidget(panel)
    control = GoToController(panel, bridge, reading, panel)
    yield Scene(panel, bridge, control, viewer, labels)
    control.cancel()
    reading.close()


def _listed(scene: Scene, qtbot: QtBot) -> None:
    scene.panel.show()
    scene.control.show_active_case()
    qtbot.waitUntil(
        lambda: bool(scene.panel.lesions) and scene.control._job is None, timeout=LONG_MS
    )


def test_lesions_are_listed_while_somebody_looks(scene: Scene, qtbot: QtBot) -> None:
    scene.control.show_active_case()
    assert scene.panel.lesions == ()
    scene.panel.show()
    qtbot.waitUntil(lambda: len(scene.panel.lesions) == 4, timeout=LONG_MS)
    table = scene.panel.table
    cells = [[table.item(row, column).text() for column in range(2)] for row in range(4)]
    assert cells == [["WT", "0.024"], ["WT", "0.008"], ["TC", "0.002"], ["ET", "0.002"]]
    scene.panel._region.setCurrentIndex(1 + list(Region).index(Region.ET))
    qtbot.waitUntil(lambda: len(scene.panel.lesions) == 1, timeout=LONG_MS)


def test_a_click_and_the_keys_go_to_lesions(scene: Scene, qtbot: QtBot) -> None:
    _listed(scene, qtbot)
    scene.panel.table.cellClicked.emit(2, 0)
    assert scene.bridge.went == [(6, 6, 8)]
    actions = scene.control.actions
    for name in ("next_lesion", "next_lesion", "previous_lesion", "previous_lesion"):
        actions[READING_KEYS[name][0]]()
    rows = [scene.panel.lesions.index(lesion) for lesion in [scene.control._at] if lesion]
    assert rows == [2]
    assert scene.panel.table.currentRow() == 2
    visited = scene.bridge.went[1:]
    assert visited[0] == (6, 6, 8)  # ET, the last
    assert visited[1][0] == 1  # round to the first
    assert len(visited) == 4


def test_the_key_for_the_next_lesion_works_with_the_section_folded(
    scene: Scene, qtbot: QtBot
) -> None:
    scene.control.show_active_case()
    scene.control.step_lesion(1)
    qtbot.waitUntil(lambda: len(scene.bridge.went) == 1, timeout=LONG_MS)
    assert scene.bridge.went[0][0] == 1  # the largest


def test_after_an_edit_the_same_lesion_stays_chosen(scene: Scene, qtbot: QtBot) -> None:
    _listed(scene, qtbot)
    scene.control.go_to_lesion(scene.panel.lesions[1])
    scene.labels[6, 5, 6] = Label.ED
    scene.control.follow_edit(scene.bridge.case.labels[0])
    qtbot.waitUntil(lambda: scene.panel.lesions[1].volume_ml == 0.010, timeout=LONG_MS)
    assert scene.panel.table.currentRow() == 1
    before = scene.panel.lesions
    scene.control.follow_edit(object())
    assert scene.panel.lesions is before


def test_the_largest_cross_section_is_that_of_the_plane_looked_at(scene: Scene) -> None:
    scene.control.show_active_case()
    largest = scene.control.actions[READING_KEYS["largest_wt"][0]]
    largest()  # axial: y runs to the head; y = 5 cuts 3 voxels of each lesion
    scene.viewer.dims.order = (2, 0, 1)
    largest()  # sagittal: x = 1 cuts twelve
    axial, sagittal = scene.bridge.went
    assert axial[1] == 5
    assert sagittal[0] == 1
    scene.labels[scene.labels == Label.ET] = 0
    scene.control.actions[READING_KEYS["largest_et"][0]]()
    assert len(scene.bridge.went) == 2
    assert "enhancing" in scene.panel._message.text()


def test_bookmarks_are_kept_with_the_case(scene: Scene, qtbot: QtBot) -> None:
    scene.control.show_active_case()
    scene.viewer.dims.set_point(range(3), (4.0, 1.0, 2.0))
    scene.panel.note.setText(" unclear ")
    scene.panel._ask_bookmark()
    scene.viewer.dims.set_point(range(3), (0.0, 0.0, 0.0))
    scene.control.actions[READING_KEYS["bookmark"][0]]()
    # shown: head to foot (y 8 - 2), front to back (z 9 - 1), right to left (x 7 - 2)
    marks = (Bookmark((5, 6, 8), "unclear"), Bookmark((7, 8, 9)))
    assert read_bookmarks("p") == marks
    assert scene.panel.bookmarks.item(0).text() == "unclear"
    scene.panel.bookmarks.setCurrentRow(0)
    scene.panel.bookmarks.itemClicked.emit(scene.panel.bookmarks.item(0))
    assert scene.bridge.went == [(5, 6, 8)]
    scene.panel._delete.click()
    assert read_bookmarks("p") == marks[1:]
    assert not scene.panel._delete.isEnabled()


def test_without_a_label_map_or_case_nothing_happens(scene: Scene) -> None:
    scene.control.show_active_case()
    scene.bridge.case.labels.clear()
    scene.control.show_active_case()
    assert scene.panel._message.text() == NO_LABELS
    scene.bridge.active_case_key = None
    scene.control.show_active_case()
    for action in scene.control.actions.values():
        action()
    assert scene.bridge.went == []
    assert scene.panel.bookmarks.count() == 0
