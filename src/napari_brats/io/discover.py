"""From a folder, a file or a handful of dropped files to the files of each case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from napari_brats.core.errors import CaseError
from napari_brats.io.case_choice import case_from_files
from napari_brats.io.case_files import CaseFiles, FileChoice, FilesProblem
from napari_brats.io.dataset_json import DatasetJson, read_dataset_json
from napari_brats.io.names import (
    IMAGE_SUFFIXES,
    absolute,
    case_folder,
    case_id_of,
    is_image_file,
    is_sorting_folder,
    read_name,
)
from napari_brats.io.naming import says_msd
from napari_brats.io.scan import channel_count, image_files, is_file, is_folder
from napari_brats.io.words import Kind

__all__ = ["CaseFiles", "FileChoice", "FilesProblem", "discover", "discover_files", "recognises"]

_MAX_LOOSE_FILES = 8
"""So many images of unknown modality in one folder are still taken for one case."""

Key = tuple[Path, str]
Groups = dict[Key, list[Path]]


def discover(path: Path, *, strict: bool = True) -> tuple[CaseFiles, ...]:
    """The cases at ``path``, sorted by case id.

    Parameters
    ----------
    path
        A case folder; a folder of cases at any depth (MSD and nnU-Net folders included); or one
        file, which gives the whole case it belongs to.
    strict
        Whether the only case must be usable as it stands; if not, it comes with its ``problems``,
        which `CaseFiles.with_modality` may solve.

    Raises
    ------
    CaseError
        If there is nothing, or the only case is not usable as it stands (a modality twice, two
        label maps). One of several cases carries its ``problems`` instead.
    """
    path = absolute(Path(path))
    if is_folder(path):
        groups = _groups_of_folder(path)
    else:
        _require_image_file(path)
        groups = _groups_of_file(path)
    cases = _cases(groups)
    if not cases:
        raise CaseError(
            f"No case was found in {path}. Expected images ({', '.join(IMAGE_SUFFIXES)}) named by "
            f"modality (such as <case>_t1.nii.gz, <case>-t2f.nii.gz), or a folder with "
            f"imagesTr. Choose the folder of a case, or open its files together."
        )
    return _checked(cases, strict)


def discover_files(paths: Sequence[Path], *, strict: bool = True) -> tuple[CaseFiles, ...]:
    """The cases that exactly these files form, in whatever order they come.

    ``strict`` is that of `discover`.

    Raises CaseError if one is missing or no image, or if no case comes out.
    """
    files = sorted({absolute(Path(path)) for path in paths})
    for path in files:
        _require_image_file(path)
    groups = _gathered_by_id(_grouped(files))
    groups = _adopted(_one_case_of_single_images(groups, at_least=2))
    cases = _cases(groups)
    if not cases:
        listing = "\n".join(f"  {p} ({read_name(p).reason})" for p in files)
        raise CaseError(
            f"None of these files is an image of a case:\n{listing}\n"
            f"Expected at least one modality or a label map."
        )
    return _checked(cases, strict)


def recognises(path: Path) -> bool:
    """Whether ``path`` looks like ours by names alone; quick, and never raises.

    A file: its suffix. A folder: a name that tells a modality or a label map, at most three levels
    down, among the first 200 entries of each folder and 2000 in all; or three or four images, which
    may be the modalities of a case, and nothing else that could be one.
    """
    if not is_folder(path):
        return is_image_file(path)
    try:
        few = []
        for found in image_files(path, max_depth=3, max_entries=2000, per_folder=200):
            if _is_telling(found):
                return True
            few.append(found)
        return len(few) in (3, 4) and all(found.parent == path for found in few)
    except CaseError:
        return False


def _is_telling(path: Path) -> bool:
    reading = read_name(path)
    told = reading.kind in (Kind.MODALITY, Kind.LABEL_MAP) or reading.channel is not None
    return told or says_msd(path)


def _require_image_file(path: Path) -> None:
    if not is_file(path):
        raise CaseError(f"There is no file or folder {path}. Check the path.")
    if not is_image_file(path):
        raise CaseError(f"{path} is no image we read. Expected one of {', '.join(IMAGE_SUFFIXES)}.")


def _grouped(files: Iterable[Path]) -> Groups:
    groups: Groups = defaultdict(list)
    for path in files:
        groups[case_folder(path), case_id_of(path)].append(path)
    return dict(groups)


def _groups_of_folder(folder: Path) -> Groups:
    files = set(image_files(folder))
    if is_sorting_folder(folder.name):  # imagesTr alone: its label maps lie beside it
        files.update(_sorted_neighbours(case_folder(folder)))
    groups = _adopted(_one_case_of_single_images(_grouped(sorted(files)), at_least=3))
    groups = _with_label_maps_from_elsewhere(groups)
    return {k: g for k, g in groups.items() if any(folder in path.parents for path in g)}


def _groups_of_file(path: Path) -> Groups:
    files = {path, *_sorted_neighbours(case_folder(path))}
    groups = _adopted(_one_case_of_single_images(_grouped(sorted(files)), at_least=3))
    return {key: group for key, group in groups.items() if path in group}


def _sorted_neighbours(root: Path) -> Iterable[Path]:
    """The images in ``root`` and in those folders below it that only sort."""

    def descend(name: str) -> bool:
        return is_sorting_folder(name) or read_name(Path(name)).kind is not None

    return image_files(root, max_depth=3, descend=descend)


def _is_loose(path: Path) -> bool:
    """Whether a file is a 3-D image of unknown modality in a folder that is a case's own."""
    reading = read_name(path)
    unknown = reading.kind is None and reading.channel is None
    return unknown and not is_sorting_folder(path.parent.name) and channel_count(path) == 1


