"""Saving a mask with everything that belongs to it, beside nibabel saving the same array.

    python benchmarks/saving.py CASE [--repeats 7] [--levels]

CASE is a case folder with a label map, whose own map is saved. Ours is `save_label_map`: labels to
the integers of the convention, header of the reference, pack, write to a temporary file, sync to
disk, rename; then the same with all that the window may write beside it (record, region masks,
ITK-SNAP's labels). nibabel's is ``nib.save`` with the same header, which syncs nothing. With
``--levels``, prints instead how long packing alone takes at several levels of several libraries,
and to which size: the table in docs/performance.md.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import deflate
import nibabel as nib
import numpy as np
from rows import AT_MOST, Goal, Row, measured, report

from napari_brats.core.case import LabelVolume
from napari_brats.core.labels import labels_to_disk
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.io.save import save_label_map
from napari_brats.widgets import case_saving
from napari_brats.widgets.save_panel import SaveRequest

LEVELS = {"zlib": (1, 4, 6, 9), "libdeflate": (1, 4, 6, 8), "isal": (0, 1, 2), "zlib-ng": (2, 6, 9)}


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--levels", action="store_true", help="packing alone, as a table")
    arguments = parser.parse_args()
    (files,) = discover(arguments.case)
    label_map = load_case(files).label_map
    if label_map is None:
        raise SystemExit(f"{arguments.case} holds no label map. Expected a labelled case.")
    if arguments.levels:
        print_levels(label_map, arguments.repeats)
        return
    with tempfile.TemporaryDirectory() as folder:
        saving(label_map, Path(folder), arguments.repeats)


def saving(label_map: LabelVolume, folder: Path, repeats: int) -> None:
    """Report what saving takes in wall time and CPU time."""
    volume, convention = label_map.volume, label_map.convention
    ours, theirs = folder / "ours.nii.gz", folder / "theirs.nii.gz"

    def by_nibabel() -> None:
        disk = labels_to_disk(volume.data, convention)
        header = volume.header.copy()
        nib.save(nib.Nifti1Image(disk, volume.grid.affine, header), theirs)

    request = SaveRequest(
        ours, convention.name, region_masks=True, itksnap=True, report=True, overwrite=True
    )
    works: dict[str, Callable[[], object]] = {
        "all": lambda: case_saving.write(request, "case", volume.data, volume, {}),
        "ours": lambda: save_label_map(ours, volume.data, volume, convention, overwrite=True),
        "nibabel": by_nibabel,
    }
    for clock, unit in ((time.perf_counter, "s"), (time.process_time, "s CPU")):
        found = measured(works, repeats, clock)
        note = f"{size(ours)}; nibabel's {size(theirs)}, not synced"
        goal = Goal(AT_MOST, 0.15)
        report(Row("save a mask", found["ours"], goal, unit, "nibabel", found["nibabel"], note))
        note = "record, three region masks and ITK-SNAP's labels too, six files"
        report(Row("save all of a case", found["all"], None, unit, note=note))
    if not np.array_equal(nib.load(ours).dataobj, nib.load(theirs).dataobj):
        raise SystemExit("The saved mask differs from the one that nibabel saved.")


def print_levels(label_map: LabelVolume, repeats: int) -> None:
    """The CPU time and size of each library and level, as a table."""
    disk = labels_to_disk(label_map.volume.data, label_map.convention)
    noise = np.random.default_rng(0).random(disk.shape, np.float32)
    probability = np.where(disk > 0, 0.9 + 0.1 * noise, np.float32(0.01)).astype(np.float32)
    contents = (disk.tobytes(order="F"), probability.tobytes(order="F"))
    print("| library and level | label map | | probabilities | |\n|---|---|---|---|---|")
    found = [measured(packers(content), repeats, time.process_time) for content in contents]
    for peer in found[0]:
        cells = [
            f"{1000 * median(times[peer]):.1f} ms | {len(packers(content)[peer]()) / 1000:.0f} kB"
            for times, content in zip(found, contents, strict=True)
        ]
        print(f"| {peer} | {' | '.join(cells)} |", flush=True)


def packers(content: bytes) -> dict[str, Callable[[], bytes | bytearray]]:
    """Library and level -> packing, of those that are installed."""
    works: dict[str, Callable[[bytes, int], bytes | bytearray]] = {
        "zlib": lambda data, level: gzip.compress(data, level, mtime=0),
        "libdeflate": deflate.gzip_compress,
    }
    if find_spec("isal"):
        from isal import igzip

        works["isal"] = lambda data, level: igzip.compress(data, level, mtime=0)
    if find_spec("zlib_ng"):
        from zlib_ng import gzip_ng

        works["zlib-ng"] = lambda data, level: gzip_ng.compress(data, level, mtime=0)
    return {
        f"{name} {level}": lambda work=work, level=level: work(content, level)
        for name, work in works.items()
        for level in LEVELS[name]
    }


def size(path: Path) -> str:
    """Of a file, in words."""
    return f"{path.stat().st_size / 1000:.1f} kB"


if __name__ == "__main__":
    main()
