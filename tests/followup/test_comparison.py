"""The whole follow-up of small patients, whose truth is known to the voxel."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from tests.followup.patients import BEFORE, grid_of, tumour_on, turn, write_visit

from napari_brats.core.case import Case, Segmentation
from napari_brats.core.errors import BratsError, CaseError
from napari_brats.core.labels import Label, Region, volumes_ml
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Job, Progress, drain
from napari_brats.followup import plot
from napari_brats.followup.change import Change, change_map, change_volumes_ml
from napari_brats.followup.comparison import FollowUp, FollowUpOptions, compare_time_points
from napari_brats.followup.loading import Segmenter
from napari_brats.followup.response import Quantity
from napari_brats.followup.tables import COLUMNS, to_csv, to_dict
from napari_brats.followup.text import summary_lines
from napari_brats.followup.time_points import find_time_points, in_order

AFTER = {
    Label.ED: np.s_[10:22, 20:30, 18:28],  # grew by two voxels
    Label.ET: np.s_[14:18, 22:28, 20:26],  # a part is gone
    Label.NCR: np.s_[30:33, 30:33, 20:23],  # new
}


def compare(
    folder: Path, options: FollowUpOptions | None = None, segmenter: Segmenter | None = None
) -> FollowUp:
    points = in_order(find_time_points([folder]))
    return drain(compare_time_points(points, options or FollowUpOptions(), segmenter))


def test_known_change_shift_and_turn(tmp_path: Path):
    """A shift by whole voxels with other axes: every voxel of every change map must be right."""
    write_visit(tmp_path, "P1_time1")
    grid = grid_of()
    shift = turn((0, 0, 0), (8, -4, 12))
    later = dict.fromkeys(AFTER)
    for label, box in AFTER.items():  # +8 mm towards R is 2 voxels back, as axes run to the left
        x, y, z = box
        later[label] = (
            slice(x.start - 2, x.stop - 2),
            slice(y.start + 1, y.stop + 1),
            slice(z.start + 3, z.stop + 3),
        )
    write_visit(tmp_path, "P1_time2", blocks=later, matrix=shift)
    found = compare(tmp_path)
    aligned = found.examined[1].aligned
    assert np.abs(aligned.registration.rigid.matrix - shift).max() < 0.5
    truth = tumour_on(grid, AFTER)
    assert np.array_equal(aligned.labels, truth)
    for region in Region:
        expected = change_map(tumour_on(grid, BEFORE), truth, region)
        assert np.array_equal(found.change(0, 1, region), expected)
    voxel_ml = grid.voxel_mm3 / 1000
    core = change_volumes_ml(found.change(0, 1, Region.TC), grid.voxel_mm3)
    assert core[Change.NEW] == pytest.approx(27 * voxel_ml)
    assert core[Change.RESOLVED] == pytest.approx(72 * voxel_ml)
    values = found.series_of(Region.TC, Quantity.VOLUME).values
    assert values[1].value == pytest.approx(volumes_ml(truth, grid.voxel_mm3)[Region.TC])
    assert values[1].from_baseline_percent == pytest.approx(100 * (171 - 216) / 216)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> FollowUp:
    """Three visits on one grid, at weeks 0, 4 and 10, the last with little left."""
    folder = tmp_path_factory.mktemp("three")
    rest = {Label.ED: np.s_[10:14, 20:24, 18:22]}
    for week, blocks in ((0, BEFORE), (4, AFTER), (10, rest)):
        write_visit(folder, f"P1_week{week:03}", blocks=blocks)
    return compare(folder, FollowUpOptions(repeatability_percent=10))


def test_pairs_are_against_baseline_and_visit_before(three: FollowUp):
    assert three.pairs == ((0, 1), (0, 2), (1, 2))
    assert three.examined[1].aligned.registration.how == "on one grid already, brains agree"


def test_table(three: FollowUp):
    rows = list(csv.DictReader(io.StringIO(to_csv(three))))
    assert tuple(rows[0]) == COLUMNS
    assert [(r["time_point"], r["region"]) for r in rows[3:5]] == [
        ("week004", "WT"),
        ("week004", "TC"),
    ]
    last = rows[-1]
    assert (last["days_since_first"], last["region"], last["volume_ml"]) == ("70", "ET", "0")
    assert last["volume_ml_thresholds_crossed"] == "-65 % against baseline"
    whole = rows[6]
    assert float(whole["volume_ml_high"]) == pytest.approx(1.1 * float(whole["volume_ml"]))
    voxels = float(whole["stable_ml"]) + float(whole["resolved_ml"])
    assert voxels == pytest.approx(1000 * 0.064)
    assert rows[0]["stable_ml"] == ""  # the baseline has no change against itself


def test_json_and_text(three: FollowUp):
    told = to_dict(three)
    assert told["baseline"] == "week000"
    assert [c["after"] for c in told["changes"]] == ["week004", "week010", "week010"]
    assert told["change_map_values"] == {
        "none": 0,
        "stable": 1,
        "new": 2,
        "resolved": 3,
        "unseen": 4,
    }
    assert told["time_points"][2]["regions"]["ET"]["volume_ml"]["is_beyond_noise"] is True
    assert any("crosses -65 % against baseline" in line for line in summary_lines(three))


def test_plots(three: FollowUp):
    assert plot.plot_series(three).startswith(b"\x89PNG")
    assert plot.plot_series(three, "pdf").startswith(b"%PDF")
    assert plot.plot_checkerboards(three).startswith(b"\x89PNG")


def test_without_matplotlib_the_extra_is_named(three: FollowUp, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(BratsError, match=r"napari-brats\[report\]"):
        plot.plot_series(three)


def test_bad_time_points_are_left_out_and_say_why(tmp_path: Path):
    write_visit(tmp_path, "P1_time1")
    write_visit(tmp_path, "P1_time2", blocks=None)
    broken = write_visit(tmp_path, "P1_time3") / "P1_time3-t1c.nii.gz"
    broken.write_bytes(b"<html>")
    write_visit(tmp_path, "P1_time4", modality=Modality.T2F)
    found = compare(tmp_path)
    assert [one.loaded is not None for one in found.examined] == [True, False, False, True]
    assert "time2 is left out" in found.examined[1].notes[0]
    assert "has no label map" in found.examined[1].notes[0]
    assert "P1_time3-t1c.nii.gz" in found.examined[2].notes[0]
    assert found.examined[3].notes[0].startswith("time4: no modality in common, T2F")
    assert found.series_of(Region.WT, Quantity.VOLUME).values[1] is None
    assert len(to_csv(found).splitlines()) == 1 + 4 * 3


def test_nothing_is_concluded_from_a_failed_registration(tmp_path: Path):
    write_visit(tmp_path, "P1_time1")
    slab = write_visit(tmp_path, "P1_time2") / "P1_time2-t1c.nii.gz"
    slab.unlink()
    image = np.zeros(grid_of().shape, np.int16)
    image[2:46, 10:20, 20:24] = 400
    from tests.io.volumes import write_nifti

    write_nifti(slab, image, grid_of().affine)
    found = compare(tmp_path)
    assert found.examined[1].aligned is None
    assert "No change is mapped" in found.examined[1].notes[-1]
    assert found.pairs == ()
    assert found.series_of(Region.WT, Quantity.VOLUME).values[1].value == pytest.approx(64.0)
    with pytest.raises(CaseError, match="time2 has no label map on the grid of the baseline"):
        found.change(0, 1, Region.WT)


def test_a_smaller_field_of_view_is_not_a_resolved_tumour(tmp_path: Path):
    write_visit(tmp_path, "P1_time1")
    whole = grid_of()
    affine = whole.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [0, 0, 23]
    cut = type(whole)((48, 56, 21), affine)  # begins in the middle of the tumour
    write_visit(tmp_path, "P1_time2", blocks={Label.ED: np.s_[10:20, 20:30, 0:5]}, grid=cut)
    found = compare(tmp_path, FollowUpOptions(registration=False))
    volumes = change_volumes_ml(found.change(0, 1, Region.WT), 64.0)
    assert volumes[Change.RESOLVED] == 0
    assert volumes[Change.UNSEEN] == pytest.approx(500 * 0.064)
    assert volumes[Change.STABLE] == pytest.approx(500 * 0.064)


def test_time_points_without_label_map_are_segmented(tmp_path: Path):
    write_visit(tmp_path, "P1_time1")
    write_visit(tmp_path, "P1_time2", blocks=None)

    def segment(case: Case) -> Job[Segmentation]:
        yield Progress(0, 1, "Running")
        labels = np.zeros(case.reference.grid.shape, np.uint8)
        labels[10:20, 20:30, 18:28] = Label.ED
        made = {"bundle": {"name": "glioma"}}
        return Segmentation(case.case_id, labels, case.reference, case.convention, None, made)

    found = compare(tmp_path, segmenter=segment)
    assert found.examined[1].loaded.label_source == "segmented now by glioma"
    assert any("were made by the network" in note for note in found.notes)


def test_fewer_than_two_usable_time_points_are_refused(tmp_path: Path):
    write_visit(tmp_path, "P1_time1")
    write_visit(tmp_path, "P1_time2", blocks=None)
    with pytest.raises(CaseError, match="Fewer than two time points can be compared"):
        compare(tmp_path)
