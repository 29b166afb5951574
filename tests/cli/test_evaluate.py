"""``evaluate`` on small label maps in files and folders."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from napari_brats.cli import app
from napari_brats.cli.pairs import label_maps_at, name_sets, pair_up
from napari_brats.core.errors import CaseError

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def tumour(shift: int = 0, et: int = 4) -> np.ndarray:
    labels = np.zeros((16, 14, 12), np.uint8)
    labels[2 + shift : 10 + shift, 2:10, 2:10] = 2
    labels[4 + shift : 8 + shift, 4:8, 4:8] = 1
    labels[5 + shift : 7 + shift, 5:7, 5:7] = et
    return labels


def write(path: Path, labels: np.ndarray, affine: np.ndarray = LPS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.Nifti1Image(labels, affine).to_filename(path)
    return path


def run(reference: Path, prediction: Path | str, *more: str | Path) -> Result:
    arguments = ["evaluate", "--reference", reference, "--prediction", prediction, *more]
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Three references in case folders (with an image each); two predictions."""
    for number in (1, 2, 3):
        case = f"BraTS2021_0000{number}"
        write(tmp_path / "R" / case / f"{case}_seg.nii.gz", tumour())
        write(tmp_path / "R" / case / f"{case}_t1.nii.gz", tumour())
    write(tmp_path / "P" / "BraTS2021_00001-seg.nii.gz", tumour())
    write(tmp_path / "P" / "BraTS2021_00002-seg.nii.gz", tumour(shift=1))
    return tmp_path / "R", tmp_path / "P"


def test_two_files(tmp_path: Path):
    reference = write(tmp_path / "BraTS2021_00001_seg.nii.gz", tumour())
    prediction = write(tmp_path / "other.nii.gz", tumour(shift=1))
    result = run(reference, prediction, "--output", tmp_path / "scores.json")
    assert result.exit_code == 0
    assert "Dice" in result.stdout
    found = json.loads((tmp_path / "scores.json").read_text())
    (case,) = found["cases"]
    assert case["case_id"] == "BraTS2021_00001"
    wt = case["regions"]["WT"]
    assert wt["dice"] == pytest.approx(7 / 8)
    assert wt["hd95_mm"] == 1.0
    assert wt["accuracy"] == pytest.approx(1 - 128 / (16 * 14 * 12))
    assert wt["accuracy_brain"] is None
    assert case["reference"]["convention"] == "brats2021"
    assert "Research use only" in found["intended_use"]


def test_folders_list_a_missing_prediction_and_score_it_as_empty(folders, tmp_path: Path):
    result = run(*folders, "--output", tmp_path / "scores.json")
    assert result.exit_code == 1
    assert "BraTS2021_00003" in result.stderr
    found = json.loads((tmp_path / "scores.json").read_text())
    first, second, third = found["cases"]
    assert first["regions"]["ET"]["dice"] == 1.0
    assert second["regions"]["WT"]["dice"] == pytest.approx(7 / 8)
    assert third["status"] == "no prediction"
    assert third["regions"]["WT"]["dice"] == 0.0
    assert third["regions"]["WT"]["hd95_mm"] == 374.0
    assert third["prediction"] is None
    assert found["summary"]["regions"]["WT"]["dice"]["mean"] == pytest.approx((1 + 7 / 8) / 3)
    assert found["summary"]["counts"]["no prediction"] == 1


def test_a_prediction_without_a_reference_is_listed_and_not_scored(folders, tmp_path: Path):
    write(folders[1] / "BraTS2021_00003-seg.nii.gz", tumour())
    write(folders[1] / "BraTS2021_00009-seg.nii.gz", tumour())
    result = run(*folders, "--output", tmp_path / "scores.csv")
    assert result.exit_code == 1
    lines = list(csv.DictReader((tmp_path / "scores.csv").read_text().splitlines()))
    assert len(lines) == 10
    assert (lines[-1]["case_id"], lines[-1]["status"]) == ("BraTS2021_00009", "no reference")


