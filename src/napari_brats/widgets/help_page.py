"""The page "Keys and help": what to do first, and all keys by task."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from napari_brats import INTENDED_USE
from napari_brats.widgets.commands import COMMANDS, Task

NAPARI_KEYS = (
    ("1 2 3 4 5", "Erase, paint, polygon, fill, pick (in a label map)"),
    ("[ ]", "Smaller, larger brush"),
    ("X", "Swap the label with the background"),
    ("Ctrl+Z", "Undo (Ctrl+Shift+Z: redo)"),
    ("Ctrl+E", "Next plane: axial, coronal, sagittal"),
    ("Ctrl+Y", "2-D or 3-D view"),
    ("Ctrl+R", "Whole image in view"),
    ("Space", "Pan and zoom while held"),
    ("Left Right", "Slice before, slice after"),
    ("Ctrl+Shift+P", "Command palette: all commands, BraTS's too"),
)
"""napari's own, where the default is kept."""

FIRST_STEPS = (
    "Open a case: drop its folder or files into the window, or use the section 'Case'.",
    "Press Run in 'Segment', or make an empty label map in 'Correct'.",
    "Look through it in 'View', correct it with the palette and the tools, undo with Ctrl+Z.",
    "Save it in 'Save': with the geometry of its file, and a record of how it was made.",
)

_MOUSE = (
    ("Wheel", "Slice before, slice after"),
    ("Ctrl+wheel, right drag", "Zoom"),
    ("Drag", "Move the image (Space held while painting)"),
)


_WHERE = (
    "Keys act in the whole window, unless the field that was clicked last uses them itself: then "
    "click the image."
)
_INTRODUCTION = f"""\
# Keys

Written by `python scripts/commands.py` from `widgets/commands.py`. {_WHERE}
Every command is in napari's command palette (Ctrl+Shift+P) and in Layers > Annotate > BraTS, too.
"""


def rows_by_task() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each heading with its lines: key, what it does."""
    for task in Task:
        rows = [(c.key, c.title) for c in COMMANDS if c.task is task and c.key]
        if rows:
            yield task.value, rows
    yield "Mouse", list(_MOUSE)
    yield "napari's own", list(NAPARI_KEYS)


def help_html() -> str:
    """The page as Qt shows it."""
    steps = "".join(f"<li>{escape(text)}</li>" for text in FIRST_STEPS)
    parts = [f"<h3>First steps</h3><ol>{steps}</ol>"]
    for heading, rows in rows_by_task():
        cells = "".join(
            f"<tr><td><b>{escape(key)}</b>&nbsp;&nbsp;</td><td>{escape(text)}</td></tr>"
            for key, text in rows
        )
        parts.append(f"<h3>{escape(heading)}</h3><table>{cells}</table>")
    parts.append(f"<p>{_WHERE}</p>")
    parts.append(f"<p>{INTENDED_USE}</p>")
    return "".join(parts)


def help_markdown() -> str:
    """The page ``docs/keys.md``."""
    parts = [_INTRODUCTION]
    for heading, rows in rows_by_task():
        parts.append(f"## {heading}\n")
        parts.append("| key | what it does |\n|---|---|")
        parts += [f"| {key} | {text} |" for key, text in rows]
        parts.append("")
    return "\n".join(parts)


class HelpPage(QDialog):
    """A window of its own, so that it can stay open beside the image."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self.setWindowTitle("BraTS: keys and help")
        self.text = QTextBrowser()
        self.text.setHtml(help_html())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.text)

    def sizeHint(self) -> QSize:
        """Wide enough for most lines, and no higher than a small screen."""
        letter = self.fontMetrics().horizontalAdvance("n")
        return QSize(70 * letter, 640)
