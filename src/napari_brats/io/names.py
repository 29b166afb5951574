"""What a file's name alone says: which case it belongs to and which modality it is.

Nothing here touches the disk. The words themselves stand in `words`.
"""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from napari_brats.core.modalities import Modality
from napari_brats.io.words import SEPARATORS, Kind, Word, tokens_of, words_in

IMAGE_SUFFIXES = (".nii.gz", ".nii", ".mha")

_CACHED = 1 << 16  # readings of names kept; a folder of cases asks for each several times

_LABEL_FOLDERS = frozenset(
    ["labels", "labelstr", "labelsts", "labelsval", "label", "segmentations"]
)
_LAYOUT_FOLDERS = _LABEL_FOLDERS.union(
    ["images", "imagestr", "imagests", "imagesval", "masks", "anat", "nifti", "nii"],
    ["train", "training", "val", "validation", "test", "testing"],
)
_TIME_POINT = re.compile(
    r"(week|time|timepoint|tp|visit|ses|session|day|month|year|fu|followup|baseline|pre|post)"
    r"[-_]?\d*([-_]\d+)?|\d{4}[-_.]\d{2}[-_.]\d{2}",
    re.IGNORECASE,
)
_BRATS_FOLDER = re.compile(
    r"BraTS2021_\d{5}|BraTS20_(Training|Validation)_\d{3}|BraTS-[A-Za-z]+-\d{5}-\d{3}",
    re.IGNORECASE,
)
_NNUNET_CHANNEL = re.compile(r"_000(\d)$")


@dataclass(frozen=True)
class NameReading:
    """What one file name says.

    Attributes
    ----------
    kind
        MODALITY, LABEL_MAP, EXCLUDED, or None where the name tells no modality.
    modality
        Which modality, if `kind` is MODALITY.
    reason
        Why, in words for the user.
    channel
        The number of an nnU-Net channel (``CASE_0002`` gives 2), else None.
    """

    kind: Kind | None
    modality: Modality | None
    reason: str
    channel: int | None = None


def is_image_file(path: Path) -> bool:
    """Whether the name is that of a volume we read: .nii, .nii.gz or .mha, and not hidden."""
    return is_image_name(path.name)


def is_image_name(name: str) -> bool:
    """`is_image_file` of a bare name."""
    return name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")


def image_stem(path: Path) -> str:
    """The file's name without its image suffix; dots inside it stay."""
    for suffix in IMAGE_SUFFIXES:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.name


def modality_of(path: Path) -> tuple[Modality | None, str]:
    """The modality a file's name tells, or None, with the reason in words."""
    reading = read_name(path)
    return reading.modality, reading.reason


def is_label_map_name(path: Path) -> bool:
    """Whether the name, or the folder it lies in (``labelsTr``), is that of a label map."""
    return read_name(path).kind is Kind.LABEL_MAP


@lru_cache(maxsize=_CACHED)
def read_name(path: Path) -> NameReading:
    """What the name of a file says; the folder counts where the name itself says nothing."""
    stem = image_stem(path)
    words = words_in(stem)
    excluded = _exclusion(stem, words)
    if excluded:
        return NameReading(Kind.EXCLUDED, None, excluded)
    telling = [w for w in words if w.kind in (Kind.MODALITY, Kind.LABEL_MAP)]
    if telling:
        last = telling[-1]
        if last.kind is Kind.LABEL_MAP:
            return NameReading(Kind.LABEL_MAP, None, f"label map: '{last.text}' in its name")
        return NameReading(Kind.MODALITY, last.modality, f"'{last.text}' in its name")
    return _reading_of_folder(path.parent.name, stem)


def _reading_of_folder(folder: str, stem: str) -> NameReading:
    if folder.lower() in _LABEL_FOLDERS:
        return NameReading(Kind.LABEL_MAP, None, f"label map: it lies in the folder '{folder}'")
    match = _NNUNET_CHANNEL.search(stem)
    if match:
        channel = int(match[1])
        return NameReading(None, None, f"channel {channel} of a numbered series", channel)
    words = words_in(folder)
    if len(words) == 1 and words[0].text == folder and words[0].modality:
        return NameReading(Kind.MODALITY, words[0].modality, f"it lies in the folder '{folder}'")
    return NameReading(None, None, "its name tells no modality")


def _exclusion(stem: str, words: tuple[Word, ...]) -> str:
    for word in words:
        if word.kind is Kind.EXCLUDED:
            return f"'{word.text}' in its name: {word.why}"
    for first, second in itertools.pairwise(words):
        joined = stem[first.end : second.start] == "-"
        if joined and first.kind is second.kind is Kind.MODALITY:
            return f"'{stem[first.start : second.end]}' in its name: a difference of two images"
    tokens = tokens_of(stem)
    if "mask" in tokens and not any(w.kind is Kind.LABEL_MAP for w in words):
        return "'mask' in its name, with no word for a label map"
    if len(tokens) > 1 and tokens[-1] in ("wt", "tc", "et"):
        return f"'{tokens[-1]}' at the end of its name: the mask of one region"
    return ""


