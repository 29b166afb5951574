"""Which files become which case; 3-D files are empty, for names alone decide."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_brats.core.errors import CaseError
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.io.discover import CaseFiles, discover, discover_files, recognises

T1N, T1C, T2W, T2F = Modality


def make(root: Path, *names: str) -> list[Path]:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return [root / name for name in names]


def make_4d(root: Path, name: str, channels: int = 4) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.Nifti1Image(np.zeros((2, 2, 2, channels), np.uint8), np.eye(4)).to_filename(path)
    return path


def names(case: CaseFiles) -> dict[Modality, str]:
    return {m: c.path.name for m, c in case.modalities.items()}


FOUR = {
    "BraTS 2017-2020": ("B/Brats18_X_1/Brats18_X_1_{}.nii.gz", "t1 t1ce t2 flair", "brats2021"),
    "BraTS 2021": ("BraTS2021_00006/BraTS2021_00006_{}.nii.gz", "t1 t1ce t2 flair", "brats2021"),
    "BraTS 2023": (
        "BraTS-GLI-00001-000/BraTS-GLI-00001-000-{}.nii.gz",
        "t1n t1c t2w t2f",
        "brats2023",
    ),
    "BraTS 2024 post-treatment": (
        "BraTS-GLI-00001-101/BraTS-GLI-00001-101-{}.nii.gz",
        "t1n t1c t2w t2f",
        "brats2024-post",
    ),
    "BraTS-PED": (
        "BraTS-PED-00001-000/BraTS-PED-00001-000-{}.nii.gz",
        "t1n t1c t2w t2f",
        "brats2024-ped",
    ),
    "BRATS 2013/2015": (
        "brats_2013_pat0001_1/VSD.Brain.XX.O.{0}.545/VSD.Brain.XX.O.{0}.545.mha",
        "MR_T1 MR_T1c MR_T2 MR_Flair",
        "brats2013",
    ),
    "DeepMedic": ("P7/{}_subtrMeanDivStd.nii.gz", "T1 T1c T2 Flair", "brats2013"),
    "bare names": ("P7/{}.nii.gz", "t1 t1c t2 fla", None),
    "BraTS-Toolkit": ("P7/A-1_hdbet_native_{}.nii.gz", "t1 t1c t2 fla", None),
    "scanner export": ("P7/MRHR_T1_AX_{}.nii.gz", "8_t1 9_t1c 7_t2 6_fla", None),
    "TCGA": ("TCGA-HT-1_1998.03.30_{}.nii", "t1 t1Gd t2 flair", "brats2021"),
    "longitudinal": ("P/100001_time1_{}.nii.gz", "t1 t1ce t2 flair", None),
    "LUMIERE": ("Patient-001/week056/{}.nii", "T1 CT1 T2 FLAIR", None),
    "FeTS": ("P/X_brain_{}.nii.gz", "t1 t1ce t2 flair", "brats2021"),
}


@pytest.mark.parametrize("naming", FOUR)
def test_four_modalities_of_every_naming_row(naming: str, tmp_path: Path) -> None:
    pattern, words, hint = FOUR[naming]
    files = make(tmp_path, *(pattern.format(word) for word in words.split()))
    (case,) = discover(tmp_path)
    assert [case.modalities[m].path for m in MODALITIES] == files
    assert (case.naming, case.convention_hint, case.missing) == (naming, hint, ())
    assert recognises(tmp_path)
    for path in files:
        assert discover(path) == (case,)
    assert discover_files(files[::-1]) == (case,)


def test_recursive_folder_of_cases(tmp_path: Path) -> None:
    for case in ("HGG/Brats18_A_1", "HGG/Brats18_B_1", "LGG/Brats18_C_1"):
        stem = f"{case}/{case[4:]}"
        make(tmp_path, f"{stem}_t1.nii.gz", f"{stem}_flair.nii.gz", f"{stem}_seg.nii.gz")
    cases = discover(tmp_path)
    assert [c.case_id for c in cases] == ["Brats18_A_1", "Brats18_B_1", "Brats18_C_1"]
    assert all(c.label_map and c.missing == (T1C, T2W) for c in cases)


def test_inpainting_files_are_neither_modality_nor_label_map(tmp_path: Path) -> None:
    stem = "BraTS-GLI-00001-000"
    make(tmp_path, *(f"{stem}/{stem}-{w}.nii.gz" for w in ("t1n", "t1n-voided", "mask")))
    (case,) = discover(tmp_path)
    assert names(case) == {T1N: f"{stem}-t1n.nii.gz"}
    assert case.label_map is None
    assert [c.path.name for c in case.ignored] == [
        f"{stem}-mask.nii.gz",
        f"{stem}-t1n-voided.nii.gz",
    ]
    assert "inpainting" in case.ignored[1].reason


def test_msd_folder(tmp_path: Path) -> None:
    image = make_4d(tmp_path, "imagesTr/BRATS_003.nii.gz")
    label_map, coverage = make(tmp_path, "labelsTr/BRATS_003.nii.gz", "BRATS_003_coverage.nii.gz")
    (case,) = discover(tmp_path)
    assert {m: c.channel for m, c in case.modalities.items()} == {T2F: 0, T1N: 1, T1C: 2, T2W: 3}
    assert (case.naming, case.convention_hint) == ("MSD Task01", "msd")
    assert case.label_map is not None
    assert case.label_map.path == label_map
    assert [c.path for c in case.ignored] == [coverage]
    for path in (image, label_map, tmp_path / "imagesTr"):
        assert discover(path) == (case,)
    (alone,) = discover_files([image])
    assert (alone.missing, alone.label_map) == ((), None)


def test_4d_file_with_unknown_order_is_left_to_the_user(tmp_path: Path) -> None:
    image = make_4d(tmp_path, "images/BraTS2021_00006.nii.gz")
    (label_map,) = make(tmp_path, "labels/BraTS2021_00006_seg.nii.gz")
    (case,) = discover(tmp_path)
    assert case.modalities == {}
    assert [(c.path, c.channel) for c in case.unassigned] == [(image, i) for i in range(4)]
    assert case.label_map is not None
    assert case.label_map.path == label_map


@pytest.mark.parametrize("key", ["channel_names", "modality"])
def test_nnunet_order_comes_from_dataset_json(key: str, tmp_path: Path) -> None:
    content = {key: {"0": "T1", "1": "FLAIR", "2": "T1 Gd", "3": "T2"}}
    content["labels"] = {"background": 0, "edema": 1, "non-enhancing tumor": 2, "enhancing": 3}
    (tmp_path / "dataset.json").write_text(json.dumps(content))
    make(tmp_path, *(f"imagesTr/CASE_000{i}.nii.gz" for i in range(4)), "labelsTr/CASE.nii.gz")
    (case,) = discover(tmp_path)
    order = {T1N: "0", T2F: "1", T1C: "2", T2W: "3"}
    assert names(case) == {m: f"CASE_000{i}.nii.gz" for m, i in order.items()}
    assert (case.case_id, case.naming, case.convention_hint) == ("CASE", "nnU-Net", "msd")
    assert case.label_map is not None


def test_nnunet_without_dataset_json_asks(tmp_path: Path) -> None:
    make(tmp_path, *(f"imagesTr/CASE_000{i}.nii.gz" for i in range(4)))
    (case,) = discover(tmp_path)
    assert case.modalities == {}
    assert len(case.unassigned) == 4
    assert "dataset.json" in case.unassigned[0].reason


def test_hd_glio_order_when_the_naming_says_so(tmp_path: Path) -> None:
    make(tmp_path, *(f"HD-GLIO/P7_000{i}.nii.gz" for i in range(4)))
    (case,) = discover(tmp_path)
    order = {T1N: 0, T1C: 1, T2W: 2, T2F: 3}
    assert names(case) == {m: f"P7_000{i}.nii.gz" for m, i in order.items()}


def test_two_time_points_in_one_folder_are_two_cases(tmp_path: Path) -> None:
    make(tmp_path, *(f"1_time{t}_{w}.nii.gz" for t in (1, 2) for w in ("t1", "t1ce", "seg")))
    make(tmp_path, "1_time2_t1ce-t1.nii.gz")
    first, second = discover(tmp_path)
    assert (first.case_id, second.case_id) == ("1_time1", "1_time2")
    assert [len(c.modalities) for c in (first, second)] == [2, 2]
    assert first.label_map != second.label_map
    assert len(second.ignored) == 1


def test_one_mask_per_modality_gives_that_of_t1c(tmp_path: Path) -> None:
    make(tmp_path, *(f"P-1/week01/{w}.nii" for w in ("CT1", "T1", "ct1_seg_mask", "t1_seg_mask")))
    (case,) = discover(tmp_path)
    assert case.label_map is not None
    assert case.label_map.path.name == "ct1_seg_mask.nii"
    assert [c.path.name for c in case.ignored] == ["t1_seg_mask.nii"]


def test_a_label_map_of_another_name_joins_the_only_case_of_its_folder(tmp_path: Path) -> None:
    make(tmp_path, "C/A_1_t1.nii", "C/A_1_t2.nii", "C/W39_1998.09.19_Segm.nii")
    (case,) = discover(tmp_path)
    assert case.case_id == "A_1"
    assert case.label_map is not None


def test_series_numbers_in_names_do_not_tear_a_case_apart(tmp_path: Path) -> None:
    files = make(tmp_path, "C/2019_4_t1.nii", "C/2019_7_t1c.nii", "C/2019_9_flair.nii")
    (case,) = discover(tmp_path / "C")
    assert (case.case_id, len(case.modalities)) == ("C", 3)
    assert len(discover_files(files)) == 1


def test_images_of_unknown_modality_in_one_folder_are_one_case_to_assign(tmp_path: Path) -> None:
    files = make(tmp_path, "C/scan_a.nii", "C/scan_b.nii")
    (case,) = discover(tmp_path)
    assert [c.path for c in case.unassigned] == files
    assert case.case_id == "C"
    repaired = case.with_modality(T1C, files[1])
    assert repaired.modalities[T1C].reason == "chosen by the user"
    assert [c.path for c in repaired.unassigned] == files[:1]


def test_a_choice_moves_the_former_file_to_the_unassigned(tmp_path: Path) -> None:
    t1, t2 = make(tmp_path, "C/x_t1.nii", "C/x_t2.nii")
    (case,) = discover(tmp_path)
    changed = case.with_modality(T1N, t2)
    assert names(changed) == {T1N: "x_t2.nii"}
    assert [c.path for c in changed.unassigned] == [t1]
    assert case.modalities[T1N].path == t1  # the value itself is frozen


def test_the_same_modality_twice_names_both_and_the_way_out(tmp_path: Path) -> None:
    first, second = make(tmp_path, "C/t1ce.nii", "C/t1c.nii.gz")
    with pytest.raises(CaseError, match="--modality T1C=") as error:
        discover(tmp_path)
    assert str(first) in str(error.value)
    assert str(second) in str(error.value)
    (case,) = discover(tmp_path, strict=False)
    with pytest.raises(CaseError, match="2 files for T1C"):
        case.require_usable()
    chosen = case.with_modality(T1C, second).require_usable()
    assert chosen.modalities[T1C].path == second


def test_two_label_maps_are_named(tmp_path: Path) -> None:
    first, second = make(tmp_path, "C/x_seg.nii.gz", "C/x-seg.nii.gz")
    make(tmp_path, "C/x_t1.nii.gz")
    with pytest.raises(CaseError, match="2 label maps") as error:
        discover(tmp_path)
    assert str(first) in str(error.value)
    assert str(second) in str(error.value)


def test_a_label_map_that_was_made_here_gives_way_to_one_that_was_given(tmp_path: Path) -> None:
    given, own = make(tmp_path, "C/x_seg.nii.gz", "C/x-seg.nii.gz")
    make(tmp_path, "C/x_t1.nii.gz")
    own.with_name("x-seg.json").write_text('{"convention": {"name": "brats2023"}}')
    (case,) = discover(tmp_path)
    assert case.label_map is not None
    assert case.label_map.path == given
    assert [c.path for c in case.ignored] == [own]
    assert "x-seg.json" in case.ignored[0].reason
    given.unlink()
    (case,) = discover(tmp_path)
    assert case.label_map is not None
    assert case.label_map.path == own


def test_two_label_maps_that_were_made_here_are_an_ambiguity(tmp_path: Path) -> None:
    for path in make(tmp_path, "C/x_seg.nii.gz", "C/x-seg.nii.gz"):
        path.with_name(path.name.replace("nii.gz", "json")).write_text(
            '{"convention": {"name": "msd"}}'
        )
    make(tmp_path, "C/x_t1.nii.gz")
    with pytest.raises(CaseError, match="2 label maps"):
        discover(tmp_path)


def test_a_bad_case_does_not_hide_the_others(tmp_path: Path) -> None:
    make(tmp_path, "A/A_t1.nii", "B/B_t1.nii", "B/B_t1w.nii")
    good, bad = discover(tmp_path)
    assert good.require_usable() is good
    with pytest.raises(CaseError, match="Case B"):
        bad.require_usable()


def test_the_label_map_of_another_folder_joins_when_dropped_together(tmp_path: Path) -> None:
    files = make(tmp_path, "A/A_t1.nii", "A/A_t2.nii", "out/A-seg.nii.gz")
    (case,) = discover_files([files[2], files[0], files[1]])
    assert case.label_map is not None
    assert case.label_map.path == files[2]


def test_a_label_map_in_a_folder_of_its_own_joins_its_case(tmp_path: Path) -> None:
    make(tmp_path, "images_of_a/A_t1.nii", "masks_of_a/A_seg.nii", "images_of_a/A_t2.nii")
    (case,) = discover(tmp_path)
    assert case.label_map is not None


def test_the_label_map_beside_the_images_wins_over_one_elsewhere(tmp_path: Path) -> None:
    make(tmp_path, "A/A_t1.nii", "A/A_seg.nii", "A/results/A-seg.nii.gz")
    (case,) = discover(tmp_path)
    assert case.label_map is not None
    assert case.label_map.path.name == "A_seg.nii"
    assert [c.path.name for c in case.ignored] == ["A-seg.nii.gz"]


def test_dropped_files_are_taken_exactly(tmp_path: Path) -> None:
    t1, _ = make(tmp_path, "A/A_t1.nii", "A/A_t2.nii")
    (case,) = discover_files([t1])
    assert names(case) == {T1N: "A_t1.nii"}


@pytest.mark.parametrize("name", ["nothing_here", "notes.txt"])
def test_what_is_no_case_is_refused_and_not_recognised(name: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    assert not recognises(tmp_path / name)
    with pytest.raises(CaseError):
        discover(tmp_path / name)
    with pytest.raises(CaseError):
        discover_files([tmp_path / name])


def test_an_empty_folder_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"\.nii\.gz.*<case>_t1"):
        discover(tmp_path)


def test_folders_of_other_images_are_declined(tmp_path: Path) -> None:
    make(tmp_path, "bold/run1.nii.gz", "photos/a.png")
    assert not recognises(tmp_path)


def test_a_folder_of_very_many_cases_is_recognised(tmp_path: Path) -> None:
    make(tmp_path, *(f"{number:04}/t1.nii" for number in range(2100)))
    assert recognises(tmp_path)


def test_deep_and_large_folders_are_given_up_on(tmp_path: Path) -> None:
    make(tmp_path, "a/b/c/d/e/A_t1.nii")
    assert not recognises(tmp_path)
    assert discover(tmp_path)[0].case_id == "A"


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    make(tmp_path, "A/A_t1.nii")
    (tmp_path / "A" / "again").symlink_to(tmp_path, target_is_directory=True)
    (case,) = discover(tmp_path)
    assert names(case) == {T1N: "A_t1.nii"}


def test_hidden_and_archive_leftovers_are_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "A/A_t1.nii", "A/._A_t1.nii", "__MACOSX/A/A_t1.nii", ".cache/A_t1.nii")
    (case,) = discover(tmp_path)
    assert (names(case), case.unassigned) == ({T1N: "A_t1.nii"}, ())
