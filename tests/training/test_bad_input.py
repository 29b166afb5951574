"""What a lab's folder may hold: nothing is lost, nothing stops for long, and all is told."""

import json
from dataclasses import fields

import nibabel as nib
import numpy as np
import pytest
from typer.testing import CliRunner

from napari_brats.cli import app
from napari_brats.core.errors import BratsError, CaseError
from napari_brats.training.augment_config import AugmentConfig
from napari_brats.training.config import Recipe, TrainConfig, read_recipe
from napari_brats.training.loop import LAST, Hardware
from napari_brats.training.runs import train_run

RECIPE = Recipe(
    TrainConfig(
        epochs=1,
        steps_per_epoch=2,
        batch_size=1,
        patch_size=(16, 16, 16),
        widths=(4, 8),
        norm="layer",
        checkpoint_every=1,
        validate_every=0,
        augment=AugmentConfig(**{setting.name: 0 for setting in fields(AugmentConfig)}),
    )
)
SUFFIXES = ("t1n", "t1c", "t2w", "t2f")


def _images(shape, count=1):
    data = np.zeros((*shape, count), np.float32)
    inside = data[3:-3, 3:-3, 3:-3]
    inside[...] = np.random.default_rng(0).normal(100, 5, inside.shape)
    return data


def _labels(shape, value=2):
    data = np.zeros(shape, np.uint8)
    data[8:12, 8:12, 8:12] = value
    return data


def _save(path, data, spacing_mm=1.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    affine = np.diag([-spacing_mm, -spacing_mm, spacing_mm, 1.0])
    nib.save(nib.Nifti1Image(data, affine), path)


def _case(data, case_id, shape=(20, 20, 20), spacing_mm=1.0, value=2):
    image = _images(shape)[..., 0]
    for suffix in SUFFIXES:
        _save(data / case_id / f"{case_id}-{suffix}.nii.gz", image, spacing_mm)
    if value:
        _save(data / case_id / f"{case_id}-seg.nii.gz", _labels(shape, value), spacing_mm)


def _train(data, run, recipe=RECIPE):
    """The messages of a run to its end, and what its ``run.json`` says."""
    job = train_run(data, run, recipe, hardware=Hardware(workers=0))
    messages = [progress.message for progress in job]
    return messages, json.loads((run / "run.json").read_text())


@pytest.fixture
def data(tmp_path):
    _case(tmp_path / "data", "P1")
    return tmp_path / "data"


@pytest.fixture
def run(tmp_path):
    return tmp_path / "run"


def test_one_case_is_enough(data, run):
    messages, facts = _train(data, run)
    assert messages[-1].startswith("loss")
    assert facts["split"]["train"] == ["P1"]
    assert (run / LAST).exists()


def test_cases_that_cannot_be_used_are_passed_over_and_named(data, run):
    _case(data, "Unlabelled", value=0)
    _case(data, "Unknown", value=7)
    _case(data, "Damaged")
    (data / "Damaged" / "Damaged-t1c.nii.gz").write_bytes(b"<html>")
    _case(data, "Elsewhere", value=0)
    _save(data / "Elsewhere" / "Elsewhere-seg.nii.gz", _labels((30, 30, 30)))
    messages, facts = _train(data, run)
    assert facts["split"]["train"] == ["P1"]
    told = facts["passed_over"]
    assert sorted(told) == ["Damaged", "Elsewhere", "Unknown", "Unlabelled"]
    assert "no label map" in told["Unlabelled"]
    assert "7 (64 voxels)" in told["Unknown"]
    assert "Damaged-t1c" in told["Damaged"]
    assert "grid of none of the images" in told["Elsewhere"]
    for case_id, reason in told.items():
        assert f"Passing over {case_id}: {reason}" in messages


def test_without_a_usable_case_each_reason_is_given(tmp_path, run):
    _case(tmp_path / "data", "A", value=0)
    _case(tmp_path / "data", "B", value=7)
    with pytest.raises(CaseError, match=r"(?s)None of the 2 cases.*A: .*no label map.*B: .*7 \(64"):
        _train(tmp_path / "data", run)
    assert not run.exists()


def test_a_case_to_leave_out_that_cannot_be_used_is_an_error(data, run):
    _case(data, "P2", value=0)
    with pytest.raises(CaseError, match=r"(?s)not among the 1 usable.*P2.*no label map"):
        _train(data, run, Recipe(RECIPE.config, ("P2",)))
    assert not run.exists()


def test_shapes_and_spacings_may_differ(data, run):
    _case(data, "P2", shape=(18, 24, 30))
    _case(data, "P3", shape=(20, 20, 20), spacing_mm=2.0)
    _case(data, "P4")
    _save(data / "P4" / "P4-t2f.nii.gz", _images((12, 12, 12))[..., 0], spacing_mm=2.0)
    (data / "P4" / "P4-t1n.nii.gz").unlink()
    _, facts = _train(data, run)
    assert facts["split"]["train"] == ["P1", "P2", "P3", "P4"]
    assert facts["passed_over"] == {}


def test_voxels_that_are_not_numbers_are_told_and_do_not_spread(data, run, caplog):
    image = _images((20, 20, 20))[..., 0]
    image[5, 5, 5], image[6, 6, 6] = np.nan, np.inf
    _save(data / "P1" / "P1-t2f.nii.gz", image)
    _, facts = _train(data, run)
    assert facts["split"]["train"] == ["P1"]
    assert "P1-t2f.nii.gz" in caplog.text
    losses = [row.split(",")[1] for row in (run / "history.csv").read_text().splitlines()[1:]]
    assert np.isfinite([float(loss) for loss in losses]).all()


def test_two_cases_of_one_name_are_refused(data, run):
    _case(data / "other", "P1")
    with pytest.raises(CaseError, match=r"(?s)2 cases are called P1.*Rename"):
        _train(data, run)
    assert not run.exists()


def test_an_msd_task_is_trained_on_as_it_stands(tmp_path, run):
    """4-D images in the order of dataset.json; its label 1 is oedema and 2 non-enhancing core."""
    task = tmp_path / "Task01_BrainTumour"
    for number in (1, 2):
        _save(task / "imagesTr" / f"BRATS_00{number}.nii.gz", _images((20, 20, 20), 4))
        _save(task / "labelsTr" / f"BRATS_00{number}.nii.gz", _labels((20, 20, 20), 1))
    _save(task / "imagesTs" / "BRATS_003.nii.gz", _images((20, 20, 20), 4))
    names = {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"}
    labels = {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"}
    facts = {"name": "BRATS", "modality": names, "labels": labels}
    (task / "dataset.json").write_text(json.dumps(facts))
    messages, facts = _train(task, run)
    assert facts["split"]["train"] == ["BRATS_001", "BRATS_002"]
    assert "no label map" in facts["passed_over"]["BRATS_003"]
    assert messages[-1].startswith("loss")


def test_a_disk_that_fills_up_leaves_the_former_checkpoint(data, run, monkeypatch):
    """The limit on a file's size is the kernel's own: the write really ends midway."""
    resource = pytest.importorskip("resource")
    job = train_run(data, run, RECIPE, hardware=Hardware(workers=0))
    while not next(job).message.startswith("loss"):
        pass
    before = (run / LAST).read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))
    try:
        with pytest.raises(BratsError, match=r"(?s)last\.pt could not be written.*untouched"):
            next(job)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (run / LAST).read_bytes() == before
    assert [path.name for path in run.glob("*.tmp")] == []


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"x" * 99])
def test_a_damaged_checkpoint_is_named(data, run, damage):
    _train(data, run)
    checkpoint = run / LAST
    checkpoint.write_bytes(damage(checkpoint.read_bytes()))
    with pytest.raises(BratsError, match=r"last\.pt cannot be read"):
        _train(data, run)


