"""``napari-brats denoise``: the images of cases without their noise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_brats import INTENDED_USE
from napari_brats.cli.arguments import (
    Assignments,
    Cases,
    Device,
    OntoGrid,
    OutputFolder,
    Overwrite,
    grid_modality,
    usable_device,
    writable_folder,
)
from napari_brats.cli.console import ProgressReport, note, usage_error
from napari_brats.core.modalities import FILE_SUFFIX, Modality

if TYPE_CHECKING:
    from napari_brats.inference.denoise import DenoiseOptions
    from napari_brats.io.discover import CaseFiles

SUMMARY_NAME = "denoise-summary.json"


def denoise(
    cases: Cases,
    output: OutputFolder,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="autoencoder, nlm (non-local means), gaussian or median. Default: the one that "
            "did best on cases left out, see docs/models.md.",
        ),
    ] = None,
    strength: Annotated[
        float, typer.Option(help="Share of what is held for noise that is taken out, 0 to 1.")
    ] = 1.0,
    device: Device = "auto",
    overwrite: Overwrite = False,
    modality: Assignments = None,
    grid: OntoGrid = None,
) -> None:
    """Take noise out of the images of each CASE; geometry and intensity scale stay.

    Writes DIR/<case_id>-denoised-t1n.nii.gz and so on for the modalities at hand,
    DIR/<case_id>-denoised.json for each case and DIR/denoise-summary.json for the run. Exit code:
    0 all done, 1 some failed, 2 usage, 130 interrupted.

    Research use only. Not a medical device: not for diagnosis or treatment.
    """
    from napari_brats.cli.cases import parse_assignment, select
    from napari_brats.cli.running import run_cases
    from napari_brats.inference.denoise import DEFAULT_METHOD, METHODS, DenoiseOptions

    if method is not None and method not in METHODS:
        raise usage_error(f"'{method}' is not one of {', '.join(METHODS)}.", "--method")
    if not 0 <= strength <= 1:
        raise usage_error(f"{strength} is not in 0 to 1.", "--strength")
    onto = None if grid is None else grid_modality(grid)
    selection = select(cases, [parse_assignment(text) for text in modality or []])
    options = DenoiseOptions(method or DEFAULT_METHOD, usable_device(device), strength)
    folder = writable_folder(output)

    def work(files: CaseFiles, report: ProgressReport) -> str:
        return denoise_case(files, folder, options, onto, overwrite, report)

    code = run_cases(selection.cases, selection.problems, folder / SUMMARY_NAME, work)
    note(INTENDED_USE)
    raise typer.Exit(code)


def denoise_case(
    files: CaseFiles,
    folder: Path,
    options: DenoiseOptions,
    onto: str | None,
    overwrite: bool,
    report: ProgressReport,
) -> str:
    """Write a case's images and record, all or none; the line that tells of it."""
    from napari_brats.cli.running import case_and_record
    from napari_brats.inference.denoise import denoise as run_denoise
    from napari_brats.io.atomic import write_atomically
    from napari_brats.io.outputs import all_or_nothing, refuse_existing
    from napari_brats.io.save import save_volume
    from napari_brats.io.sidecar import to_json

    record_name = f"{files.case_id}-denoised.json"
    names = {m: denoised_name(files.case_id, m) for m in files.modalities}
    if not overwrite:
        refuse_existing(folder, [*names.values(), record_name])
    case, record = case_and_record(files, onto, report)
    made = report.follow(run_denoise(case, options))
    with all_or_nothing(folder) as unfinished:
        for modality, volume in made.volumes.items():
            name = denoised_name(files.case_id, modality)
            save_volume(unfinished / name, volume.data, case.volumes[modality])
        images = {m.value: denoised_name(files.case_id, m) for m in made.volumes}
        record |= {**made.provenance, "outputs": {"images": images, "record": record_name}}
        write_atomically(unfinished / record_name, to_json(record))
    return f"{files.case_id}  {len(made.volumes)} images  {folder}"


def denoised_name(case_id: str, modality: Modality) -> str:
    """The file name of a denoised image; read again, its case is ``<case_id>-denoised``."""
    return f"{case_id}-denoised-{FILE_SUFFIX[modality]}.nii.gz"