def _has_modality(group: list[Path]) -> bool:
    return any(
        reading.kind is Kind.MODALITY or reading.channel is not None
        for reading in map(read_name, group)
    )


def _has_label_map(group: list[Path]) -> bool:
    return any(read_name(path).kind is Kind.LABEL_MAP for path in group)


def _adopted(groups: Groups) -> Groups:
    """Give files that are no case of their own to the only case of their folder.

    These are label maps named otherwise than the images, ignored files, and images of unknown
    modality; a few of the last with no case beside them form one.
    """
    by_root: dict[Path, list[Key]] = defaultdict(list)
    for key in groups:
        by_root[key[0]].append(key)
    for root, keys in by_root.items():
        if len(keys) > 1:
            _adopt_in_folder(groups, root, keys)
    return groups


def _adopt_in_folder(groups: Groups, root: Path, keys: list[Key]) -> None:
    cases = [key for key in keys if _has_modality(groups[key])]
    if len(cases) > 1:
        return
    others = [key for key in keys if key not in cases]
    loose = [key for key in others if all(_is_loose(path) for path in groups[key])]
    if not cases and 1 < len(loose) <= _MAX_LOOSE_FILES:
        home = (root, case_id_of(root))
        groups.setdefault(home, [])
    elif cases:
        home = cases[0]
    else:
        return
    for key in others:
        if key == home:
            continue
        second = _has_label_map(groups[key]) and _has_label_map(groups[home])
        images = any(read_name(path).kind is None for path in groups[key])
        if not second and (key in loose or not images):
            groups[home].extend(groups.pop(key))


def _one_case_of_single_images(groups: Groups, *, at_least: int) -> Groups:
    """Join groups of one folder that hold one image each, all of different modalities.

    Series numbers in the names (``20190101_7_t1``, ``20190101_9_flair``) make such groups.
    """
    by_root: dict[Path, list[Key]] = defaultdict(list)
    for key in groups:
        by_root[key[0]].append(key)
    for root, keys in by_root.items():
        told = [key for key in keys if _has_modality(groups[key])]
        modalities = [
            [read_name(p).modality for p in groups[k] if read_name(p).modality] for k in told
        ]
        singles = [m[0] for m in modalities if len(m) == 1]
        if len(singles) == len(told) >= at_least and len(set(singles)) == len(singles):
            joined = [path for key in told for path in groups.pop(key)]
            groups[root, case_id_of(root)] = joined + groups.get((root, case_id_of(root)), [])
    return groups


def _with_label_maps_from_elsewhere(groups: Groups) -> Groups:
    """Give label maps that lie apart from their images to the one case of their id."""
    homes: dict[str, list[Key]] = defaultdict(list)
    apart: list[Key] = []
    for key, group in groups.items():
        if all(read_name(path).kind in (Kind.LABEL_MAP, Kind.EXCLUDED) for path in group):
            apart.append(key)
        else:
            homes[key[1]].append(key)
    for key in apart:
        if len(homes[key[1]]) == 1:
            groups[homes[key[1]][0]].extend(groups.pop(key))
    return groups


def _gathered_by_id(groups: Groups) -> Groups:
    """Join groups of one id from different folders, unless that doubles a modality."""
    by_id: dict[str, list[Key]] = defaultdict(list)
    for key in groups:
        by_id[key[1]].append(key)
    for keys in by_id.values():
        joined = [path for key in keys for path in groups[key]]
        told = [read_name(path).modality for path in joined if read_name(path).modality]
        if len(keys) > 1 and len(told) == len(set(told)):
            for key in keys:
                groups.pop(key)
            groups[keys[0]] = joined
    return groups


def _cases(groups: Groups) -> list[CaseFiles]:
    datasets: dict[Path, DatasetJson | None] = {}
    cases = []
    for (root, case_id), paths in sorted(groups.items(), key=lambda item: (item[0][1], item[0])):
        case = case_from_files(case_id, paths, _dataset_of(root, datasets))
        if case.modalities or case.label_map or case.unassigned:
            cases.append(case)
    return cases


def _dataset_of(root: Path, known: dict[Path, DatasetJson | None]) -> DatasetJson | None:
    """The dataset.json of a case's folder or of the one above it."""
    for folder in (root, root.parent):
        if folder not in known:
            known[folder] = read_dataset_json(folder)
        if known[folder]:
            return known[folder]
    return None


def _checked(cases: list[CaseFiles], strict: bool) -> tuple[CaseFiles, ...]:
    if strict and len(cases) == 1:
        cases[0].require_usable()
    return tuple(cases)
