"""The layouts of the window."""

from __future__ import annotations

from enum import Enum


class Layout(Enum):
    """How a case is laid out in the window; the values are for people."""

    SINGLE = "Single"
    SIDE_BY_SIDE = "Side by side"
    PLANES = "Planes"
