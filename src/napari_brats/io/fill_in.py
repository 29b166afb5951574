"""What names don't say, filled in from the voxels; a choice of the user's is never touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from napari_brats.core.case import Volume
from napari_brats.core.errors import BratsError
from napari_brats.core.modalities import MODALITIES, Modality, Shares
from napari_brats.io.case_files import CaseFiles
from napari_brats.io.load import read_choices
from napari_brats.io.look import Look, has_skull, look_at, oddness
from napari_brats.io.recognise import SURE, Recognition, percent, recognise

_WORTH_NAMING = 0.05
_MIN_AGREEMENT = 0.5


@dataclass(frozen=True)
class Verdict:
    """What the voxels say about one image.

    Attributes
    ----------
    modality
        What it is; None if that is not sure.
    reason
        In words for the user.
    shares
        How probable each modality is, likeliest first; empty where nothing can be said.
    """

    modality: Modality | None
    reason: str
    shares: Shares = ()


def fill_in(files: CaseFiles) -> CaseFiles:
    """The case with its unassigned images assigned where their voxels are sure.

    Those of which they are not sure stay unassigned and say so in their ``reason``. Reads the
    voxels of a case with unassigned images and missing modalities; any other comes back as it is.
    So does one whose files cannot be read: loading it says why.
    """
    if files.problems or not files.unassigned or not files.missing:
        return files
    choices = dict(enumerate((*files.modalities.values(), *files.unassigned)))
    try:
        volumes = read_choices(choices)
    except BratsError:
        return files
    known = {m: volumes[index] for index, m in enumerate(files.modalities)}
    unknown = [volumes[index] for index in range(len(known), len(choices))]
    modalities, unassigned = dict(files.modalities), []
    for choice, verdict in zip(files.unassigned, verdicts(known, unknown), strict=True):
        told = replace(choice, reason=verdict.reason or choice.reason, shares=verdict.shares)
        if verdict.modality is None:
            unassigned.append(told)
        else:
            modalities[verdict.modality] = told
    modalities = {m: modalities[m] for m in MODALITIES if m in modalities}
    return replace(files, modalities=modalities, unassigned=tuple(unassigned))


def verdicts(known: Mapping[Modality, Volume], unknown: Sequence[Volume]) -> list[Verdict]:
    """What each unknown image of a case is, given the ones that are known."""
    looks = [look_at(volume) for volume in unknown]
    why = [oddness(v, look) for v, look in zip(unknown, looks, strict=True)]
    images = [index for index, text in enumerate(why) if not text]
    beside = {m: look for m, v in known.items() if not oddness(v, look := look_at(v))}
    volumes = [*(known[m] for m in beside), *(unknown[index] for index in images)]
    judged = [*beside.values(), *(looks[index] for index in images)]
    found = [Verdict(None, text) for text in why]
    told = _judge(volumes, judged, tuple(beside), tuple(known)) if images else []
    for index, verdict in zip(images, told, strict=True):
        found[index] = verdict
    return found


def _judge(
    volumes: Sequence[Volume],
    looks: Sequence[Look],
    beside: Sequence[Modality],
    taken: Sequence[Modality],
) -> list[Verdict]:
    """Verdicts on the images that come after those known to be ``beside``."""
    count = len(looks) - len(beside)
    free = len(MODALITIES) - len(taken)
    if count > free:
        text = f"not recognised from its voxels: {count} images for {free} missing modalities"
        return [Verdict(None, text)] * count
    if any(has_skull(look) for look in looks):
        text = "not recognised from its voxels: the skull seems to be still on"
        return [Verdict(None, text)] * count
    one_grid = all(v.grid.is_same(volumes[0].grid) for v in volumes)
    recognition = recognise(looks, one_grid=one_grid)
    if recognition is None:
        text = "not recognised from its voxels: too little brain that all images show"
        return [Verdict(None, text)] * count
    likely, agreement = recognition.given([*beside, *[None] * count], taken)
    if agreement < _MIN_AGREEMENT:
        text = "not recognised from its voxels: they do not go with the names of the other images"
        return [Verdict(None, text)] * count
    return [_verdict(likely, place) for place in range(len(beside), len(looks))]


def remarks(recognised: Mapping[Modality, str], unsure: Mapping[str, Shares]) -> tuple[str, ...]:
    """What to tell before a run about images whose names did not say what they are.

    Parameters
    ----------
    recognised
        Modality -> the name of the image that was taken for it by its voxels.
    unsure
        Name of an image that was left out -> how probable each modality is.
    """
    texts = []
    if recognised:
        listing = ", ".join(f"{m} = {recognised[m]}" for m in MODALITIES if m in recognised)
        texts.append(
            f"Recognised from their voxels, not from their names: {listing}. Look at them, and "
            f"correct the choice of files if it is wrong."
        )
    for name, shares in unsure.items():
        texts.append(
            f"{name} is left out: by its voxels it may be {shares_in_words(shares)}. Say which it "
            f"is (panel: section 'Case'; command line: --modality {shares[0][0]}={name})."
        )
    return tuple(texts)


def file_remarks(files: CaseFiles) -> tuple[str, ...]:
    """The `remarks` about the files of a case."""
    return remarks(
        {m: choice.title for m, choice in files.modalities.items() if choice.shares},
        {choice.title: choice.shares for choice in files.unassigned if choice.shares},
    )


def shares_in_words(shares: Shares) -> str:
    """``T1N (70 %) or T1C (30 %)``."""
    return " or ".join(f"{m} ({percent(p)})" for m, p in shares if p >= _WORTH_NAMING)


def _verdict(recognition: Recognition, place: int) -> Verdict:
    shares = recognition.shares(place)
    ranked = tuple(sorted(shares.items(), key=lambda item: -item[1]))
    modality, share = ranked[0]
    if share < SURE[len(recognition.best)]:
        text = f"left out: by its voxels {shares_in_words(ranked)}, not sure which"
        return Verdict(None, text, ranked)
    return Verdict(
        modality, f"recognised from its voxels ({percent(share)} sure), please check", ranked
    )
