"""A report as bytes: PDF, HTML in one file, JSON or CSV, by the suffix of its file."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
from pathlib import Path

from napari_brats.core.errors import SaveError
from napari_brats.core.progress import Job, Progress
from napari_brats.io.atomic import write_atomically
from napari_brats.io.sidecar import to_json
from napari_brats.report.compose import Report
from napari_brats.report.facts import fact_lines, report_to_json
from napari_brats.report.tables import Table, measures_csv, tables_of

SUFFIXES: Mapping[str, str] = {
    ".pdf": "PDF, one A4 page",
    ".html": "HTML, one file",
    ".json": "JSON",
    ".csv": "tables as CSV",
}

_STYLE = """
body { font: 14px/1.45 sans-serif; color: #20242b; max-width: 62em; margin: 2em auto }
body { padding: 0 1em }
h1 { font-size: 1.5em; margin: 0 } h2 { font-size: 1.1em; margin: 1.4em 0 .3em }
header p { margin: .2em 0 } dl { display: grid; grid-template-columns: 11em 1fr; margin: 1em 0 }
dt { font-weight: bold } dd { margin: 0; overflow-wrap: anywhere }
img { width: 100% } .scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100% } th { font-weight: normal; color: #5b6472 }
th, td { text-align: right; padding: .2em .5em; border-bottom: 1px solid #d5dae2 }
th:first-child, td:first-child { text-align: left; padding-left: 0 }
.note { color: #5b6472; font-size: .88em; margin: .3em 0 }
.use { color: #8c1c13; font-weight: bold; border-top: 1px solid #9aa3b2; padding-top: .6em }
@media print { body { margin: 0; max-width: none; font-size: 11px } }
"""


def write_report(report: Report, path: Path, *, overwrite: bool) -> Job[Path]:
    """Write a report in the form that the suffix of ``path`` names; the path, at the end.

    Raises
    ------
    SaveError
        For another suffix, or if the file cannot be written.
    BratsError
        Where PDF or HTML need matplotlib and it is missing; the message names the extra.
    """
    check_suffix(path)
    yield Progress(70, 100, "Drawing the page")
    payload = render(report, path.suffix.lower())
    yield Progress(95, 100, "Writing the file")
    write_atomically(path, payload, overwrite=overwrite)
    return path


def check_suffix(path: Path) -> None:
    """SaveError if no report has the suffix of ``path``."""
    if path.suffix.lower() not in SUFFIXES:
        known = ", ".join(f"{suffix} ({what})" for suffix, what in SUFFIXES.items())
        raise SaveError(f"{path.name} has no suffix that a report can have. Known: {known}.")


def render(report: Report, suffix: str) -> bytes:
    """The report in the form of one of `SUFFIXES`."""
    if suffix == ".json":
        return to_json(report_to_json(report))
    if suffix == ".csv":
        return measures_csv(report.case_id, report.measures, report.scores).encode()
    if suffix == ".html":
        return to_html(report).encode()
    from napari_brats.report.page import draw_page, figure_bytes

    return figure_bytes(draw_page(report), "pdf", f"Brain tumour measures {report.case_id}")


def to_html(report: Report) -> str:
    """The report as one HTML file, its pictures inside; it loads nothing."""
    name = f"{report.patient_name}, " if report.patient_name else ""
    facts = "".join(
        f"<dt>{html.escape(term)}</dt><dd>{html.escape(value)}</dd>"
        for term, value in fact_lines(report)
    )
    header = (
        f"<header><h1>Brain tumour measures</h1><p><b>{html.escape(name)}case "
        f"{html.escape(report.case_id)}</b></p><p>{report.day.isoformat()}, napari-brats "
        f"{html.escape(report.version)}</p></header><dl>{facts}</dl>"
    )
    parts = [
        header,
        _picture(_pictures_png(report), "Slices with outlines"),
        *(_table(table) for table in tables_of(report)),
    ]
    if len(report.follow_up) > 1:
        parts += ["<h2>Follow-up</h2>", _picture(_follow_up_png(report), "Volumes over time")]
    if report.warnings:
        items = "".join(f"<li>{html.escape(text)}</li>" for text in report.warnings)
        parts.append(f"<h2>Keep in mind</h2><ul>{items}</ul>")
    parts.append(f'<p class="use">{html.escape(report.intended_use)}</p>')
    title = f"Brain tumour measures {html.escape(report.case_id)}"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _table(table: Table) -> str:
    def row(cells: tuple[str, ...], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in cells) + "</tr>"

    rows = "".join(row(cells, "td") for cells in table.rows)
    note = f'<p class="note">{html.escape(table.note)}</p>' if table.note else ""
    return (
        f'<h2>{html.escape(table.title)}</h2><div class="scroll"><table>'
        f"{row(table.header, 'th')}{rows}</table></div>{note}"
    )


def _picture(png: bytes, what: str) -> str:
    data = base64.b64encode(png).decode()
    return f'<img alt="{what}" src="data:image/png;base64,{data}">'


def _pictures_png(report: Report) -> bytes:
    from napari_brats.report.page import INNER, figure_bytes, new_figure
    from napari_brats.report.picture_block import draw_pictures, pictures_height

    height = pictures_height(report, INNER, room=100)
    figure = new_figure(INNER, height)
    draw_pictures(report, figure, (0, 0, INNER, height), (INNER, height))
    return figure_bytes(figure, "png")


def _follow_up_png(report: Report) -> bytes:
    from napari_brats.report.page import draw_follow_up, figure_bytes, new_figure

    figure = new_figure(6.5, 2.2)
    draw_follow_up(report, figure, (0.09, 0.14, 0.89, 0.7))
    return figure_bytes(figure, "png")
