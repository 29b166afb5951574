"""Passes of one runner: what ran out of memory once is not tried again."""

import math

import numpy as np
import pytest
import torch

from napari_brats.core.errors import JobError
from napari_brats.core.progress import drain
from napari_brats.inference import fallback, memory
from napari_brats.inference.engine import Engine
from napari_brats.inference.fallback import NetworkRunner
from napari_brats.inference.memory import available_bytes, is_out_of_memory
from napari_brats.models.card import Card

IMAGE = np.zeros((1, 150, 2, 2), np.float32)


class Bundle:
    card = Card("fake", "Fake", "fake", {}, sha256="00")


class Memory:
    """Loads networks that can look at so many voxels of the first axis, by device."""

    def __init__(self, **room):
        self.room = room
        self.tried = []

    def load(self, bundle, device, threads):
        return Network(self, device)


class Network:
    runtime = "fake 1"

    def __init__(self, memory, device):
        self._memory = memory
        self.device = device

    def predict(self, image):
        yield 0.5
        self._memory.tried.append((self.device, image.shape[1]))
        if image.shape[1] > self._memory.room[self.device]:
            raise torch.OutOfMemoryError("out of memory")
        return image

    def free_memory(self):
        pass


def _runner(device, **room):
    memory = Memory(**room)
    return NetworkRunner(Bundle(), device, engine=Engine(memory.load)), memory


def test_the_second_pass_begins_where_the_first_found_room():
    runner, memory = _runner("gpu", gpu=144, cpu=0)
    assert runner.notes == []
    for _ in range(2):
        assert np.array_equal(drain(runner(IMAGE)), IMAGE)
    windows = [("gpu", 144), ("gpu", 144)]
    assert memory.tried == [("gpu", 150), *windows, *windows]
    assert (runner.device, runner.runtime) == ("gpu", "fake 1")
    assert "smaller windows" in runner.notes[0]


def test_the_way_down_ends_with_what_to_do():
    runner, memory = _runner("cpu", cpu=90)
    with pytest.raises(JobError, match=r"windows of 96.* Close other programs"):
        drain(runner(IMAGE))
    assert memory.tried == [("cpu", 150), ("cpu", 144), ("cpu", 96)]


def test_what_is_known_not_to_fit_is_not_tried(monkeypatch):
    """Beyond the limit of its group a process is killed, it gets no error."""
    monkeypatch.setattr(fallback, "available_bytes", lambda: 100 * 4 * fallback.BYTES_PER_VOXEL)
    runner, memory = _runner("cpu", cpu=999)
    drain(runner(IMAGE))
    assert {size for _, size in memory.tried} == {96}
    assert "small windows" in runner.notes[0]


@pytest.mark.parametrize(
    ("limit", "used", "left"),
    [("1000", "400", 600), ("max", "400", math.inf), (None, None, math.inf)],
)
def test_the_limit_of_a_container_counts(tmp_path, monkeypatch, limit, used, left):
    monkeypatch.setattr(memory, "_GROUPS", tmp_path)
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "none")
    if limit:
        (tmp_path / "memory.max").write_text(limit + "\n")
        (tmp_path / "memory.current").write_text(used + "\n")
    assert available_bytes() == left


def test_linux_says_what_is_available(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_GROUPS", tmp_path)
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:  3 kB\n")
    assert available_bytes() == 3072


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to ..."), True),
        (RuntimeError("Exception from src/inference: std::bad_alloc"), True),
        (RuntimeError("device-side assert triggered"), False),
    ],
)
def test_errors_that_mean_a_lack_of_memory(error, is_one):
    assert is_out_of_memory(error) is is_one
