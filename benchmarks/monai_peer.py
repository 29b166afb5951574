"""The peer of `cold.py`: a process that segments a case the way the field does, start to exit.

    python benchmarks/monai_peer.py CASE --output MASK.nii.gz [--network plain|ours]

MONAI's sliding window (128^3, overlap 0.5, Gaussian) over the whole volume. ``plain`` is MONAI's
BasicUNet of 16, 32, 64, 128 and 256 channels with random weights, fed by nibabel and MONAI's own
normalisation: only its time means something. ``ours`` is the bundled network, in eager torch, with
our own preparation and post-processing, so that only the window differs from what we ship.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nibabel as nib
import numpy as np
import torch
from monai.inferers import sliding_window_inference

if TYPE_CHECKING:
    from napari_brats.inference.preprocess import PreparedImage


def main() -> None:
    """Segment one case."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--network", choices=("plain", "ours"), default="plain")
    arguments = parser.parse_args()
    segment = plain if arguments.network == "plain" else ours
    labels, like = segment(arguments.case)
    nib.save(nib.Nifti1Image(labels, like.affine, like.header), arguments.output)


def plain(case: Path) -> tuple[Any, nib.Nifti1Image]:
    """A label map by a plain U-Net, and the image whose grid it lies on."""
    from monai.networks.nets import BasicUNet
    from monai.transforms import NormalizeIntensity

    from napari_brats.io.discover import discover

    (files,) = discover(case)  # which file is which: names differ between releases
    images = [nib.load(choice.path) for choice in files.modalities.values()]
    volumes = np.stack([image.get_fdata(dtype=np.float32) for image in images])
    volumes = NormalizeIntensity(nonzero=True, channel_wise=True)(volumes)
    network = BasicUNet(3, len(images), 3, features=(16, 32, 64, 128, 256, 16)).eval()
    wt, tc, et = slide(network, torch.as_tensor(volumes)) > 0
    labels = np.where(et, 3, np.where(tc, 1, np.where(wt, 2, 0))).astype(np.uint8)
    return labels, images[0]


def ours(case: Path) -> tuple[Any, nib.Nifti1Image]:
    """As `plain`, by the bundled network; in the labels of BraTS 2023, as ours are compared."""
    from napari_brats.inference.postprocess import postprocess
    from napari_brats.inference.postprocess_options import options_from_card
    from napari_brats.inference.preprocess import prepare_image
    from napari_brats.io.discover import discover
    from napari_brats.io.load import load_case
    from napari_brats.models.bundle import load_bundle

    (files,) = discover(case)
    loaded = load_case(files, with_label_map=False)
    bundle = load_bundle()
    grid = loaded.require_one_grid()
    arrays = {modality: volume.data for modality, volume in loaded.volumes.items()}
    card = bundle.card
    prepared = prepare_image(arrays, grid, card.modalities, flatten=card.flatten)
    logits = slide_over_all(bundle.load_network(), prepared)
    probabilities = torch.as_tensor(logits).sigmoid().numpy() * prepared.brain
    place = prepared.placement
    on_file = np.stack([place.to_file(p) for p in probabilities])
    labels = postprocess(on_file.astype(np.float16), grid.spacing_mm, options_from_card(card))
    return labels, nib.load(next(iter(files.modalities.values())).path)


def slide_over_all(network: torch.nn.Module, prepared: PreparedImage) -> Any:
    """Logits (R, X, Y, Z) in the brain's box, of windows over the whole volume."""
    place = prepared.placement
    whole = [place.order.from_disk(place.to_file(channel)) for channel in prepared.image]
    logits = slide(network, torch.as_tensor(np.stack(whole)))
    return logits[(slice(None), *place.box)]


def slide(network: torch.nn.Module, image: torch.Tensor) -> Any:
    """Logits (R, X, Y, Z) of an image (C, X, Y, Z)."""
    with torch.inference_mode():
        logits = sliding_window_inference(
            image[None], (128, 128, 128), 1, network, overlap=0.5, mode="gaussian"
        )
    return logits[0].numpy()


if __name__ == "__main__":
    main()
