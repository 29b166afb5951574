"""Many changes of layers as one, on windows that have several canvases."""

# ruff: noqa: SLF001 (napari pauses its scene graph itself, but has no public way to ask for it)

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari import Viewer
    from napari.components import LayerList
    from napari.qt import QtViewer


def window_view(viewer: Viewer) -> QtViewer:
    """The window's own canvas with its sliders."""
    return viewer.window._qt_window._qt_viewer


@contextmanager
def one_update(view: QtViewer) -> Iterator[None]:
    """Let one canvas arrange its layers once at the end, not after each that comes, goes or moves.

    napari's own `batched_update` ends with a garbage collection, which takes longer than the rest.
    Within another such block nothing happens at the end.
    """
    if view.canvas._pause_scene_graph:
        yield
        return
    view.canvas._pause_scene_graph = True
    try:
        yield
    finally:
        view.canvas._pause_scene_graph = False
        make_current(view)
        view.canvas._update_scenegraph()


@contextmanager
def no_selecting(layers: LayerList) -> Iterator[None]:
    """Let layers come without being selected, which takes as long as adding them does."""
    layers._activate_on_insert = False
    try:
        yield
    finally:
        layers._activate_on_insert = True


def make_current(view: QtViewer) -> None:
    """Direct OpenGL to this canvas.

    napari finishes what is to be drawn when a layer goes, in whichever canvas was drawn last. With
    several of them that deletes another one's buffers, and drawing those then ends the process. So
    this is called before layers go.
    """
    view.canvas._scene_canvas.set_current()
