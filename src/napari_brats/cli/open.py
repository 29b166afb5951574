"""``napari-brats open``: the window, with the panel docked and a case in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from napari_brats.core.errors import BratsError


def open_case(
    cases: Annotated[
        list[Path],
        typer.Argument(metavar="CASE", help="A case folder, a file of a case or a 4-D file."),
    ],
) -> None:
    """Open CASE in napari with the BraTS panel docked. Needs a screen and a Qt binding.

    Research use only. Not a medical device: not for diagnosis or treatment.
    """
    for case in cases:
        if not case.exists():
            raise typer.BadParameter(f"There is nothing at {case}.", param_hint="CASE")
    _require_screen()
    try:
        import napari
    except ImportError as error:  # qtpy's QtBindingsNotFoundError is one, too
        raise BratsError(_NO_WINDOW.format(reason=error)) from error
    viewer = napari.Viewer(title="napari-brats")
    viewer.window.add_plugin_dock_widget("napari-brats")
    for case in cases:
        viewer.open(case, plugin="napari-brats")
    napari.run()


_NO_WINDOW = (
    "The window needs napari and a Qt binding, and one of them is missing: {reason}. "
    'Install them with  pip install "napari-brats[pyqt5]"  (or [pyqt6]). '
    "Without a window, 'napari-brats segment' does the same work."
)


def _require_screen() -> None:
    """BratsError on a Unix machine without a display, where Qt would abort the whole process."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise BratsError(
            "There is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set. Run this on a "
            "desktop, with 'ssh -X', or as 'xvfb-run napari-brats open ...'. "
            "Without a window, 'napari-brats segment' does the same work."
        )
