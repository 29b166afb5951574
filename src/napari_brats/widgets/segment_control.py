"""Runs the engine on the active case when the panel asks, and hands the result to the bridge."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from qtpy.QtCore import QObject, QTimer, Signal

from napari_brats.core.case import Case, Segmentation
from napari_brats.core.errors import BratsError
from napari_brats.core.progress import Job, Progress
from napari_brats.inference.devices import threads_beside_window
from napari_brats.inference.engine import ENGINE
from napari_brats.inference.mirroring import Mirroring
from napari_brats.inference.postprocess_options import PostprocessOptions
from napari_brats.inference.segment import SegmentOptions
from napari_brats.io.layers import LayerData, map_to_layer, probabilities_to_layers
from napari_brats.widgets._results import AutomaticResult
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.run_progress import seconds_left
from napari_brats.widgets.segment_panel import SegmentPanel, SegmentRequest

Engine = Callable[[Case, str, SegmentOptions], Job[Segmentation]]

KEEP_NETWORK_MS = 300_000
"""How long the network of the last run stays loaded for the next one."""


class ResultViewer(Protocol):
    """What the bridge to the viewer must offer here."""

    @property
    def active_case_key(self) -> str | None:
        """Key of the case that a run is about; None if none is open."""

    def keys(self) -> tuple[str, ...]:
        """Keys of all open cases."""

    def case(self, key: str) -> Case:
        """An open case as a value; CaseError if it cannot be made one."""

    def add_segmentation(self, key: str, segmentation: Segmentation) -> Any:
        """Show it as a new Labels layer and return that."""

    def add_maps(self, key: str, layers: Sequence[LayerData]) -> None:
        """Show images of what the network says of each voxel."""


class SegmentController(QObject):
    """One run at a time; `result_ready` carries its AutomaticResult.

    ``options`` gives the post-processing that a run of a bundle starts with, by the bundle's name.
    """

    result_ready = Signal(object)

    def __init__(
        self,
        panel: SegmentPanel,
        viewer: ResultViewer,
        options: Callable[[str], PostprocessOptions],
        engine: Engine,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self._viewer = viewer
        self._options = options
        self._engine = engine
        self._job: RunningJob | None = None
        self._release_timer = QTimer(self, singleShot=True, interval=KEEP_NETWORK_MS)
        self._release_timer.timeout.connect(lambda: ENGINE.release(KEEP_NETWORK_MS / 1000))
        panel.run_requested.connect(self._on_run_requested)
        panel.cancel_requested.connect(self.cancel)

    def cancel(self) -> None:
        """Stop the run, if there is one; the panel can be used again at once."""
        if self._job is not None:
            self._panel.show_result("Cancelled. Nothing was changed.")
            self._job.cancel()

    def _on_run_requested(self, request: SegmentRequest) -> None:
        key = self._viewer.active_case_key
        if self._job is not None or key is None:
            return
        try:
            case = self._viewer.case(key)
            postprocess = self._options(request.bundle)
        except BratsError as error:
            self._panel.show_error(str(error))
            return
        options = SegmentOptions(
            request.device,
            postprocess,
            keep_probabilities=True,  # the sliders need them
            mirroring=Mirroring(request.mirroring),
            keep_uncertainty=request.keep_uncertainty,
            threads=threads_beside_window(),
        )
        job = self._engine(case, request.bundle, options)
        started_s = time.monotonic()

        def show_progress(progress: Progress) -> None:
            self._panel.show_progress(progress, seconds_left(progress, _since(started_s)))

        def take(segmentation: Segmentation) -> None:
            self._take(key, segmentation, request, postprocess, _since(started_s))

        self._panel.set_running(True)
        self._job = run_job(
            job,
            on_progress=show_progress,
            on_returned=take,
            on_failed=self._on_failed,
            on_finished=self._on_finished,
            owner=self._panel,
        )

    def _take(
        self,
        key: str,
        segmentation: Segmentation,
        request: SegmentRequest,
        options: PostprocessOptions,
        elapsed_s: float,
    ) -> None:
        if key not in self._viewer.keys():  # noqa: SIM118 (no mapping)
            self._panel.show_result(
                f"Case {segmentation.case_id} was closed during the run; its result was discarded."
            )
            return
        layer = self._viewer.add_segmentation(key, segmentation)
        self._viewer.add_maps(key, maps_of(key, segmentation, request))
        self._panel.show_result(result_text(segmentation, elapsed_s))
        self.result_ready.emit(AutomaticResult(segmentation, options, layer))

    def _on_failed(self, error: BratsError) -> None:
        self._panel.show_error(str(error))

    def _on_finished(self) -> None:
        self._job = None
        self._panel.set_running(False)
        self._release_timer.start()


def result_text(segmentation: Segmentation, elapsed_s: float) -> str:
    """A run in words: how long it took, where it ran, and what the engine wants to be known."""
    device = segmentation.provenance.get("device", "this computer")
    empty = [] if segmentation.labels.any() else ["No tumour was found."]
    notes = [str(note) for note in segmentation.provenance.get("notes", ())]
    if segmentation.review.unusual:
        notes.append("The images look unusual: see 'Review' before you trust the result.")
    first = f"{segmentation.case_id}: done in {elapsed_s:.1f} s on {device}."
    return "\n".join([first, *empty, *notes])


def maps_of(key: str, segmentation: Segmentation, request: SegmentRequest) -> list[LayerData]:
    """The image layers that were asked for, of what the run kept."""
    reference, case_id = segmentation.reference, segmentation.case_id
    layers: list[LayerData] = []
    if request.keep_probabilities and segmentation.probabilities is not None:
        layers += probabilities_to_layers(segmentation.probabilities, reference, case_id, key)
    if segmentation.review.uncertainty is not None:
        uncertainty = segmentation.review.uncertainty
        layers.append(map_to_layer(uncertainty, "uncertainty", reference, case_id, key))
    return layers


def segment_by_name(case: Case, bundle: str, options: SegmentOptions) -> Job[Segmentation]:
    """The real engine: the bundle called ``bundle`` on ``case``."""
    from napari_brats.inference.segment import segment
    from napari_brats.models.bundle import load_bundle

    return (yield from segment(case, load_bundle(bundle), options))


def _since(started_s: float) -> float:
    return time.monotonic() - started_s
