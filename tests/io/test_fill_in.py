"""Files whose names tell nothing: assigned where the voxels are sure, named where they are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.io.brains import NAMELESS, brain, write_nameless, write_volume

from napari_brats.core.case import Volume
from napari_brats.core.errors import CaseError
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.io.discover import discover, recognises
from napari_brats.io.fill_in import file_remarks, fill_in, remarks, verdicts
from napari_brats.io.load import load_case
from napari_brats.io.opening import open_paths

T1N, T1C, T2W, T2F = MODALITIES


def names(files) -> dict[Modality, str]:
    return {modality: choice.path.name for modality, choice in files.modalities.items()}


def test_four_nameless_files_are_put_right_with_a_remark(tmp_path: Path) -> None:
    folder = write_nameless(tmp_path / "case", brain())
    assert recognises(folder)
    (files,) = discover(folder)
    assert files.modalities == {}
    filled = fill_in(files)
    assert names(filled) == NAMELESS
    assert filled.unassigned == ()
    assert "recognised from its voxels" in filled.modalities[T1C].reason
    (remark,) = file_remarks(filled)
    assert "T1C = a.nii" in remark
    assert "not from their names" in remark


def test_those_that_are_not_sure_are_left_out_by_name(tmp_path: Path) -> None:
    (files,) = discover(write_nameless(tmp_path / "case", brain(seed=0)))
    filled = fill_in(files)
    assert names(filled) == {T2W: "c.nii", T2F: "b.nii"}
    assert {choice.path.name for choice in filled.unassigned} == {"d.nii", "a.nii"}
    first, *unsure = file_remarks(filled)
    assert "T2W = c.nii, T2F = b.nii" in first
    assert len(unsure) == 2
    for text in unsure:
        assert "is left out: by its voxels it may be T1" in text
        assert "--modality" in text


def test_what_the_names_leave_open_is_filled_in(tmp_path: Path) -> None:
    folder = write_nameless(tmp_path / "case", brain(), (T1N,))
    for modality, name in ((T1C, "x_t1ce.nii"), (T2W, "x_t2.nii"), (T2F, "x_flair.nii")):
        write_volume(folder / name, brain().volumes[modality])
    (files,) = discover(folder)
    filled = fill_in(files)
    assert names(filled)[T1N] == "d.nii"
    assert filled.modalities[T1C] == files.modalities[T1C]


def test_a_choice_of_the_users_stays(tmp_path: Path) -> None:
    """The user says, wrongly, that the T2W image is T1C: nothing then takes its place."""
    folder = write_nameless(tmp_path / "case", brain())
    (files,) = discover(folder)
    filled = fill_in(files.with_modality(T1C, folder / NAMELESS[T2W]))
    assert filled.modalities[T1C].path.name == NAMELESS[T2W]
    assert filled.modalities[T1C].reason == "chosen by the user"
    assert all("do not go with the names" in choice.reason for choice in filled.unassigned)


def test_a_case_whose_names_say_all_is_not_read(tmp_path: Path) -> None:
    for name in ("x_t1.nii", "x_t1ce.nii", "x_t2.nii", "x_flair.nii"):
        (tmp_path / name).write_bytes(b"no image")
    (files,) = discover(tmp_path)
    assert fill_in(files) is files


def test_a_broken_file_is_left_to_the_loader(tmp_path: Path) -> None:
    folder = write_nameless(tmp_path / "case", brain())
    (files,) = discover(folder)
    (folder / "a.nii").write_bytes(b"no image")
    assert fill_in(files) is files
    with pytest.raises(CaseError, match="no file of a known modality"):
        load_case(files)


def test_a_label_map_and_a_head_with_its_skull_are_not_recognised() -> None:
    t1n = brain().volumes[T1N]
    head = Volume(np.abs(np.indices(t1n.data.shape)).sum(axis=0) + 1, t1n.grid, t1n.header)
    (with_skull,) = verdicts({}, [head])
    assert with_skull.modality is None
    assert "skull" in with_skull.reason
    masks = Volume((t1n.data > 40).astype(np.uint8), t1n.grid, t1n.header)
    label_map, _ = verdicts({}, [masks, brain().volumes[T2W]])
    assert "label map" in label_map.reason


def test_more_images_than_missing_modalities_are_not_recognised() -> None:
    known = {m: brain().volumes[m] for m in (T1N, T1C, T2W)}
    found = verdicts(known, [brain().volumes[T2F]] * 2)
    assert [verdict.modality for verdict in found] == [None, None]
    assert "2 images for 1 missing modalities" in found[0].reason


def test_opening_the_folder_names_the_layers_and_says_so(tmp_path: Path) -> None:
    opened = open_paths([write_nameless(tmp_path / "case", brain())])
    assert {attributes["name"] for _, attributes, _ in opened.layers} == {
        "T1N",
        "T1C",
        "T2W",
        "T2F",
    }
    assert any("not from their names" in warning for warning in opened.warnings)


def test_no_remark_without_reason() -> None:
    assert remarks({}, {}) == ()
