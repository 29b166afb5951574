"""One row per naming of the field: what a name says, and the one rule for the case id."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_brats.core.modalities import Modality
from napari_brats.io.names import (
    case_id_of,
    is_image_file,
    is_label_map_name,
    modality_of,
    read_name,
)
from napari_brats.io.words import Kind, modality_in_words

T1N, T1C, T2W, T2F = Modality
LABELS = Kind.LABEL_MAP
NOT_ONE = Kind.EXCLUDED

VSD = "brats_2013_pat0001_1/VSD.Brain"
SCANNER = (
    "TCGA-FG-6692_native/MRHR_T1_AX_POST_GAD_OtherEXampleTCIA_TCGA-FG-6692_Si_TCGA-FG-6692_"
    "MRHR_T1_AX_POST_GAD_SE_13_se2d1r_t1c.nii.gz"
)

ROWS = [
    # BraTS 2017-2020
    ("HGG/Brats18_TCIA02_607_1/Brats18_TCIA02_607_1_flair.nii.gz", T2F, "Brats18_TCIA02_607_1"),
    ("LGG/Brats18_TCIA02_607_1/Brats18_TCIA02_607_1_seg.nii.gz", LABELS, "Brats18_TCIA02_607_1"),
    ("BraTS20_Training_001/BraTS20_Training_001_t1ce.nii", T1C, "BraTS20_Training_001"),
    ("BraTS20_Training_355/W39_1998.09.19_Segm.nii", LABELS, "BraTS20_Training_355"),
    # BraTS 2021
    ("BraTS2021_00006/BraTS2021_00006_t1.nii.gz", T1N, "BraTS2021_00006"),
    ("BraTS2021_00006/BraTS2021_00006_t1ce.nii.gz", T1C, "BraTS2021_00006"),
    ("BraTS2021_00006/BraTS2021_00006_t2.nii.gz", T2W, "BraTS2021_00006"),
    ("BraTS2021_00006/BraTS2021_00006_seg.nii.gz", LABELS, "BraTS2021_00006"),
    ("BraTS2021_00006", None, "BraTS2021_00006"),
    # BraTS 2023 and later
    ("BraTS-GLI-00001-000/BraTS-GLI-00001-000-t1n.nii.gz", T1N, "BraTS-GLI-00001-000"),
    ("BraTS-GLI-00001-000/BraTS-GLI-00001-000-t1c.nii.gz", T1C, "BraTS-GLI-00001-000"),
    ("BraTS-GLI-00001-000/BraTS-GLI-00001-000-t2w.nii.gz", T2W, "BraTS-GLI-00001-000"),
    ("BraTS-GLI-00001-000/BraTS-GLI-00001-000-t2f.nii.gz", T2F, "BraTS-GLI-00001-000"),
    ("BraTS-GLI-00001-001/BraTS-GLI-00001-001-seg.nii.gz", LABELS, "BraTS-GLI-00001-001"),
    # inpainting
    ("BraTS-GLI-00001-000/BraTS-GLI-00001-000-t1n-voided.nii.gz", NOT_ONE, "BraTS-GLI-00001-000"),
    ("BraTS-GLI-00001-000/BraTS-GLI-00001-000-mask.nii.gz", NOT_ONE, "BraTS-GLI-00001-000"),
    # nnU-Net
    ("Dataset001/imagesTr/CASE_0003.nii.gz", None, "CASE"),
    ("Dataset001/labelsTr/CASE.nii.gz", LABELS, "CASE"),
    # MSD Task01
    ("Task01/imagesTr/BRATS_003.nii.gz", None, "BRATS_003"),
    ("Task01/labelsTr/BRATS_003.nii.gz", LABELS, "BRATS_003"),
    ("Task01/BRATS_003_coverage.nii.gz", NOT_ONE, "BRATS_003"),
    # re-laid out
    ("images/BraTS2021_00006.nii.gz", None, "BraTS2021_00006"),
    ("labels/BraTS2021_00006_seg.nii.gz", LABELS, "BraTS2021_00006"),
    # BRATS 2015
    (f"{VSD}.XX.O.MR_Flair.54512.nii.gz", T2F, "brats_2013_pat0001_1"),
    (f"{VSD}.XX.O.MR_T1c.54514/VSD.Brain.XX.O.MR_T1c.54514.mha", T1C, "brats_2013_pat0001_1"),
    (
        f"{VSD}_3more.XX.O.OT.54517/VSD.Brain_3more.XX.O.OT.54517.mha",
        LABELS,
        "brats_2013_pat0001_1",
    ),
    # DeepMedic
    ("P7/Flair_subtrMeanDivStd.nii.gz", T2F, "P7"),
    ("P7/T1c_subtrMeanDivStd.nii.gz", T1C, "P7"),
    ("P7/OTMultiClass.nii.gz", LABELS, "P7"),
    ("P7/brainmask.nii.gz", NOT_ONE, "P7"),
    # bare names
    ("P7/t1.nii.gz", T1N, "P7"),
    ("P7/t1c.nii.gz", T1C, "P7"),
    ("P7/t2W.nii.gz", T2W, "P7"),
    ("P7/fla.nii.gz", T2F, "P7"),
    ("P7/seg.nii.gz", LABELS, "P7"),
    # BraTS-Toolkit
    ("P7/TCGA-DU-7294_fla_bet_normalized.nii.gz", T2F, "TCGA-DU-7294"),
    ("P7/TCGA-DU-7294_hdbet_native_t1c.nii.gz", T1C, "TCGA-DU-7294"),
    ("P7/co__t1c__flair.nii.gz", T2F, "P7"),
    # scanner exports
    (SCANNER, T1C, "TCGA-FG-6692_native"),
    ("TCGA-FG-6692_native", None, "TCGA-FG-6692_native"),
    # TCGA
    ("TCGA-HT-8111_1998.03.30_t1Gd.nii", T1C, "TCGA-HT-8111_1998.03.30"),
    ("TCGA-HT-8111_1998.03.30_GlistrBoost.nii.gz", LABELS, "TCGA-HT-8111_1998.03.30"),
    # longitudinal
    ("P/100001_time1_t1ce.nii.gz", T1C, "100001_time1"),
    ("P/100001_time2_t1ce.nii.gz", T1C, "100001_time2"),
    ("P/100001_time1_t1ce-t1.nii.gz", NOT_ONE, "100001_time1"),
    ("P/100001_time1_flair_subtraction.nii.gz", NOT_ONE, "100001_time1"),
    # LUMIERE
    ("Patient-001/week056/CT1.nii", T1C, "Patient-001_week056"),
    ("Patient-001/week000-1/FLAIR.nii", T2F, "Patient-001_week000-1"),
    ("Patient-001/week056/ct1_seg_mask.nii", LABELS, "Patient-001_week056"),
    ("Patient-001/week056", None, "Patient-001_week056"),
    # FeTS
    ("P/X_brain_t1ce.nii.gz", T1C, "X"),
    ("P/X_final_seg.nii.gz", LABELS, "X"),
    ("BraTS2021_00495/00000057_brain_t1.nii", T1N, "BraTS2021_00495"),
    # HD-GLIO
    ("hd-glio/X_0000.nii.gz", None, "X"),
    # others met in the wild
    ("UCSF-PDGM-0004_nifti/UCSF-PDGM-0004_T1_bias.nii.gz", NOT_ONE, "UCSF-PDGM-0004"),
    ("UCSF-PDGM-0004_nifti/UCSF-PDGM-0004_tumor_segmentation.nii.gz", LABELS, "UCSF-PDGM-0004"),
    ("UPENN-GBM-00001_11_automated_approx_segm.nii.gz", LABELS, "UPENN-GBM-00001_11"),
    ("sub-01/ses-02/anat/sub-01_ses-02_ce-gadolinium_T1w.nii.gz", T1C, "sub-01_ses-02"),
    ("T2/case7.nii.gz", T2W, "case7"),
]


@pytest.mark.parametrize(("name", "told", "case_id"), ROWS, ids=[row[0][-60:] for row in ROWS])
def test_every_naming_row_tells_case_and_modality(
    name: str, told: Modality | Kind | None, case_id: str
) -> None:
    path = Path("data") / name
    assert case_id_of(path) == case_id
    if not is_image_file(path):
        return
    reading = read_name(path)
    assert (reading.modality or reading.kind) == told
    assert modality_of(path) == (told if isinstance(told, Modality) else None, reading.reason)
    assert is_label_map_name(path) == (told is LABELS)
    assert reading.reason


@pytest.mark.parametrize("word", ["t1", "t1n", "T1w", "t1_native"])
def test_words_for_t1n(word: str) -> None:
    assert read_name(Path(f"c_{word}.nii")).modality is T1N


@pytest.mark.parametrize(
    "word", ["t1c", "t1ce", "T1Gd", "t1wce", "ct1", "t1post", "t1_gd", "t1km", "t1-gd"]
)
def test_words_for_t1c(word: str) -> None:
    assert read_name(Path(f"c_{word}.nii")).modality is T1C


@pytest.mark.parametrize("word", ["t2", "T2W", "t2w"])
def test_words_for_t2w(word: str) -> None:
    assert read_name(Path(f"c_{word}.nii")).modality is T2W


@pytest.mark.parametrize("word", ["t2f", "FLAIR", "fla", "t2flair", "T2-FLAIR", "t2_flair"])
def test_words_for_t2f(word: str) -> None:
    assert read_name(Path(f"c_{word}.nii")).modality is T2F


@pytest.mark.parametrize(
    "word",
    ["seg", "segm", "segmentation", "label", "labels", "mask_seg", "OTMultiClass", "final_seg"],
)
def test_words_for_label_maps(word: str) -> None:
    assert is_label_map_name(Path(f"c_{word}.nii"))


@pytest.mark.parametrize(
    "name",
    [
        "t1_voided",
        "t1_mask",
        "t1_weight",
        "seg_pred",
        "seg_probability",
        "wt_prob",
        "c-seg-wt",
        "c_t2-t1",
    ],
)
def test_words_that_exclude(name: str) -> None:
    assert read_name(Path(f"{name}.nii")).kind is NOT_ONE


@pytest.mark.parametrize("name", ["c_t10.nii", "flairish.nii", "at1.nii", "ot.nii", "segovia.nii"])
def test_words_count_as_whole_tokens_only(name: str) -> None:
    reading = read_name(Path("data") / name)
    assert (reading.kind, reading.modality) == (None, None)


@pytest.mark.parametrize(
    ("name", "is_image"),
    [("a.nii", True), ("a.NII.GZ", True), ("a.mha", True), ("._a.nii", False), ("a.gz", False)],
)
def test_is_image_file(name: str, is_image: bool) -> None:
    assert is_image_file(Path(name)) == is_image


@pytest.mark.parametrize("row", ROWS, ids=[row[0][-60:] for row in ROWS])
def test_a_saved_mask_maps_back_to_its_case(row: tuple[str, object, str]) -> None:
    case_id = case_id_of(Path("data") / row[0])
    assert case_id_of(Path("out") / f"{case_id}-seg.nii.gz") == case_id


def test_an_id_with_words_of_its_own_survives_saving() -> None:
    assert case_id_of(Path("out/study_t1_flair-seg.nii.gz")) == "study_t1_flair"


def test_sorting_folders_are_passed_over_for_bare_names() -> None:
    assert case_id_of(Path("P7/anat/t1.nii")) == "P7"
    assert case_id_of(Path("P7/anat")) == "P7"


@pytest.mark.parametrize(
    ("text", "modality"),
    [
        ("T1-weighted", T1N),
        ("T1w with contrast", T1C),
        ("T1-weighted, gadolinium", T1C),
        ("T2-FLAIR", T2F),
        ("ADC", None),
        ("CT", None),
    ],
)
def test_modality_in_words(text: str, modality: Modality | None) -> None:
    assert modality_in_words(text) is modality


PARTS = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)
WORDS = st.sampled_from(
    [
        *("t1", "T1c", "flair", "seg", "mask", "week012", "VSD", "images", "co", "bet", "native"),
        *("_", "-", ".", "0000"),
    ]
)
NAMES = st.lists(WORDS | PARTS, min_size=1, max_size=6).flatmap(
    lambda words: st.sampled_from("_-. ").map(lambda separator: separator.join(words))
)


@given(NAMES, NAMES, st.sampled_from(["", ".nii", ".nii.gz", ".mha"]))
def test_any_name_has_an_id_and_a_reading(folder: str, stem: str, suffix: str) -> None:
    path = Path("data", folder.replace("/", "_"), stem + suffix)
    assert case_id_of(path)
    reading = read_name(path)
    assert reading.reason
    assert (reading.kind is Kind.MODALITY) == (reading.modality is not None)
