"""What the status bar says of a place: scanner mm, voxel of the file, values, label."""

from __future__ import annotations

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
from napari_brats.core.labels import CONVENTIONS, Label
from napari_brats.core.modalities import Modality
from napari_brats.io.layers import label_map_to_layer, volume_to_layer
from napari_brats.widgets.status_line import END, StatusLine, label_text, position_text, values_text

SHAPE = (4, 5, 6)

LONG_MS = 60_000
"""Machines that test may be busy."""


def _volume(affine: np.ndarray, data: np.ndarray) -> Volume:
    header = nib.Nifti1Header()
    header.set_data_shape(data.shape)
    return Volume(data, Grid(SHAPE, affine), header)


def _image(affine: np.ndarray, dtype: str = "int16") -> Any:
    """Each voxel holds 100 x + 10 y + z of its file."""
    x, y, z = np.indices(SHAPE)
    volume = _volume(affine, (100 * x + 10 * y + z).astype(dtype))
    return Layer.create(*volume_to_layer(volume, "c", "c", Modality.T1C))


CASES = {
    "flipped": affine_of("RAS", (1, 2, 3)),
    "anisotropic": affine_of("LPS", (0.5, 0.5, 6)),
    "rolled": affine_of("SAL", (2, 1, 3)),
    "oblique": affine_of("LPI", (1, 2, 3), tilt_degrees=20),
}


@pytest.mark.parametrize("affine", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("voxel", [(1, 2, 3), (3, 0, 5)])
def test_mm_and_voxel_are_those_of_the_file(
    affine: np.ndarray, voxel: tuple[int, int, int]
) -> None:
    layer = _image(affine)
    (shown,) = np.argwhere(np.asarray(layer.data) == np.dot(voxel, (100, 10, 1)))
    world = layer.data_to_world(shown)
    x, y, z = affine[:3, :3] @ voxel + affine[:3, 3]
    expected = (
        f"RAS {x + 0.0:.1f} {y + 0.0:.1f} {z + 0.0:.1f} mm  voxel {' '.join(map(str, voxel))}"
    )
    assert position_text(layer, world) == expected
    assert values_text({Modality.T1C: layer}, world) == f"T1C {np.dot(voxel, (100, 10, 1))}"


def test_places_between_voxels_and_outside() -> None:
    layer = _image(affine_of("LPS", (2, 2, 2)))
    top = np.array(layer.data_to_world((0, 0, 0)))
    between = top + np.array([0.8, 0, 0])  # mm below the top voxel
    # the top is z = 5: 7 + 5 * 2 - 0.8 mm; anterior and right are y = 0 and x = 0
    assert position_text(layer, between) == "RAS -11.5 23.2 16.2 mm  voxel 0 0 5"
    outside = top - np.array([3, 0, 0])
    assert position_text(layer, outside) == "RAS -11.5 23.2 20.0 mm"
    assert values_text({Modality.T1C: layer}, outside) == ""


def test_labels_have_names() -> None:
    affine = affine_of("RAS")
    labels = np.zeros(SHAPE, np.uint8)
    labels[1, 2, 3], labels[0, 0, 0] = Label.ET, 77
    reference = _volume(affine, labels)
    convention = CONVENTIONS["brats2023"]
    layer = Layer.create(*label_map_to_layer(labels, reference, convention, "c", "c"))
    found = {}
    for value in (0, int(Label.ET), 77):
        shown = np.argwhere(np.asarray(layer.data) == value)[0]
        found[value] = label_text(layer, layer.data_to_world(shown))
    assert found == {0: "background", 3: "ET enhancing tumour", 77: "label 77"}
    assert label_text(layer, (1e3, 0, 0)) == ""
    assert label_text(None, (0, 0, 0)) == ""


def test_the_cursor_of_any_canvas_is_read(qtbot: QtBot) -> None:
    window, other = ViewerModel(), ViewerModel()
    image = _image(affine_of("LPS"), "float32")
    line = StatusLine(window)
    line.watch(other)
    line.show_for(image, {Modality.T1C: image}, None)
    for viewer in (window, other):
        viewer.add_image(image.data)
    other.cursor.position = (2.0, 3.0, 1.0)  # z = 5 - 2
    expected = f"RAS -12.5 20.2 10.0 mm  voxel 1 3 3   |   T1C 133{END}"
    qtbot.waitUntil(lambda: window.status == expected, timeout=LONG_MS)
    window.status = {"layer_base": "x", "coordinates": "[2 3 1]: 5"}  # as napari writes it
    assert window.status == expected
    window.status = "Saved."
    assert window.status == "Saved."  # what others say is left
    line.close()
    line.close()
    window.status = {"layer_base": "x"}
    assert window.status == {"layer_base": "x"}
