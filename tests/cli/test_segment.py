from __future__ import annotations

import hashlib
import json
import math
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from tests.io.brains import NAMELESS, brain, write_nameless
from typer.testing import CliRunner, Result

from napari_brats import INTENDED_USE, __version__
from napari_brats.cli import app
from napari_brats.core.errors import CaseError, SaveError
from napari_brats.inference.postprocess_options import PostprocessOptions

MakeCase = Callable[..., Path]
WriteImage = Callable[..., Path]

CASE = "BraTS2021_00001"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["segment", *map(str, arguments)])


def read(path: Path) -> dict[str, Any]:
    def no_constant(name: str) -> None:
        raise AssertionError(f"{path} holds {name}")

    content: dict[str, Any] = json.loads(path.read_text(), parse_constant=no_constant)
    return content


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_mask_has_the_values_of_the_case_and_the_geometry_of_t1c(
    make_case: MakeCase, network: Any, tmp_path: Path
):
    case = make_case()
    result = run(case, "--output", tmp_path / "out", "--device", "cpu")
    assert result.exit_code == 0, result.output
    mask = nib.load(tmp_path / "out" / f"{CASE}-seg.nii.gz")
    values = np.asarray(mask.dataobj)
    assert [values[i, 1, 1] for i in (1, 2, 3)] == [2, 1, 4]  # ED, NCR, ET in BraTS 2021
    assert np.count_nonzero(values) == 3
    reference = nib.load(case / f"{CASE}_t1ce.nii.gz")
    np.testing.assert_array_equal(mask.affine, reference.affine)
    assert (mask.header["qform_code"], mask.header["sform_code"]) == (1, 2)


def test_record_tells_how_the_mask_was_made(make_case: MakeCase, network: Any, tmp_path: Path):
    case = make_case()
    run(case, "--output", tmp_path / "out", "--device", "cpu")
    record = read(tmp_path / "out" / f"{CASE}-seg.json")
    assert record["case_id"] == CASE
    assert record["intended_use"] == INTENDED_USE
    assert record["version"] == __version__
    flair = case / f"{CASE}_flair.nii.gz"
    inputs = {entry["modality"]: entry for entry in record["inputs"]}
    assert list(inputs) == ["T1N", "T1C", "T2W", "T2F"]
    assert inputs["T2F"]["path"] == str(flair.resolve())
    assert inputs["T2F"]["sha256"] == hashlib.sha256(flair.read_bytes()).hexdigest()
    assert inputs["T2F"]["channel"] is None
    assert record["bundle"] == {"name": "glioma-unet3d", "sha256": "ab" * 32}
    assert record["convention"]["name"] == "brats2021"
    assert record["convention"]["values"] == {"1": "NCR", "2": "ED", "4": "ET"}
    assert record["geometry"]["shape"] == [6, 5, 4]
    assert record["geometry"]["spacing_mm"] == [1.0, 1.0, 1.0]
    assert record["geometry"]["orientation"] == "LPS"
    assert record["geometry"]["resampled_to"] is None
    assert record["volumes_ml"] == {"WT": 0.003, "TC": 0.002, "ET": 0.001}
    assert record["device"] == "cpu"
    assert set(record["seconds"]) == {"load", "network", "save"}
    assert record["postprocess"] == {"threshold_wt": 0.5}
    assert "a note of the network" in record["warnings"]
    assert record["undefined"] is None  # NaN in the provenance
    assert record["outputs"] == {"label_map": f"{CASE}-seg.nii.gz", "record": f"{CASE}-seg.json"}


def test_volumes_stand_on_stdout_and_progress_on_stderr(
    make_case: MakeCase, network: Any, tmp_path: Path
):
    result = run(make_case(), "--output", tmp_path / "out", "--device", "cpu")
    assert result.stdout.startswith(f"{CASE}  WT 0.0 ml  TC 0.0 ml  ET 0.0 ml  ")
    assert len(result.stdout.splitlines()) == 1
    assert f"[1/1] {CASE}: Running the network on cpu" in result.stderr
    assert INTENDED_USE in result.stderr


