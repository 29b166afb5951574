"""Networks that stay loaded between cases, each where it runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from importlib.util import find_spec
from threading import Lock  # noqa: TID251 - no thread is started
from typing import Protocol

import numpy as np
import numpy.typing as npt

from napari_brats.inference.windows import Pass
from napari_brats.models.bundle import Bundle
from napari_brats.models.configs import NETWORKS

KEPT = 2
"""Networks that stay loaded, the ones that were used last."""


class LoadedNetwork(Protocol):
    """A network with its weights where it runs.

    Attributes
    ----------
    device
        ``cpu``, ``cuda:N`` or ``mps``.
    runtime
        What runs it, with its version: ``OpenVINO 2026.4`` or ``torch 2.13``.
    """

    device: str
    runtime: str

    def predict(self, image: npt.NDArray[np.float32]) -> Pass:
        """See `Pass`."""
        ...

    def free_memory(self) -> None:
        """Give back what is kept for the next pass; the network stays loaded."""
        ...


Key = tuple[str, str, int | None]
Load = Callable[[Bundle, str, int | None], LoadedNetwork]


def load_for(bundle: Bundle, device: str, threads: int | None) -> LoadedNetwork:
    """The bundle's network on ``device``: on the CPU by OpenVINO if it can be, else by torch.

    ``threads`` is how many OpenVINO may use, None for one per core.
    """
    if device == "cpu" and uses_openvino(bundle):
        from napari_brats.inference.openvino_network import OpenVinoNetwork

        return OpenVinoNetwork(bundle, threads)
    from napari_brats.inference.torch_network import TorchNetwork

    return TorchNetwork(bundle.load_network(), device)


def uses_openvino(bundle: Bundle) -> bool:
    """Whether OpenVINO runs this bundle on the CPU: it is installed and knows the network."""
    return bundle.card.network in NETWORKS and find_spec("openvino") is not None


class Engine:
    """Loads networks once. The one of the process is `ENGINE`.

    A network may serve several jobs at once; each pass has memory of its own.
    """

    def __init__(self, load: Load = load_for, clock: Callable[[], float] = time.monotonic) -> None:
        self._load = load
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[Key, tuple[LoadedNetwork, float]] = {}

    def network(self, bundle: Bundle, device: str, threads: int | None = None) -> LoadedNetwork:
        """The bundle's network on ``device``, loaded now unless it is kept. See `load_for`."""
        key = (_fingerprint(bundle), device, threads)
        with self._lock:  # two jobs that want the same network load it once
            kept = self._kept.pop(key, None)  # and put back as the last one
            network = kept[0] if kept else self._load(bundle, device, threads)
            self._kept[key] = (network, self._clock())
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
            return network

    def release(self, idle_s: float = 0) -> None:
        """Forget the networks that nobody asked for in the last ``idle_s`` seconds.

        Nothing happens while another thread loads one: whoever calls does not wait for that.
        """
        if not self._lock.acquire(blocking=False):
            return
        try:
            now = self._clock()
            for key, (network, used) in list(self._kept.items()):
                if now - used >= idle_s:
                    del self._kept[key]
                    network.free_memory()
        finally:
            self._lock.release()

    def __len__(self) -> int:
        return len(self._kept)


ENGINE = Engine()
"""Shared by the window's jobs and by the cases of a run."""


def _fingerprint(bundle: Bundle) -> str:
    """What tells networks apart: their weights and how these are put together."""
    card = bundle.card
    return json.dumps([card.sha256, card.network, dict(card.arguments)], sort_keys=True)
