"""The facts that ``inspect`` tells about a case, and how they read. Keys are in docs/cli.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_brats.core.errors import BratsError
from napari_brats.core.geometry import Grid
from napari_brats.core.modalities import MODALITIES
from napari_brats.io.checks import check_case
from napari_brats.io.convention import infer_convention
from napari_brats.io.discover import CaseFiles, FileChoice
from napari_brats.io.fill_in import file_remarks, fill_in
from napari_brats.io.load import load_case
from napari_brats.io.nifti import read_grid

Facts = dict[str, Any]


def case_facts(files: CaseFiles, headers_only: bool = False) -> Facts:
    """What is known of a case, JSON-able; ``error`` holds what could not be read, else None."""
    if not headers_only:
        files = fill_in(files)
    grids: dict[Path, Grid | BratsError] = {}
    modalities = {
        m.value: _file_facts(files.modalities[m], grids)
        for m in MODALITIES
        if m in files.modalities
    }
    label_map = None if files.label_map is None else _file_facts(files.label_map, grids)
    facts: Facts = {
        "case_id": files.case_id,
        "naming": files.naming,
        "modalities": modalities,
        "missing": [m.value for m in files.missing],
        "label_map": label_map,
        "unassigned": [_file_facts(choice, grids) for choice in files.unassigned],
        "ignored": [{"path": str(c.path), "reason": c.reason} for c in files.ignored],
        "grid_differences": _grid_differences(files, grids),
        "convention": None,
        "warnings": [],
        "error": None,
    }
    broken = [problem.text for problem in files.problems]
    broken += [str(grid) for grid in grids.values() if isinstance(grid, BratsError)]
    facts["error"] = "\n".join(broken) or None
    if files.modalities and not broken:
        facts.update(_header_facts(files) if headers_only else _content_facts(files))
    return facts


def facts_to_text(facts: Facts) -> str:
    """The facts of one case as lines for people."""
    entries = [*facts["modalities"].items()]
    entries += [("labels", facts["label_map"])] if facts["label_map"] else []
    entries += [("?", entry) for entry in facts["unassigned"]]
    lines = [f"{facts['case_id']}  ({facts['naming']})"]
    former = ""
    for name, entry in entries:
        geometry = _geometry_line(entry)
        channel = "" if entry["channel"] is None else f" volume {entry['channel']}"
        lines.append(f"  {name:<7}  {Path(entry['path']).name}{channel}: {entry['reason']}")
        lines += [f"           {geometry}"] if geometry != former else []
        former = geometry
    lines += [f"  ignored  {Path(e['path']).name}: {e['reason']}" for e in facts["ignored"]]
    if facts["missing"]:
        told = f"--modality {facts['missing'][0]}=PATH tells a file"
        lines.append(f"  missing  {', '.join(facts['missing'])} ({told})")
    if facts["convention"]:
        name, reason = facts["convention"]["name"], facts["convention"]["reason"]
        lines.append(f"  label convention  {name}: {reason}")
    lines += [f"  different grid  {text}" for text in facts["grid_differences"]]
    lines += [f"  warning  {text}" for text in facts["warnings"]]
    if facts["error"]:
        lines += [f"  error  {text}" for text in facts["error"].splitlines()]
    return "\n".join(lines)


def _geometry_line(entry: Facts) -> str:
    if entry["shape"] is None:
        return "its header cannot be read"
    shape = "x".join(map(str, entry["shape"]))
    spacing = " x ".join(f"{value:.4g}" for value in entry["spacing_mm"])
    oblique = ", oblique" if entry["oblique"] else ""
    return f"{shape} voxels of {spacing} mm, {entry['orientation']}{oblique}"


def _file_facts(choice: FileChoice, grids: dict[Path, Grid | BratsError]) -> Facts:
    """What is known of a file without its voxels; its grid, or the error, goes to ``grids``."""
    if choice.path not in grids:
        try:
            grids[choice.path], _ = read_grid(choice.path)
        except BratsError as error:
            grids[choice.path] = error
    return {
        "path": str(choice.path),
        "channel": choice.channel,
        "reason": choice.reason,
        **_geometry(grids[choice.path]),
    }


def _geometry(grid: Grid | BratsError) -> Facts:
    if isinstance(grid, BratsError):
        return dict.fromkeys(("shape", "spacing_mm", "orientation", "oblique"))
    return {
        "shape": list(grid.shape),
        "spacing_mm": [round(float(s), 6) for s in grid.spacing_mm],
        "orientation": grid.axis_codes,
        "oblique": grid.is_oblique,
    }


def _grid_differences(files: CaseFiles, grids: dict[Path, Grid | BratsError]) -> list[str]:
    """How the modalities and the label map leave the grid of the first modality (or T1C)."""
    named = {m.value: grids[files.modalities[m].path] for m in MODALITIES if m in files.modalities}
    if files.label_map is not None:
        named["label map"] = grids[files.label_map.path]
    usable = {name: grid for name, grid in named.items() if isinstance(grid, Grid)}
    if not usable:
        return []
    first = "T1C" if "T1C" in usable else next(iter(usable))
    differences = {name: usable[first].difference(grid) for name, grid in usable.items()}
    return [f"{first} and {name}: {text}" for name, text in differences.items() if text]


def _header_facts(files: CaseFiles) -> Facts:
    convention, reason = infer_convention((), files.convention_hint, files.naming)
    return {"convention": {"name": convention.name, "reason": reason}}


def _content_facts(files: CaseFiles) -> Facts:
    try:
        case = load_case(files)
    except BratsError as error:
        return {"error": str(error)}
    reason = (
        case.label_map.reason if case.label_map else _header_facts(files)["convention"]["reason"]
    )
    return {
        "convention": {"name": case.convention.name, "reason": reason},
        "warnings": [*file_remarks(files), *check_case(case)],
    }
