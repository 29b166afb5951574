"""Edits come back after a crash, are asked about before closing, and overwrite nobody's work."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from napari.utils._proxies import PublicOnlyProxy
from qtpy.QtGui import QCloseEvent, QGuiApplication
from qtpy.QtWidgets import QApplication, QVBoxLayout, QWidget
from tests.io.cases import labels_2021, write_case

from napari_brats.core.edits.edit import Edit
from napari_brats.io.sidecar import read_record
from napari_brats.widgets import unsaved
from napari_brats.widgets.case_panel import CasePanel
from napari_brats.widgets.case_wiring import CaseWiring
from napari_brats.widgets.correct_panel import CorrectPanel
from napari_brats.widgets.privacy_panel import PrivacyPanel
from napari_brats.widgets.restore_panel import RestorePanel
from napari_brats.widgets.safety import Safety
from napari_brats.widgets.save_panel import SavePanel, SaveRequest
from napari_brats.widgets.unsaved import Answer
from napari_brats.widgets.viewer_bridge import ViewerBridge
from napari_brats.workspace import journal_file
from napari_brats.workspace.folders import KINDS
from napari_brats.workspace.settings import change_settings, read_settings

BOX = (slice(0, 2), slice(0, 2), slice(0, 1))


@dataclass
class Window:
    """A viewer with the panels that this is about."""

    viewer: Any
    bridge: ViewerBridge
    wiring: CaseWiring
    restore: RestorePanel
    save: SavePanel
    privacy: PrivacyPanel
    safety: Safety
    dock: QWidget

    @property
    def layer(self):
        return self.bridge.label_layer(self.bridge.active_case_key)

    @property
    def kept(self):
        return self.wiring.kept.get(self.layer)

    def paint(self, label=1, box=BOX):
        shape = tuple(side.stop - side.start for side in box)
        new = np.full(shape, label, self.layer.data.dtype)
        return self.bridge.tools.apply(self.layer, Edit(box, new), tool="Test brush")

    def crash(self):
        """Let go of the journals as the end of a process does, without a word to them."""
        self.safety.journal.flush()
        for kept in self.wiring.kept:
            kept.journal.close()
        self.wiring.kept.hand_over()


@pytest.fixture
def open_window(make_napari_viewer, qtbot):
    opened = []

    def start(*paths):
        viewer = make_napari_viewer()
        dock = QWidget()
        panels = CasePanel(), CorrectPanel(), SavePanel(), RestorePanel(), PrivacyPanel()
        layout = QVBoxLayout(dock)
        for panel in panels:
            layout.addWidget(panel)
        case, correct, save, restore, privacy = panels
        bridge = ViewerBridge(PublicOnlyProxy(viewer), dock)
        wiring = CaseWiring(bridge, case, correct, save)
        safety = Safety(restore, privacy, bridge, wiring, lambda: "cpu", dock)
        viewer.window.add_dock_widget(dock, name="BraTS")
        window = Window(viewer, bridge, wiring, restore, save, privacy, safety, dock)
        opened.append(window)
        bridge.open_paths(paths)
        qtbot.waitUntil(lambda: len(bridge.keys()) == len(paths))
        return window

    yield start
    for window in opened:
        window.safety.shut_down()
        window.bridge.close()


@pytest.fixture
def folder(tmp_path):
    return write_case(tmp_path, label_map=labels_2021())


def journals():
    return sorted(KINDS["journals"].folder.glob("*.journal"))


def written(qtbot, window):
    qtbot.waitUntil(lambda: window.kept.journal.path is not None, timeout=20_000)


def offered(qtbot, window):
    qtbot.waitUntil(lambda: bool(window.restore.offer_text.text()), timeout=20_000)
    return window.restore.offer_text.text()


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


def own_file(window):
    return window.wiring.saving.request_of(window.kept)


def save(window, path=None):
    request = own_file(window)
    window.save.save_requested.emit(SaveRequest(path or request.path, request.convention))


def test_a_save_keeps_the_former_version_once_and_ends_the_journal(open_window, folder, qtbot):
    window = open_window(folder)
    (path,) = folder.glob("*_seg.nii.gz")
    former = path.read_bytes()
    window.paint()
    written(qtbot, window)
    save(window)
    assert path.read_bytes() == former  # asked first
    window.save.replace.click()
    kept = path.with_name(path.name + ".bak")
    assert kept.read_bytes() == former
    assert kept.name in window.save.message.text()
    assert journals() == []
    window.paint(2)
    save(window)  # its own file now: nobody is asked, and no second former version is kept
    assert "Saved" in window.save.message.text()
    assert [p.name for p in folder.glob("*.bak*")] == [kept.name]


def test_a_file_that_changed_on_disk_is_noticed_before_it_is_overwritten(open_window, folder):
    window = open_window(folder)
    (path,) = folder.glob("*_seg.nii.gz")
    path.write_bytes(path.read_bytes() + b"x")
    window.paint()
    save(window)
    assert "Changed on disk" in window.save.question.text()
    window.save.keep.click()
    (image,) = folder.glob("*_t1ce.nii.gz")
    image.write_bytes(b"other")
    save(window, folder / "new.nii.gz")  # nothing to replace, but the image is another one
    assert image.name in window.save.question.text()
    assert "Save all the same?" in window.save.question.text()


def test_a_save_that_fails_leaves_file_and_journal(open_window, folder, qtbot, monkeypatch):
    window = open_window(folder)
    (path,) = folder.glob("*_seg.nii.gz")
    former = path.read_bytes()
    window.paint()
    written(qtbot, window)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    save(window)
    with monkeypatch.context() as patch:
        patch.setattr("napari_brats.io.atomic.os.fsync", full)
        window.save.replace.click()
    assert "No space left" in window.save.message.text()
    assert path.read_bytes() == former
    assert len(journals()) == 1


def test_the_record_tells_who_did_what_over_several_sessions(open_window, folder):
    change_settings(editor="A. N. Other")
    window = open_window(folder)
    (path,) = folder.glob("*_seg.nii.gz")
    window.paint(3)
    window.paint(1)
    window.bridge.tools.undo()
    save(window)
    window.save.replace.click()
    (session,) = read_record(path)["provenance"]["editing"]
    assert session["editor"] == "A. N. Other"
    (step,) = session["steps"]
    assert (step["tool"], step["label"], step["voxels"]) == ("Test brush", "ET", 4)
    window.paint(2)
    save(window)
    first, second = read_record(path)["provenance"]["editing"]
    assert first == session
    assert [step["label"] for step in second["steps"]] == ["ED"]
    later = open_window(folder)
    assert len(later.kept.sessions) == 2


# -- closing


@pytest.fixture
def asked(monkeypatch):
    """The questions that were asked; each is answered with ``answers``."""
    questions = []
    answers = [Answer.CANCEL]

    def ask(parent, text):
        questions.append(text)
        return answers[0]

    monkeypatch.setattr(unsaved, "ask_user", ask)
    return questions, answers


def close(window):
    """Whether a closing went through."""
    event = QCloseEvent()
    main = QWidget(window.dock)  # napari's own must stay until the end of the test
    window.safety.watch(main)
    QApplication.sendEvent(main, event)
    return event.isAccepted()


def test_a_window_without_edits_closes_without_a_question(open_window, folder, asked):
    window = open_window(folder)
    window.paint()
    window.bridge.tools.undo()
    assert close(window)
    assert asked[0] == []
    assert journals() == []


def test_closing_with_edits_asks_and_cancel_keeps_everything(open_window, folder, asked, qtbot):
    window = open_window(folder)
    window.paint()
    written(qtbot, window)
    assert not close(window)
    assert "4 voxels" in asked[0][0]
    assert len(journals()) == 1


def test_discard_closes_and_leaves_nothing_to_restore(open_window, folder, asked, qtbot):
    window = open_window(folder)
    (path,) = folder.glob("*_seg.nii.gz")
    former = path.read_bytes()
    window.paint()
    written(qtbot, window)
    asked[1][0] = Answer.DISCARD
    assert close(window)
    assert journals() == []
    assert path.read_bytes() == former


def test_save_writes_the_file_and_closes(open_window, folder, asked):
    window = open_window(folder)
    (path,) = folder.glob("*_seg.nii.gz")
    former = path.read_bytes()
    window.paint()
    asked[1][0] = Answer.SAVE
    assert close(window)
    assert path.read_bytes() != former
    assert path.with_name(path.name + ".bak").read_bytes() == former


def test_the_worklist_asks_before_it_closes_a_case(open_window, folder, asked):
    window = open_window(folder)
    window.paint()
    guard, layers = window.safety.guard, [window.layer]
    assert not guard.may_close(layers)
    asked[1][0] = Answer.DISCARD
    assert guard.may_close(layers)
    window.viewer.layers.remove(layers[0])
    assert not window.restore.removed_text.text()
    assert journals() == []


def test_a_save_that_fails_keeps_the_window_open(open_window, folder, asked, monkeypatch):
    window = open_window(folder)
    window.paint()
    asked[1][0] = Answer.SAVE

    def closed(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with monkeypatch.context() as patch:
        patch.setattr("napari_brats.io.atomic.os.fsync", closed)
        assert not close(window)
    assert "Permission denied" in window.restore.trouble.text()


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
