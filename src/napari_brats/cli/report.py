"""``napari-brats report``: one page on a case, as PDF, HTML, JSON or CSV."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_brats import INTENDED_USE
from napari_brats.cli.arguments import Assignments, OntoGrid, grid_modality
from napari_brats.cli.console import (
    INTERRUPTED,
    ProgressReport,
    note,
    require_convention,
    say,
    usage_error,
)
from napari_brats.core.errors import CaseError, SaveError

if TYPE_CHECKING:
    from napari_brats.core.case import Case, LabelVolume
    from napari_brats.io.discover import CaseFiles
    from napari_brats.report.compose import Subject

_CONVENTION_HELP = "Label convention of the {}. Default: inferred from names, record and values."

_Case = Annotated[
    Path, typer.Argument(metavar="CASE", help="A case folder, a file of a case or a 4-D file.")
]
_Output = Annotated[
    Path, typer.Option(metavar="FILE", help="FILE.pdf, FILE.html, FILE.json or FILE.csv.")
]
_Segmentation = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The label map. Default: the one that lies with the images."),
]
_Reference = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A reference label map to score it against."),
]
_FollowUp = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The table.csv of 'napari-brats followup', to plot."),
]
_PatientName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Shown on the page. Default: no name; none is read."),
]
_SegmentationConvention = Annotated[
    str | None, typer.Option(metavar="NAME", help=_CONVENTION_HELP.format("label map"))
]
_ReferenceConvention = Annotated[
    str | None, typer.Option(metavar="NAME", help=_CONVENTION_HELP.format("reference"))
]
_Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace FILE if it is there.")]


def report(
    case: _Case,
    output: _Output,
    segmentation: _Segmentation = None,
    reference: _Reference = None,
    follow_up: _FollowUp = None,
    patient_name: _PatientName = None,
    segmentation_convention: _SegmentationConvention = None,
    reference_convention: _ReferenceConvention = None,
    overwrite: _Overwrite = False,
    modality: Assignments = None,
    grid: OntoGrid = None,
) -> None:
    """Write one page on CASE: pictures, volumes, diameters, and how the mask was made.

    The suffix of FILE says in which form: .pdf (A4), .html (one file), .json, .csv (tables). PDF
    and HTML need the extra 'report'. Exit code: 0 done, 1 failed, 2 usage, 130 interrupted.

    Research use only. Not a medical device: not for diagnosis or treatment.
    """
    from napari_brats.report.compose import compose
    from napari_brats.report.documents import check_suffix, write_report
    from napari_brats.report.follow_up import read_follow_up

    try:
        check_suffix(output)
    except SaveError as error:
        raise usage_error(str(error), "--output") from error
    if output.exists() and not overwrite:
        raise usage_error(f"{output} is there already. Say --overwrite to replace it.", "--output")
    for name, option in (
        (segmentation_convention, "--segmentation-convention"),
        (reference_convention, "--reference-convention"),
    ):
        require_convention(name, option)
    files = _one_case(case, modality or [])
    loaded = _load(files, grid)
    labels = _label_map(loaded, files, segmentation, segmentation_convention)
    other = None if reference is None else _read(reference, reference_convention)
    subject = replace(
        _subject(loaded, labels, other),
        patient_name=patient_name,
        follow_up=() if follow_up is None else read_follow_up(follow_up),
    )
    try:
        with ProgressReport(1) as progress:
            progress.start_case(files.case_id)
            path = progress.follow(
                write_report(
                    progress.follow(compose(subject, _today())), output, overwrite=overwrite
                )
            )
    except KeyboardInterrupt:
        note("Interrupted. Nothing was written.")
        raise typer.Exit(INTERRUPTED) from None
    say(str(path))
    note(INTENDED_USE)


def _today() -> date:
    return date.today()  # noqa: DTZ011  the day on the wall where the report is made


def _one_case(path: Path, assignments: list[str]) -> CaseFiles:
    from napari_brats.cli.cases import parse_assignment, select

    selection = select([path], [parse_assignment(text) for text in assignments])
    if selection.problems:
        raise CaseError("\n".join(problem.error for problem in selection.problems))
    if len(selection.cases) > 1:
        names = ", ".join(files.case_id for files in selection.cases[:5])
        raise usage_error(
            f"There are {len(selection.cases)} cases in {path}: {names}"
            f"{', ...' if len(selection.cases) > 5 else ''}. A report is about one of them.",
            "CASE",
        )
    return selection.cases[0]


def _load(files: CaseFiles, onto: str | None) -> Case:
    from napari_brats.io.fill_in import fill_in
    from napari_brats.io.load import load_case

    return load_case(
        fill_in(files),
        resample_to=None if onto is None else grid_modality(onto),
        with_label_map=files.label_map is not None,
    )


def _label_map(
    case: Case, files: CaseFiles, path: Path | None, convention: str | None
) -> LabelVolume:
    """The label map of ``--segmentation``, else that of the case."""
    if path is None and files.label_map is not None:
        path = files.label_map.path
    if path is None:
        raise usage_error(
            f"No label map lies with the images of {case.case_id}. Name one.", "--segmentation"
        )
    return _read(path, convention)


def _read(path: Path, convention: str | None) -> LabelVolume:
    from napari_brats.cli.pairs import label_maps_at
    from napari_brats.io.load import label_volume
    from napari_brats.io.nifti import read_volume

    if not path.is_file():
        raise CaseError(f"{path} is no file. Expected a label map (.nii.gz, .nii, .mha).")
    (file,) = label_maps_at(path).values()
    return label_volume(read_volume(path), {}, convention, file.hint, file.naming)


def _subject(case: Case, labels: LabelVolume, reference: LabelVolume | None) -> Subject:
    from napari_brats.io.sidecar import read_record
    from napari_brats.report.compose import Subject

    for other in (labels, reference):
        if other is not None:
            _require_one_grid(case, other)
    path = labels.volume.path
    return Subject(
        case,
        labels.volume.data,
        label_map=None if path is None else path.name,
        record={} if path is None else read_record(path),
        reference=None if reference is None else reference.volume.data,
        reference_name=None
        if reference is None or reference.volume.path is None
        else reference.volume.path.name,
        warnings=case.notes,
    )


def _require_one_grid(case: Case, labels: LabelVolume) -> None:
    from napari_brats.core.errors import GeometryError

    difference = case.require_one_grid().difference(labels.volume.grid)
    if difference:
        raise GeometryError(
            f"The label map {labels.volume.path} does not lie on the grid of case {case.case_id}: "
            f"{difference}. Expected one grid. Where the modalities were resampled to make it, say "
            f"so here, too (--grid)."
        )
