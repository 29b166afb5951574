"""How far a run in a panel is: a bar, the step under way in words, and the time left."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget

from napari_brats.core.progress import Progress


class RunProgress(QWidget):
    """Hidden while nothing runs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.words = QLabel()
        self.words.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.bar)
        layout.addWidget(self.words)
        self.setVisible(False)

    def set_running(self, running: bool) -> None:
        """Show that a run began or ended."""
        if running:
            self.bar.setRange(0, 0)  # busy until the first progress comes
            self.words.setText("Starting")
        self.setVisible(running)

    def show_progress(self, progress: Progress, seconds_left: float | None = None) -> None:
        """Show how far it is; ``seconds_left`` is None while nothing can be said."""
        self.bar.setRange(0, max(progress.total, 1))
        self.bar.setValue(progress.done)
        left = "" if seconds_left is None else f", {time_left_text(seconds_left)} left"
        self.words.setText(f"{progress.message}{left}")


def time_left_text(seconds: float) -> str:
    """A rounded duration in words: ``8 s``, ``2 min``; never 0."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"


def seconds_left(progress: Progress, elapsed_s: float) -> float | None:
    """How long the rest takes if it goes on as before; None before anything is done."""
    if progress.done <= 0 or progress.total <= 0:
        return None
    return elapsed_s * (progress.total - progress.done) / progress.done
