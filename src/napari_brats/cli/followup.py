"""``napari-brats followup``: a patient's time points, registered, compared and followed in time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_brats import INTENDED_USE
from napari_brats.cli.arguments import Device, Overwrite, writable_folder
from napari_brats.cli.console import (
    INTERRUPTED,
    SOME_FAILED,
    ProgressReport,
    note,
    require_convention,
    usage_error,
)

if TYPE_CHECKING:
    from napari_brats.followup.comparison import FollowUp
    from napari_brats.followup.loading import Segmenter
    from napari_brats.followup.time_points import Pick, TimePoint

_Patient = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATIENT",
        help="The folder that holds the patient's time points, or the folder of each.",
    ),
]
_Output = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder to write to; made if it is not there."),
]
_TimePoint = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME[=TIME]",
        help="A time point to take, by the name that --list shows, and when it was, where its "
        "name does not tell: a date (2024-01-31), 'week 12', or a number. Without times their "
        "order here counts. Repeatable; default: all that are found.",
    ),
]
_Registration = Annotated[
    bool,
    typer.Option(
        "--registration/--no-registration",
        help="Register each time point rigidly onto the first, or take it as it lies.",
    ),
]
_Repeatability = Annotated[
    float | None,
    typer.Option(
        metavar="PERCENT",
        help="How far measuring the same tumour again may lead from a value, in percent: the "
        "band of noise. Default: from the Dice that the network expects, where it is known.",
    ),
]
_Bundle = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The network that segments time points without a label map.",
    ),
]
_Segment = Annotated[
    bool,
    typer.Option(
        "--segment/--no-segment",
        help="Segment time points without a label map, or leave them out.",
    ),
]
_Convention = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Label convention of the label maps found. Default: as naming and values tell.",
    ),
]
_Registered = Annotated[
    bool,
    typer.Option(
        "--registered",
        help="Write images and label maps on the grid of the first time point, too.",
    ),
]
_ListOnly = Annotated[
    bool, typer.Option("--list", help="Only list the time points found, and when they were.")
]


def followup(
    patient: _Patient,
    output: _Output = None,
    time_point: _TimePoint = None,
    registration: _Registration = True,
    repeatability: _Repeatability = None,
    bundle: _Bundle = None,
    segment: _Segment = True,
    device: Device = "auto",
    convention: _Convention = None,
    registered: _Registered = False,
    overwrite: Overwrite = False,
    list_only: _ListOnly = False,
) -> None:
    """Follow the tumour of one PATIENT over time: change maps, volumes, diameters, thresholds.

    Writes DIR/table.csv, DIR/followup.json, plots and, for each pair of time points and region, a
    change map on the grid of the first one (1 stable, 2 new, 3 resolved, 4 not seen later).
    Thresholds are those of RANO 2.0: figures, no assessment of response. Exit code: 0 all done,
    1 a time point could not be used, 2 usage, 130 interrupted.

    Research use only. Not a medical device: not for diagnosis or treatment.
    """
    from napari_brats.cli.followup_output import planned_names, write_follow_up
    from napari_brats.followup.comparison import FollowUpOptions, compare_time_points
    from napari_brats.followup.time_points import choose, find_time_points, in_order
    from napari_brats.io.outputs import refuse_existing

    require_convention(convention, "--convention")
    if repeatability is not None and not 0 <= repeatability <= 100:
        raise usage_error(f"{repeatability:g} is not in 0 to 100.", "--repeatability")
    found = find_time_points(patient, apart_from=output)
    if list_only:
        _list(found)
        return
    if output is None:
        raise usage_error("Expected a folder to write to.", "--output")
    points = in_order(choose(found, [_pick(text) for text in time_point or []]))
    folder = writable_folder(output)
    if not overwrite:
        refuse_existing(folder, planned_names())
    segmenter = _segmenter(points, bundle, device) if segment else None
    options = FollowUpOptions(registration, repeatability, convention)
    with ProgressReport(1) as report:
        try:
            result = report.follow(compare_time_points(points, options, segmenter))
            written = write_follow_up(result, folder, registered=registered, overwrite=overwrite)
        except KeyboardInterrupt:
            report.line("Interrupted. Nothing was written.")
            raise typer.Exit(INTERRUPTED) from None
        notes = (text for one in result.examined for text in one.notes)
        for text in (*notes, *result.notes, *written.problems):
            report.line(text)
        for line in (*_lines(result), str(folder / written.names[0])):
            report.result(line)
    note(INTENDED_USE)
    if any(one.aligned is None for one in result.examined):
        raise typer.Exit(SOME_FAILED)


def _pick(text: str) -> Pick:
    from napari_brats.followup.time_points import Pick

    name, _, when = text.partition("=")
    return Pick(name.strip(), when.strip())


def _list(found: list[TimePoint]) -> None:
    """The time points on stdout, a line each: name, when, label map, case id."""
    from napari_brats.cli.console import say

    for point in found:
        when = f"{point.moment.title} ({point.moment.clock})" if point.moment.text else "unknown"
        labels = "label map" if point.has_label_map else "no label map"
        modalities = ", ".join(point.files.modalities) or "no modality known"
        say(f"{point.name}  {when}  {modalities}, {labels}  {point.files.case_id}")


def _segmenter(points: tuple[TimePoint, ...], bundle: str | None, device: str) -> Segmenter:
    """What segments a case; bundle and device are looked at now where they will be needed."""
    from napari_brats.cli.arguments import usable_bundle, usable_device
    from napari_brats.core.case import Case, Segmentation
    from napari_brats.core.progress import Job

    needed = any(not point.has_label_map for point in points) or bundle is not None
    ready = (usable_bundle(bundle), usable_device(device)) if needed else None

    def segment(case: Case) -> Job[Segmentation]:
        from napari_brats.inference.segment import SegmentOptions
        from napari_brats.inference.segment import segment as run_segment

        network, name = ready or (usable_bundle(bundle), usable_device(device))
        return (yield from run_segment(case, network, SegmentOptions(name)))

    return segment


def _lines(result: FollowUp) -> list[str]:
    """A line per time point and region: figures, changes and thresholds."""
    from napari_brats.followup.text import summary_lines

    return summary_lines(result)
