"""``napari-brats segment``: masks, probabilities and records of any number of cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_brats import INTENDED_USE
from napari_brats.cli import postprocessing as post
from napari_brats.cli.arguments import (
    grid_modality,
    known_device,
    usable_bundle,
    usable_device,
    writable_folder,
)
from napari_brats.cli.console import note, require_convention, usage_error
from napari_brats.cli.workers import SchedulerAddress, chosen_workers, require_one

if TYPE_CHECKING:
    from napari_brats.inference.mirroring import Mirroring


_Cases = Annotated[
    list[Path],
    typer.Argument(
        metavar="CASE",
        help="Case folders, folders of cases, files of a case, 4-D files.",
    ),
]
_Output = Annotated[
    Path,
    typer.Option(metavar="DIR", help="Folder to write to; made if it is not there."),
]
_Bundle = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The network: a name that 'napari-brats bundles' lists, or the path of a card.",
    ),
]
_Device = Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda, cuda:N or mps.")]
_Convention = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Label convention to write in: brats2023, brats2021, brats2024-post, "
        "brats2024-ped, msd or brats2013. Default: that of the case.",
    ),
]
_Probabilities = Annotated[
    bool, typer.Option("--probabilities", help="Write the probabilities of WT, TC and ET, too.")
]
_Mirroring = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="How many mirror images the network looks at, too, to average its answers: off, "
        "fast (1, twice the time) or full (7, eight times the time).",
    ),
]
_Uncertainty = Annotated[
    bool,
    typer.Option(
        "--uncertainty",
        help="Write the map of uncertainty, too, and list the places to look at on stderr.",
    ),
]
_Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace masks that are already there.")
]
_Modality = Annotated[
    list[str] | None,
    typer.Option(
        metavar="T1N=PATH",
        help="Which file is which modality (T1N, T1C, T2W, T2F), where names do not tell. "
        "PATH:2 is the third volume of a 4-D file; a pattern such as '*_0001.nii.gz' counts "
        "for every case. Repeatable.",
    ),
]
_Grid = Annotated[
    str | None,
    typer.Option(
        metavar="T1C",
        help="Resample modalities that lie on different grids onto the grid of this one; the "
        "mask is written on it.",
    ),
]
_Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Segment in N processes of this machine, which share its cores and GPUs. "
        "Default: in one, whose reading and writing overlap with the network.",
    ),
]


def segment(
    context: typer.Context,
    cases: _Cases,
    output: _Output,
    bundle: _Bundle = None,
    device: _Device = "auto",
    convention: _Convention = None,
    probabilities: _Probabilities = False,
    mirroring: _Mirroring = "off",
    uncertainty: _Uncertainty = False,
    overwrite: _Overwrite = False,
    modality: _Modality = None,
    grid: _Grid = None,
    threshold_wt: post.ThresholdWT = None,
    threshold_tc: post.ThresholdTC = None,
    threshold_et: post.ThresholdET = None,
    min_component_mm3: post.MinComponent = None,
    min_component_wt_mm3: post.MinComponentWT = None,
    min_component_tc_mm3: post.MinComponentTC = None,
    min_component_et_mm3: post.MinComponentET = None,
    largest_wt: post.LargestWT = None,
    largest_tc: post.LargestTC = None,
    largest_et: post.LargestET = None,
    et_to_ncr_mm3: post.EtToNcr = None,
    tc_reach_mm: post.TcReach = None,
    fill_holes: post.FillHoles = None,
    closing_mm: post.Closing = None,
    opening_mm: post.Opening = None,
    smooth_mm: post.Smooth = None,
    workers: _Workers = None,
    scheduler: SchedulerAddress = None,
) -> None:
    """Segment the tumour (WT, TC, ET) of each CASE and write masks with the geometry of the source.

    Writes DIR/<case_id>-seg.nii.gz and DIR/<case_id>-seg.json for each case and DIR/summary.json
    for the run. The same command again goes on where a run stopped. Post-processing options that
    are not given are those of the bundle's card, else 0.5 for thresholds and nothing else. Exit
    code: 0 all done, 1 some failed, 2 usage, 130 interrupted.

    Research use only. Not a medical device: not for diagnosis or treatment.
    """
    from napari_brats.cli.batch import run_batch
    from napari_brats.cli.cases import parse_assignment, select
    from napari_brats.inference.segment import SegmentOptions
    from napari_brats.inference.segment_files import Plan

    network = usable_bundle(bundle)
    postprocess = post.chosen_postprocessing(network.card, context.params)
    require_convention(convention, "--convention")
    require_one(workers, scheduler)
    onto = None if grid is None else grid_modality(grid)
    paths = [path.absolute() for path in cases]  # a cluster's workers run in other folders
    selection = select(paths, [parse_assignment(text) for text in modality or []])
    where = usable_device(device) if scheduler is None else known_device(device)
    options = SegmentOptions(where, postprocess, probabilities, _mirroring(mirroring), uncertainty)
    plan = Plan(writable_folder(output), network, options, convention, onto, overwrite)
    with chosen_workers(workers, scheduler, device) as helpers:
        code = run_batch(selection.cases, selection.problems, plan, helpers)
    note(INTENDED_USE)
    raise typer.Exit(code)


def _mirroring(name: str) -> Mirroring:
    from napari_brats.inference.mirroring import Mirroring

    known = [mirroring.value for mirroring in Mirroring]
    if name not in known:
        raise usage_error(f"'{name}' is not one of {', '.join(known)}.", "--mirroring")
    return Mirroring(name)
