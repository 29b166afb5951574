"""What makes each network: its configuration, readable without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from napari_brats.core.errors import BundleError

Norm = Literal["batch", "layer", "instance"]
NETWORKS = ("unet3d", "attention_unet3d", "autoencoder3d")


@dataclass(frozen=True)
class UNet3DConfig:
    """What makes a `UNet3D`.

    Attributes
    ----------
    in_channels, out_channels
        Modalities in, regions out.
    widths
        Channels of each level, outermost first; each further level halves the grid.
    stem_stride
        How much the first convolution downsamples. 2 keeps all 3x3x3 convolutions off the full
        grid, where they would cost eight times as much; the last transposed convolution brings
        the logits back to it.
    norm
        See `blocks.norm_layer`.
    attention
        Whether the skip connections are gated (`blocks.AttentionGate`).
    deep_supervision
        Whether the coarser levels of the decoder have heads of their own, for training only.
    members
        The mean logits of how many such networks are the result. More than one are a
        `ensemble.UNetEnsemble`, which has no deep supervision.
    """

    in_channels: int = 4
    out_channels: int = 3
    widths: tuple[int, ...] = (24, 48, 96, 192)
    stem_stride: int = 2
    norm: Norm = "batch"
    attention: bool = False
    deep_supervision: bool = False
    members: int = 1

    @property
    def multiple(self) -> int:
        """What each spatial size of the input must be a multiple of."""
        return int(self.stem_stride * 2 ** (len(self.widths) - 1))


@dataclass(frozen=True)
class AutoEncoder3DConfig:
    """What makes an `AutoEncoder3D`.

    Attributes
    ----------
    in_channels, out_channels
        Modalities in, with one channel more where `training.reconstruction` says what is hidden;
        modalities out.
    widths
        Channels of each level, outermost first; each further level halves the grid, and the last
        one is the latent.
    stem_stride
        How much the first convolution downsamples.
    norm
        See `blocks.norm_layer`.
    skips
        Whether the encoder's levels reach the decoder beside the latent. A network that only ever
        sees part of what it must say needs no narrow latent to keep it from copying.
    residual
        Whether what the decoder says is added to the first ``out_channels`` of the input.
    pooling
        Images are averaged over blocks of so many voxels before they come here; who calls the
        network does that.
    """

    in_channels: int = 5
    out_channels: int = 4
    widths: tuple[int, ...] = (24, 48, 96)
    stem_stride: int = 2
    norm: Norm = "batch"
    skips: bool = True
    residual: bool = False
    pooling: int = 1

    @property
    def multiple(self) -> int:
        """What each spatial size of the input must be a multiple of."""
        return int(self.stem_stride * 2 ** (len(self.widths) - 1))


NetworkConfig = UNet3DConfig | AutoEncoder3DConfig


def config_of(name: str, arguments: Mapping[str, Any]) -> NetworkConfig:
    """The configuration that a card or recipe names; lists (from JSON, TOML) become tuples.

    BundleError for a name or an argument that this version does not have.
    """
    values: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in arguments.items()
    }
    try:
        if name == "unet3d":
            return UNet3DConfig(**values)
        if name == "attention_unet3d":
            return UNet3DConfig(**values | {"attention": True})
        if name == "autoencoder3d":
            return AutoEncoder3DConfig(**values)
    except TypeError as error:
        raise BundleError(f"The arguments do not fit the network '{name}': {error}.") from error
    raise BundleError(
        f"There is no network '{name}'. Known: {', '.join(NETWORKS)}. A bundle that needs it "
        f"comes from another version of napari-brats: update."
    )
