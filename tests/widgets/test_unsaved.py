"""A window or a panel with unsaved edits asks before it closes."""

from __future__ import annotations

import errno
import os

import pytest
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QApplication, QDockWidget, QWidget
from tests.widgets.safety_window import journals, written

from napari_brats.widgets import unsaved
from napari_brats.widgets.dock_life import dock_of
from napari_brats.widgets.unsaved import Answer


@pytest.fixture
def asked(monkeypatch):
    """The questions that were asked; each is answered with ``answers``."""
    questions = []
    answers = [Answer.CANCEL]

    def ask(parent, text, discard):
        del parent, discard
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


# -- the panel alone


def click_the_cross(window, qtbot) -> QDockWidget:
    """Close the panel as a user does, with the cross on napari's title bar; its dock."""
    qt_window = window.viewer.window._qt_window
    qt_window.show()
    dock = dock_of(window.dock)
    qtbot.waitUntil(window.dock.isVisible)
    dock.title.close_button.click()
    qt_window.hide()
    return dock


def test_a_panel_with_unsaved_edits_stays_when_its_closing_is_cancelled(
    open_window, folder, asked, qtbot
):
    window = open_window(folder)
    window.paint()
    dock = click_the_cross(window, qtbot)
    assert "stay open without the panel" in asked[0][0]
    assert "4 voxels" in asked[0][0]
    assert dock_of(window.dock) is dock
    assert window.kept.unsaved_voxels() == 4


def test_a_panel_that_is_closed_without_saving_leaves_edits_and_journal(
    open_window, folder, asked, qtbot
):
    window = open_window(folder)
    window.paint()
    kept, layer = window.kept, window.layer
    written(qtbot, window)
    asked[1][0] = Answer.DISCARD
    click_the_cross(window, qtbot)
    assert dock_of(window.dock) is None
    assert layer in window.viewer.layers
    assert kept.unsaved_voxels() == 4
    assert len(journals()) == 1


def test_a_panel_without_edits_closes_without_a_question(open_window, folder, asked, qtbot):
    window = open_window(folder)
    click_the_cross(window, qtbot)
    assert asked[0] == []
    assert dock_of(window.dock) is None
