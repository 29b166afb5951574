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


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Files with which Linux tells of memory: put down what it says, by path."""
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(memory, "_GROUPS", tmp_path)

    def says(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return says


def test_nothing_is_known_where_the_system_does_not_tell(system):
    assert available_bytes() == math.inf


def test_linux_says_what_is_available(system):
    system({"meminfo": "MemTotal: 9 kB\nMemAvailable:  3 kB\n"})
    assert available_bytes() == 3072


def test_the_tightest_limit_of_the_groups_counts(system):
    """Of version 2: 500 are left here, 300 in the group around it, all within "max"."""
    system(
        {
            "own": "0::/job/step\n",
            "job/step/memory.max": "900\n",
            "job/step/memory.current": "400\n",
            "job/memory.max": "1000\n",
            "job/memory.current": "700\n",
            "memory.max": "max\n",
            "memory.current": "5000\n",
        }
    )
    assert available_bytes() == 300


def test_a_container_sees_its_limit_at_the_root(system):
    """Of version 1, where the group's own name is that of the host."""
    system(
        {
            "own": "9:cpu,cpuacct:/docker/1a\n4:memory:/docker/1a\n",
            "memory/memory.limit_in_bytes": "800\n",
            "memory/memory.usage_in_bytes": "100\n",
        }
    )
    assert available_bytes() == 700


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to ..."), True),
        (RuntimeError("Exception from src/inference: std::bad_alloc"), True),
        (RuntimeError("[CPU] Convolution ... Failed to allocate 95580336 bytes"), True),
        (RuntimeError("device-side assert triggered"), False),
    ],
)
def test_errors_that_mean_a_lack_of_memory(error, is_one):
    assert is_out_of_memory(error) is is_one
