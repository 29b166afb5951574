"""A network run by OpenVINO on the CPU: faster than torch, and without importing it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.inference.devices import cpu_threads
from napari_brats.inference.windows import Pass
from napari_brats.models.bundle import Bundle
from napari_brats.models.openvino_graph import openvino_graph
from napari_brats.models.openvino_runtime import load_openvino, openvino_core

PATIENCE_MS = 40
"""How long a pass goes on before it asks whether anyone still wants it."""

USUAL_S = 5e-7
"""Seconds per voxel and thread that a U-Net of the usual widths takes on a server's core: what the
progress of a first pass is guessed by."""

ALMOST = 0.95
"""The share shown while a pass takes longer than was guessed."""


class OpenVinoNetwork:
    """A bundle's network, compiled for the CPU once, for images of any size.

    Parameters
    ----------
    bundle
        What to run; BundleError if its weights are damaged or do not fit its card.
    threads
        How many the network may use; None for `cpu_threads`.
    """

    device = "cpu"

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        arrays = bundle.load_arrays()
        self._multiple = bundle.config.multiple
        try:
            graph = openvino_graph(bundle.config, arrays)
        except (KeyError, ValueError, RuntimeError) as error:  # OpenVINO's own is a RuntimeError
            raise bundle.misfit(error) from error
        # Without the second hint a processor that has bfloat16 would use it, and the mask differ.
        threads = threads or cpu_threads()
        hints: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
        }
        self._s_per_voxel = USUAL_S * getattr(bundle.config, "members", 1) / threads
        self._compiled = openvino_core().compile_model(graph, "CPU", hints)
        version = load_openvino().__version__.partition("-")[0]
        self.runtime = f"OpenVINO {version}"

    def predict(self, image: npt.NDArray[np.float32]) -> Pass:
        """See `Pass`. The share is guessed from the last pass: OpenVINO does not tell it."""
        x, y, z = image.shape[1:]
        padding = [(0, 0), *((0, -n % self._multiple) for n in (x, y, z))]
        batch = np.pad(image, padding)[None]
        begun_s, guessed_s = time.perf_counter(), batch[0, 0].size * self._s_per_voxel
        request = self._compiled.create_infer_request()
        request.start_async({0: batch}, share_inputs=True)
        finished = False
        try:
            while not (finished := request.wait_for(PATIENCE_MS)):
                yield min(ALMOST, (time.perf_counter() - begun_s) / guessed_s)
        finally:
            if not finished:
                _cancel(request)
        self._s_per_voxel *= (time.perf_counter() - begun_s) / guessed_s
        logits: npt.NDArray[np.float32] = request.get_output_tensor(0).data[0, :, :x, :y, :z]
        return logits.copy()  # the request's memory is not ours to keep

    def free_memory(self) -> None:
        """Give back what OpenVINO keeps for the next pass: as much as a pass needs."""
        with suppress(RuntimeError):  # "in a busy state": another job's pass is under way
            self._compiled.release_memory()


def _cancel(request: Any) -> None:
    """End a computation, within one layer's time, and wait until it no longer uses its input."""
    request.cancel()
    with suppress(RuntimeError):  # "was canceled", or what it failed with, which is told
        request.wait()
