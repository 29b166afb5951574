"""Asks before a window with unsaved edits closes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, QTimer, Signal
from qtpy.QtWidgets import QMessageBox, QWidget

from napari_brats.core.errors import BratsError
from napari_brats.widgets.kept_label_maps import KeptLabelMap, KeptLabelMaps
from napari_brats.widgets.save_control import SaveController

if TYPE_CHECKING:
    from napari.layers import Layer


PANEL_CLOSES = (
    "The label maps stay open without the panel, but nothing keeps further edits safe, and closing "
    "the window will not ask.\n\n"
)


class Answer(Enum):
    """What becomes of unsaved edits."""

    SAVE = "save"
    DISCARD = "discard"
    CANCEL = "cancel"


def ask_user(parent: QWidget, text: str, discard: str = "Discard") -> Answer:
    """Ask in a dialog; closing it cancels. ``discard``: what its button says."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Unsaved edits")
    box.setText(text)
    save = box.addButton("Save", QMessageBox.ButtonRole.AcceptRole)
    leave = box.addButton(discard, QMessageBox.ButtonRole.DestructiveRole)
    box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(save)
    box.exec()
    chosen = box.clickedButton()
    box.deleteLater()
    return {save: Answer.SAVE, leave: Answer.DISCARD}.get(chosen, Answer.CANCEL)


class UnsavedGuard(QObject):
    """Stands between a window and its closing."""

    settled = Signal()  # what was not saved is not wanted

    def __init__(
        self,
        kept: KeptLabelMaps,
        saving: SaveController,
        parent: QWidget,
        on_problem: Callable[[str], None],
    ) -> None:
        super().__init__(parent)
        self._kept, self._saving, self._on_problem = kept, saving, on_problem
        self._window: QWidget | None = None
        self._is_settled = False

    def watch(self, window: QWidget) -> None:
        """Ask when ``window`` is about to close. Harmless when called twice."""
        if window is not self._window:
            self.release()
            self._window = window
            window.installEventFilter(self)

    def release(self) -> None:
        """Ask no more."""
        if self._window is not None and isalive(self._window):
            self._window.removeEventFilter(self)
        self._window = None

    def may_close(self, layers: Iterable[Layer]) -> bool:
        """Whether these label maps may be closed; asks if there are unsaved edits in them."""
        maps = [kept for layer in layers if (kept := self._kept.get(layer)) is not None]
        unsaved = self._kept.unsaved(maps)
        if unsaved and not self._settle(unsaved):
            return False
        for kept in maps:
            kept.is_let_go = True
        return True

    def may_close_panel(self) -> bool:
        """Whether the panel may go; asks if there are unsaved edits, which stay in the viewer."""
        unsaved = self._kept.unsaved()
        return not unsaved or self._settle(unsaved, PANEL_CLOSES, "Close without saving")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hold a closing back until the user has decided."""
        if event.type() != QEvent.Type.Close or watched is not self._window or self._is_settled:
            return False
        unsaved = self._kept.unsaved()
        if not unsaved:
            self._kept.forget_edits()
            return False
        if not self._settle(unsaved):
            event.ignore()
            return True
        self.settled.emit()
        self._kept.forget_edits(for_good=True)
        if event.spontaneous():  # napari would ask once more whether to close
            event.ignore()
            self._is_settled = True
            QTimer.singleShot(0, self._close)
            return True
        return False

    def _close(self) -> None:
        if self._window is not None and isalive(self._window):
            self._window.close()
        self._is_settled = False

    def _settle(
        self,
        unsaved: Sequence[tuple[KeptLabelMap, int]],
        before: str = "",
        discard: str = "Discard",
    ) -> bool:
        """Whether the user has decided, and a save that was wanted is done."""
        answer = ask_user(self._window, before + self._question(unsaved), discard)
        if answer is Answer.CANCEL:
            return False
        if answer is Answer.SAVE:
            try:
                self._save([kept for kept, _ in unsaved])
            except BratsError as error:
                self._on_problem(f"Nothing was closed. {error}")
                return False
        return True

    def _save(self, maps: Sequence[KeptLabelMap]) -> None:
        for kept in maps:
            request = self._saving.request_of(kept)
            self._saving.save(kept, replace(request, overwrite=True))

    def _question(self, unsaved: Sequence[tuple[KeptLabelMap, int]]) -> str:
        lines = []
        for kept, voxels in unsaved:
            request = self._saving.request_of(kept)
            line = f"{kept.case_id}, '{kept.layer.name}': {voxels:,} voxels -> {request.path}"
            if self._saving.changed_before(kept, request):
                line += " (its files CHANGED on disk since it was opened)"
            elif self._saving.replaced_by(kept, request):
                line += " (the version there is kept as .bak)"
            lines.append(line)
        return "These label maps are not saved:\n\n" + "\n".join(lines) + "\n\nSave them?"
