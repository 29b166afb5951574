"""When a case of a former run is passed over, done again, or left as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_brats.core.case import Segmentation, Volume
from napari_brats.core.errors import SaveError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS
from napari_brats.inference.done_before import record_of_former_run
from napari_brats.inference.mirroring import Mirroring
from napari_brats.inference.segment import SegmentOptions
from napari_brats.inference.segment_files import Plan, Source, output_names, write_files
from napari_brats.io.header import new_header
from napari_brats.models.bundle import Bundle
from napari_brats.models.card import Card

INPUTS = ({"modality": "T1C", "channel": None, "sha256": "11", "path": "/a/t1c.nii.gz"},)
NAMES = output_names("A", probabilities=True)
MASK = "A-seg.nii.gz"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    card = Card("net", "A network", "unet3d", {}, sha256="ab")
    options = SegmentOptions("cpu", keep_probabilities=True)
    return Plan(tmp_path, Bundle(card, tmp_path / "net.safetensors"), options)


@pytest.fixture
def former(plan: Plan) -> Segmentation:
    """A case of 8 voxels, written by a former run."""
    grid = Grid((2, 2, 2), np.eye(4))
    reference = Volume(np.zeros((2, 2, 2), np.float32), grid, new_header(grid), Path("t1c.nii.gz"))
    labels = np.ones((2, 2, 2), np.uint8)
    probabilities = np.ones((3, 2, 2, 2), np.float16)
    made = Segmentation("A", labels, reference, CONVENTIONS["brats2023"], probabilities, {})
    write_files(made, Source(INPUTS, (), 0.0), plan)
    return made


def test_a_case_that_was_not_done_has_no_record(plan: Plan):
    assert record_of_former_run(NAMES, INPUTS, plan) is None


def test_the_same_again_is_known_wherever_its_images_lie_now(plan: Plan, former: Segmentation):
    moved = [{**INPUTS[0], "path": "/b/t1c.nii.gz"}]
    record = record_of_former_run(NAMES, moved, plan)
    assert record is not None
    assert record["volumes_ml"]["WT"] == 0.008


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        (lambda p: replace(p, convention="msd"), "convention"),
        (lambda p: replace(p, grid="T1N"), "grid"),
        (lambda p: replace(p, bundle=Bundle(replace(p.bundle.card, sha256="cd"), p.bundle.weights)),
         "bundle"),
        (lambda p: replace(p, options=replace(p.options, mirroring=Mirroring.FAST)), "mirroring"),
        (lambda p: replace(p, options=replace(p.options, keep_uncertainty=True)), "uncertainty"),
    ],
)  # fmt: skip
def test_what_was_made_of_something_else_stays_and_the_reason_is_told(
    changed: Callable[[Plan], Plan], word: str, plan: Plan, former: Segmentation
):
    with pytest.raises(SaveError, match=f"another {word}.*--overwrite"):
        record_of_former_run(NAMES, INPUTS, changed(plan))


def test_other_images_are_not_the_same_case(plan: Plan, former: Segmentation):
    with pytest.raises(SaveError, match="made of other images"):
        record_of_former_run(NAMES, [{**INPUTS[0], "sha256": "22"}], plan)


def test_another_version_may_have_made_another_mask(plan: Plan, former: Segmentation):
    path = plan.output / NAMES["record"]
    record: dict[str, Any] = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"version": "0.0.1"}))
    with pytest.raises(SaveError, match=r"version 0\.0\.1"):
        record_of_former_run(NAMES, INPUTS, plan)


@pytest.mark.parametrize("name", [MASK, "A-probability-et.nii.gz"])
def test_what_is_missing_or_cut_short_is_done_again(name: str, plan: Plan, former: Segmentation):
    path = plan.output / name
    path.write_bytes(path.read_bytes()[:-20])
    assert record_of_former_run(NAMES, INPUTS, plan) is None
    path.unlink()
    assert record_of_former_run(NAMES, INPUTS, plan) is None


def test_a_mask_that_was_corrected_by_hand_stays(plan: Plan, former: Segmentation):
    corrected = replace(former, labels=np.zeros((2, 2, 2), np.uint8))
    other = plan.output / "other"
    other.mkdir()
    write_files(corrected, Source(INPUTS, (), 0.0), replace(plan, output=other))
    (other / MASK).replace(plan.output / MASK)
    with pytest.raises(SaveError, match=f"{MASK} was changed since"):
        record_of_former_run(NAMES, INPUTS, plan)


def test_a_mask_without_a_record_is_somebody_elses(plan: Plan, former: Segmentation):
    (plan.output / NAMES["record"]).unlink()
    with pytest.raises(SaveError, match="no record"):
        record_of_former_run(NAMES, INPUTS, plan)