def test_one_bad_case_does_not_stop_the_others(folders, tmp_path: Path):
    shifted = LPS.copy()
    shifted[0, 3] = 5.0
    write(folders[1] / "BraTS2021_00002-seg.nii.gz", tumour(), shifted)
    (folders[1] / "BraTS2021_00003-seg.nii.gz").write_bytes(b"<!DOCTYPE html>")
    result = run(*folders, "--output", tmp_path / "scores.json")
    assert result.exit_code == 1
    first, second, third = json.loads((tmp_path / "scores.json").read_text())["cases"]
    assert first["status"] == "scored"
    assert second["status"] == third["status"] == "failed"
    assert "one grid" in second["error"]
    assert "5 mm" in second["error"]
    assert "BraTS2021_00003-seg.nii.gz" in third["error"]


def test_conventions_of_the_two_sides_are_told_apart(tmp_path: Path):
    reference = write(tmp_path / "BraTS2021_00001_seg.nii.gz", tumour(et=4))
    prediction = write(tmp_path / "p" / "BraTS-GLI-00001-000-seg.nii.gz", tumour(et=3))
    assert run(reference, prediction, "--output", tmp_path / "o.json").exit_code == 0
    (case,) = json.loads((tmp_path / "o.json").read_text())["cases"]
    assert (case["reference"]["convention"], case["prediction"]["convention"]) == (
        "brats2021",
        "brats2023",
    )
    assert case["regions"]["ET"]["dice"] == 1.0


def test_the_user_decides_on_a_convention(tmp_path: Path):
    reference = write(tmp_path / "r" / "x_seg.nii.gz", tumour(et=3))
    swapped = tumour(et=3)
    swapped[(swapped == 1) | (swapped == 2)] = 3 - swapped[(swapped == 1) | (swapped == 2)]
    prediction = write(tmp_path / "p" / "x_seg.nii.gz", swapped)
    options = ("--reference-convention", "brats2023", "--prediction-convention", "msd")
    run(reference, prediction, *options, "--output", tmp_path / "o.json")
    (case,) = json.loads((tmp_path / "o.json").read_text())["cases"]
    assert case["prediction"] == {
        "path": str(prediction),
        "convention": "msd",
        "reason": "chosen by the user",
    }
    assert case["regions"]["TC"]["dice"] == 1.0


def test_the_record_beside_a_mask_tells_its_convention(tmp_path: Path):
    reference = write(tmp_path / "BraTS-GLI-00001-000-seg.nii.gz", tumour(et=3))
    mask = write(tmp_path / "out" / "BraTS-GLI-00001-000-seg.nii.gz", tumour(et=3))
    record = mask.with_name("BraTS-GLI-00001-000-seg.json")
    record.write_text('{"convention": {"name": "msd"}}')
    run(reference, mask, "--output", tmp_path / "o.json")
    (case,) = json.loads((tmp_path / "o.json").read_text())["cases"]
    assert case["reference"]["convention"] == "brats2023"
    assert case["prediction"]["convention"] == "msd"
    assert record.name in case["prediction"]["reason"]


def test_predictions_called_like_the_case_and_nothing_else(tmp_path: Path):
    for number in (1, 2):
        write(tmp_path / "P" / f"BraTS2021_0000{number}.nii.gz", tumour())
        write(tmp_path / "R" / f"BraTS2021_0000{number}_seg.nii.gz", tumour())
    pairs = pair_up(tmp_path / "R", tmp_path / "P")
    assert [(p.case_id, p.prediction.path.name) for p in pairs if p.prediction] == [
        ("BraTS2021_00001", "BraTS2021_00001.nii.gz"),
        ("BraTS2021_00002", "BraTS2021_00002.nii.gz"),
    ]


