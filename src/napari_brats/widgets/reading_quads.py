"""Small pictures on a canvas, drawn with one program and one texture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from vispy.gloo import Texture2D, VertexBuffer
from vispy.scene.visuals import create_visual_node
from vispy.visuals import Visual

Placed = tuple[npt.NDArray[np.uint8], float, float]

_VERTEX = """
attribute vec2 a_position;
attribute vec2 a_texel;
varying vec2 v_texel;
void main() {
    v_texel = a_texel;
    gl_Position = $transform(vec4(a_position, 0.0, 1.0));
}
"""

_FRAGMENT = """
varying vec2 v_texel;
void main() {
    gl_FragColor = texture2D($texture, v_texel);
}
"""

_CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 0), (1, 1), (0, 1)], np.float32)


class QuadsVisual(Visual):
    """Pictures of (height, width, 4) RGBA, one pixel of theirs per pixel of the screen.

    ``fill`` is asked before each frame, with the pixels of the screen per pixel of the canvas. It
    gives pictures and the places of their left and top edges in pixels of the canvas, or None if
    nothing has changed.
    """

    def __init__(self, fill: Callable[[float], Sequence[Placed] | None]) -> None:
        super().__init__(vcode=_VERTEX, fcode=_FRAGMENT)
        self._fill = fill
        self._scale = 0.0
        self._count = 0
        self._texture = Texture2D((1, 1, 4), internalformat="rgba8", interpolation="nearest")
        self._positions, self._texels = VertexBuffer(), VertexBuffer()
        self.shared_program.frag["texture"] = self._texture
        self.shared_program["a_position"] = self._positions
        self.shared_program["a_texel"] = self._texels
        self._draw_mode = "triangles"
        self.freeze()

    def _prepare_draw(self, view: Any) -> bool:
        placed = self._fill(float(view.transforms.pixel_scale))
        if placed is not None:
            self._take(placed, float(view.transforms.pixel_scale))
        return self._count > 0

    def _take(self, placed: Sequence[Placed], scale: float) -> None:
        self._count = len(placed)
        if not placed:
            return
        pictures, tops = stacked([piece for piece, _, _ in placed])
        self._texture.set_data(pictures)
        high, wide = pictures.shape[:2]
        sizes = np.array([piece.shape[1::-1] for piece, _, _ in placed], np.float32)
        at = np.round(np.array([(x, y) for _, x, y in placed], np.float32) * scale)
        corners = _CORNERS[np.newaxis] * sizes[:, np.newaxis]
        texels = corners + np.array([(0, tops[id(p)]) for p, _, _ in placed])[:, np.newaxis]
        self._positions.set_data(_flat((corners + at[:, np.newaxis]) / scale))
        self._texels.set_data(_flat(texels / (wide, high)))

    @staticmethod
    def _prepare_transforms(view: Any) -> None:
        view.view_program.vert["transform"] = view.transforms.get_transform()

    def _compute_bounds(self, axis: int, view: Any) -> None:
        del axis, view


def stacked(
    pictures: Sequence[npt.NDArray[np.uint8]],
) -> tuple[npt.NDArray[np.uint8], dict[int, int]]:
    """All pictures below each other, each one once, and the first row of each by its id."""
    unique = list({id(picture): picture for picture in pictures}.values())
    height = sum(picture.shape[0] for picture in unique)
    whole = np.zeros((height, max(picture.shape[1] for picture in unique), 4), np.uint8)
    tops, top = {}, 0
    for picture in unique:
        tops[id(picture)] = top
        whole[top : top + picture.shape[0], : picture.shape[1]] = picture
        top += picture.shape[0]
    return whole, tops


def _flat(points: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(points.reshape(-1, 2), np.float32)


Quads = create_visual_node(QuadsVisual)
