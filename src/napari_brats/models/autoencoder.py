"""The 3-D autoencoder: what a healthy brain would look like here, or an image without its noise."""

from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from napari_brats.models.blocks import double_conv
from napari_brats.models.configs import AutoEncoder3DConfig
from napari_brats.models.network import Network


class AutoEncoder3D(Network):
    """Encoder, latent and decoder; returns an image in the units of its input, no logits."""

    def __init__(self, config: AutoEncoder3DConfig | None = None) -> None:
        super().__init__()
        self.config: AutoEncoder3DConfig = config or AutoEncoder3DConfig()
        config = self.config
        widths, stride, norm = config.widths, config.stem_stride, config.norm
        wide = 2 if config.skips else 1
        self.stem = nn.Conv3d(config.in_channels, widths[0], 3, stride=stride, padding=1)
        self.encoder = nn.ModuleList(
            [double_conv(widths[0], widths[0], norm=norm)]
            + [double_conv(a, b, stride=2, norm=norm) for a, b in pairwise(widths)]
        )
        self.up = nn.ModuleList(nn.ConvTranspose3d(b, a, 2, stride=2) for a, b in pairwise(widths))
        self.decoder = nn.ModuleList(double_conv(wide * a, a, norm=norm) for a in widths[:-1])
        self.head = nn.ConvTranspose3d(widths[0], config.out_channels, stride, stride=stride)
        if config.residual:  # at first nothing is changed
            nn.init.zeros_(self.head.weight)
            nn.init.zeros_(cast("Tensor", self.head.bias))

    def forward_steps(self, image: Tensor) -> Generator[float, None, Tensor]:
        """`forward`, pausing after each level; yields the share of the work done, in 0..1."""
        levels = len(self.encoder)
        steps = 2 * levels - 1
        x = self.stem(image)
        skips: list[Tensor] = []
        for done, block in enumerate(self.encoder, start=1):
            x = block(x)
            skips.append(x)
            yield done / steps
        skips.pop()
        for i in reversed(range(levels - 1)):
            skip = skips.pop()
            x = self.up[i](x)
            x = self.decoder[i](torch.cat([x, skip], dim=1) if self.config.skips else x)
            yield (steps - i) / steps
        x = self.head(x)
        return x + image[:, : self.config.out_channels] if self.config.residual else x