def modalities_in_name(path: Path) -> tuple[Modality, ...]:
    """Every modality whose word stands in the file's name, left to right."""
    return tuple(w.modality for w in words_in(image_stem(path)) if w.modality)


def case_id_of(path: Path) -> str:
    """The id of the case that a file or a folder belongs to.

    One rule for every naming:

    1. ``<id>-seg`` is what this program saves: the id is ``<id>``.
    2. Else words for modality, label map, difference images and processing, and an nnU-Net channel
       number, are dropped from the end of the file's stem; what is left is the id.
    3. The folder is the case where nothing is left; where what is left still names a contrast (then
       it describes a series, not a case); where the name is one of the VSD archive (its number is
       the file's); and where the folder is named as BraTS names a case (a few of its files are
       not). Folders that only sort (``images``, ``labelsTr``, ``t1``) are passed over upwards, and
       one that only tells the time point (``week056``) is joined to its parent:
       ``Patient-001_week056``.

    A path without an image suffix is a folder and goes straight to 3. Never empty.
    """
    return _id_of(absolute(path))


@lru_cache(maxsize=_CACHED)
def _id_of(path: Path) -> str:
    if not is_image_file(path):
        return _id_of_folder(case_folder(path))
    return _id_in_stem(path) or _id_of_folder(case_folder(path)) or image_stem(path) or path.name


def case_folder(path: Path) -> Path:
    """The folder all files of the case of ``path`` lie in or under: sorting folders passed over."""
    return _case_folder(absolute(path))


@lru_cache(maxsize=_CACHED)
def _case_folder(path: Path) -> Path:
    start = path
    if is_image_file(path):
        start = path.parent
        if start.name in (path.name, image_stem(path)) and read_name(path).kind is not None:
            start = start.parent  # a file in a folder of its own name, as BRATS 2015 comes
    folder = start
    while is_sorting_folder(folder.name):
        folder = folder.parent
    return folder if folder.name else start


@lru_cache(maxsize=_CACHED)
def is_sorting_folder(name: str) -> bool:
    """Whether a folder of this name only sorts the files of cases, and names none itself."""
    if not name:
        return False
    lower = name.lower()
    tokens = tokens_of(lower)
    if lower in _LAYOUT_FOLDERS or (tokens and tokens[0] == "vsd"):
        return True
    words = words_in(lower)
    covered = sum(len(tokens_of(w.text)) for w in words)
    return bool(words) and covered == len(tokens)


def _id_in_stem(path: Path) -> str:
    stem = image_stem(path)
    words = words_in(stem)
    if stem.lower().endswith("-seg"):
        rest = stem[:-4].rstrip(SEPARATORS)
        return "" if _is_covered(rest, words_in(rest)) else rest
    if stem.lower().startswith("vsd.") or _BRATS_FOLDER.fullmatch(case_folder(path).name):
        return ""
    rest = _without_trailing_words(stem, words)
    if rest == stem and path.parent.name.lower() not in _LABEL_FOLDERS:
        rest = _NNUNET_CHANNEL.sub("", stem)
    left = words_in(rest)
    if any(w.kind is Kind.MODALITY for w in left) or _is_covered(rest, left):
        return ""
    return rest


def _without_trailing_words(stem: str, words: tuple[Word, ...]) -> str:
    end = len(stem)
    after_label = False
    trailing = {w.end: w for w in words}
    while end:
        word = trailing.get(end) or _other_trailing_word(stem[:end])
        if word is None or (word.kind is Kind.PROCESSING and after_label):
            break
        after_label = word.kind is Kind.LABEL_MAP
        end = len(stem[: word.start].rstrip(SEPARATORS))
    return stem[:end].strip(SEPARATORS)


def _other_trailing_word(stem: str) -> Word | None:
    match = re.search(r"(?i)(?<=[_.\-\s])(mask|wt|tc|et)$|^mask$", stem)
    return Word(Kind.EXCLUDED, match[0], match.start(), match.end()) if match else None


def _is_covered(text: str, words: tuple[Word, ...]) -> bool:
    return sum(len(tokens_of(w.text)) for w in words) == len(tokens_of(text))


def _id_of_folder(folder: Path) -> str:
    parent = folder.parent
    while is_sorting_folder(parent.name):
        parent = parent.parent
    if _TIME_POINT.fullmatch(folder.name) and parent.name:
        return f"{parent.name}_{folder.name}"
    return folder.name or "case"


def absolute(path: Path) -> Path:
    """The absolute path without ``..``; links stay, because their names tell the case."""
    if path.is_absolute() and ".." not in path.parts:
        return path
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
