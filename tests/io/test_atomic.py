"""Whatever goes wrong while writing, the former file stays whole and nothing else is left."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from napari_brats.core.errors import SaveError
from napari_brats.io.atomic import backup_name, write_atomically


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_holds_the_payload_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.json", b"new")
    assert (tmp_path / "a.json").read_bytes() == b"new"
    assert names(tmp_path) == ["a.json"]


def test_an_existing_file_is_left_unless_the_user_agreed(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(b"old")
    with pytest.raises(SaveError, match=r"a\.nii\.gz exists already.*--overwrite"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    write_atomically(path, b"new", overwrite=True)
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a.nii.gz"]


def test_backups_are_kept_one_beside_the_other(tmp_path: Path) -> None:
    path = tmp_path / "x-seg.nii.gz"
    for content in (b"1", b"2", b"3"):
        write_atomically(path, content, backup=True)
    assert path.read_bytes() == b"3"
    assert (tmp_path / "x-seg.nii.gz.bak").read_bytes() == b"1"
    assert (tmp_path / "x-seg.nii.gz.bak2").read_bytes() == b"2"
    assert backup_name(path).name == "x-seg.nii.gz.bak3"


def test_a_backup_is_copied_where_the_disk_knows_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", _raising(errno.EPERM))
    path = tmp_path / "a.nii"
    path.write_bytes(b"old")
    write_atomically(path, b"new", backup=True)
    assert (tmp_path / "a.nii.bak").read_bytes() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_permissions_of_the_former_file_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.nii"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_atomically(path, b"new", overwrite=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def _raising(number: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("backup", [False, True])
@pytest.mark.parametrize("step", ["open", "write", "fsync", "rename"])
def test_a_full_disk_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, backup: bool
) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(b"old")
    fail = _raising(errno.ENOSPC)
    if step == "open":
        monkeypatch.setattr(Path, "open", fail)
    elif step == "write":
        _fail_on_write(monkeypatch, fail)
    elif step == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(SaveError, match="was not saved: No space left on device"):
        write_atomically(path, b"new", overwrite=True, backup=backup)
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.nii.gz"]


def _fail_on_write(monkeypatch: pytest.MonkeyPatch, fail: Callable[..., None]) -> None:
    opened = Path.open

    class Full:
        def __init__(self, file: object) -> None:
            self.file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()  # type: ignore[attr-defined]

        write = staticmethod(fail)

    monkeypatch.setattr(Path, "open", lambda self, mode: Full(opened(self, mode)))


@pytest.mark.skipif(os.name != "posix", reason="POSIX resource limits")
def test_a_real_refusal_of_the_system_leaves_the_old_file_whole(tmp_path: Path) -> None:
    """The kernel itself stops the write half-way: no file may grow beyond 4096 bytes."""
    path = tmp_path / "a.nii"
    path.write_bytes(b"old")
    program = """
import resource, signal, sys
from pathlib import Path
from napari_brats.core.errors import SaveError
from napari_brats.io.atomic import write_atomically
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_atomically(Path(sys.argv[1]), bytes(100_000), overwrite=True)
except SaveError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert "was not saved: File too large" in done.stdout
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.nii"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match=r"the folder .*nowhere does not exist"):
        write_atomically(tmp_path / "nowhere" / "a.nii", b"new")


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(SaveError, match=r"the folder .*file does not exist"):
        write_atomically(tmp_path / "file" / "a.nii", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_name_no_disk_takes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="was not saved: File name too long"):
        write_atomically(tmp_path / ("x" * 300), b"new")
    assert names(tmp_path) == []


def test_a_folder_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.nii").mkdir()
    with pytest.raises(SaveError, match="is a folder"):
        write_atomically(tmp_path / "a.nii", b"new", overwrite=True)


def test_a_closed_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "open", _raising(errno.EACCES))  # root may write anywhere
    with pytest.raises(SaveError, match=r"Permission denied.*Check free space and permissions"):
        write_atomically(tmp_path / "a.nii", b"new")
    monkeypatch.undo()
    assert names(tmp_path) == []


def test_an_interrupted_write_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a.nii", b"new")
    assert names(tmp_path) == []


def test_a_link_to_a_file_is_replaced_and_its_target_left(tmp_path: Path) -> None:
    target, link = tmp_path / "target.nii", tmp_path / "link.nii"
    target.write_bytes(b"old")
    try:
        link.symlink_to(target)
    except OSError:
        pytest.skip("no symbolic links here")
    write_atomically(link, b"new", overwrite=True)
    assert (target.read_bytes(), link.read_bytes()) == (b"old", b"new")
