"""Reading a case costs no import of torch, OpenVINO or Qt."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np

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
