"""Letters at the edges of the view that say where the patient's left, front and top are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_brats.core.geometry import AxisOrder, Grid

if TYPE_CHECKING:
    from napari.components import Camera
    from napari.layers import Layer

Vector = npt.NDArray[np.float64]

SECOND_LETTER = 0.38
"""An edge that leans by more than about 22 degrees towards a second direction names it too."""

_LETTERS = ("LR", "PA", "IS")  # the minus and the plus end of the scanner's x, y, z (RAS+)


def letters_of(direction: npt.ArrayLike) -> str:
    """The letters of a direction in the scanner (RAS+ millimetres), e.g. ``L`` or ``LA``.

    Empty for a vector of length 0.
    """
    vector = np.asarray(direction, np.float64)
    length = float(np.linalg.norm(vector))
    if length == 0:
        return ""
    vector = vector / length
    order = np.argsort(-np.abs(vector), kind="stable")
    names = [_LETTERS[axis][int(vector[axis] > 0)] for axis in order]
    return names[0] + (names[1] if abs(vector[order[1]]) > SECOND_LETTER else "")


def display_directions(grid: Grid, order: AxisOrder) -> Vector:
    """(3, 3): for each display axis (row) the unit direction in the scanner it runs in."""
    columns = grid.affine[:3, :3] / np.array(grid.spacing_mm)
    signs = np.where(order.flips, -1.0, 1.0)
    directions: Vector = (columns[:, list(order.axes)] * signs).T
    return directions


def screen_directions(
    camera: Camera, displayed: tuple[int, ...], ndim: int
) -> tuple[Vector, Vector]:
    """Unit vectors in napari's world that point right and up on the screen, each (ndim,)."""
    right, up = np.zeros(ndim), np.zeros(ndim)
    if len(displayed) == 2:
        vertical, horizontal = (str(value) for value in camera.orientation2d)
        up[displayed[0]] = 1.0 if vertical == "up" else -1.0
        right[displayed[1]] = 1.0 if horizontal == "right" else -1.0
        return right, up
    up_3d = np.asarray(camera.up_direction)
    handed = 1.0 if str(camera.handedness) == "right" else -1.0
    right[list(displayed)] = handed * np.cross(camera.view_direction, up_3d)
    up[list(displayed)] = up_3d
    return right, up


def layer_directions(layer: Layer) -> Vector:
    """(3, 3): for each data axis (row) of a 3-D layer its unit direction in napari's world."""
    origin = np.asarray(layer.data_to_world((0, 0, 0)))
    steps = np.array([layer.data_to_world(step) for step in np.eye(3)]) - origin
    directions: Vector = steps / np.linalg.norm(steps, axis=1, keepdims=True)
    return directions


def edge_letters(
    camera: Camera,
    displayed: tuple[int, ...],
    ndim: int,
    layer_axes: Vector,
    scanner_axes: Vector,
) -> dict[str, str]:
    """The letter of each edge of the view.

    Parameters
    ----------
    camera
        Only its orientation and angles matter.
    displayed
        The two or three world axes on the screen, as in ``viewer.dims.displayed``.
    ndim
        Number of world axes; the layer has the last three.
    layer_axes
        See `layer_directions`.
    scanner_axes
        See `display_directions`.
    """
    right, up = screen_directions(camera, displayed, ndim)
    towards = [scanner_axes.T @ (layer_axes @ vector[-3:]) for vector in (right, up)]
    return {
        "right": letters_of(towards[0]),
        "left": letters_of(-towards[0]),
        "top": letters_of(towards[1]),
        "bottom": letters_of(-towards[1]),
    }
