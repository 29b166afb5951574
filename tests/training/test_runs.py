"""A run from labelled files to a bundle with scores, and what a recipe may say."""

import json
from dataclasses import asdict, replace

import pytest
import torch
from tests.training.tiny_cases import write_cases

from napari_brats.core.errors import BratsError, CaseError
from napari_brats.core.progress import drain
from napari_brats.models.bundle import save_bundle
from napari_brats.models.card import Card
from napari_brats.models.networks import build_network
from napari_brats.training.bundling import bundle_run
from napari_brats.training.config import Recipe, TrainConfig, read_recipe
from napari_brats.training.fine_tuning import recipe_for
from napari_brats.training.loop import averaged_network
from napari_brats.training.runs import train_run

TINY = TrainConfig(
    epochs=1,
    steps_per_epoch=2,
    patch_size=(16, 16, 16),
    widths=(4, 8),
    checkpoint_every=1,
    warmup_steps=1,
)


@pytest.fixture
def data(tmp_path):
    return write_cases(tmp_path / "data")


def test_a_run_ends_in_a_bundle_scored_on_the_cases_left_out(data, tmp_path):
    recipe = Recipe(TINY, ("P3",), {"title": "Tiny"})
    drain(train_run(data, tmp_path / "run", recipe))
    assert {"history.csv", "validation.csv", "curves.png", "tensorboard"} <= {
        path.name for path in (tmp_path / "run").iterdir()
    }
    card = drain(bundle_run([tmp_path / "run"], "tiny", tmp_path / "out")).card
    assert card.training["cases"] == ["P1", "P2"]
    assert [row["case_id"] for row in card.scores["cases"]] == ["P3"]
    assert card.scores["cases"][0]["regions"]["WT"]["reference_ml"] == pytest.approx(0.06)
    subsets = card.scores["mean_dice_by_modalities"]
    assert len(subsets) == 15
    assert subsets["T1C"]["WT"]["n"] == 1
    assert "ET" not in subsets["T1C"]  # absent from the reference, so it has no Dice


def test_runs_on_the_same_cases_answer_together(data, tmp_path):
    for run, seed, left_out in (("one", 0, "P3"), ("two", 1, "P3"), ("three", 1, "P2")):
        recipe = Recipe(replace(TINY, seed=seed, validate_every=0), (left_out,))
        drain(train_run(data, tmp_path / run, recipe))
    one, two, three = (tmp_path / run for run in ("one", "two", "three"))
    bundle = drain(bundle_run([one, two], "both", tmp_path / "out"))
    assert bundle.card.arguments["members"] == 2
    assert [m["recipe"]["seed"] for m in bundle.card.training["members"]] == [0, 1]
    assert [row["case_id"] for row in bundle.card.scores["cases"]] == ["P3"]
    image = torch.randn(1, 4, 16, 16, 16)
    parts = [averaged_network(run, TINY)[0] for run in (one, two)]
    with torch.inference_mode():
        mean = (parts[0](image) + parts[1](image)) / 2
        assert torch.allclose(bundle.load_network()(image), mean, atol=0.02)  # stored as fp16
    with pytest.raises(BratsError, match="same cases"):
        drain(bundle_run([one, three], "both", tmp_path / "other"))
    assert not (tmp_path / "other").exists()


def test_a_run_goes_on_from_several_networks_at_once(data, tmp_path, monkeypatch):
    torch.manual_seed(0)
    start = build_network("unet3d", {"widths": (4, 8), "members": 2}).eval()
    card = Card("pair", "Pair", "unet3d", asdict(start.config), "")
    monkeypatch.setenv("NAPARI_BRATS_BUNDLES", str(tmp_path))
    save_bundle(start, card, tmp_path)
    config = replace(TINY, start_from="pair", frozen_from=0.0, learning_rate=1e-3)
    with pytest.raises(BratsError, match=r"'pair'.*do not fit"):
        drain(train_run(data, tmp_path / "alone", Recipe(config)))
    tuned = recipe_for(card, 1, ("P3",)).config
    assert tuned.network_arguments["members"] == 2
    recipe = Recipe(replace(config, network_arguments={"members": 2}), ("P3",))
    trained = drain(train_run(data, tmp_path / "pair", recipe))
    for before, after in zip(start.members, trained.members, strict=True):
        assert not torch.equal(before.head.weight, after.head.weight)


def test_another_recipe_does_not_go_on_with_a_run(data, tmp_path):
    drain(train_run(data, tmp_path / "run", Recipe(TINY, ("P3",))))
    before = (tmp_path / "run" / "last.pt").read_bytes()
    with pytest.raises(BratsError, match="another recipe"):
        drain(train_run(data, tmp_path / "run", Recipe(TINY, ("P2",))))
    assert (tmp_path / "run" / "last.pt").read_bytes() == before


@pytest.mark.parametrize(
    ("hold_out", "words"), [(("P9",), "P9"), (("P1", "P2", "P3"), "No case is left")]
)
def test_a_split_that_makes_no_sense_is_refused(data, tmp_path, hold_out, words):
    with pytest.raises(CaseError, match=words):
        drain(train_run(data, tmp_path / "run", Recipe(TINY, hold_out)))
    assert not (tmp_path / "run").exists()


def test_a_folder_that_is_no_run_is_named(tmp_path):
    with pytest.raises(BratsError, match=r"run\.json"):
        drain(bundle_run([tmp_path], "x", tmp_path / "out"))


def test_a_run_without_a_checkpoint_has_no_network(data, tmp_path):
    job = train_run(data, tmp_path / "run", Recipe(replace(TINY, checkpoint_every=9)))
    while not next(job).message.startswith("loss"):
        pass
    job.close()
    assert json.loads((tmp_path / "run" / "run.json").read_text())["split"]["hold_out"] == []
    with pytest.raises(BratsError, match="no checkpoint"):
        drain(bundle_run([tmp_path / "run"], "x", tmp_path / "out"))


def test_a_recipe_is_read_and_its_mistakes_are_named(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text('hold_out = ["A"]\n[train]\nepochs = 7\nwidths = [4, 8]\n[card]\ntitle = "T"\n')
    recipe = read_recipe(path)
    assert recipe.config.epochs == 7
    assert recipe.config.widths == (4, 8)
    assert recipe.hold_out == ("A",)
    path.write_text("[train]\nstep = 7\n")
    with pytest.raises(BratsError, match=r"\[train\]: step\. Known there: augment"):
        read_recipe(path)
    path.write_text("[train\n")
    with pytest.raises(BratsError, match="Expected TOML"):
        read_recipe(path)
    with pytest.raises(BratsError, match="cannot be read"):
        read_recipe(tmp_path / "nothing.toml")
