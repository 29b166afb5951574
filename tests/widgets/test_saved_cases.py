"""Cases that were corrected and saved in the panel, as training finds them."""

from __future__ import annotations

import json

import pytest
from tests.training.tiny_cases import IDS, labels, write_cases

from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.training.fine_tuning import left_out, recipe_for, survey
from napari_brats.training.runs import train_run
from napari_brats.widgets.case_saving import proposed_path, write
from napari_brats.widgets.save_panel import SaveRequest


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Three cases: P1 unlabelled, P2 and P3 with a label map of their own."""
    monkeypatch.setenv("NAPARI_BRATS_CACHE", str(tmp_path / "cache"))
    return write_cases(tmp_path / "data", labelled=("P2", "P3"))


def save(data, case_id, provenance, taken=False):
    """Save a label map of a case as the panel does, with everything it can write beside it."""
    (files,) = discover(data / case_id)
    case = load_case(files, with_label_map=False)
    path = proposed_path(case_id, case.reference.path, is_label_file=False, taken=taken)
    request = SaveRequest(path, "brats2023", region_masks=True, itksnap=True)
    return write(request, case_id, labels(), case.reference, provenance)[0]


def test_a_case_corrected_and_saved_in_the_panel_can_be_trained_on(data, tmp_path):
    assert survey(data).unlabelled == ("P1",)
    save(data, "P1", {"bundle": {"name": "x"}, "edited_by_hand": True})
    found = survey(data)
    assert found.labelled == IDS
    assert found.automatic == found.unused == found.problems == ()
    recipe = recipe_for(None, 1, left_out(found.labelled, 1))
    job = train_run(data, tmp_path / "run", recipe)
    messages = [next(job).message for _ in IDS]
    job.close()
    assert messages == [f"Preparing case {case_id}" for case_id in IDS]


def test_what_a_network_made_is_told_apart_from_what_was_corrected(data):
    save(data, "P1", {"bundle": {"name": "x"}, "edited_by_hand": False})
    assert survey(data).automatic == ("P1",)


def test_the_mask_of_the_command_line_is_a_networks_own(data):
    path = save(data, "P1", {})
    record = path.with_name("P1-seg.json")
    facts = json.loads(record.read_text())
    del facts["provenance"]
    record.write_text(json.dumps(facts | {"bundle": {"name": "x"}}))
    assert survey(data).automatic == ("P1",)


def test_a_given_label_map_stands_and_the_one_saved_elsewhere_is_told_of(data):
    save(data, "P2", {"edited_by_hand": True}, taken=True)
    found = survey(data)
    assert found.unused == ("P2",)
    assert found.labelled == ("P2", "P3")