def test_one_bad_case_does_not_stop_the_others(make_case: MakeCase, network: Any, tmp_path: Path):
    for number in (1, 2, 3):
        make_case(f"BraTS2021_0000{number}")
    broken = tmp_path / "data" / "BraTS2021_00002" / "BraTS2021_00002_t2.nii.gz"
    broken.write_bytes(broken.read_bytes()[:60])
    result = run(tmp_path / "data", "--output", tmp_path / "out", "--device", "cpu")
    assert result.exit_code == 1
    summary = read(tmp_path / "out" / "summary.json")
    assert [case["status"] for case in summary["cases"]] == ["done", "failed", "done"]
    assert str(broken) in summary["cases"][1]["error"]
    assert summary["cases"][0]["error"] is None
    assert summary["cases"][0]["seconds"] >= 0
    assert summary["counts"] == {"done": 2, "failed": 1, "interrupted": 0, "not run": 0}
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "error",
    [
        CaseError("no brain"),
        MemoryError("too large"),
        RuntimeError("shape"),
        ValueError("odd"),
        IndexError("beyond"),
        PermissionError(13, "denied"),
    ],
)
def test_what_a_network_may_raise_fails_its_case_only(
    error: Exception, make_case: MakeCase, network: Any, tmp_path: Path
):
    make_case("BraTS2021_00001")
    make_case("BraTS2021_00002")
    network.error_at["BraTS2021_00001"] = error
    assert run(tmp_path / "data", "--output", tmp_path / "out").exit_code == 1
    cases = read(tmp_path / "out" / "summary.json")["cases"]
    assert [case["status"] for case in cases] == ["failed", "done"]


def test_an_existing_mask_is_kept_and_the_network_does_not_run(
    make_case: MakeCase, network: Any, tmp_path: Path
):
    out = tmp_path / "out"
    out.mkdir()
    mask = out / f"{CASE}-seg.nii.gz"
    mask.write_bytes(b"by hand")
    case = make_case()
    result = run(case, "--output", out)
    assert result.exit_code == 1
    assert "--overwrite" in result.stderr
    assert mask.read_bytes() == b"by hand"
    assert not network.seen
    assert run(case, "--output", out, "--overwrite").exit_code == 0
    assert np.asarray(nib.load(mask).dataobj).any()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--bundle", "nothing"], "Known: glioma-unet3d"),
        (["--device", "tpu"], "auto, cpu, cuda, cuda:N"),
        (["--device", "cuda:77"], "cuda:77"),
        (["--convention", "brats1999"], "brats2023"),
        (["--modality", "T9=x.nii.gz"], "T1N, T1C, T2W, T2F"),
        (["--modality", "T1C"], "MODALITY=PATH"),
        (["--modality", "T1C=elsewhere.nii.gz"], "in none of the 1 cases"),
        (["--grid", "T5"], "T1N, T1C, T2W, T2F"),
        (["--threshold-wt", "1.5"], "threshold_wt is 1.5"),
        (["--closing-mm", "nan"], "closing_mm is nan"),
    ],
)
def test_a_wrong_option_is_a_usage_error_and_leaves_no_folder(
    options: list[str], expected: str, make_case: MakeCase, network: Any, tmp_path: Path
):
    result = run(make_case(), "--output", tmp_path / "out", *options)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert not (tmp_path / "out").exists()


def test_nothing_found_is_a_usage_error(network: Any, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "empty", "--output", tmp_path / "out").exit_code == 2
    assert run(tmp_path / "nowhere", "--output", tmp_path / "out").exit_code == 2


def test_an_output_that_is_no_folder_is_a_usage_error(
    make_case: MakeCase, network: Any, tmp_path: Path
):
    (tmp_path / "file").write_text("")
    result = run(make_case(), "--output", tmp_path / "file")
    assert result.exit_code == 2
    assert "Cannot write into" in result.stderr


