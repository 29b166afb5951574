"""A case that takes the place of another one in a real viewer."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np

from napari_brats.io.discover import discover
from napari_brats.io.opening import Opened, open_files
from napari_brats.widgets.case_group import tag_of
from napari_brats.widgets.layout import Layout


def opened(folder: Path, name: str, value: int, shape: tuple[int, ...], *, mask: bool) -> Opened:
    (folder / name).mkdir(parents=True)
    data = np.full(shape, value, np.int16)
    data[0, 0, 0] = 0
    affine = np.diag([1.0, 1.0, value / 10, 1.0])
    for suffix in ("t1", "t1ce", "t2", "flair"):
        nib.Nifti1Image(data, affine).to_filename(folder / name / f"{name}_{suffix}.nii.gz")
    if mask:
        labels = np.zeros(shape, np.uint8)
        labels[2:4, 2:4, 2] = 2
        nib.Nifti1Image(labels, affine).to_filename(folder / name / f"{name}_seg.nii.gz")
    return open_files(discover(folder / name)[0])


def test_the_next_case_takes_the_place_of_the_former_one(docked, tmp_path: Path):
    viewer, bridge = docked
    one = opened(tmp_path, "a", 10, (8, 7, 6), mask=True)
    two = opened(tmp_path, "b", 20, (9, 8, 7), mask=False)
    first = bridge.exchange_case(one)
    layers = {layer.name: layer for layer in viewer.layers}
    second = bridge.exchange_case(two, first)
    assert bridge.keys() == (second,) == ("b",)
    assert bridge.active_case_key == "b"
    assert [layer.name for layer in viewer.layers] == ["T1N", "T2W", "T2F", "T1C"]
    assert all(layer is layers[layer.name] for layer in viewer.layers)  # exchanged, not made anew
    assert {int(layer.data.max()) for layer in viewer.layers} == {20}
    assert [layer.visible for layer in viewer.layers] == [False, False, False, True]
    tags = [tag_of(layer) for layer in viewer.layers]
    assert {(tag.case_id, tag.reference.path.parent.name) for tag in tags} == {("b", "b")}
    assert {tag.reference.grid.shape for tag in tags} == {(9, 8, 7)}
    assert {tuple(layer.scale) for layer in viewer.layers} == {(2.0, 1.0, 1.0)}
    assert bridge.label_layer("b") is None
    third = bridge.exchange_case(one, second)
    assert bridge.label_layer(third).data.max() == 2
    assert bridge.tools.target is bridge.label_layer(third)


def test_the_layout_stays(docked, tmp_path: Path):
    viewer, bridge = docked
    one = opened(tmp_path, "a", 10, (8, 7, 6), mask=True)
    two = opened(tmp_path, "b", 20, (8, 7, 6), mask=True)
    first = bridge.exchange_case(one)
    bridge.view.set_layout(Layout.SIDE_BY_SIDE)
    bridge.exchange_case(two, first)
    assert bridge.view.layout is Layout.SIDE_BY_SIDE
    assert bridge.keys() == ("b",)
    bridge.view.set_layout(Layout.SINGLE)
    assert [layer.name for layer in viewer.layers].count("label map") == 1


def test_closing_one_case_leaves_the_other(docked, tmp_path: Path):
    viewer, bridge = docked
    first = bridge.exchange_case(opened(tmp_path, "a", 10, (8, 7, 6), mask=True))
    second = bridge.exchange_case(opened(tmp_path, "b", 20, (8, 7, 6), mask=True))
    assert bridge.keys() == (first, second)
    bridge.close_case(first)
    assert bridge.keys() == (second,)
    assert len(viewer.layers) == 5
    bridge.close_case("no such case")
    assert len(viewer.layers) == 5


def test_the_dock_widget_opens_the_panel_it_works_with(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    dock, widget = viewer.window.add_plugin_dock_widget("napari-brats", "Worklist")
    keys = {"Ctrl+PageDown", "Ctrl+PageUp"}
    assert keys <= {str(key) for key in viewer.keymap}
    names = lambda: [name for name in viewer.window.dock_widgets if name.startswith("BraTS")]
    qtbot.waitUntil(lambda: len(names()) == 1, timeout=60_000)
    assert widget.panel.minimumSizeHint().width() <= 340
    viewer.window.remove_dock_widget(dock)
    assert not keys & {str(key) for key in viewer.keymap}
