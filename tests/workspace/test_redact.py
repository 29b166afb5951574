"""No path, file name or case name gets into a log; what helps to find an error does."""

import logging

import pytest

from napari_brats.workspace import log, redact
from napari_brats.workspace.diagnostics import diagnostics
from napari_brats.workspace.log import log_path, log_unforeseen, start_log, stop_log
from napari_brats.workspace.settings import change_settings


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(redact, "_words", set())
    yield
    stop_log()


@pytest.mark.parametrize(
    "text",
    [
        "/data/Doe/x-seg.nii.gz cannot be read",
        "'/data/Jane Doe/x.nii' was not saved",
        r"C:\patients\Doe\t1.nii.gz is there",
        r"\\server\share\Doe\t1.nii.gz",
        "Doe-2020_t1c.nii.gz holds the values 9",
        "Doe.mha and Doe.json",
        "~/Doe/flair.nii",
    ],
)
def test_paths_and_files_are_marks(text):
    told = redact.redact(text)
    assert "Doe" not in told
    assert "<" in told


def test_one_name_is_one_mark_and_announced_words_go():
    redact.keep_out(["Doe^Jane", "x"])
    told = redact.redact("case Doe^Jane, again Doe^Jane; max")
    assert "Doe" not in told
    assert told.count(told.split("<")[1].split(">")[0]) == 2
    assert told.endswith("max")  # words too short to tell anything stay


def test_the_programs_own_lines_stay_readable():
    try:
        {}["missing"]
    except KeyError as error:
        log_unforeseen(error)
    stop_log()
    assert "KeyError: 'missing'" in log_path().read_text()
    shown = redact.redact(f'File "{redact.__file__}", line 3')
    assert "redact.py" in shown
    assert "line 3" in shown


def test_errors_and_warnings_of_the_package_are_logged_without_names(caplog):
    redact.keep_out(["Doe"])
    start_log()
    logging.getLogger("napari_brats.io").warning("Case Doe in /data/Doe: %s", "odd")
    log_unforeseen(ValueError("/data/Doe/t1.nii.gz"))
    stop_log()
    text = log_path().read_text()
    assert "odd" in text
    assert "ValueError" in text
    assert "Doe" not in text


def test_the_log_turns_over(monkeypatch):
    monkeypatch.setattr(log, "MAX_BYTES", 300)
    start_log()
    for number in range(50):
        log.LOGGER.warning("warning %d of many", number)
    stop_log()
    files = sorted(path.name for path in log_path().parent.iterdir())
    assert files == ["log.txt", "log.txt.1", "log.txt.2"]
    assert all(path.stat().st_size <= 300 for path in log_path().parent.iterdir())


def test_diagnostics_tell_of_the_machine_and_of_no_person():
    change_settings(editor="Dr. Doe", brush_mm=3.5)
    log_unforeseen(ValueError("/data/Roe/t1.nii.gz"))
    text = diagnostics({"screen": "1280 x 800"})
    assert "screen: 1280 x 800" in text
    assert "brush_mm: 3.5" in text
    assert "ValueError" in text
    assert "Doe" not in text
    assert "Roe" not in text
