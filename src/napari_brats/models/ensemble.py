"""Networks that were trained apart and answer together."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import cast

from torch import Tensor, nn

from napari_brats.core.errors import BundleError
from napari_brats.models.configs import UNet3DConfig
from napari_brats.models.network import Network
from napari_brats.models.unet import UNet3D


class UNetEnsemble(Network):
    """The mean of the logits of several U-Nets of one configuration.

    What only one of them takes for tumour counts for less (deep ensembles, Lakshminarayanan 2017,
    arXiv:1612.01474, which average probabilities; the mean of logits is their normalised geometric
    mean). They run one after the other: time grows with their number, memory hardly.
    """

    def __init__(self, config: UNet3DConfig) -> None:
        super().__init__()
        self.config: UNet3DConfig = config
        one = replace(config, members=1, deep_supervision=False)
        self.members = nn.ModuleList(UNet3D(one) for _ in range(config.members))

    @classmethod
    def of(cls, networks: Sequence[Network]) -> UNetEnsemble:
        """The ensemble of these networks, which it takes over.

        BundleError if they are not at least two U-Nets of one configuration.
        """
        configs = [network.config for network in networks]
        config = configs[0]
        if (
            not isinstance(config, UNet3DConfig)
            or len(networks) < 2
            or any(other != config for other in configs)
            or config.members > 1
        ):
            raise BundleError(
                f"These networks cannot answer together: {', '.join(map(str, configs))}. Expected "
                f"at least two U-Nets of one configuration that are no ensembles themselves."
            )
        ensemble = cls(replace(config, members=len(networks), deep_supervision=False))
        for member, network in zip(ensemble.members, networks, strict=True):
            member.load_state_dict(network.state_dict(), strict=not config.deep_supervision)
        return ensemble.eval()

    def forward_steps(self, image: Tensor) -> Generator[float, None, Tensor]:
        """`forward`, pausing after each level of each; yields the share of the work done."""
        total: Tensor | None = None
        count = len(self.members)
        for done, member in enumerate(self.members):
            steps = cast("UNet3D", member).forward_steps(image)
            while True:
                try:
                    yield (done + next(steps)) / count
                except StopIteration as end:
                    total = end.value if total is None else total + end.value
                    break
        return cast("Tensor", total) / count
