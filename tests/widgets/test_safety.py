"""Edits come back after a crash, and what is kept between sessions can be seen and deleted."""

from __future__ import annotations

import errno
import json
import os

import nibabel as nib
import numpy as np
import pytest
from qtpy.QtGui import QGuiApplication
from tests.io.cases import write_case
from tests.widgets.safety_window import journals, offered, written

from napari_brats.widgets.case_panel import CasePanel
from napari_brats.widgets.case_wiring import CaseWiring
from napari_brats.widgets.correct_panel import CorrectPanel
from napari_brats.widgets.save_panel import SavePanel
from napari_brats.workspace import journal_file
from napari_brats.workspace.settings import read_settings


def test_edits_are_on_disk_soon_and_come_back_after_a_crash_as_one_step(open_window, folder, qtbot):
    window = open_window(folder)
    before = window.layer.data.copy()
    window.paint()
    painted = window.layer.data.copy()
    written(qtbot, window)
    window.crash()
    again = open_window(folder)
    words = offered(qtbot, again)
    assert "4 voxels" in words
    assert "1 step." in words
    np.testing.assert_array_equal(again.layer.data, before)
    again.restore.restore.click()
    np.testing.assert_array_equal(again.layer.data, painted)
    qtbot.waitUntil(lambda: journals() == [again.kept.journal.path], timeout=20_000)
    again.bridge.tools.undo()
    np.testing.assert_array_equal(again.layer.data, before)


def test_a_label_map_without_a_file_comes_back_as_a_new_one(open_window, tmp_path, qtbot):
    folder = write_case(tmp_path)
    window = open_window(folder)
    window.bridge.new_label_map(window.bridge.active_case_key)
    qtbot.waitUntil(lambda: window.kept is not None)
    window.paint(3)
    painted = window.layer.data.copy()
    written(qtbot, window)
    window.crash()
    again = open_window(folder)
    assert "into a new label map" in offered(qtbot, again)
    again.restore.restore.click()
    np.testing.assert_array_equal(again.layer.data, painted)


def test_edits_of_a_file_that_changed_since_do_not_go_into_it(open_window, folder, qtbot):
    window = open_window(folder)
    window.paint()
    painted = window.layer.data.copy()
    window.crash()
    (path,) = folder.glob("*_seg.nii.gz")
    image = nib.load(path)
    other = np.asarray(image.dataobj).astype(np.uint8)
    other[2, 2, 2] = 2
    nib.save(nib.Nifti1Image(other, image.affine, image.header), path)
    again = open_window(folder)
    assert "has changed since" in offered(qtbot, again)
    theirs = again.layer
    former = theirs.data.copy()
    again.restore.restore.click()
    np.testing.assert_array_equal(theirs.data, former)
    assert again.layer is not theirs
    np.testing.assert_array_equal(again.layer.data, painted)


@pytest.mark.parametrize("answer", ["discard", "later"])
def test_what_is_not_wanted_goes_and_what_is_put_off_stays(open_window, folder, qtbot, answer):
    window = open_window(folder)
    window.paint()
    window.crash()
    (left,) = journals()
    again = open_window(folder)
    offered(qtbot, again)
    getattr(again.restore, answer).click()
    assert not again.restore.offer_text.text()
    assert left.exists() == (answer == "later")


def test_a_case_in_two_windows_is_said_and_nothing_is_offered(open_window, folder, qtbot):
    one = open_window(folder)
    one.paint()
    written(qtbot, one)
    other = open_window(folder)
    qtbot.waitUntil(lambda: "another window" in other.restore.note.text(), timeout=20_000)
    assert not other.restore.offer_text.text()


def test_a_full_disk_is_said_once_and_painting_goes_on(open_window, folder, qtbot, monkeypatch):
    window = open_window(folder)
    told = []
    window.safety.journal.problem.connect(told.append)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(journal_file.os, "write", full)
        window.paint()
        window.safety.journal.write_now()
        qtbot.waitUntil(lambda: bool(told), timeout=20_000)
        assert window.paint(2) == 4
        window.safety.journal.write_now()
        qtbot.waitUntil(lambda: window.safety.journal.is_idle, timeout=20_000)
    assert len(told) == 1
    assert "No space left" in told[0]
    window.safety.journal.write_now()
    qtbot.waitUntil(lambda: told[1:] == [""], timeout=20_000)
    assert len(journals()) == 1


# -- saving


def test_a_label_map_that_is_removed_with_edits_can_be_put_back(open_window, folder, qtbot):
    window = open_window(folder)
    layer = window.layer
    window.paint()
    painted = layer.data.copy()
    window.viewer.layers.remove(layer)
    qtbot.waitUntil(lambda: "4 voxels" in window.restore.removed_text.text(), timeout=20_000)
    window.restore.put_back.click()
    np.testing.assert_array_equal(window.layer.data, painted)
    assert window.kept.unsaved_voxels() == 4


def test_a_case_that_is_closed_with_edits_offers_them_when_it_is_opened_again(
    open_window, folder, qtbot
):
    window = open_window(folder)
    window.paint()
    window.viewer.layers.clear()
    qtbot.waitUntil(lambda: "Open the case again" in window.restore.note.text(), timeout=20_000)
    window.bridge.open_paths([folder])
    assert "4 voxels" in offered(qtbot, window)


def test_a_panel_that_is_opened_again_still_knows_what_is_not_saved(open_window, folder):
    window = open_window(folder)
    window.paint()
    kept = window.kept
    window.safety.shut_down()
    assert window.layer.metadata["napari_brats_kept"] is kept
    wiring = CaseWiring(window.bridge, CasePanel(window.dock), CorrectPanel(window.dock),
                        SavePanel(window.dock))  # fmt: skip
    assert wiring.kept.get(window.layer) is kept
    assert kept.unsaved_voxels() == 4


# -- settings and data


def test_what_is_kept_is_counted_and_deleted_after_a_second_question(open_window, folder, qtbot):
    window = open_window(folder)
    window.paint()
    window.crash()
    panel = window.privacy
    panel.shown.emit()
    qtbot.waitUntil(lambda: "bytes" in panel._sizes["journals"].text(), timeout=20_000)
    panel.delete.click()
    assert len(journals()) == 1
    panel.confirm.click()
    qtbot.waitUntil(lambda: "Deleted" in panel.message.text(), timeout=20_000)
    assert journals() == []


def test_the_editors_name_is_stored_and_diagnostics_tell_no_case(open_window, folder):
    window = open_window(folder)
    window.privacy.editor.setText("Jo ")
    window.privacy.editor.editingFinished.emit()
    assert read_settings().editor == "Jo"
    window.privacy.diagnostics.click()
    text = QGuiApplication.clipboard().text()
    assert "napari-brats" in text
    assert "device: cpu" in text
    assert folder.name not in text
    assert json.dumps("Jo") not in text
