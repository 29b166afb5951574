"""What the user chose once and finds again: `Settings`, in ``settings.json`` in the data folder.

No field may hold anything of a patient: settings are part of what "Copy diagnostics" copies.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from napari_brats.core.errors import SaveError
from napari_brats.io.atomic import backup_name, write_atomically
from napari_brats.io.sidecar import to_json
from napari_brats.workspace.folders import data_folder, make_data_folder

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """All settings. A field's type is that of its default: bool, int, float, str or tuple of str.

    Attributes
    ----------
    editor
        Name written beside the label maps that this user saves; empty for none.
    brush_mm
        Diameter of the brush.
    overlay_opacity
        Of label maps, 0 to 1.
    history_mb
        Memory that the undo steps of one label map may take, in MB.
    label_colors
        Colours of labels that are not the built-in ones, such as ``ET #0072b2``.
    layout
        The one that was chosen last, by the name on its button.
    sections
        Sections of the panel that were folded (``-Review``) or unfolded (``+Metrics``).
    window_gesture
        What drags width and level beside the mode: ``middle``, ``right`` or ``none``.
    locked_labels
        Names of the labels that are locked, such as ``ET``.
    paint_over
        What tools may change: ``everything``, ``background`` or ``unlocked`` labels.
    """

    editor: str = ""
    brush_mm: float = 5.0
    overlay_opacity: float = 0.5
    history_mb: int = 512
    label_colors: tuple[str, ...] = ()
    layout: str = "Single"
    sections: tuple[str, ...] = ()
    window_gesture: str = "middle"
    locked_labels: tuple[str, ...] = ()
    paint_over: str = "unlocked"


@dataclass(frozen=True)
class StoredSettings:
    """What was read: settings, entries of other versions of the program, and what was not well."""

    settings: Settings = field(default_factory=Settings)
    others: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def settings_path() -> Path:
    """The file the settings are in; it need not exist."""
    return data_folder() / "settings.json"


def read_settings() -> Settings:
    """The stored settings; defaults where there are none or they cannot be used."""
    return load_settings().settings


def load_settings() -> StoredSettings:
    """The stored settings, with what could not be used of them in words.

    A file that is no settings file at all is kept under another name (``.bak``), so that the next
    `write_settings` does not destroy what it holds.
    """
    path = settings_path()
    try:
        stored = _read_entries(path)
    except FileNotFoundError:
        return StoredSettings()
    except (OSError, ValueError, RecursionError) as error:
        return StoredSettings(problems=(_keep_broken(path, error),))
    return _from_entries(stored, path)


def write_settings(settings: Settings) -> None:
    """Store all settings; entries of other versions of the program stay. SaveError if it fails."""
    make_data_folder()
    entries = dict(load_settings().others)
    entries |= {item.name: getattr(settings, item.name) for item in fields(Settings)}
    write_atomically(settings_path(), to_json(entries), overwrite=True, private=True)


def change_settings(**changes: Any) -> Settings:
    """Store some settings anew and leave the others as they are stored; all of them.

    SaveError if they cannot be written.
    """
    settings = replace(read_settings(), **changes)
    write_settings(settings)
    return settings


def _read_entries(path: Path) -> dict[str, Any]:
    stored = json.loads(path.read_bytes())
    if not isinstance(stored, dict):
        raise ValueError(f"it holds a {type(stored).__name__}, expected an object")  # noqa: TRY004
    return stored


def _from_entries(stored: Mapping[str, Any], path: Path) -> StoredSettings:
    used: dict[str, Any] = {}
    problems = []
    defaults = Settings()
    for item in fields(Settings):
        if item.name not in stored:
            continue
        default = getattr(defaults, item.name)
        try:
            used[item.name] = _as_type_of(default, stored[item.name])
        except ValueError as error:
            problems.append(
                f"The setting '{item.name}' in {path} {error}; its default is used instead."
            )
    others = {key: value for key, value in stored.items() if not hasattr(defaults, key)}
    return StoredSettings(Settings(**used), others, tuple(problems))


def _as_type_of(default: Any, value: Any) -> Any:
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            return tuple(value)
    elif isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    elif type(value) is type(default):
        return value
    kind = "list of texts" if isinstance(default, tuple) else type(default).__name__
    raise ValueError(f"is {json.dumps(value)[:80]}, expected a {kind}")


def _keep_broken(path: Path, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    words = f"The settings in {path} cannot be read ({reason}); defaults are used instead."
    try:
        kept = backup_name(path)
        write_atomically(kept, path.read_bytes(), private=True)
        path.unlink()
    except (OSError, SaveError) as problem:
        LOGGER.warning("Broken settings could not be kept: %s", problem)
        return words
    return f"{words} The file is kept as {kept.name}."