def test_a_path_without_a_case_fails_beside_one_that_has_one(
    make_case: MakeCase, network: Any, tmp_path: Path
):
    (tmp_path / "empty").mkdir()
    result = run(make_case(), tmp_path / "empty", "--output", tmp_path / "out")
    assert result.exit_code == 1
    states = {c["case_id"]: c["status"] for c in read(tmp_path / "out/summary.json")["cases"]}
    assert states == {"empty": "failed", CASE: "done"}


def test_interruption_leaves_whole_cases_and_a_summary(
    make_case: MakeCase, network: Any, tmp_path: Path
):
    for number in (1, 2, 3):
        make_case(f"BraTS2021_0000{number}")
    network.error_at["BraTS2021_00002"] = KeyboardInterrupt()
    result = run(tmp_path / "data", "--output", tmp_path / "out")
    assert result.exit_code == 130
    assert names(tmp_path / "out") == [
        "BraTS2021_00001-seg.json",
        "BraTS2021_00001-seg.nii.gz",
        "summary.json",
    ]
    summary = read(tmp_path / "out" / "summary.json")
    assert [c["status"] for c in summary["cases"]] == ["done", "interrupted", "not run"]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM cannot be caught on Windows")
def test_a_cluster_that_ends_the_job_interrupts_it(
    make_case: MakeCase, network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def terminated(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    former = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("napari_brats.inference.segment_files.check_case", terminated)
    assert run(make_case(), "--output", tmp_path / "out").exit_code == 130
    assert names(tmp_path / "out") == ["summary.json"]
    assert signal.getsignal(signal.SIGTERM) == former


@pytest.mark.parametrize("error", [SaveError("disk full"), KeyboardInterrupt()])
def test_files_of_a_case_are_written_all_or_none(
    error: BaseException,
    make_case: MakeCase,
    network: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("napari_brats.inference.segment_files.segmentation_record", fail)
    run(make_case(), "--output", tmp_path / "out", "--probabilities")
    assert names(tmp_path / "out") == ["summary.json"]


def test_cases_of_one_id_are_told_apart_by_their_folders(
    make_case: MakeCase, network: Any, tmp_path: Path
):
    make_case(CASE, "data/HGG")
    make_case(CASE, "data/LGG")
    assert run(tmp_path / "data", "--output", tmp_path / "out").exit_code == 0
    assert names(tmp_path / "out") == [
        f"HGG_{CASE}-seg.json",
        f"HGG_{CASE}-seg.nii.gz",
        f"LGG_{CASE}-seg.json",
        f"LGG_{CASE}-seg.nii.gz",
        "summary.json",
    ]


def test_masks_of_a_former_run_beside_the_cases_are_no_cases(
    make_case: MakeCase, network: Any, tmp_path: Path
):
    data = make_case().parent
    assert run(data, "--output", data).exit_code == 0
    assert run(data, "--output", data, "--overwrite").exit_code == 0
    assert [case.case_id for case in network.seen] == [CASE, CASE]
    assert run(data / f"{CASE}-seg.nii.gz", "--output", tmp_path / "out").exit_code == 2


def test_a_case_named_twice_runs_once(make_case: MakeCase, network: Any, tmp_path: Path):
    case = make_case()
    one_file = case / f"{CASE}_t1.nii.gz"
    assert run(case, case.parent, one_file, "--output", tmp_path / "out").exit_code == 0
    assert len(network.seen) == 1


def test_probabilities_are_written_per_region(make_case: MakeCase, network: Any, tmp_path: Path):
    run(make_case(), "--output", tmp_path / "out", "--probabilities")
    listed = read(tmp_path / "out" / f"{CASE}-seg.json")["outputs"]["probabilities"]
    assert listed == {r.upper(): f"{CASE}-probability-{r}.nii.gz" for r in ("wt", "tc", "et")}
    for name in listed.values():
        image = nib.load(tmp_path / "out" / name)
        assert float(np.asarray(image.dataobj)[0, 0, 0]) == 0.25


def test_postprocessing_options_reach_the_engine(make_case: MakeCase, network: Any, tmp_path: Path):
    run(
        *(make_case(), "--output", tmp_path / "out", "--threshold-wt", 0.4, "--threshold-tc", 0.3),
        *("--threshold-et", 0.2, "--min-component-mm3", 50, "--min-component-et-mm3", 20),
        *("--largest-wt", 3, "--et-to-ncr-mm3", 200, "--tc-reach-mm", 8, "--fill-holes"),
        *("--closing-mm", 2, "--opening-mm", 1.5, "--smooth-mm", 0.5),
    )
    (options,) = network.options
    assert options.postprocess == PostprocessOptions(
        *(0.4, 0.3, 0.2),
        *(50.0, 50.0, 20.0),
        largest_wt=3,
        et_to_ncr_mm3=200.0,
        tc_reach_mm=8.0,
        fill_holes=True,
        closing_mm=2.0,
        opening_mm=1.5,
        smooth_mm=0.5,
    )


def test_a_card_tells_the_options_that_are_not_given(
    make_case: MakeCase, network: Any, tmp_path: Path
):
    path = tmp_path / "built-in" / "glioma-unet3d.json"
    card = json.loads(path.read_text())
    tuned = {"threshold_wt": 0.45, "threshold_et": 0.4, "fill_holes": True}
    path.write_text(json.dumps(card | {"postprocess": {"options": tuned}}))
    given = ("--threshold-et", 0.3, "--no-fill-holes")
    assert run(make_case(), "--output", tmp_path / "out", *given).exit_code == 0
    (options,) = network.options
    assert options.postprocess == PostprocessOptions(threshold_wt=0.45, threshold_et=0.3)
    path.write_text(json.dumps(card | {"postprocess": {"options": {"threshold_wt": 45}}}))
    result = run(make_case(), "--output", tmp_path / "out2")
    assert result.exit_code == 2
    assert "threshold_wt is 45" in result.stderr


def test_convention_decides_the_integers_of_the_mask(
    make_case: MakeCase, network: Any, tmp_path: Path
):
    run(make_case(), "--output", tmp_path / "out", "--convention", "brats2023")
    values = np.asarray(nib.load(tmp_path / "out" / f"{CASE}-seg.nii.gz").dataobj)
    assert [values[i, 1, 1] for i in (1, 2, 3)] == [2, 1, 3]


def test_different_grids_are_refused_unless_one_is_chosen(
    make_case: MakeCase, network: Any, write_image: WriteImage, tmp_path: Path
):
    case = make_case()
    write_image(case / f"{CASE}_t2.nii.gz", (4, 3, 2), spacing_mm=2.0)
    result = run(case, "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert "--grid T1C" in result.stderr
    assert run(case, "--output", tmp_path / "out", "--grid", "T2W").exit_code == 0
    mask = nib.load(tmp_path / "out" / f"{CASE}-seg.nii.gz")
    assert mask.shape == (4, 3, 2)
    assert mask.header.get_zooms() == (2.0, 2.0, 2.0)
    record = read(tmp_path / "out" / f"{CASE}-seg.json")
    assert record["geometry"]["resampled_to"] == "T2W"
    assert math.isclose(record["volumes_ml"]["WT"], 0.024)


def test_a_reference_label_map_beside_the_images_is_not_needed(
    make_case: MakeCase, network: Any, tmp_path: Path
):
    case = make_case()
    (case / f"{CASE}_seg.nii.gz").write_bytes(b"<html>not found</html>")
    assert run(case, "--output", tmp_path / "out").exit_code == 0


def test_modality_patterns_answer_what_names_cannot_in_every_case(
    network: Any, write_image: WriteImage, tmp_path: Path
):
    for case in ("A", "B"):
        for channel in range(4):
            write_image(tmp_path / "data" / f"{case}_000{channel}.nii.gz")
    answers = [
        text
        for number, name in enumerate(("T1N", "T1C", "T2W", "T2F"))
        for text in ("--modality", f"{name}=*_000{number}.nii.gz")
    ]
    assert run(tmp_path / "data", "--output", tmp_path / "out").exit_code == 1
    assert run(tmp_path / "data", "--output", tmp_path / "out", *answers).exit_code == 0
    assert [case.case_id for case in network.seen] == ["A", "B"]
    assert network.seen[1].volumes["T1C"].path.name == "B_0001.nii.gz"


def test_channels_of_a_4d_file_are_assigned_by_number(
    network: Any, write_image: WriteImage, tmp_path: Path
):
    path = write_image(tmp_path / "patient.nii.gz", (6, 5, 4, 4))
    answers = [
        text
        for number, name in enumerate(("T2F", "T1N", "T1C", "T2W"))
        for text in ("--modality", f"{name}={path}:{number}")
    ]
    result = run(path, "--output", tmp_path / "out", *answers)
    assert result.exit_code == 0, result.output
    stored = np.asarray(nib.load(path).dataobj)
    np.testing.assert_array_equal(network.seen[0].volumes["T1C"].data, stored[..., 2])


def test_stderr_says_what_to_expect_and_where_to_look(
    make_case: MakeCase, network: Any, tmp_path: Path
):
    result = run(make_case(), "--output", tmp_path / "out", "--uncertainty", "--mirroring", "fast")
    assert f"{CASE}: warning: The skull is on." in result.stderr
    assert (
        f"{CASE}: Expected Dice of this result: WT 0.90 ± 0.05 (estimated; research only)"
        in result.stderr
    )
    assert f"{CASE}: look at 1: ET border, 0.8 ml, left, anterior" in result.stderr
    record = read(tmp_path / "out" / f"{CASE}-seg.json")
    assert record["mirroring"] == "fast"
    assert record["review"]["places"][0]["voxel"] == [1, 2, 3]
    assert record["review"]["expected_dice"]["ET"] is None
    uncertainty = nib.load(tmp_path / "out" / record["outputs"]["uncertainty"])
    assert (uncertainty.get_fdata() == 0.5).all()


def test_an_unknown_mirroring_is_a_usage_error(make_case: MakeCase, tmp_path: Path):
    result = run(make_case(), "--output", tmp_path / "out", "--mirroring", "half")
    assert result.exit_code == 2
    assert "off, fast, full" in result.output


def test_nameless_files_are_recognised_and_the_run_says_so(network: Any, tmp_path: Path):
    folder = write_nameless(tmp_path / "case", brain())
    result = run(folder, "--output", tmp_path / "out", "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert "warning: Recognised from their voxels, not from their names" in result.stderr
    record = read(tmp_path / "out" / "case-seg.json")
    inputs = {entry["modality"]: entry for entry in record["inputs"]}
    assert {m: Path(entry["path"]).name for m, entry in inputs.items()} == NAMELESS
    assert "please check" in inputs["T1C"]["reason"]
    assert any("not from their names" in warning for warning in record["warnings"])


def test_the_users_word_is_not_overruled_by_the_voxels(network: Any, tmp_path: Path):
    folder = write_nameless(tmp_path / "case", brain())
    words = [f"--modality={m}={folder / name}" for m, name in NAMELESS.items()]
    swapped = [words[0].replace("d.nii", "c.nii"), words[1], words[2].replace("c.nii", "d.nii")]
    result = run(folder, "--output", tmp_path / "out", "--device", "cpu", *swapped, words[3])
    assert result.exit_code == 0, result.output
    assert "T1N and T2W look swapped" in result.stderr
    volumes = network.seen[0].volumes
    assert volumes["T1N"].path.name == "c.nii"
    assert volumes["T2W"].path.name == "d.nii"
