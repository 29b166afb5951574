"""Left is left: letters of the view against where a phantom's marked corner is drawn."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from napari.components import Camera
from tests.io.volumes import affine_of

from napari_brats.core.case import Case, Volume
from napari_brats.core.geometry import Grid, display_order
from napari_brats.core.labels import CONVENTIONS
from napari_brats.core.modalities import Modality
from napari_brats.widgets.orientation_letters import (
    display_directions,
    edge_letters,
    letters_of,
)
from napari_brats.widgets.viewer_bridge import ViewerBridge

IPL = np.array([[0, 0, -1], [0, -1, 0], [-1, 0, 0]], float)  # napari's axes in the scanner (RAS+)
UNROTATED = np.eye(3)


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ((1, 0, 0), "R"),
        ((-2, 0, 0), "L"),
        ((0, 1, 0), "A"),
        ((0, -1, 0), "P"),
        ((0, 0, 1), "S"),
        ((0, 0, -1), "I"),
        ((-0.8, 0.6, 0), "LA"),
        ((-0.97, 0.24, 0), "L"),
        ((0, 0, 0), ""),
    ],
)
def test_letters_of_a_direction(direction: tuple[float, ...], letters: str) -> None:
    assert letters_of(direction) == letters


@pytest.mark.parametrize("codes", ["LPS", "RAS", "SAL", "PIR"])
def test_display_axes_run_to_i_p_l(codes: str) -> None:
    grid = Grid((4, 5, 6), affine_of(codes, (1, 2, 3)))
    assert np.allclose(display_directions(grid, display_order(grid.affine)), IPL)


@pytest.mark.parametrize(
    ("displayed", "edges"),
    [
        ((1, 2), ("R", "L", "A", "P")),  # axial
        ((0, 2), ("R", "L", "S", "I")),  # coronal
        ((0, 1), ("A", "P", "S", "I")),  # sagittal
        ((2, 1), ("A", "P", "R", "L")),  # axial, transposed
    ],
)
def test_edges_of_the_planes(displayed: tuple[int, int], edges: tuple[str, ...]) -> None:
    letters = edge_letters(Camera(), displayed, 3, UNROTATED, IPL)
    assert tuple(letters[edge] for edge in ("left", "right", "top", "bottom")) == edges


def test_a_flipped_camera_flips_the_letters() -> None:
    camera = Camera()
    camera.orientation2d = ("up", "left")
    letters = edge_letters(camera, (1, 2), 3, UNROTATED, IPL)
    assert letters == {"left": "L", "right": "R", "top": "P", "bottom": "A"}


def test_a_leading_time_axis_changes_nothing() -> None:
    letters = edge_letters(Camera(), (2, 3), 4, UNROTATED, IPL)
    assert letters == {"left": "R", "right": "L", "top": "A", "bottom": "P"}


def phantom(corner: str) -> Case:
    """A dark ball with one bright block far towards ``corner``, e.g. ``L``; stored as RSA."""
    grid = Grid((30, 30, 30), affine_of("RSA"))
    directions = dict(zip("RSA", np.eye(3, dtype=int), strict=True))
    directions |= {"L": -directions["R"], "I": -directions["S"], "P": -directions["A"]}
    center = 15 + 12 * directions[corner]
    data = np.zeros((30, 30, 30), np.float32)
    block = tuple(slice(int(c) - 2, int(c) + 2) for c in center)
    data[block] = 100
    header = nib.Nifti1Header()
    header.set_data_shape(data.shape)
    header.set_sform(grid.affine, 1)
    volume = Volume(data, grid, header)
    return Case("phantom", {Modality.T1C: volume}, None, CONVENTIONS["brats2023"])


def drawn_at(viewer: Any) -> tuple[float, float]:
    """Where the bright block is drawn: right and down of the middle, -1 to 1 each."""
    for name, overlay in viewer.canvas.overlays.items():  # letters and rulers are bright too
        if name.startswith("brats_"):
            overlay.visible = False
    picture = viewer.screenshot(canvas_only=True, flash=False)[..., :3].sum(axis=-1)
    rows, columns = np.nonzero(picture > 0.6 * picture.max())
    height, width = picture.shape
    return columns.mean() / width * 2 - 1, rows.mean() / height * 2 - 1


def edge_where_drawn(viewer: Any) -> str:
    right, down = drawn_at(viewer)
    if max(abs(right), abs(down)) < 0.1:
        return ""  # in the middle: the block lies towards or away from the eye
    if abs(right) > abs(down):
        return "right" if right > 0 else "left"
    return "bottom" if down > 0 else "top"


@pytest.mark.parametrize("corner", ["L", "A", "S"])
def test_each_letter_stands_where_that_side_is_drawn(
    make_napari_viewer: Callable[..., Any], corner: str
) -> None:
    viewer = make_napari_viewer(show=True)  # a hidden window is drawn black
    bridge = ViewerBridge(viewer)
    bridge.add_case(phantom(corner))
    viewer.layers["T1C"].contrast_limits = (0, 100)
    seen = 0
    for order in permutations(range(3)):
        viewer.dims.order = order
        # napari shows one slice: go to the block along the axis that is not displayed
        hidden = order[0]
        viewer.dims.set_current_step(hidden, _middle_of_block(viewer, hidden))
        seen += _check_edge(viewer, corner)
    for ndisplay, orientation in ((2, ("up", "left")), (3, ("down", "right"))):
        viewer.dims.order = (0, 1, 2)
        viewer.dims.ndisplay = ndisplay
        viewer.scene.camera.orientation2d = orientation
        viewer.dims.set_current_step(0, _middle_of_block(viewer, 0))
        viewer.reset_view()
        seen += _check_edge(viewer, corner)
    for angles in ((0, 0, 90), (0, 90, 0), (180, 0, 90), (90, 0, 0)):
        viewer.scene.camera.angles = angles
        seen += _check_edge(viewer, corner)
    assert seen >= 6  # towards the eye there is nothing to see
    bridge.close()


def _middle_of_block(viewer: Any, axis: int) -> int:
    return int(np.argwhere(viewer.layers["T1C"].data > 0).mean(axis=0)[axis])


def _check_edge(viewer: Any, corner: str) -> int:
    texts = viewer.canvas.overlays["brats_reading"].letters
    edge = edge_where_drawn(viewer)
    if edge:
        assert texts[edge] == corner, (viewer.dims.order, viewer.scene.camera.angles, texts)
    return int(bool(edge))


def test_letters_follow_napari_s_rotation_of_the_layers(docked: tuple[Any, ViewerBridge]) -> None:
    viewer, bridge = docked
    bridge.add_case(phantom("L"))
    layer = viewer.layers["T1C"]
    layer.affine = np.array([[1, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], float)
    # the layer's axis 2 (towards L) now runs along -1, up on the screen
    assert viewer.canvas.overlays["brats_reading"].letters["top"] == "L"


def test_letters_go_with_the_case_and_with_the_panel(make_napari_viewer: Callable[[], Any]) -> None:
    viewer = make_napari_viewer()
    bridge = ViewerBridge(viewer)
    bridge.add_case(phantom("L"))
    assert viewer.canvas.overlays["brats_reading"].visible
    viewer.layers.clear()
    assert bridge.active_case_key is None
    assert not viewer.canvas.overlays["brats_reading"].visible
    bridge.close()
    bridge.close()
    assert "brats_reading" not in viewer.canvas.overlays
