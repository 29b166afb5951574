"""The building blocks that the networks share."""

from __future__ import annotations

from torch import nn


def double_conv(channels_in: int, channels_out: int, stride: int = 1) -> nn.Sequential:
    """Two 3x3x3 convolutions, each with batch norm and leaky ReLU; the first one may downsample.

    ``(N, C_in, X, Y, Z)`` -> ``(N, C_out, X/stride, Y/stride, Z/stride)``. Batch norm rather than
    instance norm: once training has frozen its statistics it is a fixed scale, so a whole brain
    and small windows of it give the same answer.
    """
    layers: list[nn.Module] = []
    for source, step in ((channels_in, stride), (channels_out, 1)):
        layers += [
            nn.Conv3d(source, channels_out, 3, stride=step, padding=1, bias=False),
            nn.BatchNorm3d(channels_out, momentum=0.05),
            nn.LeakyReLU(0.01, inplace=True),
        ]
    return nn.Sequential(*layers)