def test_a_file_against_a_folder_is_its_own_case(folders):
    (pair,) = pair_up(folders[0], folders[1] / "BraTS2021_00002-seg.nii.gz")
    assert pair.case_id == "BraTS2021_00002"
    assert pair.reference is not None
    assert pair.reference.path.name == "BraTS2021_00002_seg.nii.gz"


def test_two_label_maps_of_one_case_fail_that_case(folders, tmp_path: Path):
    extra = folders[0] / "BraTS2021_00001" / "BraTS2021_00001_final_seg.nii.gz"
    write(extra, tumour())
    run(*folders, "--output", tmp_path / "o.json")
    first = json.loads((tmp_path / "o.json").read_text())["cases"][0]
    assert first["status"] == "failed"
    assert extra.name in first["error"]


def test_in_one_folder_the_given_mask_is_the_reference_and_the_made_one_the_prediction(
    tmp_path: Path,
):
    given = write(tmp_path / "C" / "BraTS2021_00001_seg.nii.gz", tumour())
    made = write(tmp_path / "C" / "BraTS2021_00001-seg.nii.gz", tumour(shift=1))
    made.with_name("BraTS2021_00001-seg.json").write_text('{"convention": {"name": "brats2021"}}')
    write(tmp_path / "C" / "BraTS2021_00001_t1.nii.gz", tumour())
    (pair,) = pair_up(tmp_path / "C", tmp_path / "C")
    assert (pair.reference.path, pair.prediction.path) == (given, made)


def test_empty_regions_by_policy(tmp_path: Path):
    reference = write(tmp_path / "r" / "x_seg.nii.gz", np.minimum(tumour(), 2))
    for policy, expected in (("challenge", 1.0), ("nan", None)):
        options = ("--empty", policy, "--output", tmp_path / "o.json", "--tolerance-mm", "3")
        assert run(reference, reference, *options).exit_code == 0
        (case,) = json.loads((tmp_path / "o.json").read_text())["cases"]
        assert case["regions"]["ET"]["dice"] == expected
        assert list(case["regions"]["ET"]["nsd"]) == ["3"]


# --- several predictions --------------------------------------------------------------------------


def test_several_predictions_are_compared_on_the_same_cases(folders, tmp_path: Path):
    reference, old = folders
    for number in (1, 2, 3):
        write(tmp_path / "Q" / f"BraTS2021_0000{number}-seg.nii.gz", tumour())
    files = {name: tmp_path / name for name in ("o.json", "o.csv", "lesions.csv", "plot.svg")}
    result = run(
        reference,
        f"old={old}",
        *("--prediction", tmp_path / "Q", "--output", files["o.json"]),
        *("--lesions", files["lesions.csv"], "--plot", files["plot.svg"]),
    )
    assert result.exit_code == 1  # the third case has no old prediction
    found = json.loads(files["o.json"].read_text())
    assert [(c["set"], c["case_id"][-1]) for c in found["cases"]] == [
        (name, number) for name in ("old", "Q") for number in "123"
    ]
    assert found["prediction"] == str(old)
    assert [s["name"] for s in found["sets"]] == ["old", "Q"]
    assert found["sets"][1]["summary"]["regions"]["WT"]["dice"]["mean"] == 1.0
    assert found["summary"] == found["sets"][0]["summary"]
    dice = found["comparisons"][0]
    assert (dice["first"], dice["second"], dice["metric"]) == ("old", "Q", "dice")
    assert (dice["n"], dice["zeros"]) == (3, 1)
    assert "too few pairs: 2" in dice["remark"]
    assert "old: BraTS2021_00003: no prediction" in result.stderr
    assert "== Q" in result.stdout
    assert "Wilcoxon" in result.stdout
    assert files["lesions.csv"].read_text().startswith("set,case_id,region,lesion")
    assert "<svg" in files["plot.svg"].read_text()
    run(reference, old, "--prediction", tmp_path / "Q", "--output", files["o.csv"])
    rows = list(csv.DictReader(files["o.csv"].read_text().splitlines()))
    assert {row["set"] for row in rows} == {"P", "Q"}


