"""The files that ``followup`` writes: all of them, or none."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from napari_brats.core.errors import BratsError
from napari_brats.core.labels import REGIONS, Region
from napari_brats.core.modalities import FILE_SUFFIX
from napari_brats.followup.comparison import FollowUp
from napari_brats.followup.plot import plot_checkerboards, plot_series
from napari_brats.followup.tables import to_csv, to_dict
from napari_brats.io.atomic import write_atomically
from napari_brats.io.outputs import all_or_nothing, refuse_existing
from napari_brats.io.save import save_label_map, save_volume
from napari_brats.io.sidecar import to_json

TABLE, RECORD = "table.csv", "followup.json"
PLOTS = ("plot.png", "plot.pdf")
CHECKERBOARDS = "registration.png"


@dataclass(frozen=True)
class Written:
    """The names of the files that were written, and why some were not."""

    names: tuple[str, ...]
    problems: tuple[str, ...]


def planned_names() -> tuple[str, ...]:
    """The files that every follow-up has; that these are there already can be told at once."""
    return (TABLE, RECORD, *PLOTS, CHECKERBOARDS)


def write_follow_up(
    follow_up: FollowUp, folder: Path, *, registered: bool, overwrite: bool
) -> Written:
    """Write table, record, plots, transforms and change maps; with ``registered`` also volumes.

    Raises
    ------
    SaveError
        If a file is there already and may not be replaced, or cannot be written.
    """
    with all_or_nothing(folder) as unfinished:
        names = [TABLE]
        write_atomically(unfinished / TABLE, to_csv(follow_up).encode())
        drawn, problems = _write_plots(follow_up, unfinished)
        names += drawn
        names += _write_change_maps(follow_up, unfinished)
        names += _write_transforms(follow_up, unfinished)
        if registered:
            names += _write_registered(follow_up, unfinished)
        record = to_dict(follow_up) | {"outputs": [*names, RECORD]}
        write_atomically(unfinished / RECORD, to_json(record))
        if not overwrite:
            refuse_existing(folder, [*names, RECORD])
    return Written((*names, RECORD), tuple(problems))


def _write_plots(follow_up: FollowUp, folder: Path) -> tuple[list[str], list[str]]:
    """The pictures that could be drawn, and why the others could not."""
    draw: dict[str, Callable[[], bytes | None]] = {
        PLOTS[0]: lambda: plot_series(follow_up, "png"),
        PLOTS[1]: lambda: plot_series(follow_up, "pdf"),
        CHECKERBOARDS: lambda: plot_checkerboards(follow_up),
    }
    names: list[str] = []
    for name, picture in draw.items():
        try:
            content = picture()
        except BratsError as error:  # matplotlib is an extra
            return names, [str(error)]
        if content is not None:
            write_atomically(folder / name, content)
            names.append(name)
    return names, []


def _write_change_maps(follow_up: FollowUp, folder: Path) -> list[str]:
    loaded = follow_up.baseline.loaded
    if loaded is None:
        return []
    names = []
    for before, after in follow_up.pairs:
        for region in REGIONS:
            name = change_map_name(follow_up, before, after, region)
            changes = follow_up.change(before, after, region)
            save_volume(folder / name, changes, loaded.labels.volume)
            names.append(name)
    return names


def _write_transforms(follow_up: FollowUp, folder: Path) -> list[str]:
    names = []
    for index, one in enumerate(follow_up.examined):
        if one.aligned is not None and one is not follow_up.baseline:
            name = f"{_on_baseline(follow_up, index)}.tfm"
            text = one.aligned.registration.rigid.to_tfm()
            write_atomically(folder / name, text.encode())
            names.append(name)
    return names


def _write_registered(follow_up: FollowUp, folder: Path) -> list[str]:
    names = []
    for index, one in enumerate(follow_up.examined):
        if one.aligned is None or one.loaded is None:
            continue
        stem, image = _on_baseline(follow_up, index), one.aligned.image
        names += [f"{stem}-{FILE_SUFFIX[one.aligned.modality]}.nii.gz", f"{stem}-seg.nii.gz"]
        save_volume(folder / names[-2], image.data, image)
        convention = one.loaded.labels.convention
        save_label_map(folder / names[-1], one.aligned.labels, image, convention)
    return names


def change_map_name(follow_up: FollowUp, before: int, after: int, region: Region) -> str:
    """The file name of a change map; its last word keeps it from being read as a label map."""
    names = [_safe(follow_up.examined[index].point.name) for index in (before, after)]
    return f"change-{names[0]}-{names[1]}-{region.value.lower()}.nii.gz"


def _on_baseline(follow_up: FollowUp, index: int) -> str:
    name, base = follow_up.examined[index].point.name, follow_up.baseline.point.name
    return f"{_safe(name)}-on-{_safe(base)}"


def _safe(name: str) -> str:
    """A name as part of a file name."""
    return re.sub(r"[^\w.]+", "_", name)
