"""A network's passes where there is memory for them: the device, smaller windows, the CPU."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from napari_brats.core.errors import JobError
from napari_brats.inference.engine import ENGINE, Engine, LoadedNetwork
from napari_brats.inference.memory import BYTES_PER_VOXEL, available_bytes, is_out_of_memory
from napari_brats.inference.windows import (
    OVERLAP,
    SMALL_OVERLAP,
    SMALL_WINDOW,
    WINDOW,
    Pass,
    predict_windows,
)
from napari_brats.models.bundle import Bundle


@dataclass(frozen=True)
class _Attempt:
    """Where, in windows of what size (None: all at once), and what the user is told of it."""

    device: str
    window: int | None = None
    overlap: int = 0
    note: str = ""


_SMALL = f"small windows ({SMALL_WINDOW} voxels) were used, and the mask differs somewhat"


class NetworkRunner:
    """Call it with an image (C, X, Y, Z) for a `Pass`: the whole image, else windows, else the CPU.

    What ran out of memory once is not tried again by later passes of the same runner. On the CPU
    the whole image is not tried where the system says beforehand that there is no room for it.

    Attributes
    ----------
    device
        Where the next pass will be tried; after a pass, where it ran.
    runtime
        What ran the last pass; empty before one.
    notes
        What the user should know of the way down.
    """

    def __init__(
        self, bundle: Bundle, device: str, *, threads: int | None = None, engine: Engine = ENGINE
    ) -> None:
        self.runtime = ""
        self._loaded: LoadedNetwork | None = None
        self._bundle, self._threads, self._engine = bundle, threads, engine
        self._attempts = [_Attempt(device)]
        out = f"{device} ran out of memory;"
        if device != "cpu":
            windows = f"{out} smaller windows were used."
            self._attempts += [
                _Attempt(device, WINDOW, OVERLAP, windows),
                _Attempt(device, SMALL_WINDOW, SMALL_OVERLAP, f"{out} {_SMALL}."),
                _Attempt("cpu", note=f"{out} the CPU was used."),
            ]
        small = "There was little memory;"
        self._attempts += [
            _Attempt("cpu", WINDOW, OVERLAP, f"{small} the image was looked at in windows."),
            _Attempt("cpu", SMALL_WINDOW, SMALL_OVERLAP, f"{small} {_SMALL}."),
        ]

    @property
    def device(self) -> str:
        """See the class."""
        return self._attempts[0].device

    @property
    def notes(self) -> list[str]:
        """See the class."""
        note = self._attempts[0].note
        return [note] if note else []

    def load(self) -> None:
        """Load the network now unless it is; where memory is short the first pass tries again."""
        try:
            self._network()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise

    def free_memory(self) -> None:
        """Give back what the network keeps for its next pass."""
        if self._loaded is not None:
            self._loaded.free_memory()

    def __call__(self, image: npt.NDArray[np.float32]) -> Pass:
        """Logits (R, X, Y, Z) float32; yields the share done, from 0 again after each step down.

        JobError if memory does not suffice for the smallest windows.
        """
        while True:
            attempt = self._attempts[0]
            yield 0.0
            if self._is_room_for(attempt, image.shape[1:]):
                try:
                    return (yield from self._predict(attempt, image))
                except (RuntimeError, MemoryError) as error:
                    if not is_out_of_memory(error):
                        raise
                    if len(self._attempts) == 1:
                        raise _no_memory(image.shape[1:]) from error
                self._loaded = None
                self._engine.release()
            del self._attempts[0]

    def _predict(self, attempt: _Attempt, image: npt.NDArray[np.float32]) -> Pass:
        network = self._network()
        predict = network.predict
        if attempt.window is not None:
            predict = partial(
                predict_windows, predict, size=attempt.window, overlap=attempt.overlap
            )
        logits = yield from predict(image)
        self.runtime = network.runtime
        return logits

    def _network(self) -> LoadedNetwork:
        self._loaded = self._engine.network(self._bundle, self.device, self._threads)
        return self._loaded

    def _is_room_for(self, attempt: _Attempt, shape: tuple[int, ...]) -> bool:
        """Whether to try at all. The last attempt always is; GPUs tell by an error."""
        if attempt.device != "cpu" or len(self._attempts) == 1:
            return True
        sides = [n if attempt.window is None else min(n, attempt.window) for n in shape]
        return math.prod(sides) * BYTES_PER_VOXEL <= available_bytes()


def _no_memory(shape: tuple[int, ...]) -> JobError:
    size = "x".join(str(n) for n in shape)
    needed_mb = SMALL_WINDOW**3 * BYTES_PER_VOXEL / 1e6
    return JobError(
        f"There is not enough memory to run the network on an image of {size} voxels, not even in "
        f"windows of {SMALL_WINDOW}: that takes about {needed_mb:.0f} MB beside the images. Close "
        f"other programs or cases, or allow this process more memory, and run it again."
    )
