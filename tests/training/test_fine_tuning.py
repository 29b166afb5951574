"""What a folder holds for training, whom to leave out, and the recipe that fits a bundle."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.training.tiny_cases import IDS, write_cases

from napari_brats.core.errors import BratsError, CaseError
from napari_brats.core.progress import drain
from napari_brats.models.bundle import load_bundle
from napari_brats.training.config import TrainConfig
from napari_brats.training.curves import read_curves
from napari_brats.training.fine_tuning import left_out, recipe_for, run_state, survey
from napari_brats.training.objectives import objective_for
from napari_brats.training.runs import train_run


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Three cases: P1 unlabelled, P2 and P3 with a label map of their own."""
    monkeypatch.setenv("NAPARI_BRATS_CACHE", str(tmp_path / "cache"))
    return write_cases(tmp_path / "data", labelled=("P2", "P3"))


def test_cases_with_and_without_a_label_map_are_told_apart(data):
    found = survey(data)
    assert (found.labelled, found.unlabelled) == (("P2", "P3"), ("P1",))
    assert found.automatic == found.unused == found.problems == ()


def test_an_empty_folder_holds_no_case(tmp_path):
    with pytest.raises(CaseError):
        survey(tmp_path)


def test_patients_are_left_out_spread_over_all():
    assert left_out([f"P{i}" for i in range(9)], 3) == ("P1", "P4", "P7")
    assert left_out(["P1", "P2"], 1) == ("P2",)
    time_points = ["BraTS-GLI-00001-000", "BraTS-GLI-00001-001", "BraTS-GLI-00002-000"]
    assert left_out(time_points, 1) == ("BraTS-GLI-00002-000",)
    assert left_out([time_points[1], time_points[0], "BraTS-GLI-00000-000"], 1) == (
        "BraTS-GLI-00001-000",
        "BraTS-GLI-00001-001",
    )


@pytest.mark.parametrize("ids", [[], ["P1"], ["BraTS-GLI-00001-000", "BraTS-GLI-00001-001"]])
def test_one_patient_is_too_few(ids):
    with pytest.raises(CaseError, match="at least 2"):
        left_out(ids, 1)


@pytest.mark.parametrize("count", [0, 3])
def test_neither_none_nor_all_can_be_left_out(count):
    with pytest.raises(CaseError, match="Expected 1 to 2"):
        left_out(IDS, count)


def test_the_recipe_of_a_bundle_builds_the_network_its_weights_fit():
    bundle = load_bundle()
    recipe = recipe_for(bundle.card, 3, ("P1",))
    assert recipe.config.start_from == bundle.card.name
    assert (recipe.config.epochs, recipe.hold_out) == (3, ("P1",))
    network = objective_for(recipe.config.network).network(recipe.config)
    network.load_state_dict(bundle.load_network().state_dict())
    assert bundle.card.data_licence in recipe.card["data_licence"]


def test_a_recipe_from_scratch_is_the_default_one():
    config = recipe_for(None, 5, ()).config
    assert (config.start_from, config.widths) == ("", TrainConfig().widths)


def test_a_bundle_of_another_task_cannot_be_trained_further():
    with pytest.raises(BratsError, match="reconstruct"):
        recipe_for(replace(load_bundle().card, task="reconstruct"), 1, ())


def test_how_far_a_run_is(data, tmp_path):
    run = tmp_path / "run"
    assert run_state(run) is None
    tiny = TrainConfig(
        epochs=1, steps_per_epoch=2, patch_size=(16, 16, 16), widths=(4, 8), validate_every=0
    )
    recipe = recipe_for(None, 1, ("P3",))
    drain(train_run(data, run, replace(recipe, config=tiny)))
    state = run_state(run)
    assert (state.done, state.steps, state.has_checkpoint, state.cases) == (2, 2, True, 1)
    assert state.data == data.resolve()


def test_a_run_stopped_before_its_first_checkpoint_begins_again(data, tmp_path):
    run = tmp_path / "run"
    tiny = TrainConfig(
        epochs=1, steps_per_epoch=3, patch_size=(16, 16, 16), widths=(4, 8), validate_every=0
    )
    recipe = replace(recipe_for(None, 1, ("P3",)), config=tiny)
    job = train_run(data, run, recipe)
    while "loss" not in next(job).message:
        pass
    job.close()
    state = run_state(run)
    assert (state.done, state.has_checkpoint, state.is_finished) == (1, False, False)
    drain(train_run(data, run, recipe))
    assert read_curves(run).history["step"].tolist() == [1, 2, 3]
