"""All commands of the plugin: what napari's palette and menus offer, and the page of keys lists.

The manifest names each as ``napari_brats.widgets.commands:NAME``; what it does is bound by the open
panel. ``scripts/commands.py`` writes the manifest's lines and ``docs/keys.md`` from this table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from napari_brats.core.labels import Label
from napari_brats.widgets.keys import (
    KEYS,
    MODALITY_KEYS,
    READING_KEYS,
    SHAPE_KEYS,
    TOOL_KEYS,
    WORKLIST_KEYS,
    label_key,
)


class Task(StrEnum):
    """What one is about; commands are listed by it."""

    CASE = "Case"
    LOOK = "Look"
    WINDOW = "Grey values"
    GO_TO = "Go to"
    PAINT = "Paint"
    TOOLS = "Tools"
    COMPARE = "Compare two masks"
    WORKLIST = "Worklist"


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes
    ----------
    name
        The end of its id in the manifest.
    title
        What it does, as people say it.
    task
        The group it is listed in.
    key
        The key that the open panel binds it to; empty for none.
    target
        For one without a key: where its button or method is, seen from the panel "BraTS".
    """

    name: str
    title: str
    task: Task
    key: str = ""
    target: str = ""


_KEY_TITLES = {
    "next_modality": (Task.LOOK, "Show the next modality"),
    "side_by_side": (Task.LOOK, "Modalities side by side, or one view"),
    "planes": (Task.LOOK, "Axial, coronal, sagittal and 3-D together, or one view"),
    "flicker": (Task.LOOK, "Flicker between two modalities"),
    "label_map_visible": (Task.LOOK, "Hide or show the label map"),
    "brush_3d": (Task.PAINT, "Brush on one slice or through slices"),
    "erase": (Task.PAINT, "Erase"),
    "lock_label": (Task.PAINT, "Lock or unlock the chosen label"),
    "show_label": (Task.PAINT, "Show or hide the chosen label"),
    "paint_over": (Task.PAINT, "Paint over: unlocked, background only, everything"),
    "smaller_brush": (Task.PAINT, "Smaller brush"),
    "larger_brush": (Task.PAINT, "Larger brush"),
    "next_difference": (Task.COMPARE, "Next difference"),
    "previous_difference": (Task.COMPARE, "Difference before"),
    "take_a": (Task.COMPARE, "Take A for this difference"),
    "take_b": (Task.COMPARE, "Take B for this difference"),
    "smart_brush": (Task.TOOLS, "Smart brush on or off"),
    "wand": (Task.TOOLS, "Wand on or off (Enter takes what it shows, Escape drops it)"),
    "lasso": (Task.TOOLS, "Lasso on or off"),
    "delete": (Task.TOOLS, "Delete the lesion that is clicked"),
    "copy_previous": (Task.TOOLS, "Copy labels to the previous slice"),
    "copy_next": (Task.TOOLS, "Copy labels to the next slice"),
    "interpolate": (Task.TOOLS, "Interpolate between painted slices"),
    "smooth": (Task.TOOLS, "Smooth"),
    "fill_holes": (Task.TOOLS, "Fill holes"),
    "grow": (Task.TOOLS, "Grow"),
    "shrink": (Task.TOOLS, "Shrink"),
    "refine": (Task.TOOLS, "Refine from scribbles"),
    "next_case": (Task.WORKLIST, "Open the next case"),
    "previous_case": (Task.WORKLIST, "Open the case before"),
}

_READING_TASKS = {
    "auto_window": Task.WINDOW,
    "opened_window": Task.WINDOW,
    "drag_window": Task.WINDOW,
    "former_modality": Task.LOOK,
    "outline": Task.LOOK,
    "more_opaque": Task.LOOK,
    "less_opaque": Task.LOOK,
    "surfaces": Task.LOOK,
}

