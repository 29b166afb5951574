"""Nothing is lost: journals, restoring, the question before closing. Wires them for one window."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QWidget

from napari_brats.widgets.case_wiring import CaseWiring
from napari_brats.widgets.journal_control import JournalController
from napari_brats.widgets.privacy_control import PrivacyController
from napari_brats.widgets.privacy_panel import PrivacyPanel
from napari_brats.widgets.restore_control import RestoreController
from napari_brats.widgets.restore_panel import RestorePanel
from napari_brats.widgets.unsaved import UnsavedGuard
from napari_brats.widgets.viewer_bridge import ViewerBridge


class Safety(QObject):
    """What stands between the user's edits and a crash, a full disk or a hasty click."""

    def __init__(
        self,
        panel: RestorePanel,
        privacy: PrivacyPanel,
        bridge: ViewerBridge,
        wiring: CaseWiring,
        device: Callable[[], str],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._kept = wiring.kept
        self.journal = JournalController(bridge, wiring.kept, self)
        self.journal.problem.connect(panel.show_trouble)
        self.restore = RestoreController(panel, bridge, wiring.kept, self)
        wiring.saving.saved.connect(lambda _: panel.show_note(""))
        self.guard = UnsavedGuard(wiring.kept, wiring.saving, parent, panel.show_trouble)
        self.guard.settled.connect(self.journal.cancel)
        self.privacy = PrivacyController(privacy, bridge, wiring.kept, device, self)
        self.privacy.deleted.connect(self.journal.write_all)

    def watch(self, window: QWidget) -> None:
        """Ask before this window closes."""
        self.guard.watch(window)

    def shut_down(self) -> None:
        """Write what is not on disk and leave the rest with the layers. Harmless twice."""
        self.guard.release()
        self.journal.flush()
        self.restore.cancel()
        self._kept.hand_over()
