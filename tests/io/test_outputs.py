"""Files that belong together: all or none, the record first, and nothing left of the dead."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_brats.core.errors import SaveError
from napari_brats.io.outputs import all_or_nothing, refuse_existing


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_appear_together_or_not_at_all(tmp_path: Path):
    with all_or_nothing(tmp_path) as folder:
        (folder / "a").write_text("new")
        assert not (tmp_path / "a").exists()
    assert names(tmp_path) == ["a"]

    def fail() -> None:
        with all_or_nothing(tmp_path) as folder:
            (folder / "b").write_text("half")
            raise ValueError("full")

    with pytest.raises(ValueError, match="full"):
        fail()
    assert names(tmp_path) == ["a"]


def test_the_record_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    moved = []
    replace = Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda self, target: moved.append(self.name) or replace(self, target)
    )
    with all_or_nothing(tmp_path, "c", "z.json") as folder:
        for name in ("a.nii.gz", "z.json", "b.nii.gz"):
            (folder / name).write_text("")
    assert moved == ["z.json", "a.nii.gz", "b.nii.gz"]


@pytest.mark.parametrize("owner", ["c1", "x" * 230])
def test_what_a_killed_process_left_of_the_same_owner_goes(owner: str, tmp_path: Path):
    with all_or_nothing(tmp_path, owner) as folder:
        own = folder.name
    (tmp_path / own).mkdir()
    (tmp_path / own / "half").write_text("")
    other = tmp_path / ".unfinished-c1-b-abcdefgh"
    other.mkdir()  # of the case c1-b, which another process may be writing
    with all_or_nothing(tmp_path, owner) as folder:
        (folder / "a").write_text("")
    assert names(tmp_path) == [other.name, "a"]


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path):
    with pytest.raises(SaveError, match="Nothing can be written"), all_or_nothing(tmp_path / "no"):
        pass


def test_what_is_there_is_named(tmp_path: Path):
    (tmp_path / "a").write_text("")
    refuse_existing(tmp_path, ["b"])
    with pytest.raises(SaveError, match=r"^a in .*--overwrite"):
        refuse_existing(tmp_path, ["a", "b"])
