"""Write what follows from the table of commands: lines of the manifest, and docs/keys.md.

    python scripts/commands.py

The lines between the marks in ``src/napari_brats/napari.yaml`` are replaced. A test fails when they
are not what this script would write.
"""

from __future__ import annotations

import sys
from pathlib import Path

from napari_brats.widgets.commands import COMMANDS, Command, Task
from napari_brats.widgets.help_page import help_markdown

ROOT = Path(__file__).parent.parent
MANIFEST = ROOT / "src" / "napari_brats" / "napari.yaml"
KEYS_PAGE = ROOT / "docs" / "keys.md"
START = "    # Written by scripts/commands.py from here"
END = "    # to here"
MENU = "napari/layers/annotate"


def command_lines() -> str:
    """The entries of the manifest's ``commands``."""
    return "".join(
        f"    - id: napari-brats.{command.name}\n"
        f"      title: {_title(command)}\n"
        f"      python_name: napari_brats.widgets.commands:{command.name}\n"
        for command in COMMANDS
    )


def menu_lines() -> str:
    """The manifest's ``menus`` and ``submenus``: one submenu per task, below one of the plugin."""
    lines = [f"  menus:\n    {MENU}:\n      - submenu: napari-brats/all\n    napari-brats/all:\n"]
    for number, task in enumerate(Task, start=1):
        lines.append(f"      - submenu: {_menu(task)}\n        group: {number}_task\n")
    for task in Task:
        lines.append(f"    {_menu(task)}:\n")
        for place, command in enumerate(c for c in COMMANDS if c.task is task):
            lines.append(f"      - command: napari-brats.{command.name}\n")
            lines.append(f"        group: 1_all@{place + 1}\n")
    lines.append("  submenus:\n    - id: napari-brats/all\n      label: BraTS\n")
    lines += [f"    - id: {_menu(task)}\n      label: {task.value}\n" for task in Task]
    return "".join(lines)


def replaced(text: str, new: str, number: int) -> str:
    """``text`` with what stands between the marks replaced, the ``number``-th time they occur."""
    parts = text.split(START + "\n")
    _, rest = parts[number].split(END + "\n", 1)
    parts[number] = new + END + "\n" + rest
    return (START + "\n").join(parts)


def manifest(text: str) -> str:
    """The manifest as it is to be."""
    return replaced(replaced(text, command_lines(), 1), menu_lines(), 2)


def _title(command: Command) -> str:
    return f'"{command.title} [{command.key}]"' if command.key else f'"{command.title}"'


def _menu(task: Task) -> str:
    return f"napari-brats/{task.name.lower()}"


def main() -> int:
    """Write both files."""
    MANIFEST.write_text(manifest(MANIFEST.read_text(encoding="utf-8")), encoding="utf-8")
    KEYS_PAGE.write_text(help_markdown(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
