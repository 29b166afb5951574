"""The building blocks that the networks share."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from napari_brats.models.configs import Norm


class ChannelNorm(nn.Module):
    """Layer norm over the channels of each voxel (as in ConvNeXt, Liu 2022, arXiv:2201.03545).

    ``(N, C, X, Y, Z)`` -> the same. Its statistics come from one voxel: they depend neither on
    the batch nor on how much of the brain a window shows, and nothing has to be frozen.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Normalised features; no copy where ``x`` is channels-last."""
        normalised: Tensor = self.norm(x.permute(0, 2, 3, 4, 1))
        return normalised.permute(0, 4, 1, 2, 3)


def norm_layer(norm: Norm, channels: int) -> nn.Module:
    """The normalisation called ``norm`` for so many channels.

    ``batch`` is a fixed scale once its statistics are frozen; ``instance`` takes them from each
    sample and so depends on the window; ``layer`` is `ChannelNorm`.
    """
    if norm == "batch":
        return nn.BatchNorm3d(channels, momentum=0.05)
    if norm == "instance":
        return nn.InstanceNorm3d(channels, affine=True)
    return ChannelNorm(channels)


def double_conv(
    channels_in: int, channels_out: int, stride: int = 1, norm: Norm = "batch"
) -> nn.Sequential:
    """Two 3x3x3 convolutions, each normalised, with leaky ReLU; the first one may downsample.

    ``(N, C_in, X, Y, Z)`` -> ``(N, C_out, X/stride, Y/stride, Z/stride)``.
    """
    layers: list[nn.Module] = []
    for source, step in ((channels_in, stride), (channels_out, 1)):
        layers += [
            nn.Conv3d(source, channels_out, 3, stride=step, padding=1, bias=False),
            norm_layer(norm, channels_out),
            nn.LeakyReLU(0.01, inplace=True),
        ]
    return nn.Sequential(*layers)


class AttentionGate(nn.Module):
    """Which voxels of a skip connection matter (Oktay 2018, arXiv:1804.03999, additive gate).

    The features of the next coarser level decide, voxel by voxel, how much of the skip passes.
    """

    def __init__(self, skip_channels: int, gate_channels: int) -> None:
        super().__init__()
        inner = max(1, skip_channels // 2)
        self.skip = nn.Conv3d(skip_channels, inner, 2, stride=2, bias=False)
        self.gate = nn.Conv3d(gate_channels, inner, 1)
        self.weight = nn.Conv3d(inner, 1, 1)

    def forward(self, skip: Tensor, gate: Tensor) -> Tensor:
        """``skip`` (N, C, X, Y, Z) scaled by 0..1; ``gate`` is (N, C_gate, X/2, Y/2, Z/2)."""
        coarse = self.weight(functional.leaky_relu(self.skip(skip) + self.gate(gate), 0.01))
        share = functional.interpolate(
            coarse.sigmoid(), size=skip.shape[2:], mode="trilinear", align_corners=False
        )
        return skip * share
