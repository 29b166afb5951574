"""The window is found as it was left."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QLabel
from tests.io.cases import labels_2021, write_case

from napari_brats.widgets.layout import Layout
from napari_brats.widgets.section import Section
from napari_brats.widgets.settings_control import SettingsController
from napari_brats.workspace.settings import Settings, change_settings, read_settings


def two_sections(window, second):
    """A folded one and an open one, which go with the window."""
    made = [Section("Review", QLabel(), is_open=False), Section(second, QLabel())]
    for section in made:
        section.setParent(window.viewer.window._qt_window)
    return made


@pytest.fixture
def sections(window):
    return two_sections(window, "Save")


def test_what_was_chosen_is_stored_and_found_again(window, sections, tmp_path, qtbot):
    control = SettingsController(window.bridge, sections, window.bridge)
    window.bridge.open_paths([write_case(tmp_path, label_map=labels_2021())])
    qtbot.waitUntil(lambda: window.bridge.look.layer is not None)
    assert window.bridge.look.opacity == 0.5
    window.bridge.look.set_opacity(0.8)
    sections[0].heading.setChecked(True)
    sections[1].heading.setChecked(False)
    sections[1].heading.setChecked(True)
    control.choose_layout(Layout.PLANES)
    control.store()
    assert read_settings() == Settings(
        overlay_opacity=0.8, layout="Planes", sections=("+Review", "+Save")
    )
    folded = two_sections(window, "New")
    SettingsController(window.bridge, folded, window.bridge)
    assert [section.heading.isChecked() for section in folded] == [True, True]


def test_stored_opacity_and_layout_meet_the_first_case(window, tmp_path, qtbot):
    change_settings(overlay_opacity=0.2, layout="Side by side")
    SettingsController(window.bridge, [], window.bridge)
    window.bridge.open_paths([write_case(tmp_path, label_map=labels_2021())])
    qtbot.waitUntil(lambda: window.bridge.view.layout is Layout.SIDE_BY_SIDE, timeout=20_000)
    assert window.bridge.look.opacity == 0.2


def test_what_cannot_be_stored_is_said(window, sections, monkeypatch, tmp_path, qtbot):
    control = SettingsController(window.bridge, sections, window.bridge)
    (tmp_path / "file").write_text("")
    sections[0].heading.setChecked(True)
    with monkeypatch.context() as broken:
        broken.setenv("NAPARI_BRATS_DATA", str(tmp_path / "file"))
        with qtbot.waitSignal(control.problem) as told:
            control.store()
    assert str(tmp_path / "file") in told.args[0]
