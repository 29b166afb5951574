"""What the section "Case" shows of the active case, and what its choices stand for."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from napari_brats.core.errors import BratsError, GeometryError
from napari_brats.core.labels import CONVENTIONS
from napari_brats.io.case_files import CaseFiles
from napari_brats.io.layers import CASES_TAG
from napari_brats.widgets.case_group import OpenCase, build_case, convention_of, tag_of
from napari_brats.widgets.case_panel import CaseView, Source
from napari_brats.widgets.viewer_bridge import ViewerBridge

if TYPE_CHECKING:
    from napari.layers import Layer

_FILE = "file:"


def describe_case(bridge: ViewerBridge) -> CaseView:
    """The view of the active case; an empty one if none is open."""
    key = bridge.active_case_key
    if key is None:
        return CaseView()
    case = bridge.open_case(key)
    found = {_identity(c.path, c.channel): c for c in _choices(files_of(case))}
    reasons = {}
    for modality, layer in case.by_modality.items():
        tag = tag_of(layer)
        choice = found.get(_identity(tag.reference.path, None))
        reasons[modality] = tag.reason or (choice.reason if choice else "")
    labels = bridge.label_layer(key)
    name = tag_of(labels).convention if labels is not None else None
    problem = _grid_problem(case)
    return CaseView(
        case_key=key,
        case_id=case.case_id,
        open_cases={k: k for k in bridge.keys()},
        sources=_sources(case),
        chosen={m: _source_id(layer) for m, layer in case.by_modality.items()},
        reasons=reasons,
        convention=name or convention_of(case),
        convention_reason=tag_of(labels).reason if labels is not None else "",
        grid=tag_of(case.reference).reference.grid.describe(),
        grid_problem=problem,
        rest=len(rest_of(case)),
        folder_cases=_folder_cases(case, bridge),
        warnings=() if problem else _warnings(case),
    )


def files_of(case: OpenCase) -> CaseFiles | None:
    """The files of the whole case, found from one that is open; None if there is no such file."""
    for layer in case.images:
        path = tag_of(layer).reference.path
        if path is not None and path.exists():
            return _discovered(path, case.case_id)
    return None


def rest_of(case: OpenCase) -> tuple[Path, ...]:
    """Files of the case that are not open: modalities it lacks, and a label map if it has none."""
    files = files_of(case)
    if files is None:
        return ()
    rest = [choice.path for m, choice in files.modalities.items() if m not in case.by_modality]
    if files.label_map is not None and not case.labels:
        rest.append(files.label_map.path)
    opened = {tag_of(layer).reference.path for layer in case.layers}
    return tuple(path for path in dict.fromkeys(rest) if path not in opened)


def path_of_source(source_id: str) -> Path | None:
    """The file on disk that a source stands for; None if it is a layer (or nothing)."""
    return Path(source_id.removeprefix(_FILE)) if source_id.startswith(_FILE) else None


def layer_of_source(case: OpenCase, source_id: str) -> Layer | None:
    """The open layer that a source stands for; None for the empty source."""
    return next((layer for layer in case.images if _source_id(layer) == source_id), None)


def _sources(case: OpenCase) -> tuple[Source, ...]:
    opened = [tag_of(layer).reference.path for layer in case.images]
    sources = []
    for layer, path in zip(case.images, opened, strict=True):
        alone = path is not None and opened.count(path) == 1
        title = path.name if path is not None and alone else f"{layer.name}"
        sources.append(Source(_source_id(layer), title))
    for choice in _choices(files_of(case)):
        if choice.path not in opened and choice.channel is None:
            sources.append(Source(f"{_FILE}{choice.path}", choice.path.name, is_open=False))
    return tuple(sources)


def _choices(files: CaseFiles | None) -> tuple:
    return () if files is None else (*files.modalities.values(), *files.unassigned)


@lru_cache(maxsize=32)
def _discovered(path: Path, case_id: str) -> CaseFiles | None:
    from napari_brats.io.discover import discover

    try:
        cases = discover(path, strict=False)
    except BratsError:  # an odd neighbour: then there is no rest to offer
        return None
    return next((files for files in cases if files.case_id == case_id), None)


def _folder_cases(case: OpenCase, bridge: ViewerBridge) -> dict[Path, str]:
    """The other cases of the folder that was opened, by one file of each."""
    listed = (layer.metadata.get(CASES_TAG) for layer in case.layers)
    cases = next((c for c in listed if c), ())
    opened = {bridge.open_case(key).case_id for key in bridge.keys()}
    others = {}
    for files in cases:
        first = next((choice.path for choice in _choices(files)), None)
        if first is not None and files.case_id not in opened:
            others[first] = files.case_id
    return others


def _grid_problem(case: OpenCase) -> str:
    if not case.by_modality:
        return ""
    try:
        build_case(case).require_one_grid()
    except GeometryError as error:
        return str(error)
    return ""


def _warnings(case: OpenCase) -> tuple[str, ...]:
    return ()


def _source_id(layer: Layer) -> str:
    return str(layer.unique_id)


def _identity(path: Path | None, channel: int | None) -> tuple[Path | None, int | None]:
    return path, channel
