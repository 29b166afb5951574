"""The 3-D U-Net (Ronneberger 2015, arXiv:1505.04597; Cicek 2016, arXiv:1606.06650)."""

from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from napari_brats.models.blocks import AttentionGate, double_conv
from napari_brats.models.configs import UNet3DConfig
from napari_brats.models.network import Network


class UNet3D(Network):
    """Encoder-decoder with skip connections and transposed convolutions; returns logits."""

    def __init__(self, config: UNet3DConfig | None = None) -> None:
        super().__init__()
        self.config: UNet3DConfig = config or UNet3DConfig()
        config = self.config
        widths, stride, norm = config.widths, config.stem_stride, config.norm
        self.stem = nn.Conv3d(config.in_channels, widths[0], 3, stride=stride, padding=1)
        self.encoder = nn.ModuleList(
            [double_conv(widths[0], widths[0], norm=norm)]
            + [double_conv(a, b, stride=2, norm=norm) for a, b in pairwise(widths)]
        )
        self.up = nn.ModuleList(nn.ConvTranspose3d(b, a, 2, stride=2) for a, b in pairwise(widths))
        self.decoder = nn.ModuleList(double_conv(2 * a, a, norm=norm) for a in widths[:-1])
        self.head = nn.ConvTranspose3d(widths[0], config.out_channels, stride, stride=stride)
        if config.attention:
            self.gates = nn.ModuleList(AttentionGate(a, b) for a, b in pairwise(widths))
        if config.deep_supervision:
            self.deep_heads = nn.ModuleList(
                nn.Conv3d(a, config.out_channels, 1) for a in widths[1:-1]
            )

    def forward_steps(
        self, image: Tensor, deep_logits: list[Tensor] | None = None
    ) -> Generator[float, None, Tensor]:
        """`forward`, pausing after each level so that a caller can stop in between.

        Yields the share of the work that is done, in 0..1. With deep supervision the logits of
        the coarser levels, coarsest first, are appended to ``deep_logits``.
        """
        levels = len(self.encoder)
        cost = [2.0**-i for i in range(levels)]
        total = sum(cost) + 2 * sum(cost[:-1])
        done = 0.0
        x = self.stem(image)
        skips: list[Tensor] = []
        for i, block in enumerate(self.encoder):
            x = block(x)
            skips.append(x)
            done += cost[i] / total
            yield done
        skips.pop()
        for i in reversed(range(levels - 1)):
            skip = skips.pop()
            if self.config.attention:
                skip = self.gates[i](skip, x)
            x = self.decoder[i](torch.cat([self.up[i](x), skip], dim=1))
            if deep_logits is not None and self.config.deep_supervision and i:
                deep_logits.append(self.deep_heads[i - 1](x))
            done += 2 * cost[i] / total
            yield min(done, 1.0)
        return cast("Tensor", self.head(x))