def test_names_of_predictions():
    assert list(name_sets(["runs/a/masks", "runs/b/masks", "c"])) == ["a/masks", "b/masks", "c"]
    assert name_sets(["x=runs/a", "b"]) == {"x": Path("runs/a"), "b": Path("b")}
    with pytest.raises(CaseError, match="NAME=PATH"):
        name_sets(["x=a", "x=b"])


def test_scores_do_not_depend_on_the_number_of_workers(folders, tmp_path: Path):
    found = []
    for workers in ((), ("--workers", "2")):  # threads of this process, and processes
        run(*folders, "--output", tmp_path / "o.json", *workers)
        found.append((tmp_path / "o.json").read_text())
    assert found[0] == found[1]


# --- images, labels, lesions ----------------------------------------------------------------------


def brain(affine: np.ndarray = LPS) -> tuple[np.ndarray, np.ndarray]:
    """An image of 12 x 10 x 10 voxels of brain in 16 x 14 x 12."""
    image = np.zeros((16, 14, 12), np.int16)
    image[1:13, 1:11, 1:11] = 100
    return image, affine


def accuracies(path: Path) -> tuple[float, float | None]:
    (case,) = json.loads(path.read_text())["cases"]
    return case["regions"]["WT"]["accuracy"], case["regions"]["WT"]["accuracy_brain"]


def test_the_image_beside_the_reference_tells_the_brain(tmp_path: Path):
    reference = write(tmp_path / "R" / "BraTS2021_00001_seg.nii.gz", tumour())
    beside = write(tmp_path / "R" / "BraTS2021_00001_t1ce.nii.gz", *brain())
    prediction = write(tmp_path / "P" / "x.nii.gz", tumour(shift=1))
    output = tmp_path / "o.json"
    assert run(reference, prediction, "--output", output).exit_code == 0
    assert accuracies(output) == pytest.approx((1 - 128 / (16 * 14 * 12), 1 - 128 / 1200))
    (case,) = json.loads(output.read_text())["cases"]
    assert case["brain"] == {"images": [str(beside)], "used": True, "reason": None}
    run(reference, prediction, "--output", output, "--image", "none")
    assert accuracies(output)[1] is None


def test_an_image_is_given_for_one_case_or_in_a_folder_by_case_id(tmp_path: Path):
    reference = write(tmp_path / "R" / "BraTS2021_00001_seg.nii.gz", tumour())
    image = write(tmp_path / "I" / "BraTS2021_00001" / "BraTS2021_00001_t1.nii.gz", *brain())
    output = tmp_path / "o.json"
    for given in (image, tmp_path / "I"):
        assert run(reference, reference, "--image", given, "--output", output).exit_code == 0
        assert accuracies(output) == (1.0, 1.0)


def test_one_image_for_several_cases_is_a_usage_error(folders, tmp_path: Path):
    result = run(*folders, "--image", write(tmp_path / "x_t1.nii.gz", *brain()))
    assert result.exit_code == 2
    assert "one file" in result.stderr


def test_an_image_on_another_grid_fails_the_case_only_if_it_was_asked_for(tmp_path: Path):
    shifted = LPS.copy()
    shifted[0, 3] = 7.0
    reference = write(tmp_path / "R" / "BraTS2021_00001_seg.nii.gz", tumour())
    beside = write(tmp_path / "R" / "BraTS2021_00001_t1.nii.gz", *brain(shifted))
    output = tmp_path / "o.json"
    assert run(reference, reference, "--output", output).exit_code == 0
    assert accuracies(output)[1] is None
    (case,) = json.loads(output.read_text())["cases"]
    assert "grid" in case["brain"]["reason"]
    assert run(reference, reference, "--output", output, "--image", beside).exit_code == 1
    (case,) = json.loads(output.read_text())["cases"]
    assert case["status"] == "failed"


