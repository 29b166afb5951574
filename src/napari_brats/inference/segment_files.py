"""From the files of a case to its segmentation on disk: what panel and command line write alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from napari_brats.core.case import Case, Segmentation
from napari_brats.core.labels import REGIONS
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Job, Progress
from napari_brats.inference import segment as engine
from napari_brats.inference.done_before import (
    asked_of,
    checksums,
    record_of_former_run,
    volume_names,
)
from napari_brats.inference.segment import STEPS, SegmentOptions
from napari_brats.io.atomic import write_atomically
from napari_brats.io.case_files import CaseFiles
from napari_brats.io.checks import check_case
from napari_brats.io.fill_in import file_remarks, fill_in
from napari_brats.io.load import load_case
from napari_brats.io.outputs import all_or_nothing, refuse_existing
from napari_brats.io.record import input_records, segmentation_record
from napari_brats.io.save import (
    label_map_name,
    probability_name,
    save_label_map,
    save_probabilities,
    save_probability,
)
from napari_brats.io.sidecar import to_json
from napari_brats.models.bundle import Bundle


@dataclass(frozen=True)
class Plan:
    """What is the same for every case of a run.

    Attributes
    ----------
    output
        The folder everything is written to.
    bundle
        The network.
    options
        Device, post-processing, mirroring, whether probabilities and uncertainty are kept.
    convention
        The name of the convention to write in; None leaves it to the case.
    grid
        The modality onto whose grid the others are resampled; None asks for one grid.
    overwrite
        Whether masks that are there already are replaced.
    """

    output: Path
    bundle: Bundle
    options: SegmentOptions
    convention: str | None = None
    grid: Modality | None = None
    overwrite: bool = False


@dataclass(frozen=True)
class Source:
    """What a record says of where a segmentation came from.

    Attributes
    ----------
    inputs
        From `input_records`.
    warnings
        What looks wrong in the input.
    seconds
        What reading took.
    """

    inputs: tuple[Mapping[str, Any], ...]
    warnings: tuple[str, ...]
    seconds: float

    @property
    def remarks(self) -> list[str]:
        """What is told of the input before the network runs."""
        return [f"warning: {warning}" for warning in self.warnings]


@dataclass(frozen=True, eq=False)
class ReadCase:
    """A case in memory, and what its record will say of the files it came from."""

    case: Case
    source: Source


def output_names(
    case_id: str, probabilities: bool = False, uncertainty: bool = False
) -> dict[str, Any]:
    """The file names of one case's output, as its JSON lists them."""
    names: dict[str, Any] = {
        "label_map": label_map_name(case_id),
        "record": f"{case_id}-seg.json",
    }
    if probabilities:
        names["probabilities"] = {
            region.value: probability_name(case_id, region) for region in REGIONS
        }
    if uncertainty:
        names["uncertainty"] = f"{case_id}-uncertainty.nii.gz"
    return names


def segment_files(
    files: CaseFiles, plan: Plan, tell: Callable[[str], None] = lambda text: None
) -> Job[Segmentation]:
    """Segment one case and write its files, all of them or none; what was made.

    Parameters
    ----------
    files
        Of the case. Its label map is not needed, however broken it is.
    plan
        Where to write, and how.
    tell
        Called with each warning and remark, as soon as it is known.

    Raises
    ------
    BratsError
        If the case, its geometry or the disk does not allow it.
    """
    names = _names(files.case_id, plan)
    if not plan.overwrite:
        refuse_existing(plan.output, [*volume_names(names), names["record"]])
    yield Progress(0, STEPS, "Reading the case")
    read = read_files(files, plan)
    for line in read.source.remarks:
        tell(line)
    segmentation = yield from engine.segment(read.case, plan.bundle, plan.options)
    for line in remarks_on(segmentation, plan):
        tell(line)
    write_files(segmentation, read.source, plan)
    return segmentation


def read_files(files: CaseFiles, plan: Plan) -> ReadCase:
    """The images of a case, in memory; BratsError if the case or its geometry does not allow it."""
    begun = perf_counter()
    files = fill_in(_without_label_map(files, plan.convention))
    return _read(files, input_records(files), plan, begun)


def read_unless_done(files: CaseFiles, plan: Plan) -> ReadCase | Mapping[str, Any]:
    """The images of a case; its record where a former run did the same and left its files whole.

    Raises
    ------
    BratsError
        If the case does not allow it, or files of another origin stand in the way.
    """
    begun = perf_counter()
    files = fill_in(_without_label_map(files, plan.convention))
    inputs = input_records(files)
    if not plan.overwrite:
        record = record_of_former_run(_names(files.case_id, plan), inputs, plan)
        if record is not None:
            return record
    return _read(files, inputs, plan, begun)


def write_files(segmentation: Segmentation, source: Source, plan: Plan) -> None:
    """Write the files of a case, all of them or none; SaveError if the disk does not allow it."""
    names = _names(segmentation.case_id, plan)
    with all_or_nothing(plan.output, segmentation.case_id, names["record"]) as folder:
        begun = perf_counter()
        _write_volumes(folder, segmentation, names)
        record = segmentation_record(
            segmentation,
            inputs=source.inputs,
            outputs=names,
            seconds={"load": source.seconds, "save": perf_counter() - begun},
            warnings=source.warnings,
            resampled_to=plan.grid,
        )
        made = {"asked": asked_of(plan), "checksums": checksums(folder, names)}
        write_atomically(folder / names["record"], to_json({**record, **made}))


def remarks_on(segmentation: Segmentation, plan: Plan) -> list[str]:
    """What is told of a result: warnings, the Dice to expect, and where to look."""
    review = segmentation.review
    lines = [f"warning: {note}" for note in segmentation.provenance.get("notes", ())]
    lines += [f"warning: {text}" for text in review.unusual]
    lines += [review.expectation] if review.expectation else []
    if plan.options.keep_uncertainty:
        lines += [f"look at {i}: {place.title}" for i, place in enumerate(review.places, start=1)]
    return lines


def _names(case_id: str, plan: Plan) -> dict[str, Any]:
    return output_names(case_id, plan.options.keep_probabilities, plan.options.keep_uncertainty)


def _read(
    files: CaseFiles, inputs: Sequence[Mapping[str, Any]], plan: Plan, begun: float
) -> ReadCase:
    case = load_case(files, convention=plan.convention, resample_to=plan.grid)
    warnings = (*file_remarks(files), *check_case(case))
    return ReadCase(case, Source(tuple(inputs), warnings, perf_counter() - begun))


def _without_label_map(files: CaseFiles, convention: str | None) -> CaseFiles:
    """The case without its label map, which a segmentation does not need, however broken it is.

    It stays where only its values can tell in which convention to write.
    """
    if convention is None and files.convention_hint is None:
        return files
    problems = tuple(problem for problem in files.problems if problem.modality is not None)
    return replace(files, label_map=None, problems=problems)


def _write_volumes(folder: Path, segmentation: Segmentation, names: Mapping[str, Any]) -> None:
    reference, uncertainty = segmentation.reference, segmentation.review.uncertainty
    path = folder / names["label_map"]
    save_label_map(path, segmentation.labels, reference, segmentation.convention)
    if segmentation.probabilities is not None:
        save_probabilities(folder, segmentation.case_id, segmentation.probabilities, reference)
    if uncertainty is not None:
        save_probability(folder / names["uncertainty"], uncertainty, reference)
