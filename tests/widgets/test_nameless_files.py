"""Files whose names tell nothing, dropped into the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from tests.io.brains import NAMELESS, brain, write_nameless
from tests.widgets.conftest import Window

from napari_brats.core.modalities import MODALITIES, Modality

T1N, T1C, T2W, T2F = MODALITIES


def chosen(window: Window) -> dict[Modality, str]:
    (key,) = window.bridge.keys()
    volumes = window.bridge.open_case(key).by_modality
    return {m: layer.metadata["napari_brats"].reference.path.name for m, layer in volumes.items()}


@pytest.mark.filterwarnings("ignore:Recognised from their voxels")
def test_four_nameless_files_dropped_together_are_recognised_and_can_be_corrected(
    window: Window, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = write_nameless(tmp_path / "case", brain())
    for name in sorted(NAMELESS.values()):  # as napari reads a drop: one by one
        window.viewer.open(str(folder / name), plugin="napari-brats")
    qtbot.waitUntil(lambda: len(chosen(window)) == 4)
    assert chosen(window) == NAMELESS
    assert {layer.name for layer in window.viewer.layers} == {"T1N", "T1C", "T2W", "T2F"}
    remark = "not from their names: T1N = d.nii, T1C = a.nii"
    qtbot.waitUntil(lambda: remark in window.case.warnings.text())
    assert "recognised from its voxels" in window.case.reasons[T1C].text()
    files = window.case.files[T1C]
    files.activated.emit(files.findText(NAMELESS[T2F]))
    assert chosen(window) == {**NAMELESS, T1C: NAMELESS[T2F], T2F: NAMELESS[T1C]}
    qtbot.waitUntil(lambda: "T1C = " not in window.case.warnings.text())
    assert "T1C and T2F look swapped" in window.case.warnings.text()


@pytest.mark.filterwarnings("ignore:Recognised from their voxels", "ignore:.*is left out")
def test_images_that_are_not_sure_wait_for_the_user(
    window: Window, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = write_nameless(tmp_path / "case", brain(seed=0))
    window.viewer.open(str(folder), plugin="napari-brats")
    qtbot.waitUntil(lambda: "d.nii is left out" in window.case.warnings.text())
    assert set(chosen(window)) == {T2W, T2F}
    files = window.case.files[T1N]
    files.activated.emit(files.findText("d.nii"))
    qtbot.waitUntil(lambda: "d.nii is left out" not in window.case.warnings.text())
    assert chosen(window)[T1N] == "d.nii"


@pytest.mark.filterwarnings("ignore:Recognised from their voxels")
def test_choosing_the_recognised_file_again_confirms_it(
    window: Window, tmp_path: Path, qtbot: QtBot
) -> None:
    window.viewer.open(str(write_nameless(tmp_path / "case", brain())), plugin="napari-brats")
    qtbot.waitUntil(lambda: "T1C = a.nii" in window.case.warnings.text())
    files = window.case.files[T1C]
    files.activated.emit(files.currentIndex())
    qtbot.waitUntil(lambda: "T1C = a.nii" not in window.case.warnings.text())
    assert window.case.reasons[T1C].text() == "chosen by the user"
