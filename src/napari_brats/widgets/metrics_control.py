"""Keeps the section "Metrics" about the active case, and its scores about the latest edit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from qtpy.QtCore import QObject, QTimer, Signal

from napari_brats.core.case import Volume
from napari_brats.core.errors import BratsError
from napari_brats.core.labels import LabelMap
from napari_brats.io.atomic import write_atomically
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.choice_box import Choice
from napari_brats.widgets.metrics_live import LivePair, require_one_grid
from napari_brats.widgets.metrics_panel import NEEDS_TWO, MetricsPanel
from napari_brats.widgets.metrics_values import LesionRow, PairScore, lesions_csv, scores_csv
from napari_brats.widgets.open_label_maps import LabelMapViewer, OpenLabelMap, default_pair

SETTLE_MS = 10
"""Several edits of one event are scored once."""


class ErrorView(Protocol):
    """What shows errors over the images."""

    def show(self, errors: LabelMap, like: Any, name: str) -> None:
        """Show (X, Y, Z) errors as a layer where the label map ``like`` lies."""

    def hide(self) -> None:
        """Remove that layer. Harmless when there is none."""


class MetricsController(QObject):
    """Scores the pair while the panel is in sight: in the worker, one job at a time.

    An edit that comes meanwhile makes the result stale: it is dropped, and the pair scored again.
    """

    scored = Signal()  # new scores are shown

    def __init__(
        self, panel: MetricsPanel, viewer: LabelMapViewer, errors: ErrorView, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._panel, self._viewer, self._errors = panel, viewer, errors
        self._key: str | None = None
        self._pair: tuple[OpenLabelMap, OpenLabelMap] | None = None
        self._picked: dict[str, tuple[str, str]] = {}
        self._live: LivePair | None = None
        self._is_due = False
        self._job: RunningJob | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._score)
        panel.shown_changed.connect(self._on_shown_changed)
        panel.choices_wanted.connect(self.show_active_case)
        panel.pair_chosen.connect(self._on_pair_chosen)
        panel.rules_changed.connect(self._start_anew)
        panel.errors_changed.connect(self._on_errors_changed)
        panel.lesion_requested.connect(self._on_lesion_requested)
        panel.save_requested.connect(self._on_save_requested)

    def show_active_case(self) -> None:
        """Offer the label maps of the active case; call it when these may have changed."""
        key = self._viewer.active_case_key
        maps = self._viewer.label_maps(key) if key else ()
        pair = self._choose(key or "", maps)
        choices = [Choice(m.map_id, m.title, m.details) for m in maps]
        reference, prediction = pair or (*maps[:1], None, None)[:2]
        self._panel.show_pair(choices, _id_of(reference), _id_of(prediction))
        if key == self._key and _ids(pair) == _ids(self._pair):
            return
        self._key, self._pair = key, pair
        self._errors.hide()
        self._panel.show_no_score("" if pair else NEEDS_TWO)
        self._start_anew()

    def follow_edit(self, layer: object) -> None:
        """Score again if this layer is one of the pair; called with every move of the mouse."""
        if self._pair is not None and layer in (self._pair[0].layer, self._pair[1].layer):
            self._ask()

    def cancel(self) -> None:
        """Score no more."""
        self._timer.stop()
        if self._job is not None:
            self._job.cancel()

    def _choose(
        self, key: str, maps: Sequence[OpenLabelMap]
    ) -> tuple[OpenLabelMap, OpenLabelMap] | None:
        by_id = {m.map_id: m for m in maps}
        reference, prediction = (by_id.get(i) for i in self._picked.get(key, ("", "")))
        if reference is not None and prediction is not None:
            return reference, prediction
        self._picked.pop(key, None)
        return default_pair(maps)

    def _start_anew(self) -> None:
        """Forget what was scored: the pair or the rules are others."""
        self._live = None
        self._is_due = False
        if self._pair is not None:
            self._ask()

    def _ask(self) -> None:
        self._is_due = True
        if self._is_looked_at():
            self._timer.start()

    def _is_looked_at(self) -> bool:
        return self._panel.isVisible() or self._panel.errors_of is not None

    def _score(self) -> None:
        """Start the job, unless one runs, a stroke is under way or nobody looks."""
        if self._job is not None or not self._is_due or not self._is_looked_at():
            return
        if self._viewer.is_painting() or self._pair is None or self._key is None:
            return  # the end of the stroke is an edit, too
        self._is_due = False
        pair = self._pair
        try:
            reference, prediction = (side.volume() for side in pair)
            require_one_grid(reference, prediction)
            if self._live is None:
                self._live = self._live_pair(self._key, reference)
        except BratsError as error:
            self._on_failed(error)
            return
        self._panel.show_busy(True)
        self._job = run_job(
            self._live.score(reference, prediction, self._panel.errors_of),
            on_returned=lambda score: self._take(score, pair),
            on_failed=self._on_failed,
            on_finished=self._on_finished,
            owner=self._panel,
        )

    def _live_pair(self, key: str, reference: Volume) -> LivePair:
        case_id = self._viewer.case_id(key)
        self._panel.csv_path = _csv_path(case_id, reference.path)
        return LivePair(case_id, self._viewer.images_of(key), self._panel.options)

    def _take(self, score: PairScore, pair: tuple[OpenLabelMap, OpenLabelMap]) -> None:
        if self._is_due or _ids(pair) != _ids(self._pair):
            return  # stale
        self._panel.show_score(score)
        region = self._panel.errors_of
        if score.errors is not None and region is not None:
            self._errors.show(score.errors, pair[0].layer, f"Errors {region}")
        self.scored.emit()

    def _on_failed(self, error: BratsError) -> None:
        self._live = None
        self._errors.hide()
        self._panel.show_no_score(str(error), is_error=True)

    def _on_finished(self) -> None:
        self._job = None
        if self._is_due:
            self._timer.start()

    def _on_shown_changed(self, shown: bool) -> None:
        if shown and self._is_due:
            self._timer.start()

    def _on_pair_chosen(self, reference: str, prediction: str) -> None:
        """Take the pair; one label map chosen for both sides makes them change places."""
        if reference == prediction and self._pair is not None:
            prediction, reference = _ids(self._pair)
        if self._key is not None:
            self._picked[self._key] = reference, prediction
            self.show_active_case()

    def _on_errors_changed(self) -> None:
        if self._panel.errors_of is None:
            self._errors.hide()
        elif self._pair is not None:
            self._ask()

    def _on_lesion_requested(self, row: LesionRow) -> None:
        if self._key is not None and self._pair is not None:
            self._viewer.go_to(self._key, row.voxel, self._pair[0].layer)

    def _on_save_requested(self, path: Path, score: PairScore) -> None:
        beside = path.with_name(f"{path.stem}-lesions{path.suffix}")
        agreed = path.exists()  # then the user was asked whether it may be replaced
        try:
            write_atomically(beside, lesions_csv(score).encode(), overwrite=agreed)
            write_atomically(path, scores_csv(score).encode(), overwrite=True)
        except BratsError as error:
            self._panel.show_message(str(error), is_error=True)
        else:
            self._panel.show_message(f"Saved {path.name} and {beside.name} in {path.parent}.")


def _id_of(label_map: OpenLabelMap | None) -> str:
    return "" if label_map is None else label_map.map_id


def _ids(pair: tuple[OpenLabelMap, OpenLabelMap] | None) -> tuple[str, str]:
    return ("", "") if pair is None else (pair[0].map_id, pair[1].map_id)


def _csv_path(case_id: str, source: Path | None) -> Path:
    folder = Path.home() if source is None else source.parent
    return folder / f"{case_id}-metrics.csv"
