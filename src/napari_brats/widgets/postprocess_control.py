"""Makes the mask follow the post-processing sliders, and keeps what was edited by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from qtpy.QtCore import QObject, QTimer

from napari_brats.core.errors import BratsError, BundleError
from napari_brats.core.labels import LabelMap
from napari_brats.core.progress import Job, Progress
from napari_brats.inference.postprocess import postprocess
from napari_brats.inference.postprocess_options import (
    PostprocessOptions,
    options_from_card,
    postprocess_record,
)
from napari_brats.models.bundle import load_bundle
from napari_brats.models.card import Card
from napari_brats.widgets._results import AutomaticResult, ResultOf
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.postprocess_panel import PostprocessPanel

FOLLOW_INTERVAL_MS = 10
"""Joins what one movement of a slider emits; while a computation runs, only the latest waits."""
NO_RESULT = (
    "No run in this window made the active label map. Press Run: its mask follows the sliders."
)
TUNED = "Begins with the values tuned for this bundle."


class MaskViewer(Protocol):
    """What the bridge to the viewer must offer here."""

    def layer_labels(self, layer: Any) -> LabelMap | None:
        """The layer's (X, Y, Z) labels; None once it was removed."""

    def set_layer_labels(self, layer: Any, labels: LabelMap, provenance: Mapping[str, Any]) -> None:
        """Write through the layer's undo history, and say how the labels came about."""


class PostprocessController(QObject):
    """While a slider moves, computes in the worker; the latest options win.

    At most one computation runs; options that come meanwhile wait, the older ones are dropped.
    """

    def __init__(
        self,
        panel: PostprocessPanel,
        viewer: MaskViewer,
        active_result: ResultOf,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self._viewer = viewer
        self._active_result = active_result
        self._result: AutomaticResult | None = None
        self._card: Card | None = None
        self._wanted: PostprocessOptions | None = None
        self._may_replace = False
        self._job: RunningJob | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(FOLLOW_INTERVAL_MS)
        self._timer.timeout.connect(self._compute)
        panel.options_changed.connect(self._on_options_changed)
        panel.replace_requested.connect(self._on_replace_requested)
        panel.keep_edits_requested.connect(self._on_keep_edits_requested)

    def options_of_a_run(self, bundle: str) -> PostprocessOptions:
        """What a run of the bundle of that name starts with.

        The sliders, where they were moved and do not show the result of another bundle; else what
        its card says. BundleError if there is no such bundle, or its card cannot be used.
        """
        card = load_bundle(bundle).card
        shown = self._panel.options()
        is_anothers = self._card is not None and self._card.name != card.name
        moved = shown != self._panel.defaults and not is_anothers
        return shown if moved else options_from_card(card)

    def show_active_result(self) -> None:
        """Let the sliders act on the active result; call it when that may have changed."""
        result = self._active_result()
        if result is not None and self._viewer.layer_labels(result.layer) is None:
            result = None
        if result is self._result:
            return
        self._result = result
        self._forget_wish()
        if result is None:
            self._panel.set_enabled(False, NO_RESULT)
            return
        self._card = card_of(result)
        tuned = bool(self._card and self._card.postprocess)
        self._panel.defaults = _defaults(self._card)
        self._panel.set_options(result.options)
        self._panel.set_enabled(True, TUNED if tuned else "")

    def _on_options_changed(self, options: PostprocessOptions) -> None:
        self._wanted = options
        if self._is_edited() and not self._may_replace:
            self._panel.ask_about_edits(True)
        elif not self._timer.isActive():
            self._timer.start()

    def _on_replace_requested(self) -> None:
        self._panel.ask_about_edits(False)
        self._may_replace = True
        self._compute()

    def _on_keep_edits_requested(self) -> None:
        self._forget_wish()
        if self._result is not None:
            self._panel.set_options(self._result.options)

    def _forget_wish(self) -> None:
        self._wanted, self._may_replace = None, False
        self._timer.stop()
        self._panel.ask_about_edits(False)
        self._panel.show_error("")
        if self._job is not None:
            self._job.cancel()

    def _is_edited(self) -> bool:
        labels = None if self._result is None else self._viewer.layer_labels(self._result.layer)
        return labels is not None and self._result is not None and self._result.is_edited(labels)

    def _compute(self) -> None:
        result, options = self._result, self._wanted
        if self._job is not None or result is None or options is None:
            return
        self._wanted = None
        self._job = run_job(
            postprocess_job(result, options),
            on_returned=lambda labels: self._write(result, labels, options),
            on_failed=self._on_failed,
            on_finished=self._on_finished,
            owner=self._panel,
        )

    def _write(
        self, result: AutomaticResult, labels: LabelMap, options: PostprocessOptions
    ) -> None:
        if self._viewer.layer_labels(result.layer) is None:
            self.show_active_result()  # the layer was removed meanwhile
        elif self._is_edited() and not self._may_replace:  # painted while this was computed
            self._wanted = self._wanted or options
            self._panel.ask_about_edits(True)
        else:
            provenance = {"postprocess": postprocess_record(options, self._card)}
            self._viewer.set_layer_labels(result.layer, labels, provenance)
            result.note(labels, options)
            self._may_replace = False
            self._panel.show_error("")

    def _on_failed(self, error: BratsError) -> None:
        self._may_replace = False
        self._panel.show_error(str(error))

    def _on_finished(self) -> None:
        self._job = None
        if self._wanted is not None and self._panel.edits_bar.isHidden():
            self._compute()


def card_of(result: AutomaticResult) -> Card | None:
    """The card of the bundle that made a result; None where it is gone or cannot be used."""
    made_with = result.segmentation.provenance.get("bundle", {})
    try:
        card = load_bundle(str(made_with.get("name"))).card
        options_from_card(card)
    except BundleError:  # its probabilities are here all the same
        return None
    return card


def _defaults(card: Card | None) -> PostprocessOptions:
    return PostprocessOptions() if card is None else options_from_card(card)


def postprocess_job(result: AutomaticResult, options: PostprocessOptions) -> Job[LabelMap]:
    """The label map of the kept probabilities."""
    yield Progress(0, 1, "Post-processing")
    probabilities = result.segmentation.probabilities
    if probabilities is None:
        raise BratsError("The probabilities of this segmentation were not kept. Run it again.")
    return postprocess(probabilities, result.segmentation.reference.grid.spacing_mm, options)
