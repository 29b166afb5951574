"""Folders with arbitrary names in them: cases or a CaseError, never anything else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_brats.core.errors import CaseError
from napari_brats.io.discover import CaseFiles, discover, discover_files, recognises

PART = st.sampled_from(
    [
        *("t1", "t1c", "T2", "flair", "seg", "mask", "co", "bet", "_0000", "x", "7", "week01"),
        *("VSD.Brain", "images", "BRATS_003", "é", "..", "-", "dataset"),
    ]
) | st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=4)
FILE = st.tuples(
    st.lists(PART, max_size=2),
    st.lists(PART, max_size=4).map("_".join),
    st.sampled_from([".nii", ".nii.gz", ".mha", ".txt", ""]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(FILE, max_size=6))
def test_any_names_give_cases_or_a_case_error(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[list[str], str, str]]
) -> None:
    root = tmp_path_factory.mktemp("fuzz")
    made = []
    for folders, stem, suffix in files:
        safe = [part.replace("..", "d") for part in folders if part not in ("", ".")]
        path = root.joinpath(*safe, f"{stem.replace('..', 'd')}{suffix}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            made.append(path)
        except OSError:  # a file stands where a folder is wanted
            continue
    assert recognises(root) in (True, False)
    for attempt in (lambda: discover(root), lambda: discover_files(made)):
        try:
            cases = attempt()
        except CaseError:  # anything else fails the test
            continue
        _no_file_serves_twice(cases)


def _no_file_serves_twice(cases: tuple[CaseFiles, ...]) -> None:
    choices = [
        choice
        for case in cases
        for choice in (
            *case.modalities.values(),
            *case.unassigned,
            *case.ignored,
            *([case.label_map] if case.label_map else []),
        )
    ]
    assert len({(c.path, c.channel) for c in choices}) == len(choices)
