"""What ``evaluate`` compares: two label maps, or two folders of them matched by case id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_brats.core.errors import CaseError

if TYPE_CHECKING:
    from napari_brats.io.discover import CaseFiles, FileChoice


@dataclass(frozen=True)
class LabelMapFile:
    """A label map and what its name tells.

    Attributes
    ----------
    case_id
        The case it belongs to.
    path
        Its file.
    naming, hint
        The naming row and the label convention it suggests, if any.
    problem
        Why it cannot be used; empty if it can.
    images
        The images of its case that lie beside it.
    """

    case_id: str
    path: Path
    naming: str = "unknown"
    hint: str | None = None
    problem: str = ""
    images: tuple[FileChoice, ...] = ()


@dataclass(frozen=True)
class Pair:
    """The two sides of one case; one of them may be missing.

    Attributes
    ----------
    case_id
        Its name.
    reference, prediction
        The label maps.
    images
        Those of ``--image``; None asks for the ones beside the reference.
    """

    case_id: str
    reference: LabelMapFile | None
    prediction: LabelMapFile | None
    images: tuple[FileChoice, ...] | None = None


def pair_up(reference: Path, prediction: Path) -> tuple[Pair, ...]:
    """The pairs of two files, or of two folders by case id, sorted by it.

    A file and a folder are matched by case id too, if the folder holds more than one case.

    Raises
    ------
    CaseError
        If a path is not there or holds no label map.
    """
    left, right = label_maps_at(reference), label_maps_at(prediction, made_here=True)
    single = len(left) == len(right) == 1
    if single and not (reference.is_dir() and prediction.is_dir()):
        (one,), (other,) = left.values(), right.values()
        return (Pair(one.case_id, one, other),)
    if not reference.is_dir() or not prediction.is_dir():  # one file: its case is what is asked
        wanted = set(right if reference.is_dir() else left)
        left = {i: f for i, f in left.items() if i in wanted}
        right = {i: f for i, f in right.items() if i in wanted}
    return tuple(Pair(i, left.get(i), right.get(i)) for i in sorted({*left, *right}))


def label_maps_at(path: Path, *, made_here: bool = False) -> dict[str, LabelMapFile]:
    """The label maps of a file or a folder by case id; CaseError if there is none.

    In a folder these are files named as label maps, and files beside no modality whose names tell
    nothing (nnU-Net's predictions are called like the case). Where a mask of ``segment`` lies
    beside a given label map, ``made_here`` decides which of the two is meant.
    """
    from napari_brats.io.discover import discover, discover_files

    if not path.exists():
        raise CaseError(f"{path} does not exist. Expected a label map or a folder of label maps.")
    if not path.is_dir():
        (files,) = discover_files([path], strict=False)
        return {files.case_id: replace(_label_map_file(files, path), images=_beside(path))}
    found: list[LabelMapFile] = []
    for files in discover(path, strict=False):
        if any(problem.modality is None for problem in files.problems):
            text = "\n".join(problem.text for problem in files.problems)
            found.append(LabelMapFile(files.case_id, path, problem=text))
        elif files.label_map:
            found.append(_label_map_file(files, _one_of(files, files.label_map.path, made_here)))
        elif not files.modalities:
            for choice in files.unassigned:
                (alone,) = discover_files([choice.path], strict=False)
                found.append(_label_map_file(alone, choice.path))
    if not found:
        raise CaseError(
            f"No label map was found in {path}. Expected files such as <case>-seg.nii.gz or "
            f"<case>_seg.nii.gz, or a folder that holds label maps only."
        )
    return _by_id(found)


def _one_of(files: CaseFiles, given: Path, made_here: bool) -> Path:
    from napari_brats.io.case_files import label_maps_of
    from napari_brats.io.sidecar import recorded_convention

    made = [c.path for c in label_maps_of(files) if recorded_convention(c.path)]
    return made[0] if made_here and len(made) == 1 else given


def _label_map_file(files: CaseFiles, path: Path) -> LabelMapFile:
    images = tuple(files.modalities.values())
    return LabelMapFile(files.case_id, path, files.naming, files.convention_hint, images=images)


def _beside(path: Path) -> tuple[FileChoice, ...]:
    """The images of the case that a label map belongs to."""
    from napari_brats.io.discover import discover

    try:
        return tuple(c for files in discover(path, strict=False) for c in files.modalities.values())
    except CaseError:
        return ()


def with_images(pairs: Sequence[Pair], path: Path) -> tuple[Pair, ...]:
    """The pairs with the images at ``path``: one file for the only pair, or a folder by case id.

    A case for which the folder holds none has no images.

    Raises
    ------
    CaseError
        If there is no image at ``path``, or it is one file for several pairs.
    """
    from napari_brats.io.discover import discover, discover_files

    if path.is_dir():
        by_id = {files.case_id: _images_of(files) for files in discover(path, strict=False)}
        return tuple(replace(pair, images=by_id.get(pair.case_id, ())) for pair in pairs)
    (files,) = discover_files([path], strict=False)
    if len(pairs) > 1:
        raise CaseError(
            f"{path} is one file, but there are {len(pairs)} cases. Expected a folder with the "
            f"images of each."
        )
    return tuple(replace(pair, images=_images_of(files)) for pair in pairs)


def _images_of(files: CaseFiles) -> tuple[FileChoice, ...]:
    return tuple(files.modalities.values()) or files.unassigned


def _by_id(found: list[LabelMapFile]) -> dict[str, LabelMapFile]:
    by_id: dict[str, LabelMapFile] = {}
    for file in found:
        other = by_id.setdefault(file.case_id, file)
        if other is not file:
            both = f"{other.path} and {file.path}"
            text = f"Two label maps belong to case {file.case_id}: {both}. Remove or rename one."
            by_id[file.case_id] = LabelMapFile(file.case_id, file.path, problem=text)
    return by_id


def name_sets(values: Sequence[str]) -> Mapping[str, Path]:
    """Name -> path of several ``--prediction`` values, each ``PATH`` or ``NAME=PATH``.

    Without a name it is that of the folder or file, with as much of its path as tells it apart.

    Raises
    ------
    CaseError
        If two have one name.
    """
    named: dict[str, Path] = {}
    for value in values:
        name, equals, rest = value.partition("=")
        given = bool(name and equals and rest) and not Path(value).exists()
        path = Path(rest if given else value)
        key = name if given else _short_name(path, [Path(other) for other in values])
        if key in named:
            raise CaseError(
                f"Two predictions are called {key}: {named[key]} and {path}. Name them: "
                f"--prediction NAME=PATH."
            )
        named[key] = path
    return named


def _short_name(path: Path, others: Sequence[Path]) -> str:
    parts = path.resolve().parts
    for length in range(1, len(parts) + 1):
        end = parts[-length:]
        if sum(other.resolve().parts[-length:] == end for other in others) <= 1:
            return "/".join(end)
    return str(path)
