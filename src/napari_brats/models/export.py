"""A bundle as an ONNX model, for TensorFlow and other runtimes, checked against torch."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_brats import INTENDED_USE, __version__
from napari_brats.core.errors import BratsError, BundleError
from napari_brats.core.progress import Job, Progress
from napari_brats.io.atomic import write_atomically
from napari_brats.models.bundle import Bundle
from napari_brats.models.card import Card

if TYPE_CHECKING:
    import torch

    from napari_brats.models.network import Network

OPSET = 17
TOLERANCE = 1e-3
"""By how much an output of the ONNX model may differ from torch's, in logits (or image units)."""

BRAIN_SIZE = (144, 192, 144)
INPUT = "image"
_OUTPUTS = {"segment": "logits", "reconstruct": "reconstruction"}


@dataclass(frozen=True)
class Agreement:
    """How far the ONNX model's output is from torch's on one input.

    Attributes
    ----------
    what
        The input in words.
    size
        Its (X, Y, Z) in voxels.
    difference, magnitude
        The largest absolute difference, and the largest absolute value of torch's output.
    """

    what: str
    size: tuple[int, int, int]
    difference: float
    magnitude: float


@dataclass(frozen=True)
class OnnxExport:
    """Where a model was written, what sizes it takes (multiples), and how well it agrees."""

    path: Path
    multiple: int
    agreements: tuple[Agreement, ...]


def export_onnx(bundle: Bundle, path: Path, *, overwrite: bool = False) -> Job[OnnxExport]:
    """Write a bundle as an ONNX model (`OPSET`, float32) to ``path``.

    Input ``image`` (N, C, X, Y, Z) float32, N, X, Y and Z free, the last three multiples of the
    network's ``multiple``; output ``logits`` (or ``reconstruction``) of the same size. What it
    takes to use it stands in the model's ``metadata_props``.

    Raises
    ------
    BratsError
        If onnx or onnxruntime is not installed.
    BundleError
        If the bundle is damaged, or the outputs differ by more than `TOLERANCE`; no file then.
    SaveError
        If the file is there already or cannot be written.
    """
    _require_extra()
    yield Progress(0, 4, f"Loading bundle '{bundle.card.name}'")
    network = bundle.load_network()
    multiple = network.config.multiple
    yield Progress(1, 4, f"Writing the network as ONNX, opset {OPSET}")
    payload = _with_metadata(_onnx_of(network, bundle.card), _metadata(bundle.card, multiple))
    agreements = []
    for done, (what, image) in enumerate(_inputs(_channels(bundle.card), multiple)):
        size = "x".join(str(n) for n in image.shape[2:])
        yield Progress(2 + done, 4, f"Comparing with onnxruntime on {what}, {size} voxels")
        agreements.append(_compare(network, payload, what, image))
    worst = max(agreements, key=lambda a: a.difference)
    if not worst.difference <= TOLERANCE:  # NaN is no agreement either
        raise BundleError(
            f"The ONNX model of bundle '{bundle.card.name}' does not agree with torch: on "
            f"{worst.what} of {worst.size} voxels they differ by {worst.difference:.2g}, expected "
            f"at most {TOLERANCE:g}. Nothing was written. Update torch and onnxruntime."
        )
    write_atomically(path, payload, overwrite=overwrite)
    return OnnxExport(path, multiple, tuple(agreements))


def _require_extra() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise BratsError(
            f"Exporting needs the packages onnx and onnxruntime ({error}). Install them with "
            f"pip install 'napari-brats[export]'."
        ) from error


def _onnx_of(network: Network, card: Card) -> bytes:
    """The network as ONNX, traced on a small image.

    By torch's older exporter: the newer one needs onnxscript and onnx-ir on top and gives these
    networks, which are plain convolutions, nothing in return.
    """
    import torch

    sizes = [k * network.config.multiple for k in (2, 3, 2)]
    output = _OUTPUTS.get(card.task, "output")
    free = {0: "batch", 2: "x", 3: "y", 4: "z"}
    with torch.no_grad(), warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.onnx"
        warnings.simplefilter("ignore")  # what the tracer doubts, the comparison decides
        torch.onnx.export(
            network,
            (torch.zeros(1, _channels(card), *sizes),),
            file,
            dynamo=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[output],
            dynamic_axes={INPUT: free, output: free},
        )
        return file.read_bytes()


def _channels(card: Card) -> int:
    """The input's channels: the modalities, and for some autoencoders a mask of what is hidden."""
    return int(card.arguments.get("in_channels", len(card.modalities)))


def _metadata(card: Card, multiple: int) -> dict[str, str]:
    """What someone needs who has only the ONNX file."""
    more = {"regions": ",".join(card.regions)} if card.task == "segment" else {}
    if _channels(card) > len(card.modalities):
        more["last_channel"] = "1 where the image is hidden from the network, else 0"
    if (pooling := card.arguments.get("pooling", 1)) != 1:
        more["pooling"] = f"the image is averaged over blocks of {pooling}^3 voxels beforehand"
    return more | {
        "name": card.name,
        "title": card.title,
        "task": card.task,
        "modalities": ",".join(card.modalities),
        "missing_modality": "all zero",
        "spacing_mm": ",".join(f"{mm:g}" for mm in card.spacing_mm),
        "orientation": "LPS",
        "size_multiple": str(multiple),
        "normalisation": card.normalisation,
        "intended_use": card.intended_use or INTENDED_USE,
        "limits": card.limits,
        "data_licence": card.data_licence,
        "attribution": card.attribution,
        "weights_sha256": card.sha256,
        "made_by": f"napari-brats {__version__}",
    }


def _with_metadata(payload: bytes, metadata: Mapping[str, str]) -> bytes:
    import onnx

    model = onnx.load_model_from_string(payload)
    onnx.helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model)
    serialised: bytes = model.SerializeToString()
    return serialised


def _inputs(channels: int, multiple: int) -> list[tuple[str, torch.Tensor]]:
    """A small random image, and one of a brain's size and smoothness, zero outside an ellipsoid."""
    import torch
    from torch.nn import functional

    rng = torch.Generator().manual_seed(0)
    small = [k * multiple for k in (3, 2, 4)]
    noise = torch.randn(1, channels, *small, generator=rng)
    size = [-(-n // multiple) * multiple for n in BRAIN_SIZE]
    coarse = torch.randn(1, channels, *(n // 8 for n in size), generator=rng)
    smooth = functional.interpolate(coarse, size=size, mode="trilinear")
    axes = torch.meshgrid(*(torch.linspace(-1, 1, n) for n in size), indexing="ij")
    brain = sum(axis**2 for axis in axes) <= 1
    return [("random values", noise), ("a random image of a brain's size", smooth * brain)]


def _compare(network: Network, payload: bytes, what: str, image: torch.Tensor) -> Agreement:
    import onnxruntime
    import torch

    with torch.inference_mode():
        expected = network(image).numpy()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(payload, options, providers=["CPUExecutionProvider"])
    found: Any = session.run(None, {INPUT: image.numpy()})[0]
    difference = float(abs(found - expected).max())
    x, y, z = (int(n) for n in image.shape[2:])
    return Agreement(what, (x, y, z), difference, float(abs(expected).max()))
