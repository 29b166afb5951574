"""Cases read ahead: given away once, and only while their files are the same."""

import json
import os
from pathlib import Path

from napari_brats.core.progress import drain
from napari_brats.io.discover import discover
from napari_brats.io.layers import CASES_TAG
from napari_brats.workspace.worklist_ahead import LookAhead, read_ahead, read_now, size_of


def files_in(folder: Path):
    return discover(folder)[0]


def ready(folder: Path) -> LookAhead:
    ahead = LookAhead()
    ahead.put(drain(read_ahead(files_in(folder))))
    return ahead


def test_what_was_read_ahead_is_what_would_be_read_now(make_case):
    folder = make_case(mask=True)
    ahead = ready(folder).take(files_in(folder))
    now = drain(read_now(files_in(folder)))
    assert [a["name"] for _, a, _ in ahead.layers] == [a["name"] for _, a, _ in now.layers]
    assert [kind for _, _, kind in ahead.layers] == ["image"] * 4 + ["labels"]
    for (one, _, _), (two, _, _) in zip(ahead.layers, now.layers, strict=True):
        assert (one == two).all()
    assert all(a["metadata"][CASES_TAG] == (files_in(folder),) for _, a, _ in ahead.layers)


def test_it_is_given_away_once(make_case):
    folder = make_case()
    ahead = ready(folder)
    assert ahead.take(files_in(folder)) is not None
    assert ahead.take(files_in(folder)) is None


def test_another_case_drops_it(make_case):
    one, two = make_case("BraTS2021_00001"), make_case("BraTS2021_00002")
    ahead = ready(one)
    assert ahead.key.endswith("BraTS2021_00001")
    assert ahead.take(files_in(two)) is None
    assert ahead.key == ""


def test_a_changed_image_drops_it(make_case):
    folder = make_case()
    ahead = ready(folder)
    os.utime(folder / "BraTS2021_00001_t1.nii.gz", ns=(1, 1))
    assert ahead.take(files_in(folder)) is None


def test_a_new_label_map_drops_it(make_case):
    folder = make_case()
    ahead = ready(folder)
    make_case(mask=True)
    assert ahead.take(files_in(folder)) is None


def test_a_changed_record_drops_it(make_case):
    folder = make_case(dice=0.9)
    ahead = ready(folder)
    (folder / "BraTS2021_00001-seg.json").write_text(json.dumps({}))
    assert ahead.take(files_in(folder)) is None


def test_a_case_that_is_too_large_is_not_read_ahead(make_case):
    files = files_in(make_case())
    assert size_of(files) == 4 * (6 * 5 * 4) * 4
    assert drain(read_ahead(files, max_bytes=size_of(files))).opened is not None
    assert drain(read_ahead(files, max_bytes=size_of(files) - 1)).opened is None
