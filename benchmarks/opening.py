"""Opening a case through the reader, beside nibabel unpacking one of its images.

    python benchmarks/opening.py CASE [--repeats 7]

CASE is a case folder. Ours is what napari calls when the folder is dropped: find the files, unpack
all of them (label map included, if there is one), check them, and give the layers. nibabel's part
is ``np.asanyarray(nib.load(path).dataobj)`` of the T1C image alone, which leaves the integers as
they are; its `get_fdata`, which makes float64 of them, is told, too. Imports and disk cache are
warm, and every image must be nibabel's to the bit.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import nibabel as nib
import numpy as np
from rows import AT_MOST_TIMES, Goal, Row, measured, report

from napari_brats._reader import read
from napari_brats.core.modalities import Modality
from napari_brats.io.case_files import CaseFiles
from napari_brats.io.discover import discover
from napari_brats.io.nifti import read_volume


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    (files,) = discover(arguments.case)
    one = files.modalities[Modality.T1C].path
    require_equal(files)
    works = {
        "case": lambda: read(str(arguments.case)),
        "one": lambda: read_volume(one),
        "nibabel": lambda: np.asanyarray(nib.load(one).dataobj),
        "get_fdata": lambda: nib.load(one).get_fdata(),
    }
    wall = measured(works, arguments.repeats)
    cpu = measured(works, arguments.repeats, time.process_time)
    goal, peer = Goal(AT_MOST_TIMES, 2), "nibabel, one image of it"
    files_told = f"{len(files.modalities)} images" + (" and a label map" if files.label_map else "")
    for times, unit in ((wall, "s"), (cpu, "s CPU")):
        note = f"{files_told} to layers"
        report(Row("open a case", times["case"], goal, unit, peer, times["nibabel"], note))
        report(Row("read one image", times["one"], None, unit, "nibabel", times["nibabel"]))
    peer = "nibabel's get_fdata"
    report(Row("read one image", wall["one"], None, "s", peer, wall["get_fdata"]))


def require_equal(files: CaseFiles) -> None:
    """Stop unless every image is nibabel's to the bit."""
    for choice in files.modalities.values():
        ours = read_volume(choice.path).data
        if not np.array_equal(ours, np.asanyarray(nib.load(choice.path).dataobj)):
            raise SystemExit(f"{choice.path.name} differs from what nibabel reads.")


if __name__ == "__main__":
    main()
