"""What `make bench` makes of the rows its benchmarks report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import results
import rows
from results import Run, merged
from rows import AT_LEAST, AT_MOST, AT_MOST_MORE, AT_MOST_TIMES, TIMES_FASTER, Goal, Row


def run_of(*found: Row, date: str = "2026-01-02", problem: str = "") -> Run:
    return Run("python x.py", date, "a machine", "0.1", "Python 3", "CASE", found, problem)


@pytest.mark.parametrize(
    ("kind", "limit", "ours", "peer", "met"),
    [
        (AT_MOST, 2.0, 2.0, None, True),
        (AT_MOST, 2.0, 2.1, None, False),
        (AT_LEAST, 0.99, 0.98, None, False),
        (AT_LEAST, 0.99, 0.99, None, True),
        (AT_MOST_TIMES, 2.0, 4.0, 2.0, True),
        (AT_MOST_TIMES, 2.0, 4.1, 2.0, False),
        (TIMES_FASTER, 15.0, 2.0, 30.0, True),
        (TIMES_FASTER, 15.0, 2.0, 29.0, False),
        (AT_MOST_MORE, 0.5, 2.0, 1.5, True),
        (AT_MOST_MORE, 0.5, 2.25, 1.5, False),
        (TIMES_FASTER, 15.0, 2.0, None, False),
    ],
)
def test_a_goal_is_judged_by_the_medians(
    kind: str, limit: float, ours: float, peer: float | None, met: bool
) -> None:
    others = [] if peer is None else [peer, 0.0, 1e9]
    assert Row("x", [ours, 0.0, 1e9], Goal(kind, limit), others=others).met is met


def test_what_was_not_measured_meets_nothing_and_says_why() -> None:
    row = Row("x", goal=Goal(AT_MOST, 1), missing="no GPU at hand")
    assert row.met is None
    assert rows.cells(row)[2] == "not measured (no GPU at hand)"


def test_a_row_survives_the_way_through_a_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = Row("open", [1.5, 2.5], Goal(AT_MOST_TIMES, 2), "s", "nibabel", [3.0], "four files")
    monkeypatch.setenv(rows.ROWS_AS_JSON, "1")
    rows.report(row)
    line = capsys.readouterr().out.removeprefix(rows.MARK)
    assert rows.row_from_json(json.loads(line)) == row


def test_a_partial_run_keeps_the_rows_of_the_others(tmp_path: Path) -> None:
    kept, shown = tmp_path / "results.json", tmp_path / "RESULTS.md"
    first = {"a": run_of(Row("old a", [1.0])), "b": run_of(Row("b", [2.0]))}
    results.write(first, kept, shown)
    second = {"a": run_of(Row("new a", [3.0]), date="2026-02-03")}
    results.write(merged(results.read(kept), second), kept, shown)
    text = shown.read_text()
    assert "old a" not in text
    assert "| new a |  | 3 s |" in text
    assert "| b |  | 2 s |" in text
    assert "2026-01-02" in text
    assert "2026-02-03" in text


def test_a_failed_run_replaces_nothing_that_was_measured() -> None:
    good = run_of(Row("a", [1.0]))
    failed = run_of(problem="exit status 1")
    assert merged({"a": good}, {"a": failed}) == {"a": good}
    assert merged({}, {"a": failed})["a"].problem == "exit status 1"


def test_what_another_machine_measured_stays_where_this_one_cannot() -> None:
    former = {"gpu": run_of(Row("gpu", [0.1]))}
    now = {"gpu": run_of(Row("gpu", missing="no GPU at hand"), date="2026-02-03")}
    twice = merged(merged(former, now), now)
    (row,) = twice["gpu"].rows
    assert row.values == [0.1]
    assert row.note == "measured 2026-01-02 on a machine"


def test_bars_do_not_break_the_table() -> None:
    text = results.render({"a": run_of(Row("a|b", [1.0]))})
    assert "a/b" in text
    lines = [line for line in text.splitlines() if line.startswith("| a/b")]
    assert lines[0].count("|") == 8
