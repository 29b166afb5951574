"""A voxel painted in the window, with the panel docked, is saved where it was painted.

Twelve orientations, one for each spacing and set of codes; with ``NAPARI_BRATS_FULL=1`` all
48 x 3 x 4 combinations (tests/io has all of them without a window).
"""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from tests.io.volumes import ORIENTATIONS, affine_of, write_nifti

from napari_brats.core.labels import Label
from napari_brats.widgets.viewer_bridge import ViewerBridge

GRIDS = (((1, 1, 1), 0), ((0.9, 1.2, 5), 0), ((0.9, 1.2, 5), 20))
CODES = ((1, 0), (0, 1), (2, 1), (0, 0))  # sform, qform
KINDS = tuple(product(GRIDS, CODES))
PAINTED = (1, 3, 4)  # in the file's own axes
FIELDS = ("qform_code", "sform_code", "pixdim", "xyzt_units", "srow_x", "srow_y", "srow_z")

if os.environ.get("NAPARI_BRATS_FULL"):
    COMBINATIONS = tuple(product(ORIENTATIONS, KINDS))
else:
    COMBINATIONS = tuple(zip(ORIENTATIONS[1::4], KINDS, strict=True))


def napari_button(viewer: Any, bridge: ViewerBridge) -> Any:
    """A layer as napari's own "new labels" button makes it."""
    viewer.layers.selection.active = viewer.layers["T1C"]
    viewer._new_labels()
    return viewer.layers[-1]


def panel_button(viewer: Any, bridge: ViewerBridge) -> Any:
    """A layer as the panel's "New empty label map" makes it."""
    assert bridge.active_case_key
    return bridge.new_label_map(bridge.active_case_key)


def paint_and_save(viewer: Any, layer: Any, source: Path, tool: str) -> Path:
    """Paint where the image shows the voxel of ``PAINTED``, known by its value; the saved file."""
    value = nib.load(source).dataobj[PAINTED]
    place = np.argwhere(viewer.layers["T1C"].data == value)[0]
    if tool == "brush":
        layer.brush_size = 1
        layer.paint(tuple(place), Label.ET)
    else:
        layer.data_setitem(tuple(np.array([i]) for i in place), Label.ET)
    target = source.with_name(f"saved-by-{tool}.nii.gz")
    assert layer.save(str(target), plugin="napari-brats")
    return target


def check(source: Path, saved: Path) -> None:
    """Nibabel and SimpleITK find the reference's geometry, and the painted voxel alone."""
    before, after = nib.load(source), nib.load(saved)
    assert after.shape == before.shape
    assert np.array_equal(after.affine, before.affine)
    for field in FIELDS:
        assert np.array_equal(after.header[field], before.header[field]), field
    assert np.argwhere(np.asanyarray(after.dataobj)).tolist() == [list(PAINTED)]
    reference, image = sitk.ReadImage(str(source)), sitk.ReadImage(str(saved))
    assert image.GetSize() == reference.GetSize()
    for get in ("GetOrigin", "GetSpacing", "GetDirection"):
        assert getattr(image, get)() == getattr(reference, get)()
    assert image.GetPixel(*PAINTED) == Label.ET
    assert image.TransformIndexToPhysicalPoint(PAINTED) == reference.TransformIndexToPhysicalPoint(
        PAINTED
    )


@pytest.mark.filterwarnings("ignore:.*neither sform nor qform:UserWarning")
def test_what_is_painted_in_the_window_is_saved_in_its_place(
    docked: tuple[Any, ViewerBridge], tmp_path: Path
) -> None:
    viewer, bridge = docked
    for orientation, ((spacing, tilt), (sform, qform)) in COMBINATIONS:
        source = write_nifti(
            tmp_path / f"case{orientation}-t1c.nii",
            affine=affine_of(orientation, spacing, tilt),
            sform_code=sform,
            qform_code=qform,
        )
        viewer.open(str(source), plugin="napari-brats")
        for button, tool in ((napari_button, "brush"), (panel_button, "setitem")):
            saved = paint_and_save(viewer, button(viewer, bridge), source, tool)
            check(source, saved)
            saved.unlink()
        viewer.layers.clear()
    assert bridge.keys() == ()


def test_two_cases_of_one_shape_go_out_with_their_own_headers(
    docked: tuple[Any, ViewerBridge], tmp_path: Path
) -> None:
    viewer, _bridge = docked
    sources = [
        write_nifti(tmp_path / "one-t1c.nii", affine=affine_of("LPS"), sform_code=1, qform_code=1),
        write_nifti(tmp_path / "two-t1c.nii", affine=affine_of("RAS"), sform_code=2, qform_code=0),
    ]
    for source in sources:
        viewer.open(str(source), plugin="napari-brats")
    images = list(viewer.layers)
    assert len(images) == 2
    for source, image in zip(reversed(sources), reversed(images), strict=True):
        viewer.layers.selection.active = image
        viewer._new_labels()
        layer = viewer.layers.selection.active
        value = nib.load(source).dataobj[PAINTED]
        place = np.argwhere(image.data == value)[0]
        layer.data_setitem(tuple(np.array([i]) for i in place), Label.ET)
        target = tmp_path / f"{source.name[:3]}-seg.nii.gz"
        layer.save(str(target), plugin="napari-brats")
        check(source, target)


def test_a_layer_that_fits_two_headers_is_not_guessed(
    docked: tuple[Any, ViewerBridge], tmp_path: Path
) -> None:
    viewer, bridge = docked
    problems: list[str] = []
    bridge.problem.connect(problems.append)
    for name, codes in (("one", "LPS"), ("two", "RAS")):
        path = write_nifti(tmp_path / f"{name}-t1c.nii", affine=affine_of(codes))
        viewer.open(str(path), plugin="napari-brats")
    shape = viewer.layers[0].data.shape
    layer = viewer.add_labels(np.zeros(shape, np.uint8), name="from a script")
    assert "headers differ" in problems[0]
    with pytest.raises(Exception, match="belongs to no open case"):
        layer.save(str(tmp_path / "guess.nii.gz"), plugin="napari-brats")
    assert not (tmp_path / "guess.nii.gz").exists()
