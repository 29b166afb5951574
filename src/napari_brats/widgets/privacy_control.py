"""Counts, opens and deletes what is kept on this machine; collects diagnostics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari.utils.info import sys_info
from qtpy.QtCore import QObject, QUrl, Signal
from qtpy.QtGui import QDesktopServices, QGuiApplication

from napari_brats.core.errors import BratsError
from napari_brats.core.progress import Job, Progress
from napari_brats.widgets._worker import run_job
from napari_brats.widgets.kept_label_maps import KeptLabelMaps
from napari_brats.widgets.privacy_panel import PrivacyPanel
from napari_brats.widgets.viewer_bridge import ViewerBridge
from napari_brats.workspace.diagnostics import diagnostics
from napari_brats.workspace.folders import KINDS, data_folder, delete, make_data_folder, sizes
from napari_brats.workspace.log import start_log, stop_log
from napari_brats.workspace.redact import keep_out
from napari_brats.workspace.settings import change_settings, load_settings


class PrivacyController(QObject):
    """Connects the section "Settings and data" with the data folder."""

    deleted = Signal()

    def __init__(
        self,
        panel: PrivacyPanel,
        bridge: ViewerBridge,
        kept: KeptLabelMaps,
        device: Callable[[], str],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._panel, self._bridge, self._kept, self._device = panel, bridge, kept, device
        panel.shown.connect(self._count)
        panel.editor_changed.connect(self._on_editor)
        panel.open_folder_requested.connect(self._on_open)
        panel.delete_requested.connect(self._on_delete)
        panel.diagnostics_requested.connect(self._on_diagnostics)
        bridge.cases_changed.connect(self._keep_names_out)
        stored = load_settings()
        panel.show_editor(stored.settings.editor)
        panel.show_message("\n".join(stored.problems), is_error=True)
        start_log()

    def _count(self) -> None:
        run_job(
            _count(),
            on_returned=lambda found: self._panel.show_kept(data_folder(), found),
            owner=self._panel,
        )

    def _on_editor(self, name: str) -> None:
        try:
            change_settings(editor=name.strip())
        except BratsError as error:
            self._panel.show_message(str(error), is_error=True)

    def _on_open(self) -> None:
        try:
            folder = make_data_folder()
        except BratsError as error:
            self._panel.show_message(str(error), is_error=True)
            return
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._panel.show_message(f"No file manager opened; the folder is {folder}.")

    def _on_delete(self) -> None:
        self._kept.forget_edits()  # written anew with the next edit of what is still open
        stop_log()
        run_job(
            _delete(),
            on_returned=self._on_deleted,
            on_failed=lambda error: self._panel.show_message(str(error), is_error=True),
            owner=self._panel,
        )

    def _on_deleted(self, left: tuple[Path, ...]) -> None:
        start_log()
        self.deleted.emit()
        if left:
            names = "\n".join(f"  {path}" for path in left[:5])
            self._panel.show_message(
                f"{len(left)} files are in use or closed to you and were left:\n{names}",
                is_error=True,
            )
        else:
            self._panel.show_message("Deleted. What is kept from now on is new.")
        self._count()

    def _on_diagnostics(self) -> None:
        text = diagnostics({"device": self._device(), "window": "\n" + sys_info(as_html=False)})
        QGuiApplication.clipboard().setText(text)
        self._panel.show_message(
            f"Copied {len(text.splitlines())} lines to the clipboard. Read them before you send "
            f"them: what may tell of patients was left out as far as a program can know."
        )

    def _keep_names_out(self) -> None:
        for key in self._bridge.keys():  # noqa: SIM118 (no mapping)
            case = self._bridge.open_case(key)
            paths = [image.path for image in self._bridge.images_of(key) if image.path]
            folders = {part.name for path in paths for part in list(path.parents)[:2]}
            keep_out({case.case_id, *folders, *(path.name for path in paths)})


def _count() -> Job[dict[str, int]]:
    yield Progress(0, 1, "Counting what is kept")
    return sizes()


def _delete() -> Job[tuple[Path, ...]]:
    yield Progress(0, 1, "Deleting what is kept")
    return delete(KINDS)
