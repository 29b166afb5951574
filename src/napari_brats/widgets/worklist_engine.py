"""The engine behind "Segment all that lack a mask". No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_brats.core.progress import Job
from napari_brats.io.case_files import CaseFiles
from napari_brats.workspace.worklist_segment import SegmentInto


@dataclass(frozen=True)
class Network:
    """Names of the bundle, the device and the mirroring."""

    bundle: str
    device: str
    mirroring: str


Engine = Callable[[Network], SegmentInto]


def engine_of(network: Network) -> SegmentInto:
    """What segments a case into a folder as the command ``segment`` does.

    The bundle's weights are loaded for each case, as there; its card and all else once.
    """

    def segment_into(files: CaseFiles, folder: Path) -> Job[Any]:
        from napari_brats.inference.mirroring import Mirroring
        from napari_brats.inference.segment import SegmentOptions
        from napari_brats.inference.segment_files import Plan, segment_files
        from napari_brats.models.bundle import load_bundle

        options = SegmentOptions(network.device, mirroring=Mirroring(network.mirroring))
        plan = Plan(folder, load_bundle(network.bundle), options)
        return (yield from segment_files(files, plan))

    return segment_into
