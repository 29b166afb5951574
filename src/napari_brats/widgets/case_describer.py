"""What the section "Case" shows of the active case, and what its choices stand for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_brats.core.errors import GeometryError
from napari_brats.core.geometry import Grid
from napari_brats.core.modalities import MODALITIES
from napari_brats.io.case_files import CaseFiles, FileChoice
from napari_brats.widgets.case_group import (
    OpenCase,
    build_case,
    convention_of,
    files_of,
    listed_by,
    tag_of,
)
from napari_brats.widgets.case_view import CaseView, Source
from napari_brats.widgets.viewer_bridge import ViewerBridge

if TYPE_CHECKING:
    from napari.layers import Layer

_FILE = "file:"


class CaseDescriber:
    """Makes the view of the active case; looks for oddities only when its images changed."""

    def __init__(self, bridge: ViewerBridge) -> None:
        self._bridge = bridge
        self._checked: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    def describe(self) -> CaseView:
        """The view; an empty one if no case is open."""
        key = self._bridge.active_case_key
        if key is None:
            return CaseView()
        case = self._bridge.open_case(key)
        images = tuple(f"{m}={_source_id(layer)}" for m, layer in case.by_modality.items())
        if images != self._checked[0]:
            self._checked = (images, _warnings(case))
        return _describe(self._bridge, key, self._checked[1])


def _describe(bridge: ViewerBridge, key: str, warnings: tuple[str, ...]) -> CaseView:
    case = bridge.open_case(key)
    found = {choice.path: choice.reason for choice in _choices(files_of(case))}
    reasons = {}
    for modality, layer in case.by_modality.items():
        tag = tag_of(layer)
        path = tag.reference.path
        reasons[modality] = tag.reason or (found.get(path, "") if path is not None else "")
    labels = bridge.label_layer(key)
    name = tag_of(labels).convention if labels is not None else None
    problem = _grid_problem(case)
    return CaseView(
        case_key=key,
        case_id=case.case_id,
        open_cases=dict(zip(bridge.keys(), bridge.keys(), strict=True)),
        sources=_sources(case),
        chosen={m: _source_id(layer) for m, layer in case.by_modality.items()},
        reasons=reasons,
        convention=name or convention_of(case),
        convention_reason=_convention_reason(case, labels),
        grid=_short(tag_of(case.reference).reference.grid),
        grid_problem=problem,
        rest=len(rest_of(case)),
        folder_cases=_folder_cases(case, bridge),
        warnings=(*_recognised(case), *(() if problem else warnings)),
    )


def rest_of(case: OpenCase) -> tuple[Path, ...]:
    """Files of the case that are not open: modalities it lacks, a label map if it has none.

    Images of unknown modality are among them while a modality is missing: they may be it.
    """
    files = files_of(case)
    if files is None:
        return ()
    rest = [choice.path for m, choice in files.modalities.items() if m not in case.by_modality]
    if len(case.by_modality) < len(MODALITIES):
        rest += [choice.path for choice in files.unassigned]
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
    sources.extend(
        Source(f"{_FILE}{choice.path}", choice.path.name, is_open=False)
        for choice in _choices(files_of(case))
        if choice.path not in opened and choice.channel is None
    )
    return tuple(sources)


def _choices(files: CaseFiles | None) -> tuple[FileChoice, ...]:
    return () if files is None else (*files.modalities.values(), *files.unassigned)


def _folder_cases(case: OpenCase, bridge: ViewerBridge) -> dict[Path, str]:
    """The other cases of the folder that was opened, by one file of each."""
    opened = {bridge.open_case(key).case_id for key in tuple(bridge.keys())}
    others = {}
    for files in listed_by(case):
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


def _convention_reason(case: OpenCase, labels: Layer | None) -> str:
    if labels is not None:
        return tag_of(labels).reason
    files = files_of(case)
    hint = files.convention_hint if files is not None else None
    return f"as in {files.naming}" if files is not None and hint else ""


def _short(grid: Grid) -> str:
    spacing = " x ".join(f"{mm:.3g}" for mm in grid.spacing_mm)
    tilt = " oblique" if grid.is_oblique else ""
    return f"{'x'.join(map(str, grid.shape))}, {spacing} mm, {grid.axis_codes}{tilt}"


def _recognised(case: OpenCase) -> tuple[str, ...]:
    """What to say about images whose names did not tell what they are."""
    from napari_brats.io.fill_in import remarks

    asked = [(tag_of(layer), _title(layer)) for layer in case.images if tag_of(layer).shares]
    return remarks(
        {tag.modality: title for tag, title in asked if tag.modality},
        {title: tag.shares for tag, title in asked if tag.modality is None},
    )


def _title(layer: Layer) -> str:
    path = tag_of(layer).reference.path
    return path.name if path is not None else str(layer.name)


def _warnings(case: OpenCase) -> tuple[str, ...]:
    from napari_brats.io.checks import check_case

    return check_case(build_case(case)) if case.by_modality else ()


def _source_id(layer: Layer) -> str:
    return str(layer.unique_id)
