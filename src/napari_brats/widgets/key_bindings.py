"""Keys that do something while the window has the focus."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari import Viewer


class KeyBindings:
    """Binds keys of the viewer, and gives them back."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._keys: list[str] = []

    def bind(self, actions: Mapping[str, Callable[[], object]]) -> None:
        """Let each key run its action."""
        for key, action in actions.items():
            self._viewer.bind_key(key, lambda _viewer, run=action: _nothing(run()), overwrite=True)
            self._keys.append(key)

    def close(self) -> None:
        """Unbind them all."""
        for key in self._keys:
            self._viewer.bind_key(key, None)
        self._keys.clear()


def _nothing(_result: object) -> None:
    """For napari takes what a key's function returns for a generator; ours return nothing."""
