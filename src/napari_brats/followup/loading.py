"""From a time point's files to what is compared: its images, its label map, and its measures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from napari_brats.core.case import Case, LabelVolume, Segmentation, Volume
from napari_brats.core.errors import BratsError, CaseError
from napari_brats.core.labels import REGIONS, Region
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Job, Progress
from napari_brats.core.review import ExpectedDice
from napari_brats.followup.time_points import TimePoint
from napari_brats.io.fill_in import fill_in
from napari_brats.io.load import load_case
from napari_brats.io.resample import resample_case
from napari_brats.io.sidecar import record_path
from napari_brats.metrics.measures import TumourMeasures, measure_tumour

Segmenter = Callable[[Case], Job[Segmentation]]

MADE_NOW = "segmented now"


@dataclass(frozen=True, eq=False)
class Loaded:
    """A time point, read and measured.

    Attributes
    ----------
    point
        The time point.
    images
        Its images, each on its own grid; empty once they were carried over.
    labels
        Its label map, as found or as made now.
    label_source
        Where the label map comes from, in words: its path, or the network that made it.
    measures
        What is measured of it, on its own grid.
    expected_dice
        The Dice to expect of each region, where its network tells it with a calibration.
    """

    point: TimePoint
    images: Mapping[Modality, Volume]
    labels: LabelVolume
    label_source: str
    measures: TumourMeasures
    expected_dice: Mapping[Region, ExpectedDice]

    @property
    def made_now(self) -> bool:
        """Whether the label map was made for this comparison."""
        return self.label_source.startswith(MADE_NOW)


def load_time_point(
    point: TimePoint, segmenter: Segmenter | None, convention: str | None = None
) -> Job[Loaded]:
    """A time point with its label map, or with one that the segmenter makes where it has none.

    ``convention`` is that of the label map's file; None infers it.

    Raises
    ------
    BratsError
        If it cannot be read, or has no usable label map and there is no segmenter.
    """
    yield Progress(0, 1, f"{point.name}: reading")
    files = fill_in(point.files)
    if files.label_map is not None:
        try:
            case = load_case(files, convention=convention)
        except BratsError as error:
            if segmenter is None or any(p.modality for p in files.problems):
                raise
            return (yield from _segmented(point, segmenter, f" (its own cannot be used: {error})"))
        if case.label_map is not None:
            return _measured(point, case, case.label_map, str(files.label_map.path), None)
    if segmenter is None:
        raise CaseError(
            f"Time point {point.name} ({files.case_id}) has no label map. Put one beside its "
            f"images, or let the network make one."
        )
    return (yield from _segmented(point, segmenter, ""))


def _segmented(point: TimePoint, segmenter: Segmenter, why: str) -> Job[Loaded]:
    problems = tuple(p for p in point.files.problems if p.modality is not None)
    files = fill_in(replace(point.files, label_map=None, problems=problems))
    case = load_case(files, with_label_map=False)
    if any(not case.reference.grid.is_same(v.grid) for v in case.volumes.values()):
        onto = next(m for m in case.modalities if case.volumes[m] is case.reference)
        case = yield from resample_case(case, onto)
    made = yield from segmenter(case)
    labels = LabelVolume(replace(made.reference, data=made.labels), made.convention, MADE_NOW)
    bundle = made.provenance.get("bundle", {}).get("name", "a network")
    source = f"{MADE_NOW} by {bundle}{why}"
    return _measured(point, case, labels, source, made.review.expected_dice)


def _measured(
    point: TimePoint,
    case: Case,
    labels: LabelVolume,
    source: str,
    expected: Mapping[Region, ExpectedDice] | None,
) -> Loaded:
    told = _recorded_dice(labels) if expected is None else expected
    calibrated = {r: dice for r, dice in told.items() if dice.error is not None}
    measures = measure_tumour(labels.volume.data, labels.volume.grid.affine)
    return Loaded(point, case.volumes, labels, source, measures, calibrated)


def _recorded_dice(labels: LabelVolume) -> dict[Region, ExpectedDice]:
    """The Dice to expect as the record beside a label map tells it, unless a hand edited it."""
    if labels.volume.path is None:
        return {}
    try:
        record = json.loads(record_path(labels.volume.path).read_bytes())
        made = record.get("provenance", record)  # as the panel, and as the command line write it
        told, by_hand = made["review"]["expected_dice"], made.get("edited_by_hand", False)
        entries = {region: told.get(region.value) for region in REGIONS}
        return {
            region: ExpectedDice(float(entry["value"]), float(entry["error"]))
            for region, entry in entries.items()
            if not by_hand and entry is not None and entry.get("error") is not None
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}  # there is no record, or some other file of that name
