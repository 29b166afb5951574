"""Settings come back as they were stored, whatever became of the file meanwhile."""

import json
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_brats.core.errors import SaveError
from napari_brats.workspace.settings import (
    Settings,
    change_settings,
    load_settings,
    read_settings,
    settings_path,
    write_settings,
)


def store(text):
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    settings_path().write_text(text)


def test_without_a_file_the_defaults_hold_and_nothing_is_made():
    assert read_settings() == Settings()
    assert not settings_path().exists()


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None
)
@given(st.text(), st.floats(0.1, 50), st.floats(0, 1))
def test_what_was_written_is_read(editor, brush_mm, opacity):
    chosen = Settings(editor=editor, brush_mm=brush_mm, overlay_opacity=opacity)
    write_settings(chosen)
    assert load_settings().settings == chosen


def test_the_file_is_its_owners_alone():
    write_settings(Settings())
    assert stat.S_IMODE(settings_path().stat().st_mode) & 0o077 == 0


def test_a_change_leaves_the_rest_and_what_other_versions_wrote():
    store('{"editor": "A", "of_tomorrow": [1]}')
    assert change_settings(brush_mm=2.0) == Settings(editor="A", brush_mm=2.0)
    stored = json.loads(settings_path().read_text())
    assert stored["of_tomorrow"] == [1]
    assert stored["editor"] == "A"


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00\x01", '{"editor": "A"'])
def test_a_broken_file_is_kept_and_said(text):
    store(text)
    loaded = load_settings()
    assert loaded.settings == Settings()
    assert "settings.json.bak" in loaded.problems[0]
    write_settings(Settings(editor="B"))
    assert settings_path().with_name("settings.json.bak").read_text() == text
    assert read_settings().editor == "B"


def test_an_entry_of_another_type_is_said_and_the_others_are_used():
    store('{"editor": 3, "brush_mm": 4}')
    loaded = load_settings()
    assert loaded.settings == Settings(brush_mm=4.0)
    assert "'editor'" in loaded.problems[0]
    assert "expected a str" in loaded.problems[0]


def test_a_folder_in_the_way_is_a_save_error(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NAPARI_BRATS_DATA", str(tmp_path / "file"))
    with pytest.raises(SaveError):
        write_settings(Settings())
