"""What ``evaluate`` shows and writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_brats import INTENDED_USE, __version__
from napari_brats.cli.console import say
from napari_brats.cli.console import usage_error as usage

if TYPE_CHECKING:
    from napari_brats.metrics.score import ScoreOptions
    from napari_brats.metrics.tables import CaseScore

    Sets = Mapping[str, Sequence[CaseScore]]


@dataclass(frozen=True)
class Targets:
    """The files to write; None for one that is not asked for."""

    output: Path | None = None
    lesions: Path | None = None
    plot: Path | None = None

    def check(self) -> None:
        """A usage error about a name or a folder, before anything is scored.

        BratsError if there is a plot to draw and no matplotlib.
        """
        from napari_brats.metrics.plot import FORMATS, require_matplotlib

        plots = tuple(f".{name}" for name in FORMATS)
        _check(self.output, "--output", (".json", ".csv"))
        _check(self.lesions, "--lesions", (".csv",))
        _check(self.plot, "--plot", plots)
        if self.plot is not None:
            require_matplotlib()


def _check(path: Path | None, option: str, suffixes: tuple[str, ...]) -> None:
    if path is None:
        return
    if path.suffix.lower() not in suffixes:
        raise usage(f"{path.name} does not end in {' or '.join(suffixes)}.", option)
    if not path.parent.is_dir():
        raise usage(f"The folder {path.parent} does not exist.", option)


def show(sets: Sets, options: ScoreOptions) -> None:
    """Print every case, their summary, and the tests between sets."""
    from napari_brats.metrics.compare import compare
    from napari_brats.metrics.text import cases_to_text, comparisons_to_text, summary_to_text

    for name, cases in sets.items():
        if len(sets) > 1:
            say(f"== {name}")
        say(cases_to_text(cases, options.policy))
        scored = sum(bool(case.regions) for case in cases)
        if scored > 1:
            say(f"\nSummary of {scored} cases")
            say(summary_to_text(cases))
        if len(sets) > 1:
            say("")
    if len(sets) > 1:
        say(comparisons_to_text(compare(sets)))


def write(targets: Targets, sets: Sets, options: ScoreOptions, asked: Mapping[str, Any]) -> None:
    """Write the files that are asked for; what is there already is replaced.

    ``asked`` holds the paths of ``reference`` and, by name, of ``predictions``.

    Raises
    ------
    BratsError
        If a file cannot be written.
    """
    from napari_brats.io.atomic import write_atomically
    from napari_brats.metrics.plot import plot_scores
    from napari_brats.metrics.tables import lesions_to_csv, to_csv

    everything = [case for cases in sets.values() for case in cases]
    if targets.output is not None:
        as_csv = targets.output.suffix.lower() == ".csv"
        payload = to_csv(everything).encode() if as_csv else _json(sets, options, asked)
        write_atomically(targets.output, payload, overwrite=True)
    if targets.lesions is not None:
        write_atomically(targets.lesions, lesions_to_csv(everything).encode(), overwrite=True)
    if targets.plot is not None:
        file_format = targets.plot.suffix.lower().lstrip(".")
        note = f"rules {options.challenge.name}, empty regions: {options.policy}. {INTENDED_USE}"
        picture = plot_scores(sets, file_format, note)
        write_atomically(targets.plot, picture, overwrite=True)


def _json(sets: Sets, options: ScoreOptions, asked: Mapping[str, Any]) -> bytes:
    from napari_brats.io.sidecar import to_json
    from napari_brats.metrics.compare import compare
    from napari_brats.metrics.summary import summary
    from napari_brats.metrics.tables import case_to_json

    paths = asked["predictions"]
    summaries = {name: summary(cases) for name, cases in sets.items()}
    values = {
        "intended_use": INTENDED_USE,
        "version": __version__,
        "reference": asked["reference"],
        "prediction": next(iter(paths.values())),
        "challenge": options.challenge.name,
        "empty": options.policy.value,
        "cases": [case_to_json(case) for cases in sets.values() for case in cases],
        "summary": next(iter(summaries.values())),
    }
    if len(sets) > 1:
        values["sets"] = [
            {"name": name, "prediction": paths[name], "summary": summaries[name]} for name in sets
        ]
        values["comparisons"] = [test.to_json() for test in compare(sets)]
    return to_json(values)
