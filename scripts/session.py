"""One working session in the real window, each station checked and photographed.

    python scripts/session.py FOLDER [--xdotool]

Opens the synthetic sample, runs the network, looks, paints with every kind of tool, compares, goes
back to the start and forward again, saves, and takes the next case of a worklist: all with keys and
the mouse, Qt's own events or (``--xdotool``) those of the X server. Ends with an error where a
station does not do what it should.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QTimer

from napari_brats.core.labels import REGION_LABELS, Label, Region
from napari_brats.metrics.overlap import confusion_of_labels, dice, joint_counts
from napari_brats.widgets import unsaved
from napari_brats.widgets.keys import KEYS, SHAPE_KEYS, TOOL_KEYS, WORKLIST_KEYS, label_key
from napari_brats.widgets.layout import Layout
from tour import PLUGIN, SAMPLE, QtHands, Tour, XHands, spin

AXIAL, CORONAL = 0, 1
FAR = 30  # voxels, from the tumour to where the brain is healthy


class Session:
    """The stations, in the order of work; the label map is the network's."""

    def __init__(self, tour: Tour, scratch: Path) -> None:
        self.tour, self.scratch = tour, scratch
        self.panel, self.bridge = tour.panel, tour.panel.bridge
        self.questions: list[str] = []
        unsaved.ask_user = self._note_question

    def run(self) -> None:
        """All stations, one after the other."""
        self.open()
        self.segment()
        self.look()
        start = self.labels()
        self.paint_over_a_lock()
        self.paint_in_coronal()
        self.interpolate()
        self.grow_from_a_click()
        self.refine()
        self.compare()
        self.undo_and_redo(start)
        self.save()
        self.next_case()
        self.tour.check("nobody was asked about unsaved edits", not self.questions)

    # -- stations

    def open(self) -> None:
        """The sample, from napari's menu: four modalities and a label map."""
        self.tour.viewer.open_sample(PLUGIN, "synthetic_glioma")
        case = self.bridge.open_case(self.bridge.active_case_key or "")
        found = len(case.by_modality), len(case.labels)
        self.tour.check("four modalities and a label map are open", found == (4, 1))
        self.tour.shoot("01-open")

    def segment(self) -> None:
        """Run the network: its label map is much like the one that comes with the sample."""
        reference = self.labels()
        panel = self.panel.segment_panel
        self.tour.require("devices are listed", lambda: panel.device_box.count() > 0)
        before = self.tour.layer
        self.tour.click(panel.run_button)
        self.tour.require(
            "the run ends with a label map",
            lambda: self.tour.layer is not before and panel.run_button.isEnabled(),
            seconds=900,
        )
        counts = joint_counts(reference, self.labels())
        overlap = dice(confusion_of_labels(counts, REGION_LABELS[Region.WT]))
        self.tour.check(f"the whole tumour is found (Dice {overlap:.3f})", overlap > 0.7)
        self.tour.shoot("02-segmented")

    def look(self) -> None:
        """Every modality in its cell, then the three planes with the 3-D view."""
        place = self.core()
        self.tour.go_to(place)
        self.tour.press(KEYS["side_by_side"])
        self.tour.require("side by side", lambda: self.tour.viewer.canvas.grid.enabled)
        self.tour.shoot("03-side-by-side")
        self.tour.press(KEYS["planes"])
        self.tour.require("planes", lambda: self.bridge.view.layout is Layout.PLANES)
        self.tour.check("the place is the same", np.allclose(self.step(), place, atol=1))
        self.tour.shoot("04-planes")

    def paint_over_a_lock(self) -> None:
        """Lock the oedema and paint enhancing tumour across its border: no voxel of it goes."""
        z, y, _ = self.median_of(Label.ED)
        before = self.labels()
        self.tour.unfold(self.panel.correct_panel)
        self.tour.press(label_key(Label.ED))
        self.tour.press(KEYS["lock_label"])
        self.tour.press(label_key(Label.ET))
        row = np.flatnonzero(before[z, y] == Label.ED)
        self.tour.drag(AXIAL, [(z, y, at) for at in range(row[0] - 8, row[-1] + 9, 4)])
        after = self.labels()
        changed = after != before
        was_locked = before == Label.ED
        self.tour.check("the stroke crossed locked voxels", bool(was_locked[z, y].any()))
        self.tour.check("locked voxels stay", not changed[was_locked].any())
        painted = after[changed]
        self.tour.check("voxels beside them are painted", set(painted) == {Label.ET})
        self.tour.shoot("05-locked")
        self.tour.press(label_key(Label.ED))
        self.tour.press(KEYS["lock_label"])
        self.tour.check("it is unlocked", not self.bridge.tools.rules.locked)

    def paint_in_coronal(self) -> None:
        """A stroke in the coronal view changes that slice and no other."""
        z, y, x = self.core()
        before = self.labels()
        self.tour.press(label_key(Label.ED))
        self.tour.drag(CORONAL, [(z - FAR, y, x + by) for by in range(-16, 17, 4)])
        changed = np.argwhere(self.labels() != before)
        self.tour.check("the stroke painted", len(changed) > 30)
        self.tour.check("one coronal slice was painted", len(set(changed[:, 1])) == 1)
        self.tour.shoot("06-coronal")

    def interpolate(self) -> None:
        """Two strokes, six slices apart: what lies between is filled, other labels stay."""
        z, y, x = self.core()
        x = self.labels().shape[2] - 1 - x  # on the other side, where the brain is healthy
        self.tour.press(label_key(Label.NCR))
        for at in (z, z - 6):
            self.tour.go_to((at, y, x))
            self.tour.drag(AXIAL, [(at, y, x + by) for by in range(-6, 7, 2)])
        before = self.labels()
        between = (slice(z - 5, z), y, x)
        self.tour.check("nothing lies between yet", not before[between].any())
        self.tour.press(SHAPE_KEYS["interpolate"])
        self.tour.require(
            "the slices between are filled",
            lambda: bool((self.labels()[between] == Label.NCR).all()),
        )
        kept = before > 0
        self.tour.check("other labels stay", np.array_equal(self.labels()[kept], before[kept]))
        self.tour.shoot("07-interpolated")

    def grow_from_a_click(self) -> None:
        """The wand shows what looks alike; taken, it is one step."""
        z, y, x = self.median_of(Label.NCR)
        self.tour.go_to((z, y, x))
        self.tour.unfold(self.panel.tools_panel)
        self.tour.press(label_key(Label.ET))
        self.panel.tools_panel.set_strictness(85)
        self.tour.press(TOOL_KEYS["wand"])
        before, steps = self.labels(), self.steps()
        take = self.panel.tools_panel.take_button
        images = self.panel.tools_control.images
        self.tour.require(
            "modalities are brought onto one grid", lambda: images.is_for(self.tour.layer)
        )
        self.tour.drag(AXIAL, [(z, y, x)])
        self.tour.require("the wand shows something", take.isEnabled)
        self.tour.check("nothing is written yet", np.array_equal(self.labels(), before))
        self.tour.shoot("08-wand")
        self.tour.click(take)
        self.tour.require("what it shows is taken", lambda: self.steps() == steps + 1)
        self.tour.check("voxels changed", bool((self.labels() != before).any()))
        self.tour.press("Escape")

    def refine(self) -> None:
        """A stroke of "Refine" beyond the border moves it; accepted, that is one step."""
        z, y, x = self.median_of(Label.ED)
        self.tour.go_to((z, y, x))
        self.tour.press(SHAPE_KEYS["refine"])
        before, steps = self.labels(), self.steps()
        self.tour.drag(AXIAL, [(z, y + by, x) for by in range(-4, 5, 2)])
        accept = self.panel.refine_panel.accept_button
        said = self.panel.refine_panel.message
        self.tour.require("a border is proposed", lambda: "ml" in said.text())
        self.tour.shoot("09-refine")
        self.tour.click(accept)
        self.tour.require("the border is taken", lambda: self.steps() == steps + 1)
        self.tour.check("voxels changed", bool((self.labels() != before).any()))
        self.tour.press(SHAPE_KEYS["refine"])

    def compare(self) -> None:
        """The sample's label map and this one: a list of differences, the next one in sight."""
        panel = self.panel.compare_panel
        self.tour.unfold(panel)
        spin(2)
        self.tour.click(panel.compare_button)
        self.tour.require("differences are listed", lambda: bool(panel.table.model_.items), 300)
        self.tour.press(KEYS["next_difference"])
        first, place = panel.table.chosen, self.step()
        self.tour.press(KEYS["next_difference"])
        self.tour.check("another difference is chosen", panel.table.chosen is not first)
        self.tour.check("the views went there", not np.array_equal(self.step(), place))
        self.tour.shoot("10-compared")

    def undo_and_redo(self, start: npt.NDArray[np.uint8]) -> None:
        """All the way back, and forward again: both ends exactly as they were."""
        end, steps, place = self.labels(), self.steps(), self.step()
        self.tour.check("every tool left a step", steps >= 7)
        self.tour.press("Ctrl+Z", times=steps)
        self.tour.check("all steps are undone", self.steps() == 0)
        self.tour.check("the start is as the network made it", np.array_equal(self.labels(), start))
        self.tour.check("the view did not jump", np.array_equal(self.step(), place))
        self.tour.shoot("11-undone")
        self.tour.press("Ctrl+Shift+Z", times=steps)
        self.tour.check("all steps are redone", self.steps() == steps)
        self.tour.check("the end is as it was painted", np.array_equal(self.labels(), end))
        self.tour.shoot("12-redone")

    def save(self) -> None:
        """The file has the voxels, and the geometry of the image it was made on."""
        path = self.scratch / "corrected.nii.gz"
        panel = self.panel.save_panel
        self.tour.unfold(panel)
        panel.path.setText(str(path))
        self.tour.click(panel.save)
        self.tour.require("the file is written", path.exists)
        saved: Any = nib.load(path)
        wanted: Any = self.bridge.layer_labels(self.tour.layer)
        image: Any = nib.load(next(SAMPLE.glob("*/*-t1c.nii.gz")))
        self.tour.check("voxels are saved", np.array_equal(np.asarray(saved.dataobj), wanted))
        self.tour.check("geometry is saved", np.array_equal(saved.affine, image.affine))
        self.tour.shoot("13-saved")

    def next_case(self) -> None:
        """A folder of two cases: the first, then the next, each with its layers."""
        folder = self.scratch / "cases"
        for number in (1, 2):
            target = folder / f"BraTS-SYN-0000{number}-000"
            shutil.copytree(next(SAMPLE.glob("BraTS-SYN-*")), target)
        worklist = self.tour.viewer.window.add_plugin_dock_widget(PLUGIN, "Worklist")[1]
        worklist.panel.folder_requested.emit(folder)  # as the dialog for folders does
        self.tour.require("both are listed", lambda: worklist.panel.model.rowCount() == 2)
        for number, name in ((1, "14-first-case"), (2, "15-next-case")):
            self.tour.press(WORKLIST_KEYS["next_case"])
            wanted = f"BraTS-SYN-0000{number}-000"
            self.tour.require(f"{wanted} opens", partial(self.is_open, wanted), 300)
            self.tour.check("it has its label map", self.tour.layer is not None)
            self.tour.shoot(name)

    # -- what is there

    def labels(self) -> npt.NDArray[np.uint8]:
        """The label map in hand as it is shown, a copy."""
        return np.array(self.tour.layer.data)

    def steps(self) -> int:
        """How many steps of it are done."""
        return self.bridge.tools.history_of(self.tour.layer).done

    def step(self) -> tuple[int, ...]:
        """The voxel that the views are at."""
        return tuple(self.tour.viewer.dims.current_step)

    def core(self) -> tuple[int, ...]:
        """A voxel of the tumour's core, amid it."""
        return self.median_of(Label.ET, Label.NCR)

    def median_of(self, *labels: Label) -> tuple[int, ...]:
        """A voxel of these labels near the middle of them."""
        found = np.argwhere(np.isin(self.labels(), labels))
        near = np.abs(found - np.median(found, axis=0)).sum(axis=1).argmin()
        return tuple(int(index) for index in found[near])

    def is_open(self, case_id: str) -> bool:
        """Whether the case of this name is the active one."""
        key = self.bridge.active_case_key
        return key is not None and self.bridge.case_id(key) == case_id

    def _note_question(self, parent: object, text: str, discard: str = "") -> unsaved.Answer:
        del parent, discard
        self.questions.append(text)
        return unsaved.Answer.DISCARD


def main(folder: Path, *, xdotool: bool) -> None:
    """Drive a window through all stations."""
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["NAPARI_BRATS_DATA"] = str(Path(scratch) / "data")  # settings as they come
        tour = Tour(folder, XHands() if xdotool else QtHands())
        Session(tour, Path(scratch)).run()
        QTimer.singleShot(0, tour.viewer.close)
        spin(3)


if __name__ == "__main__":
    main(Path(sys.argv[1]), xdotool="--xdotool" in sys.argv[2:])
