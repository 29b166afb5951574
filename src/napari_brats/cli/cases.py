"""Which cases a command line names, with the user's answers and one id for each."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from napari_brats.cli.console import usage_error
from napari_brats.core.errors import CaseError
from napari_brats.core.modalities import MODALITIES, Modality

if TYPE_CHECKING:  # io imports nibabel; --help does not wait for it
    from napari_brats.io.discover import CaseFiles


@dataclass(frozen=True)
class Assignment:
    """The user's word on what a file is: ``--modality T1C=PATH[:CHANNEL]``.

    Attributes
    ----------
    modality
        What it is.
    file
        A path, or a pattern for file names (``*_0001.nii.gz``) that counts in every case.
    channel
        The index on the fourth axis of a 4-D file; None for a 3-D file.
    """

    modality: Modality
    file: str
    channel: int | None = None

    @property
    def is_pattern(self) -> bool:
        """Whether ``file`` stands for one file in each case."""
        return any(sign in self.file for sign in "*?[") and not Path(self.file).exists()

    def files_in(self, files: CaseFiles) -> list[Path]:
        """The files of a case that are meant; empty if there is none."""
        if self.is_pattern:
            images = {choice.path for choice in (*files.modalities.values(), *files.unassigned)}
            return sorted(path for path in images if fnmatchcase(path.name, self.file))
        wanted = Path(self.file).resolve()
        return [path for path in {c.path for c in files.choices} if path.resolve() == wanted]

    def __str__(self) -> str:
        channel = "" if self.channel is None else f":{self.channel}"
        return f"{self.modality}={self.file}{channel}"


@dataclass(frozen=True)
class Problem:
    """A case that cannot be run: its id, where it is and why."""

    case_id: str
    path: Path
    error: str


@dataclass(frozen=True)
class Selection:
    """What a command line names: the cases to run, and those that cannot be."""

    cases: tuple[CaseFiles, ...]
    problems: tuple[Problem, ...] = ()


def parse_assignment(text: str) -> Assignment:
    """The assignment written as ``T1C=PATH`` or ``T1C=PATH:CHANNEL``; a usage error otherwise."""
    name, equals, file = text.partition("=")
    if not equals or not file or name.upper() not in MODALITIES:
        raise usage_error(
            f"'{text}' is not understood. Expected MODALITY=PATH with one of "
            f"{', '.join(MODALITIES)}, e.g. T1C=/data/case/post.nii.gz, or T1C=PATH:2 for the "
            f"third volume of a 4-D file.",
            "--modality",
        )
    channel = re.fullmatch(r"(.+):(\d+)", file)
    if channel and not Path(file).exists():
        return Assignment(Modality(name.upper()), channel[1], int(channel[2]))
    return Assignment(Modality(name.upper()), file)


def select(paths: Sequence[Path], assignments: Sequence[Assignment] = ()) -> Selection:
    """The cases that ``paths`` hold, with the assignments applied and one id for each.

    Label maps without images (masks of a former run, say) are no cases to run.

    Raises
    ------
    typer.BadParameter
        If no path holds a case, or an assignment names a file that is in none of them.
    """
    from napari_brats.io.discover import discover

    found: list[CaseFiles] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            found += discover(path, strict=False)
        except CaseError as error:
            problems.append(Problem(path.name, path, str(error)))
    found = [files for files in found if files.modalities or files.unassigned]
    if not found:
        places = ", ".join(str(path) for path in paths)
        only_label_maps = f"There are label maps but no images in {places}. Expected MR volumes."
        reasons = [problem.error for problem in problems] or [only_label_maps]
        raise usage_error("\n".join(reasons), "CASE")
    selection = tell_apart(_assign(without_repeats(found), assignments))
    return Selection(selection.cases, (*problems, *selection.problems))


def without_repeats(cases: Iterable[CaseFiles]) -> list[CaseFiles]:
    """The cases in their order, each once: a folder and a file in it may name the same one."""
    once: dict[frozenset[tuple[Path, int | None]], CaseFiles] = {}
    for files in cases:
        key = frozenset((choice.path.resolve(), choice.channel) for choice in files.choices)
        once.setdefault(key, files)
    return list(once.values())


def tell_apart(cases: Sequence[CaseFiles]) -> Selection:
    """Cases of one id told apart by the folders in which they differ: ``HGG_X`` and ``LGG_X``.

    Ids that differ in upper and lower case only are the same name on many disks. Those that
    cannot be told apart become problems.
    """
    renamed = list(cases)
    for same in _groups_of_one_id(renamed):
        folders = [renamed[index].folder for index in same]
        shared = os.path.commonpath(folders)
        for index, folder in zip(same, folders, strict=True):
            case_id = renamed[index].case_id
            parts = list(folder.relative_to(shared).parts)
            if parts and parts[-1] == case_id:
                parts.pop()
            renamed[index] = replace(renamed[index], case_id="_".join([*parts, case_id]))
    clashing = {index for group in _groups_of_one_id(renamed) for index in group}
    problems = tuple(_clash(renamed[index]) for index in sorted(clashing))
    kept = tuple(files for index, files in enumerate(renamed) if index not in clashing)
    return Selection(kept, problems)


def _groups_of_one_id(cases: Sequence[CaseFiles]) -> list[list[int]]:
    ids = [files.case_id.casefold() for files in cases]
    repeated = [case_id for case_id, count in Counter(ids).items() if count > 1]
    return [[i for i, other in enumerate(ids) if other == case_id] for case_id in repeated]


def _clash(files: CaseFiles) -> Problem:
    folder = files.folder
    return Problem(
        files.case_id,
        folder,
        f"More than one case is called {files.case_id}, and their folders do not tell them apart "
        f"({folder}). Their masks would overwrite each other: run them one by one, each with an "
        f"--output of its own.",
    )


def _assign(cases: list[CaseFiles], assignments: Sequence[Assignment]) -> list[CaseFiles]:
    for assignment in assignments:
        matches = [assignment.files_in(files) for files in cases]
        if not any(matches) and len(cases) == 1 and Path(assignment.file).is_file():
            matches = [
                [Path(assignment.file).absolute()]
            ]  # a file from elsewhere, for the only case
        if not any(matches):
            raise usage_error(
                f"{assignment} names a file that is in none of the {len(cases)} cases found: "
                f"{', '.join(files.case_id for files in cases[:5])}"
                f"{', ...' if len(cases) > 5 else ''}. Give the path of a file of a case.",
                "--modality",
            )
        cases = [_assign_one(f, assignment, m) for f, m in zip(cases, matches, strict=True)]
    return cases


def _assign_one(files: CaseFiles, assignment: Assignment, matches: list[Path]) -> CaseFiles:
    if not matches:
        return files
    if len(matches) > 1:
        raise usage_error(
            f"{assignment} fits {len(matches)} files of case {files.case_id}: "
            f"{', '.join(path.name for path in matches)}. Give a pattern that fits one.",
            "--modality",
        )
    return files.with_modality(assignment.modality, matches[0], assignment.channel)
