"""What the modalities of a case show on the grid of its label map, made ready in the background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from qtpy.QtCore import QObject, Signal

from napari_brats.core.case import Volume
from napari_brats.core.edits.similar import Appearance, appearance_of
from napari_brats.core.geometry import AxisOrder
from napari_brats.core.progress import Job, Progress
from napari_brats.inference.preprocess import foreground_mask
from napari_brats.io.resample import resample_volume
from napari_brats.widgets import case_group
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.case_group import OpenCase, tag_of

NO_IMAGES = "The case has no image: this tool compares what the modalities show. Add an image."
EMPTY_IMAGES = "The images are empty: there is nothing to compare."


class ImageViewer(Protocol):
    """What the bridge to the viewer must offer here."""

    @property
    def active_case_key(self) -> str | None:
        """Key of the case whose images are compared."""

    def open_case(self, key: str) -> OpenCase:
        """Its layers."""


class CaseAppearance(QObject):
    """Keeps the `Appearance` of one case on the grid of one label map, and makes it when asked."""

    ready = Signal()
    failed = Signal(str)

    def __init__(self, viewer: ImageViewer, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._of: tuple[object, ...] = ()
        self._job: RunningJob | None = None
        self.value: Appearance | None = None

    def is_for(self, layer: Any) -> bool:
        """Whether `value` is there and fits this label map and the images as they are."""
        return self.value is not None and self._of == self._wanted(layer)

    def prepare(self, layer: Any) -> str:
        """Make it for a label map, unless it is there or being made; why not, if it cannot be."""
        wanted = self._wanted(layer)
        if self._of == wanted and (self.value is not None or self._job is not None):
            return ""
        self.forget()
        images = self._images()
        if not images:
            return NO_IMAGES
        self._of = wanted
        volumes = [case_group.volume_of(image) for image in images]
        self._job = run_job(
            appearance_job(volumes, tag_of(layer).reference, tag_of(layer).order),
            on_returned=self._on_made,
            on_failed=lambda error: self.failed.emit(str(error)),
            on_finished=self._on_finished,
            owner=self,
        )
        return ""

    def forget(self) -> None:
        """Give its memory back, and stop what is being made."""
        if self._job is not None:
            self._job.cancel()
        self._job, self.value, self._of = None, None, ()

    def _images(self) -> list[Any]:
        key = self._viewer.active_case_key
        if not key:
            return []
        case = self._viewer.open_case(key)
        return list(case.by_modality.values()) or list(case.images)

    def _wanted(self, layer: Any) -> tuple[object, ...]:
        return (layer.unique_id, *(image.unique_id for image in self._images()))

    def _on_made(self, appearance: Appearance | None) -> None:
        self.value = appearance
        if appearance is None:
            self.failed.emit(EMPTY_IMAGES)
        else:
            self.ready.emit()

    def _on_finished(self) -> None:
        self._job = None


def appearance_job(
    volumes: Sequence[Volume], onto: Volume, order: AxisOrder
) -> Job[Appearance | None]:
    """How the images look on the grid of ``onto``, in display order; those elsewhere are moved."""
    images, foregrounds = [], []
    for index, volume in enumerate(volumes):
        yield Progress(index, len(volumes), "bringing the modalities onto one grid")
        moved = resample_volume(volume, onto).data
        images.append(order.from_disk(moved))
        foregrounds.append(order.from_disk(foreground_mask(moved)))
    return (yield from appearance_of(images, foregrounds))