def test_single_labels_on_request(tmp_path: Path):
    reference = write(tmp_path / "BraTS2021_00001_seg.nii.gz", tumour())
    prediction = write(tmp_path / "P" / "x_seg.nii.gz", np.minimum(tumour(), 2))
    output = tmp_path / "o.json"
    result = run(reference, prediction, "--labels", "--output", output)
    (case,) = json.loads(output.read_text())["cases"]
    assert list(case["labels"]) == ["NCR", "ED", "ET"]
    assert case["labels"]["NCR"]["dice"] == 1.0
    assert case["labels"]["ET"]["dice"] == 0.0
    assert "label NCR" in result.stdout


def test_a_plot_without_matplotlib_names_the_extra_before_anything_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("napari_brats.metrics.plot.find_spec", lambda name: None)
    reference = write(tmp_path / "x_seg.nii.gz", tumour())
    result = run(reference, reference, "--plot", tmp_path / "p.png")
    assert result.exit_code != 0
    assert "napari-brats[report]" in str(result.exception) + result.stderr
    assert "Dice" not in result.stdout


# --- what is refused ------------------------------------------------------------------------------


def test_ids_that_never_meet_are_pointed_out(tmp_path: Path):
    for name in ("A1", "A2"):
        write(tmp_path / "R" / f"{name}_seg.nii.gz", tumour())
        write(tmp_path / "P" / f"X{name}_seg.nii.gz", tumour())
    result = run(tmp_path / "R", tmp_path / "P")
    assert result.exit_code == 1
    assert "No case id is on both sides" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--output", "scores.txt"), ".json"),
        (("--output", "missing/scores.json"), "does not exist"),
        (("--lesions", "lesions.json"), ".csv"),
        (("--plot", "plot.bmp"), ".pdf"),
        (("--workers", "0"), "workers"),
        (("--reference-convention", "brats1999"), "brats1999"),
        (("--challenge", "XYZ"), "XYZ"),
        (("--empty", "zero"), "zero"),
        (("--tolerance-mm", "-1"), "0 mm or more"),
    ],
)
def test_usage_errors_exit_with_2(options, message, tmp_path: Path):
    reference = write(tmp_path / "x_seg.nii.gz", tumour())
    result = run(reference, reference, *options)
    assert result.exit_code == 2
    assert message in result.stderr


def test_paths_without_label_maps_are_usage_errors(tmp_path: Path):
    reference = write(tmp_path / "x_seg.nii.gz", tumour())
    (tmp_path / "empty").mkdir()
    assert run(reference, tmp_path / "empty").exit_code == 2
    assert run(tmp_path / "nowhere.nii.gz", reference).exit_code == 2
    write(tmp_path / "other" / "y_t1.nii.gz", tumour())
    with pytest.raises(CaseError, match="No label map"):
        label_maps_at(tmp_path / "other")


def test_real_cases_against_shifted_copies(tmp_path: Path):
    cases = os.environ.get("NAPARI_BRATS_CASES")
    if not cases:
        pytest.skip("NAPARI_BRATS_CASES is not set")
    case = "BraTS2021_01476"
    source = Path(cases) / "labelled" / case / f"{case}_seg.nii.gz"
    image = nib.load(source)
    shifted = np.roll(np.asarray(image.dataobj), 2, axis=0)
    nib.Nifti1Image(shifted, image.affine, image.header).to_filename(
        tmp_path / f"{case}-seg.nii.gz"
    )
    result = run(source, tmp_path / f"{case}-seg.nii.gz", "--output", tmp_path / "o.json")
    assert result.exit_code == 0
    (found,) = json.loads((tmp_path / "o.json").read_text())["cases"]
    wt = found["regions"]["WT"]
    assert wt["hd95_mm"] == 2.0
    assert wt["reference_ml"] == wt["prediction_ml"]
    assert 0.8 < wt["dice"] < 1.0
