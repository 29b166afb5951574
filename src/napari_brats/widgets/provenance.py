"""How a label map came about, kept with its layer for the JSON that is saved. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_brats.core.labels import LabelMap
from napari_brats.io.sidecar import read_record
from napari_brats.widgets._results import digest_of
from napari_brats.widgets.case_group import tag_of
from napari_brats.workspace.editing import EditingLog

if TYPE_CHECKING:
    from napari.layers import Layer

PROVENANCE = "napari_brats_provenance"
"""``layer.metadata[PROVENANCE]``: digest of each automatic label map -> how it was made."""

EDITING = "editing"
"""The entry of a record's provenance that lists the sessions in which it was edited."""

COMPARISON = "napari_brats_comparison"
"""``layer.metadata[COMPARISON]``: which label maps it was made of, and who decided what."""


def note_comparison(layer: Layer, decisions: Mapping[str, Any]) -> None:
    """Remember how a label map is being made of two others; takes the place of what was noted."""
    layer.metadata[COMPARISON] = dict(decisions)


def note(layer: Layer, labels: LabelMap, made_with: Mapping[str, Any]) -> None:
    """Remember that ``labels`` were made automatically; adds to what was noted last."""
    notes = layer.metadata.setdefault(PROVENANCE, {})
    latest: Mapping[str, Any] = next(reversed(notes.values()), {})
    digest = digest_of(labels)
    notes.pop(digest, None)  # what is noted last stands last
    notes[digest] = {**latest, **made_with}


def latest_note(layer: Layer) -> dict[str, Any]:
    """How the newest automatic label map of a layer was made; empty where none was."""
    notes = layer.metadata.get(PROVENANCE) or {}
    return dict(next(reversed(notes.values()), {}))


def earlier_sessions(path: Path) -> list[Any]:
    """What the record beside a label map tells of its editing, oldest first."""
    told = read_record(path).get("provenance")
    sessions = told.get(EDITING) if isinstance(told, Mapping) else None
    return list(sessions) if isinstance(sessions, list) else []


def session_of(log: EditingLog, editor: str) -> dict[str, Any]:
    """What the record tells of the editing since the label map was opened or last saved."""
    saved = datetime.now().astimezone().isoformat(timespec="seconds")
    return {"editor": editor or None, "saved": saved, **log.to_json()}


def provenance_of(layer: Layer, labels: LabelMap) -> dict[str, Any]:
    """How ``labels``, those of the layer as they are now, came about.

    After undoing, it is the provenance of the label map that undoing led back to. For one that was
    not made automatically it is that of the newest one, and ``edited_by_hand`` is true. Of one made
    of two others, ``comparison`` says who decided what.
    """
    compared = layer.metadata.get(COMPARISON)
    more = {} if compared is None else {"comparison": compared}
    notes = layer.metadata.get(PROVENANCE)
    if not notes:
        return {"made": tag_of(layer).reason, **more}
    found = notes.get(digest_of(labels))
    latest = next(reversed(notes.values()))
    return {**(latest if found is None else found), "edited_by_hand": found is None, **more}
