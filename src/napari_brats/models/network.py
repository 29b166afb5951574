"""What all networks have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from typing import cast

from torch import Tensor, nn

from napari_brats.models.configs import NetworkConfig


class Network(nn.Module, ABC):
    """A network whose forward pass can stop between its levels."""

    config: NetworkConfig

    def forward(self, image: Tensor) -> Tensor:
        """The result ``(N, C_out, X, Y, Z)`` for ``(N, C, X, Y, Z)``; logits, in both modes.

        X, Y and Z must be multiples of ``config.multiple``.
        """
        steps = self.forward_steps(image)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return cast("Tensor", end.value)

    @abstractmethod
    def forward_steps(self, image: Tensor) -> Generator[float, None, Tensor]:
        """`forward`, pausing after each level; yields the share of the work done, in 0..1."""
