"""What the section "Tools" needs of the window."""

from __future__ import annotations

from typing import Any, Protocol

from napari.layers import Labels
from qtpy.QtCore import Signal

from napari_brats.core.edits.edit import Edit
from napari_brats.widgets.case_group import OpenCase
from napari_brats.widgets.tools_pointer import ToolPointer


class LocalTools(Protocol):
    """What the tools of the label map must offer here."""

    changed: Signal
    refused: Signal
    step_made: Signal
    brush_filter: Any
    keeps_mode: bool

    @property
    def target(self) -> Labels | None:
        """The labels layer in hand; None without one."""

    @property
    def label(self) -> int:
        """The label that is painted with."""

    @property
    def mode(self) -> str:
        """napari's name of the tool in use."""

    def choose_mode(self, mode: str) -> None:
        """Take one of napari's tools."""

    def apply(self, layer: Any, edit: Edit, *, tool: str) -> int:
        """Write one undo step under the rules in force; how many voxels changed."""


class ToolsHost(Protocol):
    """What the bridge to the viewer must offer here."""

    tools: LocalTools
    pointer: ToolPointer

    @property
    def active_case_key(self) -> str | None:
        """Key of the case that is corrected."""

    def open_case(self, key: str) -> OpenCase:
        """Its layers."""
