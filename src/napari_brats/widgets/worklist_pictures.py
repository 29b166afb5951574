"""Draws the pictures of the contact sheet in the background, those in view first."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from qtpy.QtCore import QObject, QTimer

from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.worklist_panel import WorklistPanel
from napari_brats.workspace.log import LOGGER
from napari_brats.workspace.worklist_thumbnails import make_thumbnail

PAUSE_MS = 20
"""Between two pictures: the reading of cases has the disk, too."""


class WorklistPictures(QObject):
    """One at a time, while the sheet is shown."""

    def __init__(self, panel: WorklistPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._panel = panel
        self._job: RunningJob | None = None
        self._failed: set[str] = set()
        self._is_shown = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._draw_next)
        panel.sheet_shown.connect(self._on_sheet_shown)

    def look_again(self, keys: Iterable[str]) -> None:
        """Draw these cases anew if their files changed."""
        keys = list(keys)
        self._panel.model.forget_pictures(keys)
        self._failed.difference_update(keys)
        self._timer.start()

    def close(self) -> None:
        """Stop drawing."""
        self._timer.stop()
        self._is_shown = False
        if self._job is not None:
            self._job.cancel()

    def _on_sheet_shown(self, is_shown: bool) -> None:
        self._is_shown = is_shown
        self._timer.start()

    def _draw_next(self) -> None:
        if not self._is_shown or self._job is not None:
            return
        panel = self._panel
        for key in (*panel.views.visible_keys(), *panel.rows.shown_keys()):
            case = panel.model.case(key)
            if case is not None and key not in self._failed and not panel.model.has_picture(key):
                self._draw(key)
                return

    def _draw(self, key: str) -> None:
        def take(path: Path) -> None:
            self._panel.model.show_picture(key, path)

        def fail(error: Exception) -> None:
            self._failed.add(key)  # opening the case says why
            LOGGER.info("No picture of a case of the worklist: %s", type(error).__name__)

        self._job = run_job(
            make_thumbnail(self._panel.model.case(key).files_to_open),
            on_returned=take,
            on_failed=fail,
            on_finished=self._on_finished,
            owner=self._panel,
        )

    def _on_finished(self) -> None:
        self._job = None
        self._timer.start()
