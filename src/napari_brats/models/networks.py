"""The networks by the names that recipes and cards use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_brats.core.errors import BundleError
from napari_brats.models.network import Network
from napari_brats.models.unet import UNet3D, UNet3DConfig

NETWORKS = ("unet3d", "attention_unet3d", "autoencoder3d")


def build_network(name: str, arguments: Mapping[str, Any]) -> Network:
    """A network with random weights; BundleError for a name or argument this version lacks.

    ``arguments`` are those of the network's configuration, lists (from JSON, TOML) allowed.
    """
    values: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in arguments.items()
    }
    try:
        if name == "unet3d":
            return UNet3D(UNet3DConfig(**values))
        if name == "attention_unet3d":
            return UNet3D(UNet3DConfig(**values | {"attention": True}))
        if name == "autoencoder3d":
            from napari_brats.models.autoencoder import AutoEncoder3D, AutoEncoder3DConfig

            return AutoEncoder3D(AutoEncoder3DConfig(**values))
    except TypeError as error:
        raise BundleError(f"The arguments do not fit the network '{name}': {error}.") from error
    raise BundleError(
        f"There is no network '{name}'. Known: {', '.join(NETWORKS)}. A bundle that needs it "
        f"comes from another version of napari-brats: update."
    )
