"""``napari-brats anomaly``: maps of where brains do not look as healthy ones would."""

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

if TYPE_CHECKING:
    from napari_brats.inference.anomaly import AnomalyMap, AnomalyOptions
    from napari_brats.io.discover import CaseFiles

SUMMARY_NAME = "anomaly-summary.json"


def anomaly(
    cases: Cases,
    output: OutputFolder,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="combined (default: autoencoder and mirror), autoencoder, mirror (against the "
            "other hemisphere) or flair (brightness of T2-FLAIR); compared in docs/models.md.",
        ),
    ] = None,
    device: Device = "auto",
    overwrite: Overwrite = False,
    modality: Assignments = None,
    grid: OntoGrid = None,
) -> None:
    """Map, from 0 to 1, where the brain of each CASE does not look as a healthy one would.

    Writes DIR/<case_id>-anomaly.nii.gz and DIR/<case_id>-anomaly.json for each case and
    DIR/anomaly-summary.json for the run. Exit code: 0 all done, 1 some failed, 2 usage,
    130 interrupted.

    Research use only. Not a medical device: not for diagnosis or treatment.
    """
    from napari_brats.cli.cases import parse_assignment, select
    from napari_brats.cli.running import run_cases
    from napari_brats.inference.anomaly import DEFAULT_METHOD, METHODS, AnomalyOptions

    if method is not None and method not in METHODS:
        raise usage_error(f"'{method}' is not one of {', '.join(METHODS)}.", "--method")
    onto = None if grid is None else grid_modality(grid)
    selection = select(cases, [parse_assignment(text) for text in modality or []])
    options = AnomalyOptions(method or DEFAULT_METHOD, usable_device(device))
    folder = writable_folder(output)

    def work(files: CaseFiles, report: ProgressReport) -> str:
        return map_case(files, folder, options, onto, overwrite, report)

    code = run_cases(selection.cases, selection.problems, folder / SUMMARY_NAME, work)
    note(INTENDED_USE)
    raise typer.Exit(code)


def map_case(
    files: CaseFiles,
    folder: Path,
    options: AnomalyOptions,
    onto: str | None,
    overwrite: bool,
    report: ProgressReport,
) -> str:
    """Write a case's map and record, both or none; the line that tells of it."""
    from napari_brats.cli.running import case_and_record
    from napari_brats.inference.anomaly import find_anomalies
    from napari_brats.io.atomic import write_atomically
    from napari_brats.io.outputs import all_or_nothing, refuse_existing
    from napari_brats.io.save import save_probability
    from napari_brats.io.sidecar import to_json

    names = [f"{files.case_id}-anomaly.nii.gz", f"{files.case_id}-anomaly.json"]
    if not overwrite:
        refuse_existing(folder, names)
    case, record = case_and_record(files, onto, report)
    found = report.follow(find_anomalies(case, options))
    with all_or_nothing(folder) as unfinished:
        save_probability(unfinished / names[0], found.data, found.reference)
        record |= {**found.provenance, "outputs": {"map": names[0], "record": names[1]}}
        write_atomically(unfinished / names[1], to_json(record))
    return f"{files.case_id}  {_suspicious_ml(found):.1f} ml above 0.5  {folder / names[0]}"


def _suspicious_ml(found: AnomalyMap) -> float:
    return float((found.data > 0.5).sum()) * found.reference.grid.voxel_mm3 / 1000
