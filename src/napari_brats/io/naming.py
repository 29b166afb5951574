"""Which data set's naming a case follows, and the label convention that naming suggests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from napari_brats.core.modalities import Modality

MSD_ORDER = (Modality.T2F, Modality.T1N, Modality.T1C, Modality.T2W)
"""The channels of an MSD Task01 image: FLAIR, T1w, T1gd, T2w."""

HD_GLIO_ORDER = (Modality.T1N, Modality.T1C, Modality.T2W, Modality.T2F)
"""The channels of HD-GLIO: T1, CT1, T2, FLAIR."""

UNKNOWN = "unknown"
MSD = "MSD Task01"
HD_GLIO = "HD-GLIO"
NNUNET = "nnU-Net"

_CASE_ID_ROWS: tuple[tuple[str, str, str | None], ...] = (
    (r"BraTS-GLI-\d+-[1-9]\d\d", "BraTS 2024 post-treatment", "brats2024-post"),
    (r"BraTS-PED-.*", "BraTS-PED", "brats2024-ped"),
    (r"BraTS-[A-Za-z]+-\d.*", "BraTS 2023", "brats2023"),
    (r"BraTS2021_\d+", "BraTS 2021", "brats2021"),
    (r"BraTS(1[7-9]|20)_.*", "BraTS 2017-2020", "brats2021"),
    (r"brats_(tcia_pat\d+|201[2-5]_pat\d+)_\d+", "BRATS 2013/2015", "brats2013"),
)
_FILE_ROWS: tuple[tuple[str, str, str | None], ...] = (
    (r"VSD\..*", "BRATS 2013/2015", "brats2013"),
    (r".*_subtrMeanDivStd\..*|OTMultiClass\..*", "DeepMedic", "brats2013"),
    (r".*_GlistrBoost.*", "TCGA", "brats2021"),
    (r".*_final_seg\..*|.*_brain_(t1|t1ce|t2|flair)\..*", "FeTS", "brats2021"),
    (r"CT1\..*|ct1_seg_mask\..*", "LUMIERE", None),
    (r"co__.*|.*_(hdbet|bet)_.*", "BraTS-Toolkit", None),
    (r".*_000\d\.nii(\.gz)?", NNUNET, None),
    (r"TCGA-.*", "TCGA", "brats2021"),
    (r".+_time\d+_.*", "longitudinal", None),
    (r"MRHR_.*", "scanner export", None),
    (r"(t1|t1n|t1c|t1ce|t2|t2w|t2f|flair|fla)\..*", "bare names", None),
)


def naming_of(case_id: str, files: Iterable[Path]) -> tuple[str, str | None]:
    """The naming row a case follows and the convention it suggests; ("unknown", None) if none."""
    paths = tuple(files)
    if any(says_hd_glio(path) for path in paths):
        return HD_GLIO, None
    if any(says_msd(path) for path in paths) and re.fullmatch(r"(?i)brats_\d{3}", case_id):
        return MSD, "msd"
    for pattern, name, hint in _CASE_ID_ROWS:
        if re.fullmatch(pattern, case_id, re.IGNORECASE):
            return name, hint
    for pattern, name, hint in _FILE_ROWS:
        if any(re.fullmatch(pattern, path.name, re.IGNORECASE) for path in paths):
            return name, hint
    return UNKNOWN, None


def says_msd(path: Path) -> bool:
    """Whether the name or folder of a 4-D file says that its channels are in MSD order."""
    in_msd_folder = path.parent.name.lower() in ("imagestr", "imagests", "imagesval")
    return in_msd_folder or bool(re.match(r"BRATS_\d{3}\.nii", path.name))


def says_hd_glio(path: Path) -> bool:
    """Whether the file's name or one of the two folders above it names HD-GLIO."""
    return any(re.search(r"(?i)hd[-_ ]?glio", part) for part in path.parts[-3:])
