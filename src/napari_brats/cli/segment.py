"""``napari-brats segment``: masks, probabilities and records of any number of cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_brats import INTENDED_USE
from napari_brats.cli.arguments import grid_modality, usable_device, writable_folder
from napari_brats.cli.console import note, require_convention, usage_error
from napari_brats.core.errors import BratsError, BundleError

if TYPE_CHECKING:
    from napari_brats.inference.mirroring import Mirroring
    from napari_brats.models.bundle import Bundle

_THRESHOLD = "Probability above which a voxel belongs to {}, 0 to 1."


def segment(
    cases: Annotated[
        list[Path],
        typer.Argument(
            metavar="CASE",
            help="Case folders, folders of cases, files of a case, 4-D files.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder to write to; made if it is not there."),
    ],
    bundle: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The network: a name that 'napari-brats bundles' lists, or the path of a card.",
        ),
    ] = None,
    device: Annotated[
        str, typer.Option(metavar="NAME", help="auto, cpu, cuda, cuda:N or mps.")
    ] = "auto",
    convention: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Label convention to write in: brats2023, brats2021, brats2024-post, "
            "brats2024-ped, msd or brats2013. Default: that of the case.",
        ),
    ] = None,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Write the probabilities of WT, TC and ET, too.")
    ] = False,
    mirroring: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="How many mirror images the network looks at, too, to average its answers: off, "
            "fast (1, twice the time) or full (7, eight times the time).",
        ),
    ] = "off",
    uncertainty: Annotated[
        bool,
        typer.Option(
            "--uncertainty",
            help="Write the map of uncertainty, too, and list the places to look at on stderr.",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace masks that are already there.")
    ] = False,
    modality: Annotated[
        list[str] | None,
        typer.Option(
            metavar="T1N=PATH",
            help="Which file is which modality (T1N, T1C, T2W, T2F), where names do not tell. "
            "PATH:2 is the third volume of a 4-D file; a pattern such as '*_0001.nii.gz' counts "
            "for every case. Repeatable.",
        ),
    ] = None,
    grid: Annotated[
        str | None,
        typer.Option(
            metavar="T1C",
            help="Resample modalities that lie on different grids onto the grid of this one; the "
            "mask is written on it.",
        ),
    ] = None,
    threshold_wt: Annotated[float, typer.Option(help=_THRESHOLD.format("WT"))] = 0.5,
    threshold_tc: Annotated[float, typer.Option(help=_THRESHOLD.format("TC"))] = 0.5,
    threshold_et: Annotated[float, typer.Option(help=_THRESHOLD.format("ET"))] = 0.5,
    min_component_mm3: Annotated[
        float, typer.Option(help="Drop components of a region smaller than this many mm^3.")
    ] = 0.0,
    fill_holes: Annotated[
        bool, typer.Option("--fill-holes", help="Fill the holes of WT and TC.")
    ] = False,
    closing_mm: Annotated[
        float, typer.Option(help="Radius in mm of the ball that closes gaps.")
    ] = 0.0,
    opening_mm: Annotated[
        float, typer.Option(help="Radius in mm of the ball that takes off what is thinner.")
    ] = 0.0,
) -> None:
    """Segment the tumour (WT, TC, ET) of each CASE and write masks with the geometry of the source.

    Writes DIR/<case_id>-seg.nii.gz and DIR/<case_id>-seg.json for each case and DIR/summary.json
    for the run. Exit code: 0 all done, 1 some failed, 2 usage, 130 interrupted.

    Research use only. Not a medical device: not for diagnosis or treatment.
    """
    from napari_brats.cli.batch import Plan, run_batch
    from napari_brats.cli.cases import parse_assignment, select
    from napari_brats.inference.postprocess import PostprocessOptions
    from napari_brats.inference.segment import SegmentOptions

    try:
        postprocess = PostprocessOptions(
            threshold_wt=threshold_wt,
            threshold_tc=threshold_tc,
            threshold_et=threshold_et,
            min_component_mm3=min_component_mm3,
            fill_holes=fill_holes,
            closing_mm=closing_mm,
            opening_mm=opening_mm,
        )
    except BratsError as error:
        raise usage_error(str(error), "post-processing") from error
    require_convention(convention, "--convention")
    onto = None if grid is None else grid_modality(grid)
    selection = select(cases, [parse_assignment(text) for text in modality or []])
    options = SegmentOptions(
        usable_device(device), postprocess, probabilities, _mirroring(mirroring), uncertainty
    )
    network = _bundle(bundle)
    plan = Plan(writable_folder(output), network, options, convention, onto, overwrite)
    code = run_batch(selection.cases, selection.problems, plan)
    note(INTENDED_USE)
    raise typer.Exit(code)


def _mirroring(name: str) -> Mirroring:
    from napari_brats.inference.mirroring import Mirroring

    known = [mirroring.value for mirroring in Mirroring]
    if name not in known:
        raise usage_error(f"'{name}' is not one of {', '.join(known)}.", "--mirroring")
    return Mirroring(name)


def _bundle(name: str | None) -> Bundle:
    """The bundle of that name or path; a usage error if there is none, or it cannot segment."""
    from napari_brats.models.bundle import DEFAULT_BUNDLE, load_bundle

    try:
        bundle = load_bundle(name or DEFAULT_BUNDLE)
    except BundleError as error:
        raise usage_error(str(error), "--bundle") from error
    if bundle.card.task != "segment":
        raise usage_error(
            f"Bundle '{bundle.card.name}' is for another task ('{bundle.card.task}'). "
            f"'napari-brats bundles' lists what each is for.",
            "--bundle",
        )
    return bundle
