"""``napari-brats inspect``: what each file was taken for, and whether it looks right."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_brats.cli.console import ALL_DONE, SOME_FAILED, say, usage_error
from napari_brats.core.errors import CaseError


def inspect(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH", help="A case folder, a folder of cases, a file of a case, a 4-D file."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    headers: Annotated[
        bool,
        typer.Option(
            "--headers",
            help="Read headers only: fast on large folders, but no warning about what the images "
            "hold, and the label convention by naming alone.",
        ),
    ] = False,
) -> None:
    """Tell what each file of PATH was taken for and why, its geometry, and what looks wrong.

    Exit code: 0, or 1 if a file cannot be read, or 2 if no case is found.
    """
    from napari_brats.cli.describe import case_facts, facts_to_text
    from napari_brats.io.discover import discover
    from napari_brats.io.sidecar import to_json

    try:
        cases = discover(path, strict=False)
    except CaseError as error:
        raise usage_error(str(error), "PATH") from error
    facts = []
    for files in cases:
        facts.append(case_facts(files, headers_only=headers))
        if not as_json:
            say(facts_to_text(facts[-1]))
    if as_json:
        say(to_json({"path": str(path), "cases": facts}).decode().rstrip())
    raise typer.Exit(SOME_FAILED if any(fact["error"] for fact in facts) else ALL_DONE)
