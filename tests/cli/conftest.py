"""Tiny cases on disk, and a network that paints three voxels."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_brats.core.case import Case, Segmentation
from napari_brats.core.labels import Label, Region
from napari_brats.core.progress import Job, Progress
from napari_brats.core.review import ExpectedDice, Place, Review
from napari_brats.inference.segment import SegmentOptions
from napari_brats.models.bundle import Bundle
from napari_brats.models.card import Card

SHAPE = (6, 5, 4)
SUFFIXES = ("t1", "t1ce", "t2", "flair")


def _write_image(path: Path, shape: tuple[int, ...] = SHAPE, spacing_mm: float = 1.0) -> Path:
    """An int16 image that rises along its axes; qform and sform codes 1 and 2."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    affine = np.diag([-spacing_mm, -spacing_mm, spacing_mm, 1.0])
    image = nib.Nifti1Image(data, affine)
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=2)
    image.to_filename(path)
    return path


@dataclass
class FakeNetwork:
    """Stands in for the engine: records the cases it was given, and may be told to fail."""

    seen: list[Case] = field(default_factory=list)
    options: list[SegmentOptions] = field(default_factory=list)
    error_at: dict[str, BaseException] = field(default_factory=dict)

    def segment(self, case: Case, bundle: Bundle, options: SegmentOptions) -> Job[Segmentation]:
        case.require_one_grid()
        self.seen.append(case)
        self.options.append(options)
        yield Progress(0, 2, "Preparing the images")
        if case.case_id in self.error_at:
            raise self.error_at[case.case_id]
        yield Progress(1, 2, "Running the network on cpu")
        labels = np.zeros(case.reference.grid.shape, np.uint8)
        labels[1, 1, 1], labels[2, 1, 1], labels[3, 1, 1] = Label.ED, Label.NCR, Label.ET
        keep = options.keep_probabilities
        review = Review(
            {Region.WT: ExpectedDice(0.9, 0.05)},
            places=(Place(Region.ET, "ET border", 0.8, "left, anterior", (1, 2, 3)),),
            unusual=("The skull is on.",),
            uncertainty=(
                np.full(labels.shape, 0.5, np.float16) if options.keep_uncertainty else None
            ),
        )
        return Segmentation(
            case.case_id,
            labels,
            case.reference,
            case.convention,
            np.full((3, *labels.shape), 0.25, np.float16) if keep else None,
            {
                "bundle": {"name": bundle.card.name, "sha256": bundle.card.sha256},
                "device": "cpu",
                "postprocess": {"threshold_wt": 0.5},
                "seconds": {"network": 0.125},
                "notes": ["a note of the network"],
                "undefined": float("nan"),
                "mirroring": options.mirroring.value,
                "review": review.to_json(),
            },
            review,
        )


@pytest.fixture
def write_image() -> Callable[..., Path]:
    return _write_image


@pytest.fixture
def make_case(tmp_path: Path) -> Callable[..., Path]:
    """Write a case in the naming of BraTS 2021; gives its folder."""

    def make(name: str = "BraTS2021_00001", parent: str = "data") -> Path:
        folder = tmp_path / parent / name
        for suffix in SUFFIXES:
            _write_image(folder / f"{name}_{suffix}.nii.gz")
        return folder

    return make


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeNetwork:
    """The engine replaced by `FakeNetwork`, with one bundle called ``glioma-unet3d``."""
    fake = FakeNetwork()
    card = Card("glioma-unet3d", "A network for tests", "unet3d", {}, sha256="ab" * 32)
    monkeypatch.setattr("napari_brats.inference.segment.segment", fake.segment)
    monkeypatch.setattr("napari_brats.models.bundle.BUILT_IN", tmp_path / "built-in")
    weights = tmp_path / "built-in" / "glioma-unet3d.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(b"never read")
    weights.with_suffix(".json").write_text(json.dumps(asdict(card)))
    return fake
