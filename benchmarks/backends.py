"""Whether all that can run the bundled network say the same: against eager torch in float32.

    python benchmarks/backends.py FOLDER [--cases N] [--windows] [--monai]

Each case of FOLDER goes through every backend as one whole pass, with ``--windows`` through small
windows, too (the last resort where memory is short), with ``--monai`` through MONAI's sliding
window over the whole volume (128^3, overlap 0.5, Gaussian; half a minute a case). Prints a line per
case: the largest difference of a probability, Dice of WT, TC and ET, cut at one half, and the mean
Dice of the three with the reference. The rows are the worst, and the mean with the reference.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from cold import dice
from rows import AT_LEAST, Goal, Row, report

from napari_brats.core.case import Case
from napari_brats.core.labels import REGIONS, LabelMap, Mask, region_mask
from napari_brats.core.progress import drain
from napari_brats.inference.devices import available_devices
from napari_brats.inference.openvino_network import OpenVinoNetwork
from napari_brats.inference.preprocess import PreparedImage, prepare_image
from napari_brats.inference.torch_network import TorchNetwork
from napari_brats.inference.windows import (
    SMALL_OVERLAP,
    SMALL_WINDOW,
    Logits,
    predict_windows,
)
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.models.bundle import Bundle, load_bundle

Look = Callable[[PreparedImage], Logits]
Floats = npt.NDArray[np.floating]
EAGER = "eager torch"
LARGE_ML = 5.0


def main() -> None:
    """Compare and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=None, help="only the first so many")
    parser.add_argument("--windows", action="store_true")
    parser.add_argument("--monai", action="store_true")
    arguments = parser.parse_args()
    bundle = load_bundle()
    looks = backends(bundle, windows=arguments.windows, monai=arguments.monai)
    found: dict[str, list[Comparison]] = defaultdict(list)
    for files in discover(arguments.folder, strict=False)[: arguments.cases]:
        if len(files.modalities) < len(bundle.card.modalities):
            continue
        case = load_case(files)
        prepared = prepared_for(case, bundle)
        expected = probabilities(looks[EAGER](prepared), prepared.brain)
        for name, look in looks.items():
            made = probabilities(look(prepared), prepared.brain) if name != EAGER else expected
            found[name].append(compared(made, expected, reference_of(case, prepared)))
            print(f"{files.case_id}  {name}: {found[name][-1]}", flush=True)
    for name, comparisons in found.items():
        if name != EAGER:
            tell(name, comparisons, found[EAGER])
    if not any(device.startswith("cuda") for device in available_devices()):
        report(Row("Dice of torch on a GPU with torch on the CPU", missing="no GPU at hand"))


@dataclass(frozen=True)
class Comparison:
    """One case by one backend.

    The largest difference of a probability from eager torch's, Dice with it of each region and of
    the large ones alone, and the mean Dice with the reference (NaN without one).
    """

    difference: float
    dices: list[float]
    large: list[float]
    with_reference: float

    def __str__(self) -> str:
        dices = " ".join(f"{r} {d:.5f}" for r, d in zip(REGIONS, self.dices, strict=True))
        return f"{self.difference:.1e}  Dice {dices}  with the reference {self.with_reference:.4f}"


def compared(found: Floats, expected: Floats, reference: LabelMap | None) -> Comparison:
    """What one backend found beside what was expected, and beside the truth."""
    dices = [dice(f > 0.5, e > 0.5) for f, e in zip(found, expected, strict=True)]
    volumes = [np.count_nonzero(e > 0.5) for e in expected]
    large = [d for d, volume in zip(dices, volumes, strict=True) if volume > 1000 * LARGE_ML]
    true = np.nan
    if reference is not None:
        parts = zip(REGIONS, found, strict=True)
        true = float(np.mean([dice(p > 0.5, region_mask(reference, r)) for r, p in parts]))
    return Comparison(float(np.abs(found - expected).max()), dices, large, true)


def tell(name: str, found: list[Comparison], eager: list[Comparison]) -> None:
    """The row of a backend."""
    lows = [low for c in found for low in c.large]
    apart = max(c.difference for c in found)
    ours, theirs = (np.mean([c.with_reference for c in some]) for some in (found, eager))
    note = (
        f"worst region above {LARGE_ML:g} ml of {len(found)} cases; probabilities differ by at "
        f"most {apart:.1e}; mean Dice with the reference {ours:.4f}, torch {theirs:.4f}"
    )
    goal = Goal(AT_LEAST, 0.99 if "windows" in name else 0.999)
    report(Row(f"Dice of {name} with torch on the CPU", [min(lows)], goal, "", note=note))


def backends(bundle: Bundle, *, windows: bool, monai: bool) -> dict[str, Look]:
    """What is compared, by name; `EAGER` is what with."""
    eager, openvino = TorchNetwork(bundle.load_network(), "cpu"), OpenVinoNetwork(bundle)
    looks: dict[str, Look] = {
        EAGER: lambda seen: drain(eager.predict(seen.image)),
        openvino.runtime: lambda seen: drain(openvino.predict(seen.image)),
    }
    for device in available_devices()[:-1]:
        network = TorchNetwork(bundle.load_network(), device)
        looks[f"torch on {device}"] = lambda seen, n=network: drain(n.predict(seen.image))
    if windows:
        looks[f"{openvino.runtime} in windows of {SMALL_WINDOW}"] = lambda seen: drain(
            predict_windows(openvino.predict, seen.image, SMALL_WINDOW, SMALL_OVERLAP)
        )
    if monai:
        from monai_peer import slide_over_all

        theirs = bundle.load_network()
        looks["MONAI's sliding windows of 128"] = lambda seen: slide_over_all(theirs, seen)
    return looks


def prepared_for(case: Case, bundle: Bundle) -> PreparedImage:
    """What the network sees of a case."""
    arrays = {modality: volume.data for modality, volume in case.volumes.items()}
    card = bundle.card
    return prepare_image(arrays, case.require_one_grid(), card.modalities, flatten=card.flatten)


def reference_of(case: Case, prepared: PreparedImage) -> LabelMap | None:
    """The reference where the image is, if the case has one."""
    if case.label_map is None:
        return None
    return prepared.placement.to_canonical(case.label_map.volume.data)


def probabilities(logits: Logits, brain: Mask) -> Floats:
    """Sigmoid inside the brain, 0 outside."""
    with np.errstate(over="ignore"):
        return brain / (1 + np.exp(-logits))


if __name__ == "__main__":
    main()
