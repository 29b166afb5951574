"""Edits get to disk whatever the window does meanwhile, and trouble is told once. No viewer."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from qtpy.QtCore import QObject, Signal

from napari_brats.core.errors import SaveError
from napari_brats.widgets import journal_control
from napari_brats.widgets.journal_control import JournalController


class Tools(QObject):
    edited = Signal(object)
    step_made = Signal(object)


class Bridge(QObject):
    labels_added = Signal(object)
    layer_removed = Signal(object)

    def __init__(self):
        super().__init__()
        self.tools = Tools()


class Layer:
    pass


class Kept:
    """Counts what would have been written."""

    def __init__(self, layer):
        self.layer = layer
        self.writes = 0
        self.is_prepared = False
        self.disk_is_full = False

    def write(self):
        if self.disk_is_full:
            raise SaveError("No space left")
        self.writes += 1

    def prepare(self):
        self.is_prepared = True


class Maps(dict):
    def __iter__(self):
        return iter(tuple(self.values()))


@pytest.fixture
def bench(qtbot):
    layer = Layer()
    kept, bridge, owner = Kept(layer), Bridge(), QObject()
    control = JournalController(bridge, Maps({layer: kept}), owner)
    told = []
    control.problem.connect(told.append)
    yield SimpleNamespace(layer=layer, kept=kept, tools=bridge.tools, bridge=bridge, owner=owner,
                          control=control, told=told)  # fmt: skip
    control.cancel()
    qtbot.waitUntil(lambda: control.is_idle, timeout=20_000)


def idle(qtbot, bench):
    qtbot.waitUntil(lambda: bench.control.is_idle, timeout=20_000)


def test_an_edit_is_written_though_the_window_hangs(bench):
    bench.tools.edited.emit(bench.layer)
    end_s = time.monotonic() + 20
    while not bench.kept.writes and time.monotonic() < end_s:
        time.sleep(0.01)  # no event is handled here
    assert bench.kept.writes == 1


def test_a_stroke_that_goes_on_is_written_again_and_again(bench, qtbot):
    def paint():
        bench.tools.edited.emit(bench.layer)
        return bench.kept.writes >= 3

    qtbot.waitUntil(paint, timeout=30_000)
    assert bench.kept.writes >= 3


def test_the_journal_is_ready_before_the_first_edit(bench, qtbot):
    qtbot.waitUntil(lambda: bench.kept.is_prepared, timeout=20_000)
    assert bench.kept.writes == 0


def test_trouble_is_told_once_and_its_end_too(bench, qtbot, monkeypatch):
    bench.control._retry.setInterval(50)
    bench.kept.disk_is_full = True
    bench.tools.step_made.emit(SimpleNamespace(layer=bench.layer))
    qtbot.waitUntil(lambda: bench.told == ["No space left"], timeout=20_000)
    bench.tools.edited.emit(bench.layer)
    bench.control.write_now()
    idle(qtbot, bench)
    assert bench.told == ["No space left"]
    bench.kept.disk_is_full = False
    qtbot.waitUntil(lambda: bench.told == ["No space left", ""], timeout=20_000)
    assert bench.kept.writes == 1


def test_what_is_flushed_is_written_before_it_returns(bench, qtbot, monkeypatch):
    monkeypatch.setattr(journal_control, "WRITE_AFTER_S", 60.0)
    bench.tools.edited.emit(bench.layer)
    bench.control.flush()
    assert bench.kept.writes == 1
    idle(qtbot, bench)


@pytest.mark.parametrize("how", ["cancelled", "removed"])
def test_nothing_is_written_any_more(bench, qtbot, monkeypatch, how):
    monkeypatch.setattr(journal_control, "WRITE_AFTER_S", 0.2)
    bench.tools.edited.emit(bench.layer)
    if how == "cancelled":
        bench.control.cancel()
    else:
        bench.bridge.layer_removed.emit(bench.layer)
    idle(qtbot, bench)
    assert bench.kept.writes == 0
