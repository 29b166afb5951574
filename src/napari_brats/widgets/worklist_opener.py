"""Opens the cases of a worklist one after the other, with the next one read ahead."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, QTimer, Signal

from napari_brats.core.errors import BratsError
from napari_brats.core.progress import Job, drain
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.case_group import tag_of
from napari_brats.widgets.viewer_bridge import ViewerBridge
from napari_brats.workspace.status_files import CaseState, Holder
from napari_brats.workspace.worklist import WorkCase
from napari_brats.workspace.worklist_ahead import LookAhead, ReadCase, read_ahead
from napari_brats.workspace.worklist_claims import BEAT_S, Session, in_words, other_holder
from napari_brats.workspace.worklist_jobs import Begun, beat, begin, leave, say

AHEAD_DELAY_MS = 300
"""The next case is read once the one that was opened is on the screen."""


class WorklistOpener(QObject):
    """At most one case of the worklist is open; what was open before is closed.

    Parameters
    ----------
    bridge
        Gives the bridge of the panel "BraTS", which it opens if need be.
    may_leave
        Asks the user about unsaved edits of the case with that key; False keeps it open.
    may_take_over
        Asks the user whether to take a case over from whoever has it open.
    """

    shown = Signal(str)  # key, in the worklist, of the case that is open now; empty for none
    changed = Signal(object)  # WorkCase: what is known of it changed
    told = Signal(str)
    failed = Signal(str)
    busy = Signal(bool)

    def __init__(
        self,
        bridge: Callable[[], ViewerBridge],
        may_leave: Callable[[ViewerBridge, str], bool],
        may_take_over: Callable[[WorkCase, Holder], bool],
        me: Session,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._find_bridge, self._may_leave, self._may_take_over = bridge, may_leave, may_take_over
        self._me = me
        self._bridge: ViewerBridge | None = None
        self._case: WorkCase | None = None
        self._layers_key = ""  # of the open case, as the viewer knows it
        self._ahead = LookAhead()
        self._reading: RunningJob | None = None
        self._reading_key = ""
        self._wanted: WorkCase | None = None
        self._opening: RunningJob | None = None
        self._next: WorkCase | None = None
        self._beat = QTimer(self)
        self._beat.setInterval(BEAT_S * 1000)
        self._beat.timeout.connect(self._on_beat)
        self._ahead_timer = QTimer(self)
        self._ahead_timer.setSingleShot(True)
        self._ahead_timer.setInterval(AHEAD_DELAY_MS)
        self._ahead_timer.timeout.connect(self._read_ahead)

    @property
    def key(self) -> str:
        """Key, in the worklist, of the case that is open; empty if none is."""
        return "" if self._case is None else self._case.key

    def open(self, case: WorkCase) -> None:
        """Open a case and close the one before, unless the user wants to keep that open."""
        if self._opening is not None or self._wanted is not None:
            return
        bridge = self._attached()
        if self._case is not None and self._layers_key in bridge.keys():  # noqa: SIM118
            if case.key == self.key:
                self._show_again(bridge, case)
                return
            if not self._may_leave(bridge, self._layers_key):
                return
        self.told.emit("")
        self.busy.emit(True)
        if self._reading is not None and self._reading_key == case.key:
            self._wanted = case  # it is being read already
        else:
            self._begin(case)

    def _show_again(self, bridge: ViewerBridge, case: WorkCase) -> None:
        """Show the open case, with the mask that a run may have made for it meanwhile."""
        bridge.activate(self._layers_key)
        if case.mask is not None and not bridge.open_case(self._layers_key).labels:
            bridge.open_paths([case.mask])

    def look_ahead(self, case: WorkCase | None) -> None:
        """Read this case soon, for it may be opened next; None lets go of what was read."""
        self._next = case
        if case is None or case.key != self._ahead.key:
            self._ahead.drop()
            self._ahead_timer.start()

    def close(self) -> None:
        """Stop reading and free the case for others; its layers stay."""
        self._beat.stop()
        self._ahead_timer.stop()
        for job in (self._reading, self._opening):
            if job is not None:
                job.cancel()
        self._ahead.drop()
        self._detach()
        if self._case is not None:
            drain(leave(self._case, self._me))
            self._case = None

    # -- opening

    def _begin(self, case: WorkCase, *, take_over: bool = False) -> None:
        self._opening = self._run(
            begin(case, self._ahead, self._me, take_over=take_over),
            self._on_begun,
            self._on_opening_ended,
        )

    def _on_opening_ended(self) -> None:
        self._opening = None
        self.busy.emit(False)

    def _on_begun(self, begun: Begun) -> None:
        self.changed.emit(begun.case)
        if begun.opened is None:
            QTimer.singleShot(0, lambda: self._ask_take_over(begun))
            return
        bridge = self._attached()
        former, former_key = self._case, self._layers_key
        if open_key := _open_as(bridge, begun.case):
            if open_key != former_key:
                bridge.close_case(former_key)
            bridge.activate(open_key)
            self._layers_key = open_key
        else:
            self._layers_key = bridge.exchange_case(begun.opened, former_key)
        self._case = begun.case
        if former is not None:
            self._run(leave(former, self._me), self.changed.emit)
        self._beat.start()
        self.told.emit("\n".join(begun.warnings))
        self.shown.emit(self.key)

    def _ask_take_over(self, begun: Begun) -> None:
        if begun.holder and self._may_take_over(begun.case, begun.holder):
            self.busy.emit(True)
            self._begin(begun.case, take_over=True)

    # -- reading ahead

    def _read_ahead(self) -> None:
        case = self._next
        if case is None or self._reading is not None or case.key in (self.key, self._ahead.key):
            return
        self._reading_key = case.key
        self._reading = run_job(
            read_ahead(case.files_to_open),
            on_returned=self._on_read,
            on_failed=lambda _error: None,  # said when the case is asked for
            on_finished=self._on_reading_ended,
            owner=self,
        )

    def _on_read(self, read: ReadCase) -> None:
        wanted = self._wanted.key if self._wanted else self._next.key if self._next else ""
        if self._reading_key == wanted:
            self._ahead.put(read)

    def _on_reading_ended(self) -> None:
        self._reading = None
        if self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            self._begin(wanted)
        else:
            self._read_ahead()  # if another one is next by now

    # -- while a case is open

    def _attached(self) -> ViewerBridge:
        """The bridge of the panel as it is open now: it may have been closed and opened again."""
        bridge = self._find_bridge()
        if bridge is not self._bridge:
            self._detach()
            self._bridge = bridge
            bridge.edited.connect(self._on_edited)
            bridge.cases_changed.connect(self._on_cases_changed)
            bridge.destroyed.connect(self._on_bridge_gone)
        return bridge

    def _detach(self) -> None:
        if self._bridge is not None:
            self._bridge.edited.disconnect(self._on_edited)
            self._bridge.cases_changed.disconnect(self._on_cases_changed)
            self._bridge.destroyed.disconnect(self._on_bridge_gone)
            self._bridge = None

    def _on_bridge_gone(self) -> None:
        self._bridge = None

    def _on_edited(self, key: str) -> None:
        """Whoever begins to correct a case has it in progress."""
        case = self._case
        if case is None or key != self._layers_key or case.status.state is not CaseState.TO_DO:
            return
        said = {"state": CaseState.IN_PROGRESS.value}
        if not case.status.reviewer and self._me.editor:
            said["reviewer"] = self._me.editor
        self.say(case, said)

    def say(self, case: WorkCase, values: dict[str, str]) -> None:
        """Write what the user says of a case."""
        self._run(say(case, values, self._me), self._take)

    def _take(self, case: WorkCase) -> None:
        if case.key == self.key:
            self._case = case
        self.changed.emit(case)

    def _on_cases_changed(self) -> None:
        """The user closed the case's layers: it is free."""
        bridge, case = self._bridge, self._case
        if bridge is None or case is None or self._opening is not None:
            return
        if self._layers_key not in bridge.keys():  # noqa: SIM118
            self._case, self._layers_key = None, ""
            self._beat.stop()
            self._run(leave(case, self._me), self.changed.emit)
            self.shown.emit("")

    def _on_beat(self) -> None:
        if self._case is not None:
            self._run(beat(self._case, self._me), self._on_beaten)

    def _on_beaten(self, case: WorkCase) -> None:
        self._take(case)
        holder = other_holder(case.status, self._me)
        if holder is not None and case.key == self.key:
            self.failed.emit(
                f"{case.case_id} was taken over by {in_words(holder)}. Talk to each other before "
                f"you save: the last one to save wins."
            )

    def _run(
        self,
        job: Job,
        on_returned: Callable,
        on_finished: Callable[[], None] | None = None,
    ) -> RunningJob:
        return run_job(
            job,
            on_returned=on_returned,
            on_failed=self._on_failed,
            on_finished=on_finished,
            owner=self,
        )

    def _on_failed(self, error: BratsError) -> None:
        self.failed.emit(str(error))


def _open_as(bridge: ViewerBridge, case: WorkCase) -> str:
    """What the viewer calls a case that is open already; empty if it is not open."""
    for key in bridge.keys():  # noqa: SIM118 (no mapping)
        if any(tag_of(layer).case_key == case.key for layer in bridge.open_case(key).images):
            return key
    return ""
