"""The 3-D U-Net (Ronneberger 2015, arXiv:1505.04597; Cicek 2016, arXiv:1606.06650)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from napari_brats.models.blocks import double_conv


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
    """

    in_channels: int = 4
    out_channels: int = 3
    widths: tuple[int, ...] = (24, 48, 96, 192)
    stem_stride: int = 2

    @property
    def multiple(self) -> int:
        """What each spatial size of the input must be a multiple of."""
        return int(self.stem_stride * 2 ** (len(self.widths) - 1))


class UNet3D(nn.Module):
    """Encoder-decoder with skip connections and transposed convolutions; returns logits."""

    def __init__(self, config: UNet3DConfig = UNet3DConfig()) -> None:
        super().__init__()
        self.config = config
        widths, stride = config.widths, config.stem_stride
        self.stem = nn.Conv3d(config.in_channels, widths[0], 3, stride=stride, padding=1)
        self.encoder = nn.ModuleList(
            [double_conv(widths[0], widths[0])]
            + [double_conv(a, b, stride=2) for a, b in pairwise(widths)]
        )
        self.up = nn.ModuleList(nn.ConvTranspose3d(b, a, 2, stride=2) for a, b in pairwise(widths))
        self.decoder = nn.ModuleList(double_conv(2 * a, a) for a in widths[:-1])
        self.head = nn.ConvTranspose3d(widths[0], config.out_channels, stride, stride=stride)

    def forward(self, image: Tensor) -> Tensor:
        """Logits ``(N, regions, X, Y, Z)`` of ``(N, C, X, Y, Z)``, in both modes.

        X, Y and Z must be multiples of ``config.multiple``.
        """
        steps = self.forward_steps(image)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return cast("Tensor", end.value)

    def forward_steps(self, image: Tensor) -> Generator[float, None, Tensor]:
        """`forward`, pausing after each level so that a caller can stop in between.

        Yields the share of the work that is done, in 0..1.
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
            x = torch.cat([self.up[i](x), skips.pop()], dim=1)
            x = self.decoder[i](x)
            done += 2 * cost[i] / total
            yield min(done, 1.0)
        return cast("Tensor", self.head(x))
