"""The networks by the names that recipes and cards use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_brats.core.errors import BundleError
from napari_brats.models.configs import UNet3DConfig, config_of
from napari_brats.models.network import Network


def build_network(name: str, arguments: Mapping[str, Any]) -> Network:
    """A network with random weights; BundleError for a name or argument this version lacks.

    ``arguments`` are those of the network's configuration, lists (from JSON, TOML) allowed.
    """
    config = config_of(name, arguments)
    try:
        if isinstance(config, UNet3DConfig):
            if config.members > 1:
                from napari_brats.models.ensemble import UNetEnsemble

                return UNetEnsemble(config)
            from napari_brats.models.unet import UNet3D

            return UNet3D(config)
        from napari_brats.models.autoencoder import AutoEncoder3D

        return AutoEncoder3D(config)
    except TypeError as error:  # a value of the wrong kind
        raise BundleError(f"The arguments do not fit the network '{name}': {error}.") from error
