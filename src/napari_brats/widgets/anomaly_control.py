"""Maps anomalies and takes noise out when the panel asks, and hands the layers to the bridge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from qtpy.QtCore import QObject

from napari_brats.core.case import Case
from napari_brats.core.errors import BratsError
from napari_brats.core.progress import Job
from napari_brats.inference import anomaly, denoise
from napari_brats.inference.anomaly import AnomalyMap, AnomalyOptions, find_anomalies
from napari_brats.inference.denoise import Denoised, DenoiseOptions
from napari_brats.io.layers import TAG, LayerData, map_to_layer, volume_to_layer
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.anomaly_panel import AnomalyPanel
from napari_brats.widgets.choice_box import Choice

MAP_COLORMAP = "inferno"


class LayerViewer(Protocol):
    """What the bridge to the viewer must offer here."""

    @property
    def active_case_key(self) -> str | None:
        """Key of the case that a run is about; None if none is open."""

    def keys(self) -> tuple[str, ...]:
        """Keys of all open cases."""

    def case(self, key: str) -> Case:
        """An open case as a value; CaseError if it cannot be made one."""

    def add_maps(self, key: str, layers: Sequence[LayerData]) -> None:
        """Show images that belong to a case; what is selected stays selected."""


class AnomalyController(QObject):
    """One run at a time, of either kind."""

    def __init__(
        self,
        panel: AnomalyPanel,
        viewer: LayerViewer,
        device: Callable[[], str],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self._viewer = viewer
        self._device = device
        self._job: RunningJob | None = None
        panel.set_methods(*method_choices())
        panel.anomaly_requested.connect(self._on_anomaly_requested)
        panel.denoise_requested.connect(self._on_denoise_requested)
        panel.cancel_requested.connect(self.cancel)

    def cancel(self) -> None:
        """Stop the run, if there is one; the panel can be used again at once."""
        if self._job is not None:
            self._panel.show_result("Cancelled. Nothing was changed.")
            self._job.cancel()

    def _on_anomaly_requested(self, method: str) -> None:
        options = AnomalyOptions(method, self._device() or "auto")
        self._run(lambda case: find_anomalies(case, options), anomaly_layers, anomaly_text)

    def _on_denoise_requested(self, method: str) -> None:
        options = DenoiseOptions(method, self._device() or "auto")
        self._run(lambda case: denoise.denoise(case, options), denoised_layers, denoised_text)

    def _run(
        self,
        start: Callable[[Case], Job],
        layers_of: Callable[..., list[LayerData]],
        text_of: Callable[..., str],
    ) -> None:
        key = self._viewer.active_case_key
        if self._job is not None or key is None:
            return
        try:
            case = self._viewer.case(key)
        except BratsError as error:
            self._panel.show_error(str(error))
            return

        def take(result: AnomalyMap | Denoised) -> None:
            if key not in self._viewer.keys():  # noqa: SIM118 (no mapping)
                text = f"Case {case.case_id} was closed during the run; its result was discarded."
                self._panel.show_result(text)
                return
            self._viewer.add_maps(key, layers_of(result, case, key))
            self._panel.show_result(text_of(result))

        self._panel.set_running(True)
        self._job = run_job(
            start(case),
            on_progress=self._panel.show_progress,
            on_returned=take,
            on_failed=lambda error: self._panel.show_error(str(error)),
            on_finished=self._on_finished,
            owner=self._panel,
        )

    def _on_finished(self) -> None:
        self._job = None
        self._panel.set_running(False)


def anomaly_layers(found: AnomalyMap, case: Case, key: str) -> list[LayerData]:
    """The map as one visible layer over the case."""
    data, attributes, kind = map_to_layer(
        found.data, "anomaly map", found.reference, case.case_id, key
    )
    return [(data, attributes | {"colormap": MAP_COLORMAP, "visible": True}, kind)]


def denoised_layers(made: Denoised, case: Case, key: str) -> list[LayerData]:
    """One layer per modality, saved as float32 with the geometry of its image; T1C is visible.

    Their role is not that of images: these are the case's modalities, and are recognised as such.
    """
    layers: list[LayerData] = []
    for modality, volume in made.volumes.items():
        data, attributes, kind = volume_to_layer(
            volume,
            case.case_id,
            key,
            name=f"{modality} denoised",
            reason=f"denoised ({denoise.METHOD_TITLES[made.provenance['method']]})",
            origin=case.reference.grid,
        )
        tag = replace(attributes["metadata"][TAG], role="probability")
        shown = case.volumes[modality] is case.reference
        layers.append((data, attributes | {"visible": shown, "metadata": {TAG: tag}}, kind))
    return layers


def anomaly_text(found: AnomalyMap) -> str:
    """A map in words: how much lies above its middle, and what the engine wants to be known."""
    volume_ml = float((found.data > 0.5).sum()) * found.reference.grid.voxel_mm3 / 1000
    notes = [str(note) for note in found.provenance.get("notes", ())]
    return "\n".join([f"{found.case_id}: {volume_ml:.1f} ml are above 0.5.", *notes])


def denoised_text(made: Denoised) -> str:
    """What was made, in words."""
    notes = [str(note) for note in made.provenance.get("notes", ())]
    listing = ", ".join(made.volumes)
    return "\n".join([f"{made.case_id}: {listing} denoised, as new layers.", *notes])


def method_choices() -> tuple[list[Choice], list[Choice]]:
    """The methods for anomalies and against noise, the defaults first."""
    return (
        _choices(anomaly.METHOD_TITLES, anomaly.DEFAULT_METHOD),
        _choices(denoise.METHOD_TITLES, denoise.DEFAULT_METHOD),
    )


def _choices(titles: dict[str, str], default: str) -> list[Choice]:
    names = sorted(titles, key=lambda name: name != default)
    return [Choice(name, titles[name]) for name in names]
