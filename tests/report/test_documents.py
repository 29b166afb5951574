"""A report as PDF, HTML, JSON and CSV: what stands in it, and what must not."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_brats.core.errors import BratsError, CaseError, GeometryError, SaveError
from napari_brats.core.labels import Region
from napari_brats.report.compose import FollowUpPoint, Report
from napari_brats.report.documents import check_suffix, render, to_html, write_report
from napari_brats.report.facts import fact_lines
from napari_brats.report.follow_up import read_follow_up

RECORD = {
    "bundle": {"name": "net", "sha256": "ab" * 32},
    "mirroring": "off",
    "postprocess": {"steps": ["keep probabilities above 0.5"]},
    "review": {
        "expected_dice": {"WT": {"value": 0.9, "error": 0.05}, "ET": {"value": 0.8, "error": None}},
        "unusual": ["The skull is on."],
    },
    "warnings": ["T1N is missing."],
    "inputs": [{"path": "/secret/folder/t1.nii.gz"}],
}


def test_json_has_the_numbers_and_null_for_what_is_unknown(reported: Callable[..., Report]) -> None:
    told = json.loads(render(reported(), ".json"))
    assert told["date"] == "2026-03-09"
    assert told["measures"]["volumes_ml"] == {"WT": 2.88, "TC": 0.576, "ET": 0.576}
    assert told["measures"]["side"] == "left"
    assert told["made_by"]["network"] is None
    assert told["scores"] is None
    assert told["patient_name"] is None
    assert told["images"] == {"T1C": "c-T1C.nii", "T2F": "c-T2F.nii"}


def test_no_folder_stands_in_any_form(reported: Callable[..., Report]) -> None:
    made = reported(record=RECORD)
    for suffix in (".json", ".html", ".csv"):
        assert b"secret" not in render(made, suffix)


def test_what_the_record_tells_is_shown(reported: Callable[..., Report]) -> None:
    record = RECORD | {"edited_by_hand": True, "edited_by": "A. Reader", "edited_s": 90.0}
    made = reported(record=record)
    lines = dict(fact_lines(made))
    assert lines["Network"].startswith("net (weights abababababab)")
    assert lines["Expected Dice"] == "WT 0.90 \u00b1 0.05 (before the edits), estimated"
    assert lines["Edited by hand"] == "yes by A. Reader, 2 min"
    assert made.warnings == ("T1N is missing.", "The skull is on.")


def test_a_record_of_the_panel_is_read_too(
    reported: Callable[..., Report], labels: np.ndarray
) -> None:
    record = {"provenance": {**RECORD, "edited_by_hand": False}, "volumes_ml": {"WT": 2.88}}
    lines = dict(fact_lines(reported(record=record)))
    assert lines["Network"].startswith("net")
    assert lines["Edited by hand"] == "no"


@pytest.mark.parametrize(
    "record", [{}, {"bundle": 3, "review": [], "warnings": "x", "seconds": {}}]
)
def test_a_strange_record_tells_nothing(
    reported: Callable[..., Report], labels: np.ndarray, record: dict[str, object]
) -> None:
    made = reported(record=record)
    assert [name for name, _ in fact_lines(made)] == ["Images", "Grid"]
    assert made.warnings == ()


def test_a_mask_changed_after_its_record_is_said(reported: Callable[..., Report]) -> None:
    made = reported(record={"volumes_ml": {"WT": 5.0}})
    assert "changed after its record" in made.warnings[0]


def test_html_escapes_what_people_named(reported: Callable[..., Report]) -> None:
    text = to_html(reported(patient_name="<script>"))
    assert "Case_$1$ &lt;b&gt;" in text
    assert "<script>" not in text
    assert not re.search(r'(src|href)="(?!data:)', text)


def test_pdf_is_one_page_and_small(reported: Callable[..., Report], labels: np.ndarray) -> None:
    pytest.importorskip("matplotlib")
    points = tuple(FollowUpPoint(f"week {n}", {Region.WT: n + 1.0}) for n in range(3))
    other = np.roll(labels, 1, axis=0)
    made = reported(record=RECORD, reference=other, reference_name="r.nii", follow_up=points)
    payload = render(made, ".pdf")
    assert payload.startswith(b"%PDF")
    assert payload.count(b"/Type /Page ") == 1
    assert len(payload) < 1_500_000


def test_csv_has_a_line_per_region_and_lesion_with_units(reported: Callable[..., Report]) -> None:
    lines = list(csv.DictReader(io.StringIO(render(reported(), ".csv").decode())))
    assert [(line["region"], line["lesion"]) for line in lines] == [
        ("WT", ""), ("WT", "1"), ("TC", ""), ("TC", "1"), ("ET", ""), ("ET", "1"),
    ]  # fmt: skip
    assert float(lines[0]["volume_ml"]) == pytest.approx(2.88)
    assert float(lines[1]["longest_mm"]) == pytest.approx(2 * np.hypot(5, 10))
    assert lines[1]["diameters_by_hand"] == "no"


def test_csv_of_a_scored_case_has_the_scores(
    reported: Callable[..., Report], labels: np.ndarray
) -> None:
    made = reported(reference=labels)
    lines = list(csv.DictReader(io.StringIO(render(made, ".csv").decode())))
    assert [line["dice"] for line in lines if not line["lesion"]] == ["1.0"] * 3


def test_a_reference_of_another_shape_is_refused(
    reported: Callable[..., Report], labels: np.ndarray
) -> None:
    with pytest.raises(GeometryError, match="reference has the shape"):
        reported(reference=labels[1:])


def test_an_unknown_suffix_is_refused() -> None:
    with pytest.raises(SaveError, match=r"\.pdf.*\.html.*\.json"):
        check_suffix(Path("report.docx"))


def test_a_file_is_not_replaced_unasked(
    reported: Callable[..., Report], drain: Callable[..., object], tmp_path: Path
) -> None:
    target = tmp_path / "r.json"
    drain(write_report(reported(), target, overwrite=False))
    with pytest.raises(SaveError, match="exists already"):
        drain(write_report(reported(), target, overwrite=False))
    drain(write_report(reported(), target, overwrite=True))


def test_without_matplotlib_the_extra_is_named(
    reported: Callable[..., Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(BratsError, match=r"napari-brats\[report\]"):
        render(reported(), ".pdf")
    assert render(reported(), ".json")


def test_the_table_of_a_follow_up_is_read(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(
        "time_point,date,days_since_first,region,volume_ml\n"
        "000,2024-01-31,0,WT,12.5\n000,2024-01-31,0,ET,2\n001,,28,WT,10\n001,,28,ET,\n"
    )
    assert read_follow_up(table) == (
        FollowUpPoint("2024-01-31", {Region.WT: 12.5, Region.ET: 2.0}, 0.0),
        FollowUpPoint("001", {Region.WT: 10.0}, 28.0),
    )


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n"])
def test_another_table_is_refused(tmp_path: Path, content: str) -> None:
    table = tmp_path / "table.csv"
    table.write_text(content)
    with pytest.raises(CaseError, match="time_point"):
        read_follow_up(table)
