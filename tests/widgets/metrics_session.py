"""The controller of the section "Metrics" with stand-ins for the viewer and the worker."""

from __future__ import annotations

from qtpy.QtCore import QObject
from tests.widgets.pairs import GRID, blocks, volume

from napari_brats.core.errors import BratsError
from napari_brats.core.labels import Label
from napari_brats.core.progress import drain
from napari_brats.widgets import metrics_control
from napari_brats.widgets.metrics_control import MetricsController
from napari_brats.widgets.metrics_panel import MetricsPanel
from napari_brats.widgets.open_label_maps import OpenLabelMap


class Map(OpenLabelMap):
    """A label map with no layer behind it."""

    def volume(self):
        return volume(self.layer["labels"].copy(), self.layer.get("grid", GRID))


class Layer(dict):
    __hash__ = object.__hash__
    __eq__ = object.__eq__


def label_map(map_id, labels, *, from_file=False, in_hand=False, grid=GRID):
    layer = Layer(labels=labels, grid=grid)
    return Map(map_id, map_id, "", from_file, in_hand, layer)


class Viewer:
    """One open case with some label maps."""

    def __init__(self, maps):
        self.maps = maps
        self.active_case_key = "case"
        self.painting = False
        self.visited = []

    def label_maps(self, key):
        return self.maps

    def images_of(self, key):
        return ()

    def case_id(self, key):
        return f"id of {key}"

    def is_painting(self):
        return self.painting

    def go_to(self, key, voxel, layer):
        self.visited.append((key, voxel, layer))


class Errors:
    shown = None

    def show(self, errors, like, name):
        self.shown = (errors, like, name)

    def hide(self):
        self.shown = None


class Jobs:
    """Stands for `run_job`: a job ends when the test lets it."""

    def __init__(self):
        self.waiting = []

    def __call__(self, job, *, on_returned, on_failed, on_finished, owner):
        self.waiting.append((job, on_returned, on_failed, on_finished))
        return QObject()

    def finish(self):
        job, on_returned, on_failed, on_finished = self.waiting.pop(0)
        try:
            result = drain(job)
        except BratsError as error:
            on_failed(error)
        else:
            on_returned(result)
        on_finished()


class Session:
    def __init__(self, qtbot, monkeypatch):
        self.qtbot = qtbot
        self.jobs = Jobs()
        monkeypatch.setattr(metrics_control, "run_job", self.jobs)
        reference, prediction = blocks()
        self.reference = label_map("file", reference, from_file=True)
        self.prediction = label_map("network", prediction, in_hand=True)
        self.viewer, self.errors = Viewer([self.reference, self.prediction]), Errors()
        self.panel = MetricsPanel()
        qtbot.addWidget(self.panel)
        self.parent = QObject()
        self.control = MetricsController(self.panel, self.viewer, self.errors, self.parent)

    def score(self):
        """Wait for the job that is due, and let it end."""
        self.qtbot.waitUntil(lambda: bool(self.jobs.waiting), timeout=20_000)
        self.jobs.finish()

    def nothing_starts(self):
        self.qtbot.wait(5 * metrics_control.SETTLE_MS)
        return not self.jobs.waiting

    def edit(self, value=Label.ED):
        self.prediction.layer["labels"][0] = value
        self.control.follow_edit(self.prediction.layer)

    @property
    def dice(self):
        return self.panel.table.item(0, 0).text()
