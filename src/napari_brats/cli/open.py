"""``napari-brats open``: the window, with the panel docked and a case in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from napari_brats.cli.console import SOME_FAILED, note, usage_error
from napari_brats.core.errors import BratsError, CaseError

_NO_WINDOW = (
    "The window needs napari and a Qt binding, and one of them is missing: {reason}. "
    'Install them with  pip install "napari-brats[pyqt5]"  (or [pyqt6]). '
    "Without a window, 'napari-brats segment' does the same work."
)


def open_case(
    cases: Annotated[
        list[Path],
        typer.Argument(metavar="CASE", help="A case folder, a file of a case or a 4-D file."),
    ],
) -> None:
    """Open CASE in napari with the BraTS panel docked. Needs a screen and a Qt binding.

    Research use only. Not a medical device: not for diagnosis or treatment.
    """
    from napari_brats.io.discover import discover

    for case in cases:
        try:
            discover(case, strict=False)
        except CaseError as error:
            raise usage_error(str(error), "CASE") from error
    _require_screen()
    try:
        import napari
    except ImportError as error:  # qtpy's QtBindingsNotFoundError is one, too
        raise BratsError(_NO_WINDOW.format(reason=error)) from error
    viewer = napari.Viewer(title="napari-brats")
    viewer.window.add_plugin_dock_widget("napari-brats")
    opened = [_open_in(viewer, case) for case in cases]
    if not any(opened):
        viewer.close()
        raise typer.Exit(SOME_FAILED)
    napari.run()


def _open_in(viewer: Any, case: Path) -> bool:
    """Whether the case could be opened; if not, why stands on stderr."""
    try:
        viewer.open(case, plugin="napari-brats")
    except BratsError as error:
        note(f"Error: {error}")
        return False
    return True


def _require_screen() -> None:
    """BratsError on a Unix machine without a display, where Qt would abort the whole process."""
    platform = os.environ.get("QT_QPA_PLATFORM", "xcb")
    if sys.platform in ("win32", "darwin") or not platform.startswith(("xcb", "wayland")):
        return
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise BratsError(
            "There is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set. Run this on a "
            "desktop, with 'ssh -X', or as 'xvfb-run napari-brats open ...'. "
            "Without a window, 'napari-brats segment' does the same work."
        )
