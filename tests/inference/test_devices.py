"""Where a network can run, found without torch where no GPU's driver is to be seen."""

import pytest

from napari_brats.inference import devices as module
from napari_brats.inference.devices import (
    available_devices,
    cpu_threads,
    describe_device,
    may_have_gpu,
    resolve_device,
    threads_beside_window,
)


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [((), False), (("null", "nvidiactl"), False), (("nvidia0",), True), (("kfd",), True)],
)
def test_linux_shows_drivers_as_devices(tmp_path, nodes, expected):
    for node in nodes:
        (tmp_path / node).touch()
    assert may_have_gpu("linux", tmp_path) is expected


def test_windows_shows_drivers_as_libraries(tmp_path, monkeypatch):
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path))
    assert not may_have_gpu("win32")
    (tmp_path / "System32").mkdir()
    (tmp_path / "System32" / "nvcuda.dll").touch()
    assert may_have_gpu("win32")


@pytest.mark.parametrize(("machine", "expected"), [("arm64", True), ("x86_64", False)])
def test_apples_own_processors_have_a_gpu(monkeypatch, machine, expected):
    monkeypatch.setattr(module.platform, "machine", lambda: machine)
    assert may_have_gpu("darwin") is expected


def test_auto_is_the_cpu_where_there_is_no_driver(monkeypatch):
    monkeypatch.setattr(module, "may_have_gpu", lambda: False)
    assert available_devices() == ("cpu",)
    assert resolve_device("auto") == "cpu"


@pytest.mark.parametrize(("told", "expected"), [("3", 3), ("1", 1)])
def test_the_number_of_threads_can_be_told(monkeypatch, told, expected):
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert cpu_threads() == expected
    assert describe_device("cpu") == f"cpu ({told} thread{'s' if expected > 1 else ''})"


@pytest.mark.parametrize(("told", "expected"), [("1", 1), ("2", 2), ("3", 2), ("16", 15)])
def test_a_window_keeps_a_thread_where_there_are_more_than_two(monkeypatch, told, expected):
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert threads_beside_window() == expected


@pytest.mark.parametrize("told", ["", "0", "many"])
def test_else_there_is_one_per_core(monkeypatch, told):
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda pid: {0, 1, 2}, raising=False)
    assert cpu_threads() == 3
