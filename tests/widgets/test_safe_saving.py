"""Saving overwrites nobody's work, fails without harm, and says who did what."""

from __future__ import annotations

import errno
import os

from tests.widgets.safety_window import journals, written

from napari_brats.io.sidecar import read_record
from napari_brats.widgets.save_panel import SaveRequest
from napari_brats.workspace.settings import change_settings


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


def test_what_was_saved_is_said_until_another_label_map_is_in_hand(open_window, folder):
    window = open_window(folder)
    window.paint()
    save(window, folder / "new.nii.gz")
    assert "Saved new.nii.gz" in window.save.message.text()
    window.bridge.new_label_map(window.bridge.active_case_key)
    assert window.save.message.text() == ""
