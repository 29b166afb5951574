"""A file that somebody changed is noticed; one that was only touched is not."""

import os

import pytest

from napari_brats.workspace.file_stamps import has_changed, stamp_of, with_digest


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    return path


def later(path):
    stamp = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(stamp, stamp))


def test_a_file_at_rest_has_not_changed(file):
    assert not has_changed(file, stamp_of(file))


def test_other_bytes_or_none_are_a_change(file):
    stamp = with_digest(file, stamp_of(file))
    file.write_bytes(b"123456")
    assert has_changed(file, stamp)
    file.write_bytes(b"54321")  # of the same size
    later(file)
    assert has_changed(file, stamp)
    file.unlink()
    assert has_changed(file, stamp)


def test_a_touched_file_is_the_same_if_its_bytes_are_known(file):
    known, unknown = with_digest(file, stamp_of(file)), stamp_of(file)
    later(file)
    assert not has_changed(file, known)
    assert has_changed(file, unknown)


def test_a_digest_is_taken_only_of_what_was_stamped(file):
    stamp = stamp_of(file)
    file.write_bytes(b"other")
    later(file)
    assert with_digest(file, stamp).sha256 is None


def test_there_is_no_stamp_of_a_missing_file(tmp_path):
    assert stamp_of(tmp_path / "missing") is None