_BUTTONS = (
    Command("open_folder", "Open the folder of a case", Task.CASE, target="case_panel.ask_folder"),
    Command("open_files", "Open the files of a case", Task.CASE, target="case_panel.ask_files"),
    Command("run", "Segment the active case", Task.CASE, target="segment_panel.run_button"),
    Command("cancel_run", "Cancel the run", Task.CASE, target="segment_panel.cancel_button"),
    Command("save", "Save the label map", Task.CASE, target="save_panel.save"),
    Command("report", "Write the report", Task.CASE, target="report_panel.report_button"),
    Command("keys_and_help", "Keys and help", Task.CASE, target="help_button"),
    Command("new_label_map", "New empty label map", Task.PAINT, target="correct_panel.new_button"),
    Command("undo", "Undo the last edit", Task.PAINT, target="bridge.tools.undo"),
    Command("redo", "Redo what was undone", Task.PAINT, target="bridge.tools.redo"),
    Command("compare", "Compare two masks", Task.COMPARE, target="compare_panel.compare_button"),
)


def _all() -> tuple[Command, ...]:
    tables = (KEYS, TOOL_KEYS, SHAPE_KEYS, WORKLIST_KEYS)
    keyed = {name: key for table in tables for name, key in table.items()}
    commands = [
        *_BUTTONS,
        *(
            Command(f"show_{modality.value.lower()}", f"Show {modality}", Task.LOOK, key)
            for modality, key in MODALITY_KEYS.items()
        ),
        *(
            Command(name, _KEY_TITLES[name][1], _KEY_TITLES[name][0], key)
            for name, key in keyed.items()
        ),
        *(
            Command(name, _capital(title), _READING_TASKS.get(name, Task.GO_TO), key)
            for name, (key, title) in READING_KEYS.items()
        ),
        *(
            Command(f"paint_{la.name.lower()}", f"Paint {la.title}", Task.PAINT, label_key(la))
            for la in Label
            if la
        ),
    ]
    return tuple(sorted(commands, key=lambda command: list(Task).index(command.task)))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


COMMANDS: tuple[Command, ...] = _all()
"""Each command once, by task."""


def __getattr__(name: str) -> Callable[[], None]:
    """The function of a command, under the name that the manifest gives it."""
    command = next((command for command in COMMANDS if command.name == name), None)
    if command is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def run() -> None:
        run_command(command)

    return run


def run_command(command: Command) -> None:
    """Run a command in the window in front; say what to do first where that is not possible."""
    from napari.utils.notifications import show_info

    problem = _run(command)
    if problem:
        show_info(f"{command.title}: {problem}")


def _run(command: Command) -> str:
    """Why a command cannot be run now; empty once it was."""
    from napari import current_viewer

    from napari_brats.widgets.main import BratsWidget

    viewer = current_viewer()
    panels = viewer.window._qt_window.findChildren(BratsWidget) if viewer is not None else []  # noqa: SLF001
    if command.task is Task.WORKLIST:
        where = "the dock widget 'Worklist' (menu Plugins > BraTS > Worklist)"
    else:
        where = "the panel 'BraTS' (menu Plugins > BraTS > BraTS)"
        if not panels:
            return f"open {where} first."
        if command.key and not panels[0].bridge.keys():
            return "open a case first (section 'Case')."
    if command.key:
        return _press(viewer, command.key, where)
    return _use(panels[0], command.target)


def _press(viewer: Any, key: str, where: str) -> str:
    from napari.utils.key_bindings import coerce_keybinding

    action = None if viewer is None else viewer.keymap.get(coerce_keybinding(key))
    if action is None:
        return f"open {where} first."
    action(viewer)
    return ""


def _use(panel: Any, target: str) -> str:
    found = panel
    for part in target.split("."):
        found = getattr(found, part)
    if not hasattr(found, "click"):
        found()
    elif found.isEnabled():
        found.click()
    else:
        return f"not possible now. {found.toolTip()}"
    return ""
