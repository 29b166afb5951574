"""A worklist with stand-ins for the viewer and the network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import nibabel as nib
import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_brats.core.errors import GeometryError
from napari_brats.core.progress import Progress
from napari_brats.io.case_files import CaseFiles
from napari_brats.io.discover import discover
from napari_brats.io.layers import TAG
from napari_brats.io.opening import Opened
from napari_brats.widgets.worklist_control import WorklistController
from napari_brats.widgets.worklist_engine import Network
from napari_brats.widgets.worklist_opener import WorklistOpener
from napari_brats.widgets.worklist_panel import WorklistPanel
from napari_brats.widgets.worklist_runs import WorklistRuns
from napari_brats.workspace.worklist import WorkCase, work_case
from napari_brats.workspace.worklist_claims import Session

ME = Session("me", "Ann", "0123abcd")


BOB = Session("bob", "Bob", "0123abcd")


SHAPE = (8, 7, 6)


def wait(qtbot, condition) -> None:
    qtbot.waitUntil(condition, timeout=60_000)


def write_case(folder: Path, name: str, value: int, *, mask: bool = False) -> None:
    (folder / name).mkdir(parents=True)
    data = np.full(SHAPE, value, np.int16)
    data[0, 0, 0] = 0
    for suffix in ("t1", "t1ce", "t2", "flair"):
        nib.Nifti1Image(data, np.eye(4)).to_filename(folder / name / f"{name}_{suffix}.nii.gz")
    if mask:
        labels = np.zeros(SHAPE, np.uint8)
        labels[2:4, 2:4, 2] = 2
        nib.Nifti1Image(labels, np.eye(4)).to_filename(folder / name / f"{name}_seg.nii.gz")


class Engine:
    """Writes a label map for each case but those told to fail."""

    def __init__(self) -> None:
        self.network: Network | None = None

    def __call__(self, network: Network):
        self.network = network

        def segment_into(files: CaseFiles, folder: Path):
            yield Progress(0, 1, "Running")
            if files.case_id == "c":
                raise GeometryError("two grids")
            labels = np.zeros(SHAPE, np.uint8)
            labels[1, 1, 1] = 2
            nib.Nifti1Image(labels, np.eye(4)).to_filename(folder / f"{files.case_id}-seg.nii.gz")

        return segment_into


class Bridge(QObject):
    """Stands in for the bridge to the viewer: holds what it was told to show."""

    edited = Signal(str)
    cases_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.opened: dict[str, Opened] = {}
        self.activated: list[str] = []
        self.files: list[Path] = []

    def keys(self) -> tuple[str, ...]:
        return tuple(self.opened)

    def open_case(self, key: str) -> SimpleNamespace:
        layers = [(kind, attributes["metadata"]) for _, attributes, kind in self.opened[key].layers]
        of = lambda wanted: [SimpleNamespace(metadata=m) for kind, m in layers if kind == wanted]
        return SimpleNamespace(images=of("image"), labels=of("labels"))

    def exchange_case(self, opened: Opened, former: str = "") -> str:
        key = opened.layers[0][1]["metadata"][TAG].case_id
        self.close_case(former)
        self.opened[key] = opened
        return key

    def close_case(self, key: str) -> None:
        self.opened.pop(key, None)

    def activate(self, key: str) -> None:
        self.activated.append(key)

    def open_paths(self, paths: list[Path]) -> None:
        self.files += paths

    def shown_values(self) -> set[int]:
        (opened,) = self.opened.values()
        return {int(data.max()) for data, _, kind in opened.layers if kind == "image"}

    def has_mask(self) -> bool:
        (opened,) = self.opened.values()
        return any(kind == "labels" for _, _, kind in opened.layers)


@dataclass
class List:
    folder: Path
    bridge: Bridge
    panel: WorklistPanel
    opener: WorklistOpener
    control: WorklistController
    runs: WorklistRuns
    engine: Engine
    answers: dict[str, bool]
    asked: list[str]

    def case(self, name: str) -> WorkCase:
        return work_case(discover(self.folder / name)[0])

    @property
    def open_id(self) -> str:
        return Path(self.opener.key).name
