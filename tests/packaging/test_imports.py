"""What is imported when: a reader or a command line that starts slowly annoys every time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

READING = ("nibabel", "scipy", "scipy.ndimage", "SimpleITK", "matplotlib", "sqlite3")
HEAVY = ("torch", "openvino", "napari", "qtpy", "magicgui", "PyQt5", "PyQt6")


def test_reading_a_case_leaves_torch_and_qt_out(tmp_path: Path) -> None:
    case = tmp_path / "BraTS2021_00001"
    case.mkdir()
    for modality in ("t1", "t1ce", "t2", "flair"):
        data = np.arange(60, dtype=np.int16).reshape(5, 4, 3)
        nib.Nifti1Image(data, np.eye(4)).to_filename(case / f"{case.name}_{modality}.nii.gz")
    code = (
        "import sys, npe2\n"
        "manifest = npe2.PluginManifest.from_distribution('napari-brats')\n"
        "npe2.PluginManager.instance().register(manifest)\n"
        f"layers = npe2.read([{str(case)!r}], stack=False, plugin_name='napari-brats')\n"
        f"print(len(layers), *[name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],  # it warns that this is no brain
        env=dict(os.environ),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "4"


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("from napari_brats._reader import napari_get_reader as r; r('a.nii.gz')", READING + HEAVY),
        ("import napari_brats._writer", ("numpy", *READING, *HEAVY)),
        ("import napari_brats.io.opening, napari_brats.io.save", READING[2:] + HEAVY),
        (
            "import napari_brats.cli as c; c.app(['--help'], standalone_mode=False)",
            ("numpy", "rich", *READING, *HEAVY),
        ),
    ],
    ids=["reader", "writer", "reading and saving", "command line"],
)
def test_what_is_not_needed_yet_is_not_imported(code: str, unwanted: tuple[str, ...]) -> None:
    told = f"{code}\nimport sys\nprint('FOUND', *[n for n in {unwanted} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "FOUND"
