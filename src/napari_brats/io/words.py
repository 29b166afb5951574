"""The words that file names are made of, and what each tells.

Names are cut into tokens at ``_``, ``.``, ``-`` and white space; tokens, or runs of several, are
looked up in one vocabulary, the longest run first and without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from napari_brats.core.modalities import Modality

SEPARATORS = "_.- \t"
_TOKEN = re.compile(r"[^_.\-\s]+")


class Kind(Enum):
    """What a word in a file name tells."""

    MODALITY = auto()
    LABEL_MAP = auto()
    EXCLUDED = auto()
    PROCESSING = auto()


_ALIASES: Mapping[Modality, str] = {
    Modality.T1N: "t1 t1n t1w t1_native native_t1",
    Modality.T1C: "t1c t1ce t1gd t1wce ct1 t1post t1km t1_gd t1_ce t1_post t1_km t1w_ce t1w_gd "
    "t1w_post ce_gd_t1w ce_gadolinium_t1w",
    Modality.T2W: "t2 t2w",
    Modality.T2F: "t2f flair fla t2flair t2_flair",
}
_LABEL_WORDS = (
    "seg segm segmentation label labels otmulticlass mask_seg seg_mask final_seg "
    "tumor_segmentation tumor_seg automated_approx_segm glistrboost "
    "glistrboost_manuallycorrected"
)
_EXCLUDED_WORDS = {
    "part of the image was cut out for inpainting": "voided",
    "a difference of two images": "subtraction subtracted difference diff",
    "a bias field or an image before bias correction": "bias",
    "tells where data exist": "coverage",
    "a weight map": "weight weights",
    "a brain mask": "brainmask brain_mask brain_segmentation brain_parenchyma_segmentation",
    "a prediction": "pred prediction predicted",
    "a probability map": "probability probabilities prob probs softmax",
    "another contrast than the four": "adc dwi swi asl dti pwi cbv cbf dce dsc",
}
_PROCESSING_WORDS = (
    "bet hdbet brain stripped skullstripped skull_strip normalized normalised norm native co reg "
    "registered coregistered resampled reoriented orig raw n4 biascorrected preprocessed "
    "subtrmeandivstd final manual image img mr mri scan volume"
)


@dataclass(frozen=True)
class Word:
    """A known word in a name, with its place there and what it tells."""

    kind: Kind
    text: str
    start: int
    end: int
    modality: Modality | None = None
    why: str = ""


def _vocabulary() -> dict[tuple[str, ...], tuple[Kind, Modality | None, str]]:
    words: dict[tuple[str, ...], tuple[Kind, Modality | None, str]] = {}
    for word in _PROCESSING_WORDS.split():
        words[tuple(word.split("_"))] = (Kind.PROCESSING, None, "")
    for word in _LABEL_WORDS.split():
        words[tuple(word.split("_"))] = (Kind.LABEL_MAP, None, "")
    for why, listing in _EXCLUDED_WORDS.items():
        for word in listing.split():
            words[tuple(word.split("_"))] = (Kind.EXCLUDED, None, why)
    for modality, listing in _ALIASES.items():
        for word in listing.split():
            words[tuple(word.split("_"))] = (Kind.MODALITY, modality, "")
    return words


_WORDS = _vocabulary()
_LONGEST = max(map(len, _WORDS))


def tokens_of(text: str) -> list[str]:
    """The tokens of a text in lower case, left to right."""
    return [token.lower() for token in _TOKEN.findall(text)]


@lru_cache(maxsize=1 << 16)
def words_in(stem: str) -> tuple[Word, ...]:
    """The known words of a stem from left to right, each as long as possible."""
    return tuple(_found_words(stem))


def _found_words(stem: str) -> Iterator[Word]:
    tokens = list(_TOKEN.finditer(stem))
    lower = [token[0].lower() for token in tokens]
    is_vsd = lower[:1] == ["vsd"]
    position = 0
    while position < len(tokens):
        for length in range(min(_LONGEST, len(tokens) - position), 0, -1):
            key = tuple(lower[position : position + length])
            entry = _WORDS.get(key)
            if is_vsd and key == ("ot",):
                entry = (Kind.LABEL_MAP, None, "")
            if entry:
                start, end = tokens[position].start(), tokens[position + length - 1].end()
                yield Word(entry[0], stem[start:end], start, end, entry[1], entry[2])
                position += length
                break
        else:
            position += 1


def modality_in_words(text: str) -> Modality | None:
    """The modality a description names (``T1-weighted with contrast``); None if it names none."""
    named = [w.modality for w in words_in(text) if w.modality]
    if not named:
        return None
    tokens = set(tokens_of(text))
    enhanced = tokens & {"gd", "gadolinium", "contrast", "post", "ce", "enhanced", "postcontrast"}
    return Modality.T1C if named[-1] is Modality.T1N and enhanced else named[-1]
