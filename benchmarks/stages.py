"""Where the time of a segmentation goes, cold and warm: seconds by stage, and the peak of memory.

    python benchmarks/stages.py CASE [--cpu-time] [--warm 1]

One process does what `napari-brats segment CASE` does, without its command line: the first case
cold, then the same again, warm. ``--cpu-time`` counts the time of all threads on a processor, which
a busy machine does not stretch (much). For docs/performance.md.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

BORN = time.process_time(), time.perf_counter()


def main() -> None:
    """Print a row of a table per run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("--cpu-time", action="store_true")
    parser.add_argument("--warm", type=int, default=1, help="how often again")
    arguments = parser.parse_args()
    clock = time.process_time if arguments.cpu_time else time.perf_counter
    begun = 0.0 if arguments.cpu_time else BORN[1]

    from napari_brats.core.progress import drain
    from napari_brats.inference import segment as engine
    from napari_brats.io.discover import discover
    from napari_brats.io.load import load_case
    from napari_brats.io.save import save_label_map
    from napari_brats.models.bundle import load_bundle

    imported = clock()
    engine.time = SimpleNamespace(perf_counter=clock)
    for turn in range(1 + arguments.warm):
        before = clock()
        seconds = {"start and imports": imported - begun} if turn == 0 else {}
        (files,) = discover(arguments.case)
        case = load_case(files, with_label_map=False)
        seconds["read"] = clock() - before
        made = drain(engine.segment(case, load_bundle(), engine.SegmentOptions("cpu")))
        seconds |= made.provenance["seconds"]
        writing = clock()
        with tempfile.TemporaryDirectory() as folder:
            save_label_map(
                Path(folder) / "mask.nii.gz", made.labels, made.reference, made.convention
            )
        seconds["save"] = clock() - writing
        seconds["total"] = clock() - (before if turn else begun)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        told = "  ".join(f"{stage} {took:.2f}" for stage, took in seconds.items())
        print(f"{'warm' if turn else 'cold'}: {told}  (peak {peak_mb:.0f} MB)", flush=True)


if __name__ == "__main__":
    main()
