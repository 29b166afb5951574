"""Passes of one runner: what ran out of memory once is not tried again."""

import numpy as np
import pytest
import torch

from napari_brats.core.progress import drain
from napari_brats.inference import fallback
from napari_brats.inference.fallback import NetworkRunner


class Network:
    def to(self, **_):
        return self


@pytest.fixture
def tried(monkeypatch):
    """What was tried, in order; everything but windows runs out of memory."""
    calls = []

    def whole(network, image, device):
        calls.append(("whole", device))
        raise torch.OutOfMemoryError("CUDA out of memory")
        yield

    def windows(network, image, device):
        calls.append(("windows", device))
        yield 1.0
        return image

    monkeypatch.setattr(fallback, "predict_whole", whole)
    monkeypatch.setattr(fallback, "predict_windows", windows)
    return calls


def test_the_second_pass_begins_where_the_first_found_room(tried):
    runner = NetworkRunner(Network(), "cuda:0")
    image = np.zeros((1, 2, 2, 2), np.float32)
    assert runner.notes == []
    for _ in range(2):
        drain(runner(image))
    assert tried == [("whole", "cuda:0"), ("windows", "cuda:0"), ("windows", "cuda:0")]
    assert runner.device == "cuda:0"
    assert "smaller windows" in runner.notes[0]


def test_the_cpu_has_nothing_to_fall_back_to(tried):
    with pytest.raises(torch.OutOfMemoryError):
        drain(NetworkRunner(Network(), "cpu")(np.zeros((1, 2, 2, 2), np.float32)))
    assert tried == [("whole", "cpu")]
