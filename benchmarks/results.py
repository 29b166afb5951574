"""The results of all benchmarks: kept as JSON, shown as a table in RESULTS.md."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rows import Row, cells, row_from_json

FOLDER = Path(__file__).resolve().parent
KEPT = FOLDER / "results.json"
SHOWN = FOLDER / "RESULTS.md"

_HEAD = """\
# Benchmark results

Written by `make bench` from `results.json`; do not edit. Each figure of ours stands beside its peer
from the same run, measured in turn: the median, and in brackets the least, the greatest and how
often. The ratio is the peer's median divided by ours. A run of a part (`python
benchmarks/run_all.py --only NAME`) replaces only its own rows; under "Runs" stands when and where
each was measured.
"""


@dataclass(frozen=True)
class Run:
    """What one benchmark found, and where.

    Attributes
    ----------
    command
        How to repeat it; folders of the user are named by placeholders.
    date
        ISO date.
    machine, load, versions
        What it ran on (`machine.py`), and how busy that was before.
    data
        The name of the case.
    rows
        What it reported.
    problem
        How it failed, if it did.
    """

    command: str
    date: str
    machine: str
    load: str
    versions: str
    data: str
    rows: Sequence[Row]
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def run_from_json(found: Mapping[str, Any]) -> Run:
    """The inverse of `Run.to_json`."""
    return Run(**{**found, "rows": [row_from_json(row) for row in found["rows"]]})


def merged(kept: Mapping[str, Run], new: Mapping[str, Run]) -> dict[str, Run]:
    """The kept runs with the new ones in place of theirs.

    A row that was measured before and cannot be measured now (no GPU at hand) keeps its figures and
    says when they were taken; a run that failed replaces nothing.
    """
    found = dict(kept)
    for name, run in new.items():
        former = kept.get(name)
        if run.problem and former is not None:
            continue
        measured = {row.name: row for row in former.rows if row.values} if former else {}
        found[name] = Run(**{**vars(run), "rows": [_newest(r, measured, former) for r in run.rows]})
    return found


def _newest(row: Row, measured: Mapping[str, Row], former: Run | None) -> Row:
    if row.values or row.name not in measured or former is None:
        return row
    kept = measured[row.name]
    told = f"measured {former.date} on {former.machine}"
    if "measured " in kept.note:
        return kept
    return Row(**{**vars(kept), "note": f"{kept.note}; {told}" if kept.note else told})


def read(path: Path = KEPT) -> dict[str, Run]:
    """What was measured so far, by the names of the benchmarks; empty if nothing was."""
    if not path.is_file():
        return {}
    return {name: run_from_json(run) for name, run in json.loads(path.read_text()).items()}


def write(runs: Mapping[str, Run], kept: Path = KEPT, shown: Path = SHOWN) -> None:
    """Keep the results, and show them."""
    plain = {name: run.to_json() for name, run in runs.items()}
    kept.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    shown.write_text(render(runs), encoding="utf-8")


def render(runs: Mapping[str, Run]) -> str:
    """The text of RESULTS.md."""
    lines = [_HEAD, *_table("What", "Goal", "Ours", "Peer", "Ratio", "Met", "Run")]
    for name, run in runs.items():
        lines += [_line(*cells(row), name) for row in run.rows]
    lines += ["", "## Runs", ""]
    lines += _table("Run", "Command", "Case", "Date", "Machine", "Load before", "Versions")
    for name, run in runs.items():
        command = f"`{run.command}`" + (f" **failed: {run.problem}**" if run.problem else "")
        rest = (run.data, run.date, run.machine, run.load, run.versions)
        lines.append(_line(name, command, *rest))
    return "\n".join(lines) + "\n"


def _table(*titles: str) -> list[str]:
    return [_line(*titles), "|---" * len(titles) + "|"]


def _line(*texts: str) -> str:
    return "| " + " | ".join(text.replace("|", "/").replace("\n", " ") for text in texts) + " |"