def test_a_folder_that_cannot_be_made_is_named(data, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BratsError, match="file/run cannot be made"):
        _train(data, tmp_path / "file" / "run")


def test_a_damaged_run_is_named_and_left_as_it_is(data, run):
    _train(data, run)
    (run / "run.json").write_text("{")
    with pytest.raises(BratsError, match=r"run\.json cannot be read"):
        _train(data, run)
    assert (run / "run.json").read_text() == "{"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("step = 7", r"Unknown settings at \[train\]: step"),
        ('epochs = "many"', r"epochs at \[train\] is 'many'; expected something like 40"),
        ("epochs = true", "epochs at"),
        ("epochs = 0", "epochs is 0; expected at least 1"),
        ("learning_rate = [1]", "learning_rate at"),
        ("learning_rate = 0", "learning_rate is 0"),
        ("frozen_from = 0.0", "name a bundle in start_from"),
        ("frozen_from = 1.5", "frozen_from is 1.5; expected a share"),
        ("widths = 8", "widths at"),
        ("widths = []", "widths at"),
        ('widths = ["a"]', "widths at"),
        ("patch_size = [16, 16]", r"patch_size is \[16, 16\]; expected three"),
        ("early_patch_edges = [8.5]", "early_patch_edges at"),
        ('modalities = ["T1C", "CT"]', "Unknown modalities: CT. Known: T1N"),
        ('network = "unet"', "expected one of unet3d"),
        ('augment = "none"', "augment at .* expected something like a table"),
        ("augment = { mirror = false }", r"mirror at \[train.augment\]"),
        ("augment = { mirrors = 1 }", r"Unknown settings at \[train.augment\]: mirrors"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused_before_anything_runs(tmp_path, line, words):
    path = tmp_path / "recipe.toml"
    path.write_text(f"[train]\n{line}\n")
    with pytest.raises(BratsError, match=words):
        read_recipe(path)


def test_a_whole_number_may_stand_for_a_real_one(tmp_path):
    (tmp_path / "recipe.toml").write_text("[train]\nlearning_rate = 1\n")
    assert read_recipe(tmp_path / "recipe.toml").config.learning_rate == 1


def test_a_patch_that_does_not_fit_the_network_is_refused(data, run):
    config = TrainConfig(patch_size=(18, 16, 16), widths=(4, 8), epochs=1)
    with pytest.raises(BratsError, match=r"patch_size is \[18, 16, 16\].*multiples of 4"):
        _train(data, run, Recipe(config))
    early = TrainConfig(patch_size=(16, 16, 16), early_patch_edges=(10,), widths=(4, 8), epochs=1)
    with pytest.raises(BratsError, match=r"patch_size is \[10, 10, 10\].*early_patch_edges"):
        _train(data, run, Recipe(early))


def test_the_command_shows_one_message_and_no_traceback(tmp_path):
    (tmp_path / "empty").mkdir()
    result = CliRunner().invoke(
        app, ["train", str(tmp_path / "empty"), "--output", str(tmp_path / "run")]
    )
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: No case was found in")
    assert not (tmp_path / "run").exists()
