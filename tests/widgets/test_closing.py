"""A window closed by a program ends cleanly, whatever layout it is in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.io.volumes import affine_of, write_nifti

from napari_brats.widgets.layout import Layout

CLOSE = """
import sys
import napari
from qtpy.QtWidgets import QApplication
from napari_brats.widgets import unsaved
from napari_brats.widgets.layout import Layout
from napari_brats.widgets.viewer_bridge import ViewerBridge
unsaved.ask_user = lambda *_: unsaved.Answer.DISCARD
viewer = napari.Viewer()
bridge = ViewerBridge(viewer)
viewer.open(sys.argv[1], plugin="napari-brats")
viewer.layers.selection.clear()
viewer.dims.ndisplay = 3
QApplication.processEvents()
bridge.view.set_layout(Layout[sys.argv[2]])
QApplication.processEvents()
viewer.dims.ndisplay = 2
QApplication.processEvents()
viewer.close()
QApplication.processEvents()
print("closed")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two modalities and a label map."""
    home = tmp_path / "p1"
    home.mkdir()
    for token in ("t1c", "t2f"):
        write_nifti(home / f"p1-{token}.nii", affine=affine_of("LPS"))
    write_nifti(home / "p1-seg.nii", np.ones((4, 5, 6), np.uint8), affine_of("LPS"))
    return home


@pytest.mark.parametrize("layout", [Layout.SIDE_BY_SIDE, Layout.PLANES])
def test_a_program_that_closes_the_window_goes_on(folder: Path, layout: Layout) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CLOSE, str(folder), layout.name],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()[-6:]) == (0, "closed"), done.stderr[-2000:]


def test_no_layer_goes_while_another_one_is_going(window: Any, folder: Path) -> None:
    """Qt's list of layers is in the middle of a removal then: the next one ended the process."""
    viewer, bridge = window.viewer, window.bridge
    viewer.open(str(folder), plugin="napari-brats")
    bridge.view.set_layout(Layout.SIDE_BY_SIDE)
    under_way, most = [0], [0]

    def begin(event: object) -> None:
        del event
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])

    def end(event: object) -> None:
        del event
        under_way[0] -= 1

    events = viewer.layers.events
    for emitter, slot in ((events.removing, begin), (events.removed, end)):
        emitter.connect(slot, position="first")
    viewer.layers.selection.active = viewer.layers["label map"]
    viewer.layers.clear()
    assert len(viewer.layers) == 0
    assert bridge.active_case_key is None
    assert most[0] == 1
