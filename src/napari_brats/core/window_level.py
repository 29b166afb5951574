"""Which grey values are shown from black to white: windows, as radiologists set them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]

AUTO_PERCENTILES = (1.0, 99.0)
"""Of the values inside the brain; a few bright vessels or artefacts do not set the window."""

NARROWER, WIDER = 0.5, 2.0
"""Widths of the presets against the automatic one."""

DRAG_PIXELS = 400.0
"""Dragging so far changes width or level by the reach of the image's values."""

LEAST_SHARE = 1e-3
"""A window is at least this share of the reach wide, so that it can be dragged open again."""


@dataclass(frozen=True)
class Window:
    """Values from ``low`` (black) to ``high`` (white); ``low < high``."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """How many grey values it spans; small is rich in contrast."""
        return self.high - self.low

    @property
    def level(self) -> float:
        """The value shown as middle grey."""
        return (self.low + self.high) / 2

    @property
    def text(self) -> str:
        """Width and level as they stand on a workstation, e.g. ``W 812  L 406``."""
        return f"W {_short(self.width)}  L {_short(self.level)}"


class Preset(Enum):
    """What a window can be set to."""

    AUTO = "Auto"
    NARROW = "Narrow"
    WIDE = "Wide"
    FULL = "Full range"
    OPENED = "As opened"


def window_of(width: float, level: float) -> Window:
    """The window of this width about this level."""
    return Window(level - width / 2, level + width / 2)


def dragged(start: Window, right_px: float, down_px: float, reach: float) -> Window:
    """``start`` after the mouse went so far: right widens it, up makes the image brighter.

    ``reach`` is how far the image's values go (see `reach_of`), so that a drag does as much on an
    image of 0 to 1 as on one of 0 to 32767.
    """
    step = reach / DRAG_PIXELS
    width = max(start.width + right_px * step, reach * LEAST_SHARE)
    return window_of(width, start.level + down_px * step)


def reach_of(inside: Values) -> float:
    """How far the values of an image go, outliers aside; 1.0 for a constant image or none."""
    window = auto_window(inside)
    return window.width if inside.size else 1.0


def auto_window(inside: Values) -> Window:
    """From the 1st to the 99th percentile of ``inside``; a range of 1 for one value or none."""
    if not inside.size:
        return Window(0.0, 1.0)
    low, high = (float(v) for v in np.percentile(inside.astype(np.float64), AUTO_PERCENTILES))
    return Window(low, high) if high > low else Window(low, low + 1.0)


def brain_sample(data: Values) -> Values:
    """Values inside the brain, from about 10^5 voxels of an (X, Y, Z) array; never none of some.

    Inside is what differs from the background where the background is one value, as after skull
    stripping; otherwise the middle half of the volume along each axis, where scalp and air are
    few.
    """
    step = max(1, round((data.size / 1e5) ** (1 / 3)))
    sample = data[::step, ::step, ::step]
    background = _border_value(data)
    inside = sample[sample != background]
    if inside.size > 0.8 * sample.size:  # the background is noise
        inside = sample[tuple(slice(n // 4, n - n // 4) for n in sample.shape)]
    if not inside.size:
        inside = sample.ravel()
    return inside


def preset_window(preset: Preset, data: Values, inside: Values, opened: Window) -> Window:
    """The window of a preset.

    Parameters
    ----------
    preset
        Which one.
    data
        All voxels, finite; of any shape.
    inside
        Those inside the brain, or a sample of them.
    opened
        What the image was opened with.
    """
    if preset is Preset.OPENED:
        return opened
    if preset is Preset.FULL:
        low, high = float(data.min()), float(data.max())
        return Window(low, high) if high > low else Window(low, low + 1.0)
    auto = auto_window(inside)
    factor = {Preset.AUTO: 1.0, Preset.NARROW: NARROWER, Preset.WIDE: WIDER}[preset]
    return window_of(auto.width * factor, auto.level)


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _border_value(data: npt.NDArray[Any]) -> np.generic:
    """The most frequent value on the outermost faces."""
    faces = [
        np.moveaxis(data, axis, 0)[end, ::4, ::4].ravel() for axis in range(3) for end in (0, -1)
    ]
    values, counts = np.unique(np.concatenate(faces), return_counts=True)
    common: np.generic = values[counts.argmax()]
    return common
