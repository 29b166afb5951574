"""From folders to lines of a worklist, to CSV and to the index."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from napari_brats.core.errors import CaseError
from napari_brats.core.labels import Region
from napari_brats.core.progress import drain
from napari_brats.workspace import worklist_scan
from napari_brats.workspace.status_files import CaseState, CaseStatus, Entry, change_status
from napari_brats.workspace.worklist import WorkCase, read_again
from napari_brats.workspace.worklist_index import index_path, read_index, write_index
from napari_brats.workspace.worklist_scan import refresh, scan_folder
from napari_brats.workspace.worklist_table import COLUMNS, worklist_to_csv, write_worklist_csv


def said(case: WorkCase, **values: str) -> WorkCase:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return replace(case, status=CaseStatus({n: Entry(v, at) for n, v in values.items()}))


def rows(cases):
    return list(csv.DictReader(io.StringIO(worklist_to_csv(cases))))


def test_a_folder_of_cases(make_case, tmp_path: Path):
    make_case("BraTS2021_00002", dice=0.9)
    make_case("BraTS2021_00001", suffixes=("t1ce", "flair"))
    make_case("BraTS2021_00003", suffixes=("t1ce",), mask=True)
    first, second, third = drain(scan_folder(tmp_path / "data"))
    assert [c.case_id[-1] for c in (first, second, third)] == ["1", "2", "3"]
    assert (first.modalities_text, first.mask, first.quality) == ("no T1N, T2W", None, None)
    assert (second.modalities_text, second.quality) == ("all 4", 0.9)
    assert second.mask.name == "BraTS2021_00002-seg.nii.gz"
    assert second.volumes_ml == {Region.WT: 1.5, Region.TC: 0.5, Region.ET: 0.0}
    assert (third.modalities_text, third.quality) == ("T1C", None)
    assert third.mask is not None


def test_scanning_opens_no_image(make_case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make_case(mask=True)

    def opened(*_, **__):
        raise AssertionError("an image was opened")

    for name in ("read_volume", "read_channels"):
        monkeypatch.setattr(f"napari_brats.io.nifti.{name}", opened)
    monkeypatch.setattr("napari_brats.io.load.read_volume", opened)
    assert len(drain(scan_folder(tmp_path / "data"))) == 1


def test_scanning_tells_how_far_it_is_and_can_be_stopped(make_case, tmp_path: Path, monkeypatch):
    for number in range(3):
        make_case(f"BraTS2021_0000{number}")
    read = []
    real = worklist_scan.work_case
    monkeypatch.setattr(
        worklist_scan, "work_case", lambda files: read.append(files.case_id) or real(files)
    )
    job = scan_folder(tmp_path / "data")
    steps = [next(job), next(job), next(job)]
    assert [(step.done, step.total) for step in steps] == [(0, 0), (0, 3), (1, 3)]
    job.close()
    assert read == ["BraTS2021_00000"]


def test_a_folder_without_images_is_refused(make_case, tmp_path: Path):
    folder = make_case(suffixes=(), mask=True)
    with pytest.raises(CaseError, match="no images"):
        drain(scan_folder(folder))
    (tmp_path / "empty").mkdir()
    with pytest.raises(CaseError, match="No case"):
        drain(scan_folder(tmp_path / "empty"))


def test_a_case_with_a_problem_is_listed(make_case, tmp_path: Path):
    folder = make_case()
    (folder / "BraTS2021_00001_t1gd.nii.gz").write_bytes(b"")
    make_case("BraTS2021_00002")
    assert len(drain(scan_folder(tmp_path / "data"))) == 2


def test_expectations_without_calibration_are_none(make_case, tmp_path: Path):
    folder = make_case(dice=0.9)
    record = folder / "BraTS2021_00001-seg.json"
    stored = json.loads(record.read_text())
    stored["review"]["expected_dice"] = {"WT": {"value": 0.9, "error": None}, "TC": "?", "ET": None}
    stored["volumes_ml"] = {"WT": True, "TC": "much"}
    record.write_text(json.dumps(stored))
    (case,) = drain(scan_folder(folder))
    assert (case.quality, case.volumes_ml) == (None, {})


def test_a_label_map_corrected_here_keeps_what_was_expected_of_its_begin(make_case, tmp_path: Path):
    folder = make_case(mask=True)
    review = {"expected_dice": {"WT": {"value": 0.8, "error": 0.1}}}
    record = {"provenance": {"review": review}, "volumes_ml": {"WT": 2}}
    (folder / "BraTS2021_00001-seg.json").write_text(json.dumps(record))
    (case,) = drain(scan_folder(folder))
    assert (case.quality, case.volumes_ml) == (0.8, {Region.WT: 2.0})


def test_refreshing_reads_what_others_said(make_case, tmp_path: Path):
    make_case()
    cases = drain(scan_folder(tmp_path / "data"))
    change_status(cases[0].place, {"state": CaseState.REVIEWED})
    assert cases[0].status.state is CaseState.TO_DO
    assert drain(refresh(cases))[0].status.state is CaseState.REVIEWED


def test_a_label_map_that_a_run_put_elsewhere_is_opened_with_the_case(make_case, tmp_path: Path):
    folder = make_case()
    (case,) = drain(scan_folder(folder))
    elsewhere = make_case("BraTS2021_00009", dice=0.7) / "BraTS2021_00009-seg.nii.gz"
    change_status(case.place, {"mask": str(elsewhere)})
    case = read_again(case)
    assert (case.mask, case.quality) == (elsewhere, 0.7)
    assert case.files_to_open.label_map.path == elsewhere
    elsewhere.unlink()
    assert case.files_to_open.label_map is None


def test_csv(make_case, tmp_path: Path):
    make_case("BraTS2021_00001", suffixes=("t1ce", "flair"))
    make_case("BraTS2021_00002", dice=0.875)
    first, second = drain(scan_folder(tmp_path / "data"))
    one, two = rows([said(first, note="=1+1", state="problem", message="no brain"), second])
    assert tuple(one) == COLUMNS
    assert (one["modalities"], one["missing"]) == ("T1C T2F", "T1N T2W")
    assert (one["state"], one["note"], one["message"]) == ("problem", "'=1+1", "no brain")
    assert (one["label_map"], one["expected_dice"], one["volume_wt_ml"]) == ("", "", "")
    assert (two["expected_dice"], two["expected_dice_et"], two["volume_wt_ml"]) == (
        "0.875",
        "",
        "1.5000",
    )


def test_csv_is_written_whole_and_replaces_nothing_unasked(make_case, tmp_path: Path):
    make_case()
    cases = drain(scan_folder(tmp_path / "data"))
    path = tmp_path / "list.csv"
    write_worklist_csv(path, [said(cases[0], note='größer,\n"more"')])
    assert path.read_text("utf-8-sig").count("größer") == 1
    with pytest.raises(Exception, match="exists"):
        write_worklist_csv(path, cases)
    write_worklist_csv(path, cases, overwrite=True)
    assert "größer" not in path.read_text("utf-8-sig")


def test_the_index_gives_back_what_was_stored(make_case, tmp_path: Path):
    make_case("BraTS2021_00001", suffixes=("t1ce", "flair"))
    folder = make_case("BraTS2021_00002", dice=0.875)
    (folder / "BraTS2021_00002_t1gd.nii.gz").write_bytes(b"")  # T1C twice: a problem
    (folder / "BraTS2021_00002_brainmask.nii.gz").write_bytes(b"")
    cases = drain(scan_folder(tmp_path / "data"))
    change_status(cases[0].place, {"note": "n"}, by="Ann")
    cases = drain(refresh(cases))
    assert read_index(tmp_path / "data") == ()
    write_index(tmp_path / "data", cases)
    assert read_index(tmp_path / "data") == cases
    assert read_index(tmp_path) == ()
    write_index(tmp_path / "data", cases[:1])
    assert read_index(tmp_path / "data") == cases[:1]


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(100)])
def test_a_broken_index_is_made_anew(content: bytes, make_case, tmp_path: Path):
    make_case()
    cases = drain(scan_folder(tmp_path / "data"))
    index = index_path(tmp_path / "data")
    index.parent.mkdir(parents=True)
    index.write_bytes(content)
    assert read_index(tmp_path / "data") == ()
    write_index(tmp_path / "data", cases)
    assert read_index(tmp_path / "data") == cases


def test_an_index_of_another_version_is_made_anew(make_case, tmp_path: Path, monkeypatch):
    make_case()
    cases = drain(scan_folder(tmp_path / "data"))
    monkeypatch.setattr("napari_brats.workspace.worklist_index._VERSION", 99)
    write_index(tmp_path / "data", cases)
    monkeypatch.undo()
    monkeypatch.setenv("NAPARI_BRATS_DATA", str(tmp_path / "user-data"))
    assert read_index(tmp_path / "data") == ()


def test_a_thousand_cases(tmp_path: Path):
    """Empty files do: names alone tell."""
    for number in range(1000):
        folder = tmp_path / f"BraTS2021_{number:05d}"
        folder.mkdir()
        for suffix in ("t1", "t1ce", "t2", "flair"):
            (folder / f"{folder.name}_{suffix}.nii.gz").touch()
    cases = drain(scan_folder(tmp_path))
    assert len(cases) == 1000
    assert {case.modalities_text for case in cases} == {"all 4"}
    write_index(tmp_path, cases)
    assert read_index(tmp_path) == cases
