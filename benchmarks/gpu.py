"""A case on an NVIDIA GPU: from arrays in memory, and from files, to a label map; and the memory.

    python benchmarks/gpu.py CASE [--repeats 7]

Warm: the network is loaded, and one case went before. Reports that nothing was measured where there
is no such GPU.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from rows import AT_MOST, Goal, Row, report

from napari_brats.core.progress import drain
from napari_brats.inference.devices import available_devices
from napari_brats.inference.segment import SegmentOptions, segment
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.models.bundle import load_bundle

FROM_MEMORY = Row("GPU, warm: images in memory to label map", goal=Goal(AT_MOST, 0.15))
FROM_FILES = Row("GPU, warm: four files to label map", goal=Goal(AT_MOST, 0.6))
MEMORY = Row("GPU: peak memory", goal=Goal(AT_MOST, 3000), unit="MB")


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    if not available_devices()[0].startswith("cuda"):
        for row in (FROM_MEMORY, FROM_FILES, MEMORY):
            report(Row(**{**vars(row), "missing": "no NVIDIA GPU at hand"}))
        return
    import torch

    (files,) = discover(arguments.case)
    bundle, options = load_bundle(), SegmentOptions("cuda:0")
    case = load_case(files, with_label_map=False)
    drain(segment(case, bundle, options))
    torch.cuda.reset_peak_memory_stats()
    from_memory, from_files = [], []
    for _ in range(arguments.repeats):
        begun = time.perf_counter()
        drain(segment(case, bundle, options))
        from_memory.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        drain(segment(load_case(files, with_label_map=False), bundle, options))
        from_files.append(time.perf_counter() - begun)
    peak_mb = torch.cuda.max_memory_reserved() / 1e6
    note = torch.cuda.get_device_name(0)
    for row, values in ((FROM_MEMORY, from_memory), (FROM_FILES, from_files), (MEMORY, [peak_mb])):
        report(Row(**{**vars(row), "values": values, "note": note}))


if __name__ == "__main__":
    main()
