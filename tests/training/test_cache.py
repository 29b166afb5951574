"""Prepared cases are found again by content, made anew when damaged, and never lost or doubled."""

import errno
import json
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import nibabel as nib
import numpy as np
import pytest

from napari_brats.core.errors import CaseError
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.core.user_folders import cache_folder
from napari_brats.io.discover import discover
from napari_brats.training import cache
from napari_brats.training.cache import CachedCase, cached_case
from napari_brats.training.prepare import load_labelled, prepare_case

ONE_MM = (1.0, 1.0, 1.0)
SHAPE = (20, 18, 16)


def _write_case(folder, case_id="P1", label=2):
    """Four images and a label map on a grid whose first two axes run as in BraTS."""
    folder.mkdir(parents=True, exist_ok=True)
    affine = np.diag([-1.0, -1, 1, 1])
    rng = np.random.default_rng(0)
    labels = np.zeros(SHAPE, np.uint8)
    labels[8:12, 8:12, 8:12] = label
    for suffix in ("t1n", "t1c", "t2w", "t2f"):
        image = np.zeros(SHAPE, np.int16)
        image[3:17, 3:15, 3:13] = rng.integers(80, 120, (14, 12, 10))
        nib.save(nib.Nifti1Image(image, affine), folder / f"{case_id}-{suffix}.nii.gz")
    nib.save(nib.Nifti1Image(labels, affine), folder / f"{case_id}-seg.nii.gz")
    return discover(folder)[0]


@pytest.fixture
def files(tmp_path):
    return _write_case(tmp_path / "data" / "P1")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


def _entries(folder):
    return sorted(folder.iterdir())


def _get(files, folder, modalities=MODALITIES, spacing_mm=ONE_MM):
    return cached_case(files, modalities, spacing_mm, folder)


def test_an_entry_holds_what_was_prepared(files, folder):
    fresh = prepare_case(load_labelled(files), MODALITIES, ONE_MM)
    for _ in range(2):  # made, then found
        stored = _get(files, folder)
        assert isinstance(stored, CachedCase)
        assert stored.case_id == "P1"
        assert isinstance(stored.image, np.memmap)
        assert np.array_equal(stored.image, fresh.image)
        assert np.array_equal(stored.labels, fresh.labels)
        assert stored.labels.dtype == np.uint8
        assert len(stored.centres) == 1
        assert np.array_equal(stored.centres[0], fresh.centres[0])
        assert (stored.labels[tuple(stored.centres[0].T)] == 2).all()
    assert len(_entries(folder)) == 1


def test_an_entry_is_not_made_twice(files, folder, monkeypatch):
    made = _get(files, folder)
    monkeypatch.setattr(cache, "load_labelled", None)  # calling it would fail
    assert np.array_equal(_get(files, folder).image, made.image)


def test_the_same_content_elsewhere_is_found(files, folder, tmp_path, monkeypatch):
    made = _get(files, folder)
    moved = _write_case(tmp_path / "moved" / "P1")
    monkeypatch.setattr(cache, "load_labelled", None)
    assert np.array_equal(_get(moved, folder).image, made.image)
    assert len(_entries(folder)) == 1


def test_whatever_decides_the_case_makes_another_entry(files, folder, tmp_path, monkeypatch):
    _get(files, folder)
    _get(files, folder, modalities=(Modality.T1C,))
    _get(files, folder, spacing_mm=(2.0, 2.0, 2.0))
    assert len(_entries(folder)) == 3
    corrected = _write_case(tmp_path / "data" / "P1", label=3)
    assert (_get(corrected, folder).labels.max(), len(_entries(folder))) == (3, 4)
    monkeypatch.setattr(cache, "PREPROCESSING_VERSION", -1)
    _get(corrected, folder)
    assert len(_entries(folder)) == 5


def test_another_convention_of_the_same_bytes_makes_another_entry(files, folder):
    """ET may be 3 or 4 on disk; what the record beside the label map says counts."""
    _get(files, folder)
    record = files.label_map.path.with_name("P1-seg.json")
    record.write_text(json.dumps({"convention": {"name": "msd"}}))
    assert _get(files, folder).labels.max() == 1  # 2 is NCR there
    assert len(_entries(folder)) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b[:-1],
        lambda b: b + b"x",
        lambda b: b[:100],
        lambda b: b"",
        lambda b: b"x" * len(b),
    ],
)
def test_a_damaged_entry_is_made_anew(files, folder, damage):
    whole = _get(files, folder)
    expected = np.array(whole.image)
    [entry] = _entries(folder)
    payload = entry.read_bytes()
    entry.write_bytes(damage(payload))
    assert np.array_equal(_get(files, folder).image, expected)
    assert entry.read_bytes() == payload


def test_a_full_disk_leaves_the_case_in_memory_and_says_so(files, folder, monkeypatch, caplog):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("napari_brats.io.atomic.os.fsync", full)
    case = _get(files, folder)
    assert not isinstance(case, CachedCase)
    assert case.image.shape == (4, 14, 12, 10)
    assert "P1 is kept in memory" in caplog.text
    assert "No space left" in caplog.text
    assert _entries(folder) == []


def test_a_folder_that_cannot_be_made_is_no_obstacle(files, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    assert _get(files, tmp_path / "file" / "cache").image.shape == (4, 14, 12, 10)
    assert "kept in memory" in caplog.text


def test_a_file_that_cannot_be_read_is_named(files, folder):
    files.modalities[Modality.T2F].path.unlink()
    with pytest.raises(CaseError, match=r"P1-t2f\.nii\.gz cannot be read"):
        _get(files, folder)


def test_a_second_label_map_is_told_though_the_first_was_prepared(files, folder, tmp_path):
    _get(files, folder)
    first = files.label_map.path
    first.with_name("P1-label.nii.gz").write_bytes(first.read_bytes())
    twice = discover(tmp_path / "data", strict=False)[0]
    with pytest.raises(CaseError, match="2 label maps"):
        _get(twice, folder)


def test_other_processes_are_given_the_path_only(files, folder):
    case = _get(files, folder)
    sent = pickle.dumps(case)
    assert len(sent) < 1000
    assert np.array_equal(pickle.loads(sent).labels, case.labels)


def test_many_entries_hold_no_file_open(files, folder):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        cases = [_get(files, folder) for _ in range(100)]
        assert all(case.labels.max() == 2 for case in cases)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_two_that_ask_at_once_make_one_entry(files, folder, monkeypatch):
    """Both have found nothing before either writes."""
    both = threading.Barrier(2, timeout=60)

    def load_together(files):
        both.wait()
        return load_labelled(files)

    monkeypatch.setattr(cache, "load_labelled", load_together)
    with ThreadPoolExecutor(2) as pool:
        cases = list(pool.map(lambda _: _get(files, folder), range(2)))
    assert [type(case) for case in cases] == [CachedCase] * 2
    assert len(_entries(folder)) == 1


def test_the_folder_is_the_one_that_was_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_BRATS_CACHE", str(tmp_path / "x"))
    assert cache_folder() == tmp_path / "x"
    monkeypatch.delenv("NAPARI_BRATS_CACHE")
    assert cache_folder().parts[-2:] == ("napari-brats", "cases")
