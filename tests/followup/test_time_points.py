"""Which time points a folder holds, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.io.volumes import write_nifti

from napari_brats.core.errors import CaseError
from napari_brats.core.modalities import Modality
from napari_brats.followup.time_points import Pick, choose, find_time_points, in_order


def names_in(folder: Path, *files: str) -> list[str]:
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_nifti(path)
    return [point.name for point in in_order(find_time_points([folder]))]


def test_brats(tmp_path: Path):
    ids = ("BraTS-GLI-00005-001", "BraTS-GLI-00005-000")
    assert names_in(tmp_path, *(f"{i}/{i}-{m}.nii.gz" for i in ids for m in ("t1c", "t2f"))) == [
        "000",
        "001",
    ]


def test_two_time_points_in_one_folder(tmp_path: Path):
    files = [f"100001_time{t}_{m}.nii.gz" for t in (1, 2) for m in ("t1ce", "flair", "seg")]
    folder = tmp_path / "100001"
    assert names_in(folder, *files, "100001_time1_t1ce-t1.nii.gz") == ["time1", "time2"]
    first = find_time_points([folder])[0]
    assert set(first.files.modalities) == {Modality.T1C, Modality.T2F}
    assert first.has_label_map


def test_lumiere(tmp_path: Path):
    weeks = ("week056", "week000-2", "week000-1")
    folder = tmp_path / "Patient-001"
    names = names_in(folder, *(f"{w}/{m}.nii" for w in weeks for m in ("CT1", "FLAIR")))
    assert names == ["week000-1", "week000-2", "week056"]
    first, last = (in_order(find_time_points([folder]))[i] for i in (0, 2))
    assert last.days_since(first) == 392


def test_dates_in_names(tmp_path: Path):
    files = [f"TCGA-HT-8111_{d}_t1Gd.nii" for d in ("1999.01.02", "1998.03.30")]
    assert names_in(tmp_path, *files) == ["1998-03-30", "1999-01-02"]


def test_folders_tell_where_ids_do_not(tmp_path: Path):
    files = [f"{d}/PatX_{m}.nii.gz" for d in ("2020-05-01", "2019-05-01") for m in ("t1c", "t2")]
    assert names_in(tmp_path, *files) == ["2019-05-01", "2020-05-01"]


def test_unknown_times_are_refused_but_an_order_given_counts(tmp_path: Path):
    for name in ("early", "late"):
        (tmp_path / name).mkdir()
        write_nifti(tmp_path / name / "t1c.nii.gz")
    found = find_time_points([tmp_path])
    with pytest.raises(CaseError, match="order of the time points is not known"):
        in_order(found)
    assert [p.name for p in in_order(choose(found, [Pick("late"), Pick("early")]))] == [
        "late",
        "early",
    ]
    dated = choose(found, [Pick("late", "2020-01-01"), Pick("early", "2019-01-01")])
    first, second = in_order(dated)
    assert (first.name, second.days_since(first)) == ("early", 365)


def test_one_time_point_is_no_follow_up(tmp_path: Path):
    with pytest.raises(CaseError, match="at least two time points; found: time1"):
        names_in(tmp_path, "x_time1_t1c.nii.gz", "x_time1_t2.nii.gz")


def test_two_patients_are_refused(tmp_path: Path):
    with pytest.raises(CaseError, match="2 patients: BraTS-GLI-00005, BraTS-GLI-00006"):
        names_in(
            tmp_path,
            *(f"{i}/{i}-t1c.nii.gz" for i in ("BraTS-GLI-00005-000", "BraTS-GLI-00006-001")),
        )


def test_two_of_one_time_are_refused(tmp_path: Path):
    files = ("x_time1_t1c.nii.gz", "x_time2_t1c.nii.gz")
    for name in files:
        write_nifti(tmp_path / name)
    picks = [Pick("time1", "2019-01-03"), Pick("time2", "2019-01-03")]
    with pytest.raises(CaseError, match=r"time1 and time2 are of one time \(2019-01-03\)"):
        in_order(choose(find_time_points([tmp_path]), picks))


def test_a_pick_that_is_not_there_lists_what_is(tmp_path: Path):
    write_nifti(tmp_path / "x_time1_t1c.nii.gz")
    with pytest.raises(CaseError, match=r"no time point 'time3'. Found: time1 \(x_time1\)"):
        choose(find_time_points([tmp_path]), [Pick("time3")])


def test_a_former_output_is_no_time_point(tmp_path: Path):
    names = ("x_time1_t1c.nii.gz", "x_time2_t1c.nii.gz", "out/time2-on-time1-t1c.nii.gz")
    (tmp_path / "out").mkdir()
    for name in names:
        write_nifti(tmp_path / name)
    found = find_time_points([tmp_path], apart_from=tmp_path / "out")
    assert [point.name for point in found] == ["time1", "time2"]
