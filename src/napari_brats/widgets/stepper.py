"""Work on the main thread in steps, so that the window goes on in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from qtpy.QtCore import QObject, QTimer

STEP_MS = 5
"""Between two steps: whatever the user does meanwhile comes first."""


class Stepper(QObject):
    """Goes through one iterator at a time, a step with each tick; for what no thread may do."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._steps: Iterator[None] = iter(())
        self._then: Callable[[], object] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self._on_tick)

    @property
    def is_running(self) -> bool:
        """Whether there may be a further step."""
        return self._timer.isActive()

    def start(self, steps: Iterator[None], then: Callable[[], object]) -> None:
        """Take these steps, and do ``then`` after the last one; former steps are stopped."""
        self._steps, self._then = steps, then
        self._timer.start()

    def stop(self) -> None:
        """Take no further step. Harmless when there is none."""
        self._timer.stop()
        self._steps, self._then = iter(()), None

    def _on_tick(self) -> None:
        try:
            next(self._steps)
        except StopIteration:
            then = self._then
            self.stop()
            if then is not None:
                then()
